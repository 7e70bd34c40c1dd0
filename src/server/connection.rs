//! One connection: TLS and the first bytes in time, its calls, and its end.

use std::{io, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use http::HeaderMap;
use hyper::{Request, body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_rustls::TlsAcceptor;
use tower::Service;

use super::{
    accept::Places,
    bodies::{Answer, Asked, OpenCall},
    conduct::{Conduct, Fault},
    linger::{lend, linger},
    tls::thumbprint,
};
use crate::{auth::Thumbprint, metrics::Metrics};

/// How long a client may take for its first byte, and then for the TLS handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);
/// The most streams a client may have open on one connection; hyper has no limit of its own.
const MAX_STREAMS: u32 = 100;
/// How many streams a client may make the server reset before the connection is closed (CVE-2025-8671, MadeYouReset).
const MAX_LOCAL_RESETS: usize = 1_024;
/// How much a client may send on one stream, and on all of a connection, before it is read. h2 closes a connection on which
/// too many frames below 256 bytes wait (each counts what it lacks to that, together at most half of the connection's window):
/// with hyper's windows of 1 MiB for both, a stream of small items that came faster than they are decided was cut off. So a
/// stream must come to its own limit first, where the client is merely held back: with these, one of items of 30 bytes does.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;
/// How often a silent client is asked whether it is there, and how long it may take to answer.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// The most bytes of headers a request may have: a token of 8 KiB and room for the rest.
const MAX_HEADER_BYTES: u32 = 16 * 1024;
/// How often it is looked at how a connection behaves.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// How long a client may take to understand that a connection is closed because nothing happens on it.
const LEAVE_LIMIT: Duration = Duration::from_secs(1);

/// What every connection is served with.
#[derive(Clone)]
pub(super) struct Front {
    /// The certificate of now, where TLS is served.
    pub tls: Option<watch::Receiver<Arc<ServerConfig>>>,
    pub router: Router,
    pub draining: watch::Receiver<bool>,
    pub places: Places,
    pub metrics: Arc<Metrics>,
}

impl Front {
    /// Serves a connection to its end.
    pub(super) async fn serve(mut self, stream: TcpStream) -> io::Result<()> {
        // Answers are small and somebody waits for each: they must not wait for more to fill a packet.
        stream.set_nodelay(true)?;
        // A client that says nothing gets no more than this: HTTP/2's keepalive only begins after its first bytes.
        let mut first = [0];
        let spoke = async { timeout(HANDSHAKE_LIMIT, stream.peek(&mut first)).await? };
        let mut leaving = self.draining.clone();
        tokio::select! {
            bytes = spoke => drop(bytes?),
            _ = leaving.wait_for(|draining| *draining) => return Ok(()),
        }
        let conduct = Arc::new(Conduct::new());
        let (stream, returned) = lend(stream, Arc::clone(&conduct));
        match self.tls.as_mut().map(|tls| TlsAcceptor::from(Arc::clone(&tls.borrow_and_update()))) {
            None => self.calls(stream, None, conduct).await?,
            Some(tls) => {
                let stream = timeout(HANDSHAKE_LIMIT, tls.accept(stream)).await??;
                let certificate = thumbprint(stream.get_ref().1);
                self.calls(stream, certificate, conduct).await?;
            }
        }
        if let Ok(stream) = returned.await {
            linger(stream).await;
        }
        Ok(())
    }

    async fn calls(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        certificate: Option<Thumbprint>,
        conduct: Arc<Conduct>,
    ) -> io::Result<()> {
        let Self { router, mut draining, places, metrics, .. } = self;
        let of_calls = Arc::clone(&conduct);
        let service = service_fn(move |request: Request<Incoming>| {
            let (mut router, conduct) = (router.clone(), Arc::clone(&of_calls));
            let call = OpenCall::begin(&conduct, head_bytes(request.headers()));
            let mut request = request.map(|body| Body::new(Asked::new(body, Arc::clone(&conduct))));
            request.extensions_mut().insert(conduct);
            if let Some(certificate) = certificate {
                request.extensions_mut().insert(certificate);
            }
            async move {
                let answer = router.call(request).await;
                answer.map(|answer| answer.map(|body| Answer::new(body, call)))
            }
        });
        let mut connection = pin!(http2_server().serve_connection(TokioIo::new(stream), service));
        let mut looks = interval(LOOK_INTERVAL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let fault = tokio::select! {
                ended = connection.as_mut() => return ended.map_err(io::Error::other),
                _ = draining.wait_for(|draining| *draining) => {
                    connection.as_mut().graceful_shutdown();
                    break;
                }
                _ = looks.tick() => conduct.fault(places.crowded()),
            };
            if fault.is_some() {
                metrics.connections.let_go();
            }
            match fault {
                None => {}
                Some(Fault::Idle | Fault::Dripping) => {
                    // Told to leave: what the client sends at this moment it sends again on another connection.
                    connection.as_mut().graceful_shutdown();
                    return timeout(LEAVE_LIMIT, connection).await?.map_err(io::Error::other);
                }
                Some(fault) => return Err(io::Error::other(fault)),
            }
        }
        connection.await.map_err(io::Error::other)
    }
}

fn http2_server() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_local_error_reset_streams(MAX_LOCAL_RESETS)
        .max_header_list_size(MAX_HEADER_BYTES)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT);
    builder
}

/// About how many bytes a call's head takes on the wire: with the 32 bytes that HPACK counts for each header's overhead.
fn head_bytes(headers: &HeaderMap) -> u64 {
    let bytes = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum::<usize>();
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
