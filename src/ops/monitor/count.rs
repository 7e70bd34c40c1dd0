//! Counts decisions, and what became of them, once each: in the order of each writer, in batches that are written whole or not
//! at all.

use std::{sync::Arc, time::Duration};

use tokio::{task::spawn_blocking, time::Instant};

use super::{
    batch::{Batch, Label},
    reading::{Library, Read, ReadScore},
};
use crate::{
    domain::{
        monitor::{Day, Dimension, Part},
        refusal::Refusal,
    },
    ops::App,
    store::{CountedLabel, RecordCounted, UncountedDecision, UncountedLabel, WriterCursor},
};

/// The most decisions of one batch.
const MAX_DECISIONS: i64 = 1_024;
/// The most labels of one batch: each is a statement in its transaction.
const MAX_LABELS: i64 = 256;
/// The most rows of counts that a batch changes: as many statements, while which no decision is written on SQLite.
const MAX_ROWS: usize = 128;
/// How often a batch is counted anew because another process was first, before it is left to that one.
const TRIES: u32 = 3;

impl App {
    /// Counts what is not counted, until there is nothing left or the time is up. Gives the number of decisions that are left.
    ///
    /// # Errors
    /// Unavailable, when the database does not answer.
    pub async fn count_decisions(&self, read_score: ReadScore, patience: Duration) -> Result<i64, Refusal> {
        let until = Instant::now() + patience;
        for cursor in self.store.list_cursors().await? {
            let mut counted = cursor.counted;
            while counted < cursor.last && Instant::now() < until {
                counted = self.count_batch(&WriterCursor { counted, ..cursor.clone() }, read_score).await?;
            }
        }
        while Instant::now() < until && self.count_labels(read_score).await? {}
        Ok(self.store.list_cursors().await?.iter().map(|cursor| cursor.last - cursor.counted).sum())
    }

    /// Counts the next decisions of a writer, and gives the place up to which they are counted.
    async fn count_batch(&self, cursor: &WriterCursor, read_score: ReadScore) -> Result<i64, Refusal> {
        for _ in 0..TRIES {
            let decisions = self.store.list_uncounted(&cursor.writer, cursor.counted, MAX_DECISIONS).await?;
            let Some(last) = decisions.last() else { return Ok(cursor.last) };
            let mut counted = last.seq;
            let mut batch = Batch::default();
            for (seq, day, read) in self.read_all(decisions, read_score).await? {
                if let Some(read) = read {
                    let dimensions = self.dimensions(&read.version, &read.tags).await?;
                    batch.count_answer(&read.version, &dimensions, day, &read.counts);
                    for (version, _, counts) in &read.shadows {
                        batch.count_shadow(version, day, counts);
                    }
                }
                if batch.rows() >= MAX_ROWS {
                    counted = seq;
                    break;
                }
            }
            let now = self.now();
            let (tallies, watches) = batch.revise(self, now).await?;
            let moved = Some((cursor.writer.clone(), cursor.counted, counted));
            let counted_now = RecordCounted { moved, tallies, watches, labels: Vec::new() };
            if self.store.record_counted(counted_now, now).await? {
                return Ok(counted);
            }
            // Another process has counted something of this, and perhaps all of it.
            let cursors = self.store.list_cursors().await?;
            match cursors.into_iter().find(|one| one.writer == cursor.writer) {
                Some(now) if now.counted == cursor.counted => {}
                Some(now) => return Ok(now.counted),
                None => break,
            }
        }
        Ok(cursor.last)
    }

    /// Reads decisions, away from the threads that answer calls.
    async fn read_all(
        &self,
        decisions: Vec<UncountedDecision>,
        read_score: ReadScore,
    ) -> Result<Vec<(i64, Day, Option<Read>)>, Refusal> {
        let mut library = Library::default();
        for decision in &decisions {
            library.fetch(self, decision).await;
        }
        let read = move || {
            let each = decisions.iter();
            each.map(|one| (one.seq, Day::of(one.decided), library.read(one, read_score))).collect()
        };
        spawn_blocking(read).await.map_err(|_| Refusal::Internal)
    }

    /// Counts what became of some decisions, and tells whether there may be more.
    async fn count_labels(&self, read_score: ReadScore) -> Result<bool, Refusal> {
        for _ in 0..TRIES {
            let labels = self.store.list_uncounted_labels(MAX_LABELS).await?;
            if labels.is_empty() {
                return Ok(false);
            }
            let decisions = labels.iter().map(|label| label.decision.clone()).collect();
            let mut batch = Batch::default();
            let mut counted = Vec::with_capacity(labels.len());
            for (label, (_, day, read)) in labels.into_iter().zip(self.read_all(decisions, read_score).await?) {
                if let Some(read) = read {
                    self.count_label(&mut batch, &label, day, &read).await?;
                }
                counted.push(CountedLabel {
                    tenant: label.decision.tenant,
                    decision: label.decision.id,
                    reports: label.reports,
                    counted_reports: label.counted_reports,
                });
                if batch.rows() >= MAX_ROWS {
                    break;
                }
            }
            let now = self.now();
            let (tallies, watches) = batch.revise(self, now).await?;
            if self.store.record_counted(RecordCounted { moved: None, labels: counted, tallies, watches }, now).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn count_label(
        &self,
        batch: &mut Batch,
        label: &UncountedLabel,
        day: Day,
        read: &Read,
    ) -> Result<(), Refusal> {
        let before = Label { approved: label.counted_approved, bad: label.counted_bad };
        let change = (before, Label { approved: label.approved, bad: label.bad });
        let dimensions = self.dimensions(&read.version, &read.tags).await?;
        batch.count_label(&read.version, Part::Answered, &dimensions, day, &read.scored, change);
        for (version, scored, _) in &read.shadows {
            batch.count_label(version, Part::Shadow, &[Dimension::All], day, scored, change);
        }
        Ok(())
    }
}

/// How often decisions are counted, and how long one go may take.
const COUNT_INTERVAL: Duration = Duration::from_secs(1);
const COUNT_PATIENCE: Duration = Duration::from_secs(10);

/// Counts decisions for as long as it is let.
pub async fn keep_counting(app: Arc<App>, read_score: ReadScore) {
    loop {
        // A database that is away is asked again.
        let left = app.count_decisions(read_score, COUNT_PATIENCE).await.unwrap_or(0);
        if left == 0 {
            tokio::time::sleep(COUNT_INTERVAL).await;
        }
    }
}
