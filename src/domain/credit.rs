//! A request for a credit score, and the score.

use super::{
    features::Features,
    ids::{ModelId, RequestId},
    tags::Tags,
    text::payload,
};

/// The language of the sentences in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

/// A valid request for a credit score.
#[derive(Debug, Clone, PartialEq)]
pub struct CreditApplication {
    /// The partner's id of the request.
    pub request_id: RequestId,
    /// The partner's identifier of the applicant, in the clear; it must not be stored or logged.
    pub subject: String,
    /// The model asked for; nothing means the tenant's default.
    pub model: Option<ModelId>,
    /// What is known of the applicant; not yet held against a model's schema.
    pub features: Features,
    /// Why the score is asked for; may be empty.
    pub purpose: String,
    /// The language of the answer's sentences.
    pub language: Language,
    /// By what reports tell the decision apart.
    pub tags: Tags,
}

impl CreditApplication {
    /// The bytes that make two requests with one id the same request: everything but the id.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let language: &[u8] = match self.language {
            Language::English => b"en",
            Language::Chinese => b"zh",
        };
        let model = self.model.as_ref().map_or("", ModelId::as_str);
        let mut bytes = payload(&[
            self.subject.as_bytes(),
            model.as_bytes(),
            &self.features.canonical(),
            self.purpose.as_bytes(),
            language,
        ]);
        self.tags.join_payload(&mut bytes);
        bytes
    }
}

/// A credit score in whole points, with everything that adds up to it.
#[derive(Debug, Clone, PartialEq)]
pub struct CreditScore {
    /// The score, within the model's range. Higher is safer.
    pub score: i32,
    /// Calibrated probability of default, 0-1, of the score before it was clamped.
    pub probability_of_default: f64,
    /// The model's band for the score.
    pub band: String,
    /// Points that every applicant gets; for a model that is no scorecard, those of its average applicant.
    pub base_points: i32,
    /// The points of each characteristic, in the model's order.
    pub contributions: Vec<Contribution>,
    /// What was added to bring the score into the range.
    pub clamp_points: i32,
    /// The largest shortfalls against the yardstick, at most four: the best attribute for a scorecard, the average applicant
    /// for any other model.
    pub reasons: Vec<Reason>,
    /// The shortfalls that `reasons` does not list, added up.
    pub other_points_lost: i32,
}

/// What one characteristic added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// The characteristic.
    pub characteristic: String,
    /// Points of the attribute, or the Shapley value in points.
    pub points: i32,
    /// Whether the feature was missing.
    pub missing: bool,
}

/// Why the score is not higher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Stable code.
    pub code: String,
    /// One sentence in the language asked for.
    pub sentence: String,
    /// The characteristic.
    pub characteristic: String,
    /// The yardstick's points minus the applicant's.
    pub points_lost: i32,
}
