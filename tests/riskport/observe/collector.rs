//! Collectors of traces: one that takes them, and one that never answers.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::any_value::Value,
    trace::v1::Span,
};
use prost::Message;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, transport::Server};

/// A collector that keeps what it gets.
pub struct Collector {
    pub address: SocketAddr,
    got: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
    serving: JoinHandle<()>,
}

struct Service(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

#[tonic::async_trait]
impl TraceService for Service {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().unwrap().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, got) = (listener.local_addr().unwrap(), Arc::default());
        let service = TraceServiceServer::new(Service(Arc::clone(&got)));
        let serving = tokio::spawn(async move {
            Server::builder().add_service(service).serve_with_incoming(TcpListenerStream::new(listener)).await.unwrap();
        });
        Self { address, got, serving }
    }

    /// What the program is told of it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every span that came.
    pub fn spans(&self) -> Vec<Span> {
        let got = self.got.lock().unwrap();
        let scopes = got.iter().flat_map(|one| &one.resource_spans).flat_map(|resource| &resource.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    /// What the spans say they come from.
    pub fn services(&self) -> Vec<String> {
        let got = self.got.lock().unwrap();
        let resources = got.iter().flat_map(|one| &one.resource_spans).filter_map(|one| one.resource.as_ref());
        let attributes = resources.flat_map(|resource| &resource.attributes);
        let names =
            attributes.filter(|one| one.key == "service.name").filter_map(|one| one.value.as_ref()?.value.clone());
        names.map(|value| if let Value::StringValue(name) = value { name } else { format!("{value:?}") }).collect()
    }

    /// Everything that came, as bytes.
    pub fn bytes(&self) -> Vec<u8> {
        self.got.lock().unwrap().iter().flat_map(Message::encode_to_vec).collect()
    }

    /// Waits until spans came of which a condition holds.
    pub async fn wait_for(&self, what: &str, holds: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        for _ in 0..2_000 {
            let spans = self.spans();
            if holds(&spans) {
                return spans;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{what}: {:#?}", self.spans());
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The value of a span's attribute as text.
pub fn attribute(span: &Span, key: &str) -> Option<String> {
    let value = span.attributes.iter().find(|one| one.key == key)?.value.clone()?.value?;
    Some(match value {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    })
}

/// A collector that accepts connections, and never says anything.
pub async fn stalled() -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let holding = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    (address, holding)
}
