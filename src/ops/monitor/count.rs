//! Counts decisions, and what became of them, once each: in the order of each writer, in batches that are written whole or not
//! at all.

use std::{sync::Arc, time::Duration};

use tokio::{
    task::spawn_blocking,
    time::{Instant, sleep, timeout_at},
};

use super::{
    batch::{Batch, Label},
    pass::Pass,
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

/// The most labels of one batch: each is a statement in its transaction.
const MAX_LABELS: i64 = 64;
/// The most rows of counts that are written at once, while which no decision is written on SQLite.
pub(super) const MAX_ROWS: usize = 12;

impl App {
    /// Counts what is not counted now, until all of that is or the time is up; and tells whether all is. After each step, of a few
    /// milliseconds, it rests so many times as long.
    ///
    /// # Errors
    /// Unavailable, when the database does not answer.
    pub async fn count_decisions(
        &self,
        read_score: ReadScore,
        patience: Duration,
        rests: u32,
    ) -> Result<bool, Refusal> {
        let until = Instant::now() + patience;
        let now = self.store.list_cursors().await?;
        loop {
            let begun = Instant::now();
            // Within one process one counts at a time: two would only get in each other's way.
            let Ok(mut pass) = timeout_at(until, self.counting.lock()).await else { return Ok(false) };
            let more = self.count_step(&mut pass, &now, read_score).await?;
            drop(pass);
            if !more || Instant::now() >= until {
                return Ok(!more);
            }
            sleep(begun.elapsed() * rests).await;
        }
    }

    /// Counts a little, and tells whether there may be more to count of what was there when the cursors were read. Whoever hangs
    /// up meanwhile leaves the pass as it was before.
    async fn count_step(
        &self,
        pass: &mut Option<Box<Pass>>,
        then: &[WriterCursor],
        read_score: ReadScore,
    ) -> Result<bool, Refusal> {
        if let Some(going_on) = pass.as_mut() {
            if !going_on.step(self, read_score).await? {
                *pass = None;
            }
            return Ok(true);
        }
        let more_labels = self.count_labels(read_score).await?;
        let is_behind =
            |cursor: &WriterCursor| then.iter().any(|then| then.writer == cursor.writer && cursor.counted < then.last);
        let behind = self.store.list_cursors().await?.into_iter().find(is_behind);
        if let Some(cursor) = &behind {
            *pass = Some(Box::new(Pass::begin(self, cursor).await?));
        }
        Ok(more_labels || behind.is_some())
    }

    /// Reads decisions, away from the threads that answer calls.
    pub(super) async fn read_all(
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
        // When another process was first, what is left is looked at again.
        self.store.record_counted(RecordCounted { progress: None, labels: counted, tallies, watches }, now).await?;
        Ok(true)
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

/// How often decisions are counted, and how long one go may take before it is looked anew at what there is.
const COUNT_INTERVAL: Duration = Duration::from_secs(1);
const COUNT_PATIENCE: Duration = Duration::from_secs(10);
/// How much longer it rests than it counts, so that it never takes more than an eighth of a core: it may lag behind, a report
/// counts what it needs by itself.
const RESTS: u32 = 7;

/// Counts decisions for as long as it is let.
pub async fn keep_counting(app: Arc<App>, read_score: ReadScore) {
    loop {
        if let Err(refusal) = app.count_decisions(read_score, COUNT_PATIENCE, RESTS).await {
            // A database that is away is asked again later; anything else must be seen, for it keeps reports from their counts.
            tracing::warn!(?refusal, "decisions cannot be counted");
        }
        sleep(COUNT_INTERVAL).await;
    }
}
