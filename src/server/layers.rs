//! The layers that know callers: admitting a call, and finding out who calls.

use std::{
    any::Any,
    mem,
    sync::{Arc, LazyLock},
    time::Instant,
};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION},
    middleware::Next,
    response::Response,
};
use tokio::sync::Semaphore;
use tonic::Status;

use super::{conduct::Conduct, methods::Shape, observe::count_refusal};
use crate::{
    auth::{Caller, Thumbprint},
    domain::refusal::Refusal,
    ops,
    rpc::{self, Context},
};

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

/// Takes a place for a call while its handler runs, or refuses it at once.
pub(super) async fn admit(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    if *gate.context.draining.borrow() {
        return refuse(Refusal::Unavailable);
    }
    match Arc::clone(&gate.calls).try_acquire_owned() {
        Ok(_place) => next.run(request).await,
        Err(_) => refuse(Refusal::OVERLOADED),
    }
}

/// Finds out who calls, and charges the call to its tenant's quota. What it found goes with the request: a handler that
/// needs a caller finds one only here.
pub(super) async fn authenticate(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    if OPEN.iter().any(|service| request.uri().path().starts_with(service)) {
        return next.run(request).await;
    }
    let app = &gate.context.app;
    let values: Vec<HeaderValue> = request.headers().get_all(AUTHORIZATION).iter().cloned().collect();
    let certificate = request.extensions().get::<Thumbprint>();
    let caller = ops::authenticate(app, values.iter().map(HeaderValue::as_bytes), certificate).await;
    if let (Ok(_), Some(conduct)) = (&caller, request.extensions().get::<Arc<Conduct>>()) {
        conduct.show_token();
    }
    match caller.and_then(|caller| app.charge(&caller).map(|left| (caller, left))) {
        Ok((caller, left)) => {
            let mut response = answer(&gate, Arc::clone(&caller), request, next).await;
            response.headers_mut().insert(QUOTA_REMAINING, passing(left.into()));
            if let Some(left) = app.decisions_left(&caller) {
                response.headers_mut().insert(DECISIONS_REMAINING, passing(left.into()));
            }
            count_refusal(app, caller.tenant(), &response);
            response
        }
        Err(refusal) => refuse(refusal),
    }
}

/// A value that is another with each answer: in the connection's table of headers it would only drive others out, and have
/// the server compare it with all before it (RFC 7541, section 6.2.3).
pub(super) fn passing(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

/// Answers a caller, unless more is being answered already than can be in good time.
async fn answer(gate: &Gate, caller: Arc<Caller>, mut request: Request, next: Next) -> Response {
    let gathers = request.extensions().get().is_some_and(|shape: &Shape| shape.gathers());
    let place = if gathers { None } else { Some(gate.context.app.enter(&caller)) };
    let place = match place.transpose() {
        Ok(place) => place,
        Err(refusal) => return refuse(refusal),
    };
    request.extensions_mut().insert(caller);
    let response = next.run(request).await;
    if let Some(place) = place {
        place.answered(Instant::now());
    }
    response
}

/// The answer to a call whose handler panicked.
pub(super) fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    rpc::panicked().into_http()
}

/// Why a call was refused, beside the answer that says so: whoever counts refusals need not read that.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reason(pub &'static str);

/// What is refused most often when there is least time for it, written out once.
static OVERLOADED: LazyLock<HeaderMap> = LazyLock::new(|| told(Refusal::OVERLOADED));

/// A refusal as a whole answer.
pub(super) fn refuse(refusal: Refusal) -> Response {
    let reason = Reason(refusal.reason());
    let headers = if refusal == Refusal::OVERLOADED { OVERLOADED.clone() } else { told(refusal) };
    let mut response = Response::new(Body::empty());
    *response.headers_mut() = headers;
    response.extensions_mut().insert(reason);
    response
}

/// The headers that tell a refusal: a status is all there is to its answer.
fn told(refusal: Refusal) -> HeaderMap {
    mem::take(Status::from(refusal).into_http::<Body>().headers_mut())
}

#[cfg(test)]
mod tests {
    use axum::{Router, routing::post};
    use tonic::Code;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    #[tokio::test]
    async fn a_handler_that_panics_is_answered_and_tells_nothing() {
        async fn handler() {
            panic!("of client-1");
        }
        let router = Router::new().route("/", post(handler)).layer(CatchPanicLayer::custom(panicked));
        let answer = router.oneshot(Request::post("/").body(Body::empty()).unwrap()).await.unwrap();
        let status = Status::from_header_map(answer.headers()).unwrap();
        assert_eq!(status.code(), Code::Internal);
        assert!(!format!("{status:?}").contains("client-1"));
    }
}
