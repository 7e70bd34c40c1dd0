//! The one place that turns a refusal into a gRPC status, with the details that AIP-193 asks for.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, QuotaViolation, StatusExt};

use super::proto::common;
use crate::domain::refusal::{Limit, Refusal, Violations};

/// The domain of every `google.rpc.ErrorInfo`.
pub const ERROR_DOMAIN: &str = "riskport";

/// The gRPC code of a refusal; total, so that a new kind cannot be forgotten.
pub(super) fn code(refusal: &Refusal) -> Code {
    match refusal {
        Refusal::Unauthenticated => Code::Unauthenticated,
        Refusal::Denied(_) => Code::PermissionDenied,
        Refusal::Invalid(_) => Code::InvalidArgument,
        Refusal::NotFound(_) => Code::NotFound,
        Refusal::AlreadyExists(_) => Code::AlreadyExists,
        Refusal::Precondition(_) => Code::FailedPrecondition,
        Refusal::StillRunning => Code::Aborted,
        Refusal::Exhausted { .. } => Code::ResourceExhausted,
        Refusal::DeadlineExceeded => Code::DeadlineExceeded,
        Refusal::Unavailable | Refusal::NotReady(_) => Code::Unavailable,
        Refusal::Internal => Code::Internal,
    }
}

/// A refusal as a status: what `?` does in a service's method.
impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        status(&refusal)
    }
}

fn status(refusal: &Refusal) -> Status {
    let mut details = ErrorDetails::with_error_info(refusal.reason(), ERROR_DOMAIN, HashMap::new());
    match refusal {
        Refusal::Invalid(violations) => {
            details.set_bad_request(field_violations(violations));
        }
        Refusal::Exhausted { limit, .. } => {
            details.set_quota_failure(vec![QuotaViolation::new(subject(*limit), refusal.to_string())]);
        }
        _ => {}
    }
    if let Some(wait) = retry_after(refusal) {
        details.set_retry_info(Some(wait));
    }
    Status::with_error_details(code(refusal), refusal.to_string(), details)
}

/// What tonic refuses by itself, before or instead of a handler: with the code of gRPC's own table, and a constant
/// sentence, for tonic's may say more than a caller should read.
#[must_use]
pub fn refused_by_transport(code: Code) -> Status {
    match code {
        // tonic says OUT_OF_RANGE of a message above the cap; gRPC's table has RESOURCE_EXHAUSTED for it.
        Code::OutOfRange | Code::ResourceExhausted => {
            status(&Refusal::Exhausted { limit: Limit::MessageSize, retry_after: None })
        }
        Code::Internal | Code::InvalidArgument => {
            with_reason(Code::Internal, "MALFORMED_MESSAGE", "the message cannot be read")
        }
        Code::Unimplemented => with_reason(
            code,
            "UNIMPLEMENTED",
            "there is no such method, or the message is compressed in a way not known",
        ),
        _ => with_reason(code, "TRANSPORT", "the call could not be carried out"),
    }
}

/// The refusal of a call whose method takes one message and that has none, or two.
#[must_use]
pub fn not_one_message() -> Status {
    with_reason(Code::Unimplemented, "NOT_ONE_MESSAGE", "the method takes exactly one message")
}

/// The refusal of a call whose message does not arrive in time.
#[must_use]
pub fn too_slow() -> Status {
    with_reason(Code::DeadlineExceeded, "MESSAGE_TOO_SLOW", "the message did not arrive in time")
}

/// The answer to a call whose handler panicked: a fault of ours, of which the caller learns nothing.
#[must_use]
pub fn panicked() -> Status {
    status(&Refusal::Internal)
}

fn with_reason(code: Code, reason: &str, sentence: &str) -> Status {
    Status::with_error_details(code, sentence, ErrorDetails::with_error_info(reason, ERROR_DOMAIN, HashMap::new()))
}

/// A refusal of one item of a stream.
pub(super) fn item_error(refusal: &Refusal) -> common::ItemError {
    let violations = match refusal {
        Refusal::Invalid(violations) => violations.as_slice(),
        _ => &[],
    };
    common::ItemError {
        code: code(refusal) as i32,
        reason: refusal.reason().to_owned(),
        message: refusal.to_string(),
        violations: violations
            .iter()
            .map(|one| common::FieldViolation { field: one.field.clone(), description: one.description.clone() })
            .collect(),
        retry_after_ms: retry_after(refusal).map_or(0, |wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)),
    }
}

/// When to try again, where waiting helps.
fn retry_after(refusal: &Refusal) -> Option<Duration> {
    match refusal {
        Refusal::Exhausted { retry_after, .. } => *retry_after,
        Refusal::StillRunning => Some(Duration::from_millis(100)),
        Refusal::Unavailable | Refusal::NotReady(_) => Some(Duration::from_secs(1)),
        _ => None,
    }
}

fn field_violations(violations: &Violations) -> Vec<FieldViolation> {
    violations.as_slice().iter().map(|one| FieldViolation::new(&one.field, &one.description)).collect()
}

/// What a quota is counted against.
fn subject(limit: Limit) -> &'static str {
    match limit {
        Limit::RequestRate => "tenant:requests_per_second",
        Limit::Keys => "tenant:keys",
        Limit::Load => "service:load",
        Limit::MessageSize => "message:bytes",
        Limit::ModelSize => "model:bytes",
        Limit::Models => "tenant:models",
        Limit::ModelVersions => "tenant:model_versions",
        Limit::Policies => "tenant:policies",
        Limit::PolicyRules => "tenant:policy_rules",
        Limit::Lists => "tenant:lists",
        Limit::ListEntries => "tenant:list_entries",
        Limit::ListChanges => "tenant:list_changes",
        Limit::DecisionsPerDay => "tenant:decisions_per_day",
        Limit::Streams => "tenant:concurrent_streams",
        Limit::InferenceRows => "tenant:inference_rows",
        Limit::Plans => "tenant:plans",
    }
}
