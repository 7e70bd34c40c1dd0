//! States of now: what is read when the page is made.

use super::{page::Page, process::Process};
use crate::domain::time::Timestamp;

/// What the platform is like at one moment.
#[derive(Debug)]
pub struct Figures {
    /// Whether the store answered when it was last asked; it is asked several times a second.
    pub store_answers: bool,
    /// Which database it is: `sqlite` or `postgres`.
    pub database: &'static str,
    /// The pools of connections to it, by name.
    pub pools: Vec<PoolFigures>,
    /// Jobs that wait for the decision writer, and the most there may be.
    pub writer_queue: (usize, usize),
    /// Decisions on disk that reports do not count yet; nothing when the store did not say.
    pub uncounted: Option<i64>,
    /// How many there are in memory of each kind of thing.
    pub in_memory: Vec<(&'static str, usize)>,
    /// Bytes of the files of model versions that are loaded. In memory a version takes a few times that.
    pub model_file_bytes: u64,
    /// Events that were forgotten before they were too old, because a tenant had too many.
    pub evicted_events: u64,
    /// Whether this process holds the lease on tenants' behaviour.
    pub holds_behaviour: bool,
    /// When the process began.
    pub began: Timestamp,
}

/// A pool of connections to the database.
#[derive(Debug, Clone, Copy)]
pub struct PoolFigures {
    /// Its name.
    pub name: &'static str,
    /// Connections that somebody works with.
    pub in_use: usize,
    /// Connections that are open and wait.
    pub idle: usize,
    /// The most there may be.
    pub limit: usize,
}

impl Figures {
    /// Puts them on a page, with what the operating system says of the process.
    pub fn show(&self, process: &Process, page: &mut Page) {
        self.show_store(page);
        self.show_memory(page);
        process.show(page);
        page.gauge("process_start_time_seconds", "When the server began, in Unix time.").set(&[], self.began.seconds());
        let build = page.gauge("build_info", "1, with the version of the program and the database it works on.");
        build.set(&[("version", env!("CARGO_PKG_VERSION")), ("database", self.database)], 1);
    }

    fn show_store(&self, page: &mut Page) {
        page.gauge("store_up", "1 when the store answered when last asked, else 0.")
            .set(&[], self.store_answers.into());
        let connections = page.gauge("store_connections", "Connections to the database, by pool and state.");
        for pool in &self.pools {
            connections.set(&[("pool", pool.name), ("state", "in_use")], level(pool.in_use));
            connections.set(&[("pool", pool.name), ("state", "idle")], level(pool.idle));
        }
        let limits = page.gauge("store_connections_limit", "The most connections of a pool.");
        for pool in &self.pools {
            limits.set(&[("pool", pool.name)], level(pool.limit));
        }
        let (waiting, most) = self.writer_queue;
        page.gauge("writer_queue_depth", "Jobs that wait for the decision writer.").set(&[], level(waiting));
        page.gauge("writer_queue_limit", "The most jobs that may wait; then calls are refused.").set(&[], level(most));
        if let Some(uncounted) = self.uncounted {
            let lag = page.gauge("decisions_uncounted", "Decisions on disk that reports do not count yet.");
            lag.set(&[], uncounted);
        }
    }

    fn show_memory(&self, page: &mut Page) {
        let entries = page.gauge("state_entries", "Things that are kept in memory, by kind.");
        for (kind, count) in &self.in_memory {
            entries.set(&[("kind", kind)], level(*count));
        }
        let bytes = page.gauge("model_file_bytes", "Bytes of the files of loaded model versions.");
        bytes.set(&[], i64::try_from(self.model_file_bytes).unwrap_or(i64::MAX));
        let evicted =
            page.gauge("state_events_evicted", "Events of now known tenants forgotten before they were too old.");
        evicted.set(&[], i64::try_from(self.evicted_events).unwrap_or(i64::MAX));
        let lease = page.gauge("behaviour_lease_held", "1 when this process answers fraud checks, else 0.");
        lease.set(&[], self.holds_behaviour.into());
    }
}

fn level(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
