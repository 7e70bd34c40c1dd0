//! Connections of clients.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
};

use super::page::Page;

/// Connections: open now, accepted, and not accepted.
#[derive(Debug, Default)]
pub struct ConnectionCounts {
    open: Arc<AtomicI64>,
    accepted: AtomicU64,
    let_go: AtomicU64,
    errors: AtomicU64,
}

/// A connection that is open until this is dropped.
#[derive(Debug)]
pub struct OpenConnection(Arc<AtomicI64>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl ConnectionCounts {
    /// Counts a connection that was accepted.
    #[must_use]
    pub fn accepted(&self) -> OpenConnection {
        self.accepted.fetch_add(1, Relaxed);
        self.open.fetch_add(1, Relaxed);
        OpenConnection(Arc::clone(&self.open))
    }

    /// Counts a connection that was closed for how its client behaved.
    pub fn let_go(&self) {
        self.let_go.fetch_add(1, Relaxed);
    }

    /// Counts a connection that the operating system did not give, out of files for example.
    pub fn failed(&self) {
        self.errors.fetch_add(1, Relaxed);
    }

    pub(super) fn show(&self, page: &mut Page) {
        page.gauge("connections_open", "Connections of clients that are open.").set(&[], self.open.load(Relaxed));
        let accepted = page.counter("connections_accepted", "Connections of clients that were accepted.");
        accepted.add(&[], self.accepted.load(Relaxed));
        let let_go = page.counter("connections_let_go", "Connections that were closed for how their clients behaved.");
        let_go.add(&[], self.let_go.load(Relaxed));
        let errors = page.counter("accept_errors", "Connections that the operating system did not give.");
        errors.add(&[], self.errors.load(Relaxed));
    }
}
