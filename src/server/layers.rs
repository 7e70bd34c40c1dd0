//! The layers that know callers: naming a call, admitting it, and finding out who calls.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header::AUTHORIZATION},
    middleware::Next,
    response::Response,
};
use tokio::sync::Semaphore;
use tonic::Status;
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    domain::refusal::{Limit, Refusal},
    ops,
    rpc::Context,
};

/// The header on every answer that names the call, for finding it in the log.
const CALL_ID: HeaderName = HeaderName::from_static("riskport-call-id");
/// The headers that tell how many requests may still come at once, and how many decisions the day has left.
const QUOTA_REMAINING: HeaderName = HeaderName::from_static("riskport-quota-remaining");
const DECISIONS_REMAINING: HeaderName = HeaderName::from_static("riskport-decisions-remaining");
/// The most calls at once, over all connections.
const MAX_CALLS: usize = 4_096;
/// Services that anybody may call: whether the server is well, and what its contract is.
const OPEN: [&str; 3] =
    ["/grpc.health.v1.Health/", "/grpc.reflection.v1.ServerReflection/", "/grpc.reflection.v1alpha.ServerReflection/"];

/// What the layers need. They share one: axum clones a layer's state several times a call.
pub(super) struct Gate {
    context: Context,
    calls: Arc<Semaphore>,
}

impl Gate {
    pub(super) fn new(context: Context) -> Arc<Self> {
        Arc::new(Self { context, calls: Arc::new(Semaphore::new(MAX_CALLS)) })
    }
}

/// Names a call, in the log and on the answer.
pub(super) async fn name_call(request: Request, next: Next) -> Response {
    let id = Uuid::new_v4().to_string();
    let span = tracing::info_span!("call", id, method = request.uri().path());
    let mut response = next.run(request).instrument(span).await;
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(CALL_ID, value);
    }
    response
}

/// Takes a place for a call while its handler runs, or refuses it at once.
pub(super) async fn admit(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    if *gate.context.draining.borrow() {
        return refuse(Refusal::Unavailable);
    }
    match Arc::clone(&gate.calls).try_acquire_owned() {
        Ok(_place) => next.run(request).await,
        Err(_) => {
            refuse(Refusal::Exhausted { limit: Limit::Load, retry_after: Some(std::time::Duration::from_millis(100)) })
        }
    }
}

/// Finds out who calls, and charges the call to its tenant's quota. What it found goes with the request: a handler that
/// needs a caller finds one only here.
pub(super) async fn authenticate(State(gate): State<Arc<Gate>>, mut request: Request, next: Next) -> Response {
    if OPEN.iter().any(|service| request.uri().path().starts_with(service)) {
        return next.run(request).await;
    }
    let app = &gate.context.app;
    let values: Vec<HeaderValue> = request.headers().get_all(AUTHORIZATION).iter().cloned().collect();
    let caller = ops::authenticate(app, values.iter().map(HeaderValue::as_bytes)).await;
    match caller.and_then(|caller| app.charge(&caller).map(|left| (caller, left))) {
        Ok((caller, left)) => {
            request.extensions_mut().insert(Arc::clone(&caller));
            let mut response = next.run(request).await;
            response.headers_mut().insert(QUOTA_REMAINING, HeaderValue::from(left));
            if let Some(left) = app.decisions_left(&caller) {
                response.headers_mut().insert(DECISIONS_REMAINING, HeaderValue::from(left));
            }
            response
        }
        Err(refusal) => refuse(refusal),
    }
}

/// A refusal as a whole answer.
pub(super) fn refuse(refusal: Refusal) -> Response {
    Status::from(refusal).into_http()
}
