//! A model file bound to its manifest: features become a verdict, or a credit score, with what adds up to it.
//!
//! Whatever can be wrong is found when the model is loaded. Then only features can be refused.

mod bind;
mod calibration;
mod card;
mod credit;
mod output;
mod recalibrate;
mod reproduce;
mod rows;
mod scored;
mod verdict;

use std::collections::HashMap;

pub use recalibrate::{Fitting, Outcome};

use crate::{
    domain::{
        credit::{CreditScore, Language},
        features::Features,
        model::{Manifest, ModelKind},
        refusal::Violations,
        risk::RiskVerdict,
    },
    engine::{ENGINE_VERSION, Predictor, Scorecard},
    vault,
};

/// The version of the arithmetic of every model that is not a scorecard.
const PREDICTOR_VERSION: &str = "predictor/1";

/// A model that is ready to decide.
#[derive(Debug)]
pub struct Model {
    manifest: Manifest,
    manifest_digest: String,
    /// Of each category, the place of each text in the manifest's list; empty for other features.
    places: Vec<HashMap<String, f64>>,
    body: Body,
}

/// What computes the raw output.
#[derive(Debug)]
enum Body {
    Scorecard(Box<Scorecard>),
    Predictor(Box<Bound>),
}

/// A predictor, and how its inputs follow from the manifest's features.
#[derive(Debug)]
struct Bound {
    predictor: Predictor,
    /// Of each input, the feature it is.
    feature_of: Vec<usize>,
    /// Of each feature, the file's code of each place in the manifest's list; nothing where the place is the code.
    codes: Vec<Option<Vec<f64>>>,
}

/// What a model gives for a row, without points and reasons.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// The raw output, on the scale on which the model adds up.
    pub raw: f64,
    /// The prediction as the library that trained the model gives it.
    pub prediction: f64,
    /// The calibrated probability, 0-1; nothing for a model that predicts an amount.
    pub probability: Option<f64>,
}

/// SHA-256 of a manifest's stored form, in hexadecimal.
#[must_use]
pub fn manifest_digest(manifest: &Manifest) -> String {
    // The form is made of structs, lists, texts and numbers: nothing of that can fail to be written.
    vault::hex(&vault::sha256(&[&serde_json::to_vec(manifest).unwrap_or_default()]))
}

impl Model {
    /// Reads a model file of any format, and holds it and the manifest against each other.
    ///
    /// # Errors
    /// Every field of the manifest that breaks a rule or does not fit the file, and `file` when that is no model.
    pub fn load(file: &[u8], manifest: Manifest) -> Result<Self, Violations> {
        let (manifest, body) =
            if card::is_scorecard(file) { card::load(file, manifest)? } else { bind::load(file, manifest)? };
        let manifest_digest = manifest_digest(&manifest);
        let places = rows::places(&manifest);
        Ok(Self { manifest, manifest_digest, places, body })
    }

    /// What the file does not say, filled in with what it does say: the features, target, calibration and scaling of a
    /// scorecard, and the texts of categories. Loading the file with it gives the same model.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// SHA-256 of the manifest, filled in, in hexadecimal: see [`manifest_digest`].
    #[must_use]
    pub fn manifest_digest(&self) -> &str {
        &self.manifest_digest
    }

    /// The name of the file's format.
    #[must_use]
    pub fn format(&self) -> &'static str {
        match &self.body {
            Body::Scorecard(_) => "riskport-scorecard",
            Body::Predictor(bound) => bound.predictor.format().name(),
        }
    }

    /// SHA-256 of the file, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        match &self.body {
            Body::Scorecard(card) => &card.digest,
            Body::Predictor(bound) => bound.predictor.digest(),
        }
    }

    /// The version of the arithmetic: the same version, model and features give the same bits.
    #[must_use]
    pub fn engine_version(&self) -> &'static str {
        match &self.body {
            Body::Scorecard(_) => ENGINE_VERSION,
            Body::Predictor(_) => PREDICTOR_VERSION,
        }
    }

    /// Whether [`Self::credit_score`] is for this model.
    #[must_use]
    pub fn gives_credit_scores(&self) -> bool {
        self.manifest.kind == ModelKind::Credit
    }

    /// The model's verdict.
    ///
    /// # Errors
    /// Every feature that does not fit the schema; or `features`, when the model's output for them is not finite.
    pub fn evaluate(&self, features: &Features, language: Language) -> Result<RiskVerdict, Violations> {
        match &self.body {
            Body::Scorecard(card) => card::verdict(card, features, language),
            Body::Predictor(bound) => self.verdict(bound, features, language),
        }
    }

    /// The credit score of an applicant, in whole points that add up exactly. For a model that gives no credit scores
    /// ([`Self::gives_credit_scores`]) there is none.
    ///
    /// # Errors
    /// As [`Self::evaluate`]; or `model`, when it gives no credit scores.
    pub fn credit_score(&self, features: &Features, language: Language) -> Result<CreditScore, Violations> {
        match &self.body {
            Body::Scorecard(card) => card.score(features, language),
            Body::Predictor(bound) => self.predicted_credit_score(bound, features, language),
        }
    }
}
