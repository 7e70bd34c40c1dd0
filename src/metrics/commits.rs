//! Commits of the decision writer.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use super::{histogram::Histogram, page::Page};

/// Commits that reached the disk, and those that did not.
#[derive(Debug)]
pub struct CommitCounts {
    rows: Histogram,
    seconds: Histogram,
    failed: AtomicU64,
}

impl Default for CommitCounts {
    fn default() -> Self {
        Self { rows: Histogram::of_rows(), seconds: Histogram::of_durations(), failed: AtomicU64::new(0) }
    }
}

impl CommitCounts {
    /// Counts a commit of so many records, decisions or entries of the log. One that failed may be tried again row by row,
    /// each a commit of its own.
    pub fn ended(&self, rows: usize, took: Duration, on_disk: bool) {
        if on_disk {
            self.rows.count(u64::try_from(rows).unwrap_or(u64::MAX));
            self.seconds.took(took);
        } else {
            self.failed.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn show(&self, page: &mut Page) {
        page.histogram("commit_rows", "Records of a commit of the decision writer.").add_histogram(&[], &self.rows);
        let seconds = page.histogram("commit_seconds", "Seconds that a commit of the decision writer took.");
        seconds.add_histogram(&[], &self.seconds);
        let failed = page.counter("commit_failures", "Commits of the decision writer that failed, retries among them.");
        failed.add(&[], self.failed.load(Relaxed));
    }
}
