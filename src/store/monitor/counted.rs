//! Writing down what was counted: all of one batch or nothing, and nothing twice.
//!
//! Counting reads outside of any transaction, so that SQLite's one writer is held for the writing alone; every row that was
//! read has a revision, also a writer's cursor, that is held against what is there now. Where another process was first, nothing
//! is written, and the batch is counted anew.

use crate::{
    domain::{
        ids::{DecisionId, TenantId},
        monitor::{NewAlarm, Tally, TallyKey, VersionKey, Watch},
        time::Timestamp,
    },
    store::{Store, StoreError, WriterCursor, rows::of_rows},
};

statements! {
    /// Each change raises the revision, so that of two that count the same decisions one writes.
    MOVE_CURSOR = "UPDATE count_cursors SET seq = $3, revision = revision + 1 WHERE writer_id = $1 AND revision = $2";
    MARK_TENANT = "INSERT INTO count_marks (writer_id, tenant_id, seq) VALUES ($1, $2, $3)
        ON CONFLICT (writer_id, tenant_id) DO UPDATE SET seq = excluded.seq";
    /// A mark beyond the cursor is of a longer pass that was given up, and is still needed.
    FORGET_MARKS = "DELETE FROM count_marks WHERE writer_id = $1 AND seq <= $2";
    COUNT_LABEL = "UPDATE labels SET counted_reports = reports, counted_approved = approved, counted_bad = bad
        WHERE tenant_id = $1 AND decision_id = $2 AND reports = $3 AND counted_reports = $4";
    SET_TALLY = "INSERT INTO model_tallies
        (tenant_id, model_id, model_version, manifest_digest, part, dimension, tag, day, revision, tally)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (tenant_id, model_id, model_version, manifest_digest, part, dimension, tag, day)
        DO UPDATE SET revision = excluded.revision, tally = excluded.tally WHERE model_tallies.revision = excluded.revision - 1";
    SET_WATCH = "INSERT INTO model_watches (tenant_id, model_id, model_version, manifest_digest, revision, watch)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant_id, model_id, model_version, manifest_digest)
        DO UPDATE SET revision = excluded.revision, watch = excluded.watch WHERE model_watches.revision = excluded.revision - 1";
    /// Takes the next place in the order of alarms, and keeps others out until this transaction ends.
    NEXT_ALARM = "UPDATE alarm_head SET seq = seq + 1 WHERE head_id = 1 RETURNING seq";
    RAISE_ALARM = "INSERT INTO model_alarms (tenant_id, seq, model_id, model_version, manifest_digest, signal, feature,
        decisions, value, expected, p_value, alpha, window_number, raised_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
}

/// The most rows of one statement: what is more goes into several, so that few are prepared.
const MOST_ROWS: usize = 16;

/// A day's counts as they are now, made of those of a revision; 0 when there were none.
#[derive(Debug, Clone)]
pub struct RevisedTally {
    /// What they are of.
    pub key: TallyKey,
    /// The revision that was read.
    pub revision: i64,
    /// The counts now.
    pub tally: Tally,
}

/// A version's window as it is now, made of that of a revision; 0 when there was none.
#[derive(Debug, Clone)]
pub struct RevisedWatch {
    /// The version.
    pub version: VersionKey,
    /// The revision that was read.
    pub revision: i64,
    /// The window now.
    pub watch: Watch,
    /// The alarms that it raised.
    pub alarms: Vec<NewAlarm>,
}

/// A decision whose reports are counted, up to those that were read.
#[derive(Debug, Clone)]
pub struct CountedLabel {
    /// Whose it is.
    pub tenant: TenantId,
    /// The decision.
    pub decision: DecisionId,
    /// The reports there were.
    pub reports: i64,
    /// Those that were counted before.
    pub counted_reports: i64,
}

/// How far the decisions of a writer are counted with a batch.
#[derive(Debug, Clone)]
pub struct CountProgress {
    /// The writer's cursor as it was read.
    pub cursor: WriterCursor,
    /// The place up to which all of its decisions are counted now.
    pub up_to: i64,
    /// The tenants whose decisions are counted beyond it.
    pub marked: Vec<TenantId>,
    /// The place up to which those of the marked tenants are.
    pub marked_up_to: i64,
}

