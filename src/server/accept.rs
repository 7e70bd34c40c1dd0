//! Accepts connections: bounded in number, and let go gracefully.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::{
    net::TcpListener,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::timeout,
};

use super::{DRAIN_LIMIT, connection::Front};

/// Files that are kept back from connections: for the database's, the log, and what the program reads.
pub const OTHER_FILES: u64 = 124;
/// How long accepting pauses when the operating system gives no connection, out of files for example.
const ACCEPT_BACK_OFF: Duration = Duration::from_millis(100);

/// The places that connections take.
#[derive(Clone)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    all: usize,
}

impl Places {
    /// As many places as there may be connections: at most `wanted`, and fewer where the operating system gives fewer files.
    pub(super) fn new(wanted: usize) -> Self {
        let files = usize::try_from(open_files().saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX).max(16);
        if files < wanted {
            tracing::warn!(wanted, places = files, "fewer connections than set: the limit of open files is too low");
        }
        let all = wanted.min(files);
        Self { free: Arc::new(Semaphore::new(all)), all }
    }

    /// Whether fewer than a quarter of the places are free: then those that are held for nothing are taken back sooner.
    pub(super) fn crowded(&self) -> bool {
        self.free.available_permits() < self.all.div_ceil(4)
    }

    async fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).acquire_owned().await.ok()
    }
}

/// How many files may be open, once the soft limit is as high as it goes.
fn open_files() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 1_024 };
    if soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() { hard } else { soft }
}

/// Accepts and serves connections until `stop` is done; then lets open calls end, for [`DRAIN_LIMIT`] at most.
pub(super) async fn accept(listener: TcpListener, front: Front, stop: impl Future<Output = ()> + Send) {
    let mut stop = pin!(stop);
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            // A place first: connections beyond the limit wait in the operating system's queue.
            let place = front.places.take().await;
            (listener.accept().await, place)
        };
        tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            (accepted, place) = accepted => match accepted {
                Ok((stream, _)) => {
                    let (front, open) = (front.clone(), front.metrics.connections.accepted());
                    connections.spawn(async move {
                        if let Err(error) = front.serve(stream).await {
                            tracing::debug!(%error, "a connection ended badly");
                        }
                        drop((place, open));
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    front.metrics.connections.failed();
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
