//! What the process tells while it runs: the log, and traces where a collector is named.
//!
//! Both are made of `tracing`'s spans and events. A call is a span at level INFO, with its id and method, so that every line of
//! the log that it causes names it. What happens within it, an operation and its wait for the commit, are spans at level DEBUG:
//! they are for traces, and cost a comparison each while there is no collector.

mod json;
mod otlp;
mod traceparent;

use std::{io, panic, time::Duration};

use opentelemetry::{
    Context,
    trace::{SpanContext, TraceContextExt, TraceFlags, TraceState, TracerProvider},
};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::task::spawn_blocking;
pub use traceparent::TraceParent;
use tracing::{Level, Metadata, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt, filter_fn},
    fmt::{self, format::JsonFields},
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::config::OtlpSettings;

/// How long the spans of the last calls may take to be sent when the process ends.
const LAST_SPANS_LIMIT: Duration = Duration::from_secs(1);

/// What tells must be ended, so that the last spans get out.
#[derive(Debug)]
pub struct Telemetry(Option<SdkTracerProvider>);

/// Begins to log to standard error, so that standard output stays for answers, and to send traces where that is asked for. For
/// the whole process, once.
///
/// # Errors
/// One sentence: the filter or the endpoint is wrong, or this was called before.
pub fn start(filter: &str, json: bool, otlp: Option<&OtlpSettings>) -> Result<Telemetry, String> {
    let filter = EnvFilter::try_new(filter).map_err(|error| format!("the log filter is wrong: {error}"))?;
    let provider = otlp.map(otlp::provider).transpose()?;
    let started = match &provider {
        // Filters for all layers together cost less than one for each.
        None => Registry::default().with(filter).with(filter_fn(may_be_logged)).with(lines(json)).try_init(),
        Some(provider) => {
            let traces = tracing_opentelemetry::layer()
                .with_tracer(provider.tracer("riskport"))
                .with_location(false)
                .with_threads(false)
                .with_target(false)
                .with_filter(filter_fn(is_traced));
            let logged = lines(json).with_filter(filter.and(filter_fn(may_be_logged)));
            Registry::default().with(logged).with(traces).try_init()
        }
    };
    started.map_err(|error| error.to_string())?;
    log_panics();
    Ok(Telemetry(provider))
}

impl Telemetry {
    /// Sends what is still to be sent, as far as the collector takes it at once.
    pub async fn finish(self) {
        let Some(provider) = self.0 else { return };
        // It waits on its own thread, and that must not be one that sends.
        let ended = spawn_blocking(move || provider.shutdown_with_timeout(LAST_SPANS_LIMIT));
        if !matches!(tokio::time::timeout(2 * LAST_SPANS_LIMIT, ended).await, Ok(Ok(Ok(())))) {
            tracing::info!("the last traces did not reach the collector");
        }
    }
}

/// Writes lines for people, or for programs.
fn lines<S: Subscriber + for<'span> LookupSpan<'span>>(json: bool) -> Box<dyn Layer<S> + Send + Sync> {
    let to = fmt::layer().with_writer(io::stderr);
    if json { to.fmt_fields(JsonFields::new()).event_format(json::JsonLine).boxed() } else { to.boxed() }
}

/// What libraries show below INFO is theirs to change with any version, and a header with a token may be among it: so they are
/// not asked, whatever the filter says.
fn may_be_logged(what: &Metadata<'_>) -> bool {
    is_ours(what) || *what.level() <= Level::INFO
}

/// Our own spans, and what went wrong within them.
fn is_traced(what: &Metadata<'_>) -> bool {
    is_ours(what) && if what.is_span() { *what.level() <= Level::DEBUG } else { *what.level() <= Level::WARN }
}

fn is_ours(what: &Metadata<'_>) -> bool {
    what.target().strip_prefix("riskport").is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Logs panics like anything else, by their place alone: their text may hold what somebody sent.
fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a thread panicked");
    }));
}

/// Makes a span the child of a caller's, or the first of a new trace, and tells which trace it is in. For spans of a process
/// that sends traces, before anything is asked of them.
#[must_use]
pub fn enter_trace(span: &Span, parent: Option<TraceParent>) -> u128 {
    if let Some(TraceParent { trace, span: caller, sampled }) = parent {
        let flags = if sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
        let parent = SpanContext::new(trace.into(), caller.into(), flags, true, TraceState::default());
        // A span that the filter left out has no place in a trace.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent));
    }
    u128::from_be_bytes(span.context().span().span_context().trace_id().to_bytes())
}
