//! A decision as it is recorded: what was answered to whom, by which model, and in which order.

use super::{
    ids::{DecisionId, Kid, ModelId, RequestId, TenantId, WriterId},
    time::Timestamp,
};

named!(
    /// What was decided. Request ids are unique within a tenant and a kind.
    DecisionKind {
        /// A credit score.
        CreditScore = "credit_score",
        /// A model's verdict on one subject.
        RiskEvaluation = "risk_evaluation",
        /// A model's predictions for the rows of one call of the Open Inference Protocol.
        Inference = "inference",
        /// A decision on an event.
        FraudCheck = "fraud_check",
        /// A quoted price.
        PriceQuote = "price_quote",
    }
);

named!(
    /// Whether the decision counts, or was made to try things out.
    Environment {
        /// It counts.
        Live = "live",
        /// It was made to try things out.
        Sandbox = "sandbox",
    }
);

named!(
    /// The part the model version had in the traffic.
    TrafficRole {
        /// The version in charge.
        Champion = "champion",
        /// A version tried on a share of the traffic.
        Challenger = "challenger",
        /// A version that is recorded and not answered with.
        Shadow = "shadow",
    }
);

/// Exactly what decided: enough to decide again and get the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The model.
    pub model: ModelId,
    /// Its version.
    pub model_version: i64,
    /// SHA-256 of the model file, in hexadecimal.
    pub model_digest: String,
    /// SHA-256 of a calibration that is not in the model file.
    pub calibration_digest: Option<String>,
    /// SHA-256 of the policy or the rate plan that was in force.
    pub policy_digest: Option<String>,
    /// SHA-256 of the lists that were in force.
    pub lists_digest: Option<String>,
    /// SHA-256 of the feature catalogue that was in force.
    pub catalogue_digest: Option<String>,
    /// Version of the engine that evaluated the model.
    pub engine_version: String,
    /// The part the model had in the traffic.
    pub role: TrafficRole,
}

/// What a shadow made of the inputs of a decision: recorded beside it, never sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShadowResult {
    /// Its version of the model that decided.
    pub model_version: i64,
    /// SHA-256 of the model file, in hexadecimal.
    pub model_digest: String,
    /// SHA-256 of its manifest.
    pub calibration_digest: Option<String>,
    /// Version of the engine that evaluated it.
    pub engine_version: String,
    /// The answer it would have given; nothing when it could not take the inputs.
    pub reply: Option<Vec<u8>>,
}

/// A decision that has been made and is not yet on disk: it has no place in the order yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDecision {
    /// Its id.
    pub id: DecisionId,
    /// Whose it is.
    pub tenant: TenantId,
    /// What was decided.
    pub kind: DecisionKind,
    /// The partner's id of the request.
    pub request_id: RequestId,
    /// The key that signed the caller's token.
    pub kid: Kid,
    /// `sub` of the caller's token; may be empty.
    pub actor: String,
    /// HMAC-SHA-256 of the subject under a key of the tenant.
    pub subject_hmac: [u8; 32],
    /// Why it was asked for; may be empty.
    pub purpose: String,
    /// The consent it rests on.
    pub consent_id: Option<String>,
    /// Whether it counts.
    pub environment: Environment,
    /// How many units it is billed as.
    pub billable_units: i32,
    /// When it was made.
    pub decided: Timestamp,
    /// What decided.
    pub provenance: Provenance,
    /// The reply exactly as it is sent: the encoded protobuf message.
    pub reply: Vec<u8>,
    /// SHA-256 over salt and canonical inputs.
    pub input_commitment: [u8; 32],
    /// The inputs and the salt, sealed.
    pub inputs: SealedInputs,
    /// HMAC-SHA-256 of the request's payload under a key of the tenant: equal for equal requests.
    pub payload_hmac: [u8; 32],
    /// What the model's shadows made of the same inputs.
    pub shadows: Vec<ShadowResult>,
}

/// Inputs that only the holder of the tenant's key can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedInputs {
    /// The tenant's key they are sealed under.
    pub key_id: String,
    /// Nonce, ciphertext and tag.
    pub bytes: Vec<u8>,
}

/// A decision as it was recorded, without its inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Its id.
    pub id: DecisionId,
    /// The process that wrote it.
    pub writer: WriterId,
    /// Its place in that writer's commit order, from 1, without gaps.
    pub sequence: i64,
    /// What was decided.
    pub kind: DecisionKind,
    /// The partner's id of the request.
    pub request_id: RequestId,
    /// The key that signed the caller's token.
    pub kid: Kid,
    /// `sub` of the caller's token; may be empty.
    pub actor: String,
    /// HMAC-SHA-256 of the subject.
    pub subject_hmac: Vec<u8>,
    /// Why it was asked for; may be empty.
    pub purpose: String,
    /// How many units it is billed as.
    pub billable_units: i32,
    /// When it was made.
    pub decided: Timestamp,
    /// The model.
    pub model: ModelId,
    /// Its version.
    pub model_version: i64,
    /// SHA-256 of the model file, in hexadecimal.
    pub model_digest: String,
    /// SHA-256 of the policy or the rate plan that was in force.
    pub policy_digest: Option<String>,
    /// SHA-256 of the lists that were in force.
    pub lists_digest: Option<String>,
    /// SHA-256 of the feature catalogue that was in force.
    pub catalogue_digest: Option<String>,
    /// The part the model had in the traffic.
    pub role: TrafficRole,
    /// The reply as it was sent.
    pub reply: Vec<u8>,
    /// SHA-256 over salt and canonical inputs.
    pub input_commitment: Vec<u8>,
}

/// The answer to a request for a decision: the stored reply, and whether it was stored before this request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The reply as it was first sent.
    pub reply: Vec<u8>,
    /// Whether an earlier request with this id made it.
    pub replayed: bool,
}

/// Which decisions to list. All that are there must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecisionFilter {
    /// Made at or after this time.
    pub start: Option<Timestamp>,
    /// Made before this time.
    pub end: Option<Timestamp>,
    /// Of this kind.
    pub kind: Option<DecisionKind>,
    /// About this subject.
    pub subject_hmac: Option<[u8; 32]>,
}
