//! Sends spans to a collector, as long as one takes them.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use opentelemetry::KeyValue;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, SpanData},
};

use crate::config::OtlpSettings;

/// The most spans that wait to be sent: about 4 MiB. What comes beyond that is dropped, for no call may wait for a collector.
const QUEUE: usize = 4_096;
/// The most spans of one message, and how often spans are sent at least.
const BATCH: usize = 512;
const SEND_INTERVAL: Duration = Duration::from_secs(2);
/// How long the collector may take for a message; then its spans are lost.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// What makes spans of this process, and sends those that are sampled from a thread of its own.
///
/// # Errors
/// One sentence, when the endpoint cannot be used.
pub(super) fn provider(settings: &OtlpSettings) -> Result<SdkTracerProvider, String> {
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(&settings.endpoint)
        .with_timeout(ANSWER_LIMIT)
        .build()
        .map_err(|error| format!("cannot send traces to {}: {error}", settings.endpoint))?;
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE)
        .with_max_export_batch_size(BATCH)
        .with_scheduled_delay(SEND_INTERVAL);
    let resource = Resource::builder()
        .with_service_name("riskport")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let processor = BatchSpanProcessor::builder(Watched { exporter, failing: AtomicBool::new(false) });
    Ok(SdkTracerProvider::builder()
        // Whoever calls with a trace of its own says whether it is recorded.
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.sample_ratio))))
        .with_resource(resource)
        .with_span_processor(processor.with_batch_config(batches.build()).build())
        .build())
}

/// Says when spans get lost, and when they do no more; once each, for it happens with every message.
#[derive(Debug)]
struct Watched {
    exporter: SpanExporter,
    failing: AtomicBool,
}

impl opentelemetry_sdk::trace::SpanExporter for Watched {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let sent = self.exporter.export(batch).await;
        match (self.failing.swap(sent.is_err(), Relaxed), &sent) {
            (false, Err(error)) => tracing::warn!(%error, "traces do not reach the collector, they are dropped"),
            (true, Ok(())) => tracing::info!("traces reach the collector again"),
            _ => {}
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
