//! Gives what tonic itself refuses the codes of gRPC's own table and the reasons of the contract.

use std::collections::HashMap;

use axum::{extract::Request, http::HeaderMap, middleware::Next, response::Response};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::layers::refuse;
use crate::{
    domain::refusal::{Limit, Refusal},
    rpc::ERROR_DOMAIN,
};

/// Replaces a refusal that carries no details, which is one that tonic made before or instead of a handler.
pub(super) async fn remap(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    match refused_by_tonic(response.headers()) {
        Some(code) => answer(code),
        None => response,
    }
}

fn refused_by_tonic(headers: &HeaderMap) -> Option<Code> {
    let code = Code::from_bytes(headers.get("grpc-status")?.as_bytes());
    let ours = headers.contains_key("grpc-status-details-bin");
    (code != Code::Ok && !ours).then_some(code)
}

fn answer(code: Code) -> Response {
    match code {
        // tonic says OUT_OF_RANGE of a message above the cap; gRPC's table has RESOURCE_EXHAUSTED for it.
        Code::OutOfRange | Code::ResourceExhausted => {
            refuse(Refusal::Exhausted { limit: Limit::MessageSize, retry_after: None })
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

/// Details as every refusal of ours has, with a constant sentence: tonic's own may say more than a caller should read.
fn with_reason(code: Code, reason: &str, sentence: &str) -> Response {
    let details = ErrorDetails::with_error_info(reason, ERROR_DOMAIN, HashMap::new());
    Status::with_error_details(code, sentence, details).into_http()
}
