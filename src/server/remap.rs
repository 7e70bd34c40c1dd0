//! Gives what tonic itself refuses the codes of gRPC's own table and the reasons of the contract.

use axum::{extract::Request, http::HeaderMap, middleware::Next, response::Response};
use tonic::Code;

use crate::rpc::refused_by_transport;

/// Replaces a refusal that carries no details, which is one that tonic made before or instead of a handler.
pub(super) async fn remap(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    match refused_by_tonic(response.headers()) {
        Some(code) => refused_by_transport(code).into_http(),
        None => response,
    }
}

fn refused_by_tonic(headers: &HeaderMap) -> Option<Code> {
    let code = Code::from_bytes(headers.get("grpc-status")?.as_bytes());
    let ours = headers.contains_key("grpc-status-details-bin");
    (code != Code::Ok && !ours).then_some(code)
}
