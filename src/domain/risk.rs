//! A request for a model's verdict, and the verdict.

use super::{
    credit::Language,
    features::Features,
    ids::{ModelId, RequestId},
    tags::Tags,
    text::payload,
};

/// A valid request for a model's verdict on one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskQuery {
    /// The partner's id of the request.
    pub request_id: RequestId,
    /// The partner's identifier of the subject, in the clear; it must not be stored or logged.
    pub subject: String,
    /// The model asked for.
    pub model: ModelId,
    /// What is known of the subject; not yet held against the model's schema.
    pub features: Features,
    /// Why it is asked for; may be empty.
    pub purpose: String,
    /// The language of the answer's sentences.
    pub language: Language,
    /// By what reports tell the decision apart.
    pub tags: Tags,
}

impl RiskQuery {
    /// The bytes that make two requests with one id the same request: everything but the id.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let language: &[u8] = match self.language {
            Language::English => b"en",
            Language::Chinese => b"zh",
        };
        let mut bytes = payload(&[
            self.subject.as_bytes(),
            self.model.as_str().as_bytes(),
            &self.features.canonical(),
            self.purpose.as_bytes(),
            language,
        ]);
        self.tags.join_payload(&mut bytes);
        bytes
    }
}

/// A model's verdict, with everything that adds up to it: `raw` = `base` + the sum of the contributions, up to the
/// rounding of the additions.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskVerdict {
    /// The model's raw output, on the scale on which it adds up: log odds of the event for most classifiers.
    pub raw: f64,
    /// The prediction as the library that trained the model gives it.
    pub prediction: f64,
    /// The calibrated probability, 0-1; nothing for a model that predicts an amount.
    pub probability: Option<f64>,
    /// Points, for a model with a scaling.
    pub points: Option<Points>,
    /// The raw output before anything is known of the subject; nothing for a model that cannot be explained.
    pub explanation: Option<Explanation>,
}

/// A score in points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Points {
    /// The score, within the model's range.
    pub score: i32,
    /// What was added to bring it into the range.
    pub clamp_points: i32,
    /// The model's band for the score.
    pub band: String,
}

/// What adds up to a raw output.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The raw output before anything is known of the subject: the mean over the training data.
    pub base: f64,
    /// What each feature added, in the manifest's order.
    pub contributions: Vec<FeatureContribution>,
    /// The largest that raise the risk, at most four, largest first.
    pub reasons: Vec<RiskReason>,
    /// What all others that raise the risk added.
    pub other: f64,
}

/// What one feature added to the raw output.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureContribution {
    /// The feature.
    pub feature: String,
    /// What it added: its Shapley value. Above 0 raises the risk.
    pub value: f64,
    /// Whether the feature was missing.
    pub missing: bool,
}

/// Why the risk is not lower.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskReason {
    /// Stable code.
    pub code: String,
    /// One sentence in the language asked for.
    pub sentence: String,
    /// The feature.
    pub feature: String,
    /// How much it raised the raw output; above 0.
    pub contribution: f64,
}
