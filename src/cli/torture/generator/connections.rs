//! Connections that are kept: one that ends is made anew, as a client library does.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use http::{HeaderMap, Request};
use tokio::{
    net::TcpStream,
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::round::Outcome;
use crate::cli::Failure;

/// How much the server may send on a stream and on a connection before it is read: more than all answers in flight, so that
/// no answer waits for a window.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;
/// How long after its end a connection is made anew.
const RECONNECT: Duration = Duration::from_millis(50);
/// The longest that the first connections may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(20);

/// Connections to one server. They end when this is dropped.
pub(in crate::cli::torture) struct Connections {
    places: Vec<Place>,
    lost: Arc<AtomicU64>,
}

/// The connection that is there now, if one is.
type Current = Arc<Mutex<Option<SendRequest<Bytes>>>>;

struct Place {
    current: Current,
    keeping: JoinHandle<()>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.keeping.abort();
    }
}

impl Connections {
    /// Opens so many connections, and keeps them on the runtime that this is called on.
    pub(in crate::cli::torture) async fn open(address: SocketAddr, count: usize) -> Result<Self, Failure> {
        let lost = Arc::new(AtomicU64::new(0));
        let place = |_| {
            let current = Current::default();
            let keeping = tokio::spawn(keep(address, Arc::clone(&current), Arc::clone(&lost)));
            Place { current, keeping }
        };
        let connections = Self { places: (0..count).map(place).collect(), lost };
        let all = async {
            while connections.places.iter().any(|place| held(&place.current).is_none()) {
                sleep(Duration::from_millis(1)).await;
            }
        };
        let opened = timeout(CONNECT_LIMIT, all).await;
        opened.map_err(|_| Failure::new(format!("the server at {address} did not take {count} connections")))?;
        Ok(connections)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.places.len()
    }

    /// How often one ended that should not have.
    pub(in crate::cli::torture) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Sends a whole request on the connection of a turn, at once: where all its streams are taken it waits in `h2`, in order.
    pub(super) fn send(&self, turn: usize, request: Request<()>, body: Bytes) -> Result<Reply, Outcome> {
        let place = &self.places[turn % self.places.len()];
        // A clone never refuses to queue a request.
        let mut sender = held(&place.current).clone().ok_or(Outcome::Broken)?;
        let (reply, mut stream) = sender.send_request(request, false).map_err(|_| Outcome::Broken)?;
        stream.send_data(body, true).map_err(|_| Outcome::Broken)?;
        Ok(Reply(reply))
    }
}

fn held(current: &Current) -> std::sync::MutexGuard<'_, Option<SendRequest<Bytes>>> {
    current.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn keep(address: SocketAddr, current: Current, lost: Arc<AtomicU64>) {
    loop {
        if let Ok(stream) = TcpStream::connect(address).await
            && stream.set_nodelay(true).is_ok()
            && let Ok((sender, connection)) = builder().handshake(stream).await
        {
            *held(&current) = Some(sender);
            let _ = connection.await;
            *held(&current) = None;
            lost.fetch_add(1, Ordering::Relaxed);
        }
        sleep(RECONNECT).await;
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.initial_window_size(STREAM_WINDOW).initial_connection_window_size(CONNECTION_WINDOW).enable_push(false);
    builder
}

/// An answer on its way.
pub(super) struct Reply(ResponseFuture);

impl Reply {
    /// Reads the answer to its end, and tells what it was.
    pub(super) async fn outcome(self) -> Outcome {
        self.read().await.unwrap_or(Outcome::Broken)
    }

    async fn read(self) -> Result<Outcome, h2::Error> {
        let (head, mut body) = self.0.await?.into_parts();
        while let Some(data) = body.data().await {
            let size = data?.len();
            body.flow_control().release_capacity(size)?;
        }
        // A refusal has its status in the head, and no body.
        if let Some(status) = status(&head.headers) {
            return Ok(status);
        }
        let trailers = body.trailers().await?;
        Ok(trailers.as_ref().and_then(status).unwrap_or(Outcome::Broken))
    }
}

fn status(headers: &HeaderMap) -> Option<Outcome> {
    let code = headers.get("grpc-status")?.to_str().ok()?.parse().ok()?;
    Some(Outcome::of_code(code))
}
