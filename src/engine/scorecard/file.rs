//! The scorecard file, format `riskport.scorecard/1`, as it is written: not yet checked.
//!
//! Unknown members are let pass: a file carries how it was trained beside what is scored with.

use serde::Deserialize;

/// The format this version reads.
pub(super) const FORMAT: &str = "riskport.scorecard/1";

#[derive(Debug, Deserialize)]
pub(super) struct File {
    pub format: String,
    pub model: String,
    pub version: i64,
    pub title: String,
    pub product: String,
    pub target: Target,
    pub scaling: Scaling,
    pub base_points: i32,
    pub calibration: Calibration,
    pub bands: Vec<Band>,
    pub characteristics: Vec<Characteristic>,
}

/// What the probability is a probability of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Target {
    /// The definition of default, one English sentence.
    pub definition: String,
    /// How far ahead the probability looks, in months.
    pub horizon_months: i32,
}

/// score = offset + factor x ln(odds of good), with factor = PDO / ln 2 and offset = base score - factor x ln(base
/// odds) (Siddiqi, Credit Risk Scorecards, 2006, chapter 6).
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Scaling {
    /// The score at the base odds.
    pub base_score: f64,
    /// Good to bad at the base score.
    pub base_odds: f64,
    /// Points that double the odds.
    pub pdo: f64,
    /// The lowest score given.
    pub min_score: i32,
    /// The highest score given.
    pub max_score: i32,
}

/// Platt's calibration (Platt, Probabilistic outputs for support vector machines, 1999) of the score's own odds.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Calibration {
    /// Added to the log odds of default; 0 for a score whose scaling is true.
    pub intercept: f64,
    /// Times the log odds of good; 1 for a score whose scaling is true.
    pub slope: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Band {
    pub band: String,
    pub min_score: i32,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Characteristic {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: Kind,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub missing: MissingPolicy,
    /// What it means: for reading only, so that anything else than a text is as good as none.
    #[serde(default)]
    pub description: serde_json::Value,
    /// Its unit, as the description.
    #[serde(default)]
    pub unit: serde_json::Value,
    pub reason: ReasonText,
    pub attributes: Vec<Attribute>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Number,
    Category,
    Flag,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MissingPolicy {
    Refuse,
    Attribute,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct ReasonText {
    pub code: String,
    pub en: String,
    pub zh: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Attribute {
    pub below: Option<f64>,
    #[serde(default)]
    pub values: Vec<String>,
    #[serde(default)]
    pub missing: bool,
    pub points: i32,
}