/// One batch of what was counted.
#[derive(Debug, Clone, Default)]
pub struct RecordCounted {
    /// How far a writer's decisions are counted; nothing when labels alone were.
    pub progress: Option<CountProgress>,
    /// The labels that were counted.
    pub labels: Vec<CountedLabel>,
    /// The counts that changed.
    pub tallies: Vec<RevisedTally>,
    /// The windows that changed.
    pub watches: Vec<RevisedWatch>,
}

impl Store {
    /// Writes a batch down. False when something of it has changed since it was read, and nothing was written.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn record_counted(&self, batch: RecordCounted, at: Timestamp) -> Result<bool, StoreError> {
        in_tx!(self, tx => {
            if let Some(CountProgress { cursor, up_to, marked, marked_up_to }) = &batch.progress {
                let writer = cursor.writer.as_str();
                let moved = sqlx::query(MOVE_CURSOR).bind(writer).bind(cursor.revision).bind(up_to);
                if moved.execute(&mut *tx).await?.rows_affected() != 1 {
                    return Ok(false);
                }
                for marked in marked.chunks(MOST_ROWS) {
                    let mut mark = sqlx::query(of_rows(MARK_TENANT, marked.len()));
                    for tenant in marked {
                        mark = mark.bind(writer).bind(tenant.as_str()).bind(marked_up_to);
                    }
                    mark.execute(&mut *tx).await?;
                }
                if *up_to > cursor.counted {
                    sqlx::query(FORGET_MARKS).bind(writer).bind(up_to).execute(&mut *tx).await?;
                }
            }
            for label in &batch.labels {
                let counted = sqlx::query(COUNT_LABEL)
                    .bind(label.tenant.as_str())
                    .bind(label.decision.as_str())
                    .bind(label.reports)
                    .bind(label.counted_reports);
                if counted.execute(&mut *tx).await?.rows_affected() != 1 {
                    return Ok(false);
                }
            }
            for tallies in batch.tallies.chunks(MOST_ROWS) {
                let mut set = sqlx::query(of_rows(SET_TALLY, tallies.len()));
                for RevisedTally { key, revision, tally } in tallies {
                    set = set
                        .bind(key.version.tenant.as_str())
                        .bind(key.version.model.as_str())
                        .bind(key.version.version)
                        .bind(&key.version.manifest_digest)
                        .bind(key.part.name())
                        .bind(key.dimension.name())
                        .bind(key.dimension.tag())
                        .bind(key.day.number())
                        .bind(revision + 1)
                        .bind(tally.to_bytes());
                }
                if usize::try_from(set.execute(&mut *tx).await?.rows_affected()) != Ok(tallies.len()) {
                    return Ok(false);
                }
            }
            for watches in batch.watches.chunks(MOST_ROWS) {
                let mut set = sqlx::query(of_rows(SET_WATCH, watches.len()));
                for RevisedWatch { version, revision, watch, .. } in watches {
                    set = set
                        .bind(version.tenant.as_str())
                        .bind(version.model.as_str())
                        .bind(version.version)
                        .bind(&version.manifest_digest)
                        .bind(revision + 1)
                        .bind(watch.to_bytes());
                }
                if usize::try_from(set.execute(&mut *tx).await?.rows_affected()) != Ok(watches.len()) {
                    return Ok(false);
                }
            }
            for RevisedWatch { version, alarms, .. } in &batch.watches {
                for alarm in alarms {
                    let seq: i64 = sqlx::query_scalar(NEXT_ALARM).fetch_one(&mut *tx).await?;
                    sqlx::query(RAISE_ALARM)
                        .bind(version.tenant.as_str())
                        .bind(seq)
                        .bind(version.model.as_str())
                        .bind(version.version)
                        .bind(&version.manifest_digest)
                        .bind(alarm.signal.name())
                        .bind(alarm.signal.feature())
                        .bind(alarm.decisions)
                        .bind(alarm.value)
                        .bind(alarm.expected)
                        .bind(alarm.p_value)
                        .bind(alarm.alpha)
                        .bind(alarm.window)
                        .bind(at.micros())
                        .execute(&mut *tx)
                        .await?;
                }
            }
            true
        })
    }
}
