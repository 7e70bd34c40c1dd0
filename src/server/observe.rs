//! The outermost layer: names each call, counts it, traces it, and logs those that went wrong or took long.

use std::{
    borrow::Cow,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use hyper::body::{Frame, SizeHint};
use tonic::{Code, Status};
use tonic_types::StatusExt;
use tracing::{Instrument, Span, field::Empty};
use uuid::Uuid;

use super::{
    layers::{Reason, passing},
    methods::{Shape, methods},
};
use crate::{
    domain::ids::TenantId,
    metrics::{CallCounts, CountedCall, Method, Metrics, Occasional},
    ops::App,
    telemetry::{TraceParent, enter_trace},
};

/// The header on every answer that names the call, for finding it in the log.
const CALL_ID: HeaderName = HeaderName::from_static("riskport-call-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// From how long on a unary call is worth a line.
const SLOW: Duration = Duration::from_secs(1);

/// What watches calls.
pub(super) struct Observer {
    calls: CallCounts,
    metrics: Arc<Metrics>,
    /// Whether traces go to a collector.
    traces: bool,
    faults: Occasional,
    slow: Occasional,
}

impl Observer {
    /// Watches the methods of the contract, and the standard ones beside them.
    pub(super) fn new(metrics: Arc<Metrics>, traces: bool) -> Arc<Self> {
        let (faults, slow) = (Occasional::default(), Occasional::default());
        Arc::new(Self { calls: CallCounts::of(methods()), metrics, traces, faults, slow })
    }

    /// The calls that it counted.
    pub(super) const fn calls(&self) -> &CallCounts {
        &self.calls
    }

    /// The span of a call. It holds nothing that a caller made up but the id of its trace, which is a number.
    fn span(&self, id: &str, method: &str, headers: &HeaderMap) -> Span {
        let span = tracing::info_span!(
            "call",
            call_id = id,
            method,
            trace_id = Empty,
            otel.name = Empty,
            otel.kind = Empty,
            otel.status_code = Empty,
            rpc.grpc.status_code = Empty,
        );
        let mut sent = headers.get_all(TRACEPARENT).iter();
        let parent = sent.next().filter(|_| sent.next().is_none());
        let parent = parent.and_then(|value| TraceParent::read(value.to_str().ok()?));
        let trace = if self.traces {
            span.record("otel.name", method).record("otel.kind", "server");
            Some(enter_trace(&span, parent))
        } else {
            parent.map(|parent| parent.trace)
        };
        if let Some(trace) = trace {
            span.record("trace_id", format_args!("{trace:032x}"));
        }
        span
    }

    /// Notes how a call ends, by the headers or trailers that say so.
    fn ends(&self, call: &mut CountedCall, span: &Span, said: &HeaderMap, reason: Option<Reason>) {
        let code = said.get("grpc-status").map_or(Code::Ok, |code| Code::from_bytes(code.as_bytes()));
        call.ends_with(code as i32);
        if self.traces {
            span.record("rpc.grpc.status_code", code as i32);
        }
        let reason: Option<Cow<'static, str>> =
            (code != Code::Ok).then(|| reason.map_or_else(|| told(said).into(), |reason| reason.0.into()));
        if let Some(reason) = &reason {
            self.metrics.refusals.refused(reason);
        }
        let (took, reason) = (call.took().as_millis(), reason.as_deref());
        let method = call.method();
        if matches!(code, Code::Internal | Code::Unavailable | Code::Unknown | Code::DataLoss) {
            span.record("otel.status_code", "error");
            if let Some(left_out) = self.faults.left_out_before() {
                span.in_scope(|| tracing::warn!(?code, reason, took_ms = took, left_out, "a call failed"));
            }
        } else if !method.reads_stream
            && !method.answers_stream
            && call.took() > SLOW
            && let Some(left_out) = self.slow.left_out_before()
        {
            span.in_scope(|| tracing::warn!(?code, reason, took_ms = took, left_out, "a call was slow"));
        }
    }
}

/// The stable reason that a handler's refusal tells, which all have that reach this layer.
fn told(said: &HeaderMap) -> String {
    let info = Status::from_header_map(said).and_then(|status| status.get_details_error_info());
    info.map_or_else(|| "UNKNOWN".to_owned(), |info| info.reason)
}

/// Names a call, in the log and on the answer, and watches it to its end.
pub(super) async fn observe(State(observer): State<Arc<Observer>>, mut request: Request, next: Next) -> Response {
    let id = Uuid::new_v4().to_string();
    let mut call = observer.calls.at(request.uri().path()).begin();
    let &Method { reads_stream, answers_stream, .. } = call.method();
    request.extensions_mut().insert(Shape { reads_stream, answers_stream });
    let span = observer.span(&id, &call.method().name, request.headers());
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert(CALL_ID, passing(id));
    }
    if call.method().answers_stream && !response.headers().contains_key("grpc-status") {
        return response.map(|body| Body::new(Watched { body, call, span, observer }));
    }
    // A unary answer is whole by now: one without a status in its headers is OK.
    observer.ends(&mut call, &span, response.headers(), response.extensions().get().copied());
    response
}

/// Counts a refusal against the tenant that was refused, which only the layer that knows the caller can.
pub(super) fn count_refusal(app: &App, tenant: &TenantId, response: &Response) {
    if response.headers().get("grpc-status").is_some_and(|code| code != "0") {
        app.metrics().tenants.refused(tenant);
    }
}

/// The answers of a stream, watched to their end.
struct Watched {
    body: Body,
    call: CountedCall,
    span: Span,
    observer: Arc<Observer>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Self { body, call, span, observer } = self.get_mut();
        let frame = ready!(Pin::new(body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(trailers) = frame.trailers_ref()
        {
            observer.ends(call, span, trailers, None);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
