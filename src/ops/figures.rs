//! What the platform is like now, for whoever watches it.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::time::timeout;

use super::App;
use crate::metrics::{Figures, Metrics};

/// How long the store may take to say how many decisions are not counted. Whoever watches must learn the rest also when the
/// store does not answer.
const PATIENCE: Duration = Duration::from_millis(500);

impl App {
    /// What is counted.
    #[must_use]
    pub const fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Whether the store answered when it was last asked for changes, which [`Self::see_changes`] does.
    #[must_use]
    pub fn store_answers(&self) -> bool {
        self.store_answers.load(Ordering::Relaxed)
    }

    /// Says that the store has not answered for long.
    pub fn store_is_silent(&self) {
        self.store_answers.store(false, Ordering::Relaxed);
    }

    /// States of now.
    pub async fn figures(&self) -> Figures {
        let behaviour = self.behaviours.size();
        let ((versions, model_file_bytes), (lists, list_entries)) = (self.versions.size(), self.lists.size());
        let mut in_memory = vec![
            ("events", behaviour.events),
            ("entities", behaviour.entities),
            ("lists", lists),
            ("list_entries", list_entries),
            ("model_versions", versions),
        ];
        in_memory.extend(self.directory.sizes());
        Figures {
            store_answers: self.store_answers(),
            database: self.store.kind(),
            pools: self.store.pools(),
            writer_queue: self.writer.queue(),
            uncounted: self.count_uncounted().await,
            in_memory,
            model_file_bytes,
            evicted_events: behaviour.evicted,
            holds_behaviour: self.holds_behaviour(),
            began: self.began,
        }
    }

    async fn count_uncounted(&self) -> Option<i64> {
        if !self.store_answers() {
            return None;
        }
        let cursors = timeout(PATIENCE, self.store.list_cursors()).await.ok()?.ok()?;
        Some(cursors.iter().map(|cursor| cursor.last - cursor.counted).sum())
    }
}
