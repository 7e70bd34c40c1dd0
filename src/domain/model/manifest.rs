//! The manifest: what a model file does not say of itself, and a bank must know.
//!
//! Its serde form is the one that is stored, hashed and written as TOML by whoever uploads a model.

use serde::{Deserialize, Serialize};

use super::TrainingProfile;

named!(
    /// What a model is for.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    ModelKind {
        /// Default of a borrower. Its score is higher for the safer.
        Credit = "credit",
        /// Fraud. Its score is higher for the riskier.
        Fraud = "fraud",
        /// A figure that a price is built from. Its score, if it has one, is higher for the riskier.
        Pricing = "pricing",
        /// Anything else. Its score, if it has one, is higher for the riskier.
        Generic = "generic",
    }
);

/// What a feature holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureKind {
    /// A number.
    Number,
    /// One of a list of texts.
    Category,
    /// True or false.
    Flag,
}

/// What becomes of a request without a value for a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingPolicy {
    /// It is refused.
    #[default]
    Refuse,
    /// The model takes it as missing.
    Accept,
}

/// The reason a feature stands for in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonText {
    /// Stable code in SCREAMING_SNAKE, unique within a model, not ending in `_MISSING`.
    pub code: String,
    /// One English sentence for the person it is about.
    pub en: String,
    /// The same in simplified Chinese.
    pub zh: String,
}

/// One feature of a model's schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureSpec {
    /// Its name: 1-64 of letters, digits and `_`. The same as the file's input, unless `input` says otherwise.
    pub name: String,
    /// The name of the input in the model file; nothing when it is `name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// What it holds.
    pub kind: FeatureKind,
    /// The lowest number that is taken; nothing when there is no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The highest number that is taken; nothing when there is no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// The texts of a category. The place in this list is the code in the model file, unless the file lists its texts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// What becomes of a missing value.
    #[serde(default)]
    pub missing: MissingPolicy,
    /// What it means, with its unit; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The reason it stands for; nothing for one made of its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonText>,
}

/// What a model's probability is a probability of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The definition of the event, one English sentence.
    pub definition: String,
    /// How far ahead the probability looks, in months: 1-1200.
    pub horizon_months: i32,
}

/// How the file's prediction becomes a probability.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
pub enum Calibration {
    /// It is one already.
    #[default]
    None,
    /// 1 / (1 + exp(-(intercept + slope x raw output))) (Platt, Probabilistic outputs for support vector machines, 1999).
    Platt {
        /// Added.
        intercept: f64,
        /// Times the raw output; above 0.
        slope: f64,
    },
    /// Straight lines between points (prediction, probability), level outside them (Zadrozny and Elkan, Transforming
    /// classifier scores into accurate multiclass probability estimates, 2002). Predictions rise, probabilities do not fall.
    Isotonic {
        /// 2-1,000 points.
        points: Vec<(f64, f64)>,
    },
}

/// How points hang together with the scale on which the model adds up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
pub enum Scale {
    /// For models whose raw output is log odds: score = `base_score` + pdo / ln 2 x (ln odds - ln `base_odds`) (Siddiqi, Credit
    /// Risk Scorecards, 2006, chapter 6), with the odds of good to bad for a credit model and of bad to good for any other.
    LogOdds {
        /// The score at the base odds.
        base_score: f64,
        /// The odds at the base score; above 0.
        base_odds: f64,
        /// Points that double the odds; above 0.
        pdo: f64,
    },
    /// For models whose raw output is itself the prediction: a straight line through the scores of 0 and of 1.
    Linear {
        /// The score of a prediction of 0.
        at_zero: f64,
        /// The score of a prediction of 1.
        at_one: f64,
    },
}

/// A name for a range of scores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Its name: 1-16 of letters, digits, `+` and `-`.
    pub band: String,
    /// The lowest score of the band.
    pub min_score: i32,
}

/// How an answer gets points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaling {
    /// From the model's own scale to points.
    pub scale: Scale,
    /// The lowest score given.
    pub min_score: i32,
    /// The highest score given.
    pub max_score: i32,
    /// Bands from the highest score to the lowest; the last begins at `min_score`.
    pub bands: Vec<Band>,
}

/// A figure of a model's performance, as its maker states it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// What it is and on which data, for example `AUC, held out`.
    pub name: String,
    /// The figure.
    pub value: f64,
}

/// What a reader must know before trusting a model (Mitchell et al., Model cards for model reporting, 2019). Texts are
/// the maker's own, each at most 2,000 characters, and may be empty.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelCard {
    /// What it may be used for, and what not.
    pub intended_use: String,
    /// What it was trained on: source, period, rows.
    pub training_data: String,
    /// What it is known not to do well.
    pub limitations: String,
    /// Who answers for it.
    pub owner: String,
    /// The licence of model and data.
    pub licence: String,
    /// Its figures, at most 32.
    pub metrics: Vec<Metric>,
}

/// What a model file does not say of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Its name for people: 1-200 characters.
    pub title: String,
    /// What it is for.
    pub kind: ModelKind,
    /// The features in the order in which answers list them; one for each input of the file.
    #[serde(default)]
    pub features: Vec<FeatureSpec>,
    /// What its probability is a probability of. A credit model must have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// How the prediction becomes a probability.
    #[serde(default)]
    pub calibration: Calibration,
    /// How an answer gets points. A credit model must have it; nothing for a model without points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling: Option<Scaling>,
    /// What a reader must know before trusting it.
    #[serde(default)]
    pub card: ModelCard,
    /// How features and scores fell in training; nothing when nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<TrainingProfile>,
}
