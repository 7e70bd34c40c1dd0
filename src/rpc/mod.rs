//! The gRPC face: a message becomes valid input, the use case is called, its result becomes a message, a refusal becomes
//! a status. Nothing is decided here.
//!
//! A caller is checked for its scope before the message is looked at: who may not do a thing learns nothing about how
//! (AIP-211).

mod audit_convert;
mod credit;
mod credit_convert;
mod credit_one;
mod credit_outcome;
mod decision;
mod features;
mod fraud_backtest;
mod fraud_check;
mod fraud_export;
mod fraud_history;
mod fraud_lists;
mod fraud_one;
mod fraud_outcome;
mod fraud_policy;
mod fraud_policy_convert;
mod fraud_policy_read;
mod fraud_read;
mod fraud_reply;
mod fraud_scene;
mod inference;
mod inference_convert;
mod inference_elements;
mod inference_read;
mod inference_scan;
mod manifest_convert;
mod misread;
mod model_convert;
mod parse;
mod pricing;
mod pricing_convert;
mod pricing_one;
mod pricing_plan_convert;
mod pricing_plan_read;
mod pricing_read;
mod profile_convert;
pub mod proto;
mod quota_convert;
mod report_convert;
mod report_query;
mod risk;
mod risk_convert;
mod risk_one;
mod scored;
mod status;
mod stream;
mod tenant;
mod tenant_convert;
mod upload;
mod usage_convert;

use std::sync::Arc;

pub use credit::CreditScore;
pub use decision::Decisions;
pub use features::proto_struct as features_message;
pub use fraud_check::FraudChecks;
pub use fraud_policy::FraudPolicies;
pub use fraud_scene::scene_message;
pub use inference::{Inference, MAX_INFERENCE_BYTES, place_for_inference};
pub use inference_scan::check_parts;
pub use manifest_convert::message as manifest_message;
pub use pricing::Pricing;
pub use pricing_convert::price as price_message;
pub use pricing_plan_convert::plan_message;
pub use risk::RiskModels;
pub use scored::scored;
pub use status::{ERROR_DOMAIN, not_one_message, panicked, refused_by_transport, too_slow};
pub use tenant::Tenants;
use tonic::{Request, Response, metadata::MetadataValue};

use crate::{auth::Caller, domain::refusal::Refusal, ops::App};

/// The largest message that is taken, in bytes: a hundred times what a score needs.
pub const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// What every service works with.
#[derive(Clone)]
pub struct Context {
    /// The use cases' state.
    pub app: Arc<App>,
    /// True once the server is draining.
    pub draining: tokio::sync::watch::Receiver<bool>,
}

/// When the call must be answered; the deadline layer puts it on each request that came with one.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(pub tokio::time::Instant);

/// The caller that the authentication layer found.
fn caller<T>(request: &Request<T>) -> Result<Arc<Caller>, Refusal> {
    // A request without one has not passed that layer, and is refused as if it had no token.
    request.extensions().get().cloned().ok_or(Refusal::Unauthenticated)
}

/// The metadata that tells a stored answer from a new one.
const REPLAYED: &str = "riskport-replayed";

/// An answer that says whether it was stored before.
fn maybe_replayed<T>(reply: T, replayed: bool) -> Response<T> {
    let mut response = Response::new(reply);
    if replayed {
        response.metadata_mut().insert(REPLAYED, MetadataValue::from_static("true"));
    }
    response
}
