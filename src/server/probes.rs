//! The page of metrics and the probes, over HTTP/1 on an address of their own, without TLS and without asking who reads.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::timeout,
};

use super::observe::Observer;
use crate::{
    metrics::{self, Page, Process},
    ops::App,
};

/// The most readers at once: whoever reads metrics is few.
const MAX_CONNECTIONS: usize = 16;
/// How long a reader may take for its question, and for all of it.
const HEAD_LIMIT: Duration = Duration::from_secs(5);
const READER_LIMIT: Duration = Duration::from_secs(10);
/// How long accepting pauses when the operating system gives no connection.
const ACCEPT_BACK_OFF: Duration = Duration::from_millis(100);

/// An address that is listened on for those who watch.
pub(super) struct Probes {
    listener: TcpListener,
    router: Router,
}

#[derive(Clone)]
struct Probed {
    app: Arc<App>,
    observer: Arc<Observer>,
    draining: watch::Receiver<bool>,
}

impl Probes {
    /// Listens.
    ///
    /// # Errors
    /// When the operating system does not give the address.
    pub(super) async fn bind(
        address: SocketAddr,
        app: Arc<App>,
        observer: Arc<Observer>,
        draining: watch::Receiver<bool>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let router = Router::new()
            .route("/metrics", get(metrics_page))
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(readiness))
            .with_state(Probed { app, observer, draining });
        Ok(Self { listener, router })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the operating system does not tell.
    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers for as long as it is let.
    pub(super) async fn serve(self) -> Infallible {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            // A place first: who comes beyond the limit waits in the operating system's queue.
            let place = Arc::clone(&places).acquire_owned().await;
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let router = self.router.clone();
                    tokio::spawn(async move {
                        let _ = timeout(READER_LIMIT, answer(stream, router)).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a reader of metrics");
                    tokio::time::sleep(ACCEPT_BACK_OFF).await;
                }
            }
        }
    }
}

async fn answer(stream: TcpStream, router: Router) {
    let mut builder = http1::Builder::new();
    // One question a connection: a reader that waits for its next would hold a place.
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_LIMIT).keep_alive(false);
    let served = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)).await;
    if let Err(error) = served {
        tracing::debug!(%error, "a reader of metrics went away");
    }
}

async fn metrics_page(State(probed): State<Probed>) -> Response {
    let figures = probed.app.figures().await;
    let mut page = Page::default();
    probed.observer.calls().show(&mut page);
    probed.app.metrics().show(&mut page);
    figures.show(&Process::read(), &mut page);
    match page.text() {
        Ok(text) => ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Whether calls are answered: they are while the store is, until the server drains.
async fn readiness(State(probed): State<Probed>) -> (StatusCode, &'static str) {
    if *probed.draining.borrow() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining\n")
    } else if probed.app.store_answers() {
        (StatusCode::OK, "ok\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n")
    }
}
