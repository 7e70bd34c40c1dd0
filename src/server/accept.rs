//! Accepts connections: TLS and the HTTP/2 preface in time, bounded in number, and let go gracefully.

use std::{future::Future, io, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http2;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use super::{
    DRAIN_LIMIT,
    linger::{lend, linger},
};

/// The most connections at once: below the usual limit of 1,024 open files, with room for the database's.
pub const MAX_CONNECTIONS: usize = 900;
/// How long a client may take for its first byte, and then for the TLS handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);
/// How long accepting pauses when the operating system gives no connection, out of files for example.
const ACCEPT_BACK_OFF: Duration = Duration::from_millis(100);
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

/// Accepts and serves connections until `stop` is done; then lets open calls end, for [`DRAIN_LIMIT`] at most.
pub(super) async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    draining: watch::Receiver<bool>,
    stop: impl Future<Output = ()> + Send,
) {
    let mut stop = pin!(stop);
    let mut connections = JoinSet::new();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = async {
            // A place first: connections beyond the limit wait in the operating system's queue.
            let place = Arc::clone(&places).acquire_owned().await;
            (listener.accept().await, place)
        };
        tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            (accepted, place) = accepted => match accepted {
                Ok((stream, _)) => {
                    let (tls, router, draining) = (tls.clone(), router.clone(), draining.clone());
                    connections.spawn(async move {
                        if let Err(error) = connection(stream, tls, router, draining).await {
                            tracing::debug!(%error, "a connection ended badly");
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_BACK_OFF).await;
                }
            },
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    if timeout(DRAIN_LIMIT, ended).await.is_err() {
        tracing::warn!(open = connections.len(), "calls are still open after the time for draining, cutting them off");
        connections.shutdown().await;
    }
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: Router,
    draining: watch::Receiver<bool>,
) -> io::Result<()> {
    // Answers are small and somebody waits for each: they must not wait for more to fill a packet.
    stream.set_nodelay(true)?;
    // A client that says nothing gets no more than this: HTTP/2's keepalive only begins after its first bytes.
    let mut first = [0];
    let spoke = async { timeout(HANDSHAKE_LIMIT, stream.peek(&mut first)).await? };
    let mut leaving = draining.clone();
    tokio::select! {
        bytes = spoke => drop(bytes?),
        _ = leaving.wait_for(|draining| *draining) => return Ok(()),
    }
    let (stream, returned) = lend(stream);
    match tls {
        None => serve(stream, router, draining).await?,
        Some(tls) => {
            let stream = timeout(HANDSHAKE_LIMIT, tls.accept(stream)).await??;
            serve(stream, router, draining).await?;
        }
    }
    if let Ok(stream) = returned.await {
        linger(stream).await;
    }
    Ok(())
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    mut draining: watch::Receiver<bool>,
) -> io::Result<()> {
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
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)));
    tokio::select! {
        ended = connection.as_mut() => return ended.map_err(io::Error::other),
        _ = draining.wait_for(|draining| *draining) => connection.as_mut().graceful_shutdown(),
    }
    connection.await.map_err(io::Error::other)
}
