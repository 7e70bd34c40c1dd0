//! Counts decisions, and what became of them, once each: in the order of each writer, in batches that are written whole or not
//! at all.

use std::{sync::Arc, time::Duration};

use tokio::{
    task::spawn_blocking,
    time::{Instant, timeout_at},
};

use super::{
    batch::{Batch, Label},
    reading::{Library, Read, ReadScore},
};
use crate::{
    domain::{
        ids::WriterId,
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

impl App {
    /// Counts what is not counted, until there is nothing left or the time is up; and tells whether nothing is left.
    ///
    /// # Errors
    /// Unavailable, when the database does not answer.
    pub async fn count_decisions(&self, read_score: ReadScore, patience: Duration) -> Result<bool, Refusal> {
        let until = Instant::now() + patience;
        // Within one process one counts at a time: two would only get in each other's way.
        let Ok(_one_at_a_time) = timeout_at(until, self.counting.lock()).await else { return Ok(false) };
        loop {
            let mut complete = true;
            for cursor in self.store.list_cursors().await?.into_iter().filter(|cursor| cursor.counted < cursor.last) {
                complete &= self.count_writer(cursor, read_score, until).await?;
            }
            while complete && self.count_labels(read_score).await? {
                complete = Instant::now() < until;
            }
            // Of two processes that count the same one is first each time, so that the other need only look again.
            if complete || Instant::now() >= until {
                return Ok(complete);
            }
        }
    }

    /// Counts the decisions of a writer that were there when its cursor was read, and tells whether all are counted.
    async fn count_writer(&self, cursor: WriterCursor, read_score: ReadScore, until: Instant) -> Result<bool, Refusal> {
        let WriterCursor { writer, mut counted, last } = cursor;
        while counted < last && Instant::now() < until {
            match self.count_batch(&writer, counted, read_score).await? {
                Some(up_to) => counted = up_to,
                None => return Ok(false),
            }
        }
        Ok(counted >= last)
    }

    /// Counts the next decisions of a writer, and gives the place up to which they are counted; nothing when another process
    /// has counted some of them meanwhile.
    async fn count_batch(
        &self,
        writer: &WriterId,
        counted: i64,
        read_score: ReadScore,
    ) -> Result<Option<i64>, Refusal> {
        let decisions = self.store.list_uncounted(writer, counted, MAX_DECISIONS).await?;
        let mut up_to = counted;
        let mut batch = Batch::default();
        for (seq, day, read) in self.read_all(decisions, read_score).await? {
            up_to = seq;
            let Some(read) = read else { continue };
            let dimensions = self.dimensions(&read.version, &read.tags).await?;
            batch.count_answer(&read.version, &dimensions, day, &read.counted);
            for (version, _, counted) in &read.shadows {
                batch.count_shadow(version, day, counted);
            }
            if batch.rows() >= MAX_ROWS {
                break;
            }
        }
        let now = self.now();
        let (tallies, watches) = batch.revise(self, now).await?;
        let moved = Some((writer.clone(), counted, up_to));
        let counted_now = RecordCounted { moved, tallies, watches, labels: Vec::new() };
        Ok(self.store.record_counted(counted_now, now).await?.then_some(up_to))
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
        self.store.record_counted(RecordCounted { moved: None, labels: counted, tallies, watches }, now).await?;
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

/// How often decisions are counted, and how long one go may take before others have their turn.
const COUNT_INTERVAL: Duration = Duration::from_secs(1);
const COUNT_PATIENCE: Duration = Duration::from_millis(20);
/// How much longer it rests than it counts. With thousands of tenants each decision changes other rows, and counting would take
/// as much of the machine as deciding: it may lag behind, a report counts what it needs by itself.
const RESTS: u32 = 7;

/// Counts decisions for as long as it is let.
pub async fn keep_counting(app: Arc<App>, read_score: ReadScore) {
    loop {
        let begun = Instant::now();
        let rest = match app.count_decisions(read_score, COUNT_PATIENCE).await {
            Ok(false) => Duration::ZERO,
            Ok(true) => COUNT_INTERVAL,
            // A database that is away is asked again later; anything else must be seen, for it keeps reports from their counts.
            Err(refusal) => {
                tracing::warn!(?refusal, "decisions cannot be counted");
                COUNT_INTERVAL
            }
        };
        tokio::time::sleep(rest.max(begun.elapsed() * RESTS)).await;
    }
}
