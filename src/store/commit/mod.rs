//! One commit of many decisions: the only inserts whose text differs between the databases, for speed. SQLite takes
//! multi-row VALUES, PostgreSQL takes arrays, and all of what are decisions in one statement.

mod postgres;
mod sqlite;

use std::collections::HashSet;

use super::{Pool, Store, StoreError, decisions::FIND_REPLY, monitor::LABEL_EVENT};
use crate::domain::{
    day_count::DayPlace,
    decision::{NewDecision, ShadowResult},
    fraud::NewLogEntry,
    ids::WriterId,
};

/// Adds what was decided to what is billed of each tenant, product and day.
macro_rules! add_usage {
    ($placed:literal) => {
        concat!(
            "INSERT INTO usage (tenant_id, day, kind, environment, writer_id, decisions, billable_units)
             SELECT tenant_id, (decided_us - (decided_us % 86400000000 + 86400000000) % 86400000000) / 86400000000, kind,
               environment, writer_id, COUNT(*), CAST(SUM(billable_units) AS BIGINT)
             FROM ",
            $placed,
            " GROUP BY 1, 2, 3, 4, 5
             ON CONFLICT (tenant_id, day, kind, environment, writer_id) DO UPDATE SET
               decisions = usage.decisions + excluded.decisions,
               billable_units = usage.billable_units + excluded.billable_units"
        )
    };
}

statements! {
    LAST_SEQ = "SELECT COALESCE(MAX(seq), 0) FROM decisions WHERE writer_id = $1";
    /// Changes nothing, and keeps the lease where it is until the commit: no other process can take it meanwhile.
    PROVE_LEASE = "UPDATE fraud_lease SET holder = holder WHERE lease_id = 1 AND holder = $1";
    /// Counts what a writer has just put into places, by the days of UTC: a day that began before 1970 is rounded down as well.
    ADD_USAGE = add_usage!("decisions WHERE writer_id = $1 AND seq >= $2 AND seq < $3");
    FIND_ENTRY_PLACE = "SELECT place, payload_hmac FROM fraud_log
        WHERE tenant_id = $1 AND entry = $2 AND request_id = $3";
}

/// As [`ADD_USAGE`], within the statement that gives the places.
const ADD_PLACED_USAGE: &str = add_usage!("placed");

const IDEMPOTENCY_COLUMNS: &str = "idempotency (tenant_id, kind, request_id, decision_id, payload_hmac)";
const DECISION_COLUMNS: &str = "decisions (tenant_id, decision_id, writer_id, seq, kind, request_id, kid, actor,
    subject_hmac, purpose, consent_id, environment, billable_units, decided_us, model_id, model_version, model_digest,
    calibration_digest, policy_digest, lists_digest, catalogue_digest, engine_version, traffic_role, reply,
    input_commitment)";
const INPUT_COLUMNS: &str = "decision_inputs (tenant_id, decision_id, key_id, sealed)";
const SHADOW_COLUMNS: &str = "shadow_results (tenant_id, decision_id, model_version, model_digest, calibration_digest,
    engine_version, reply)";

const LOG_COLUMNS: &str =
    "fraud_log (tenant_id, place, entry, request_id, payload_hmac, occurred_us, logged_us, kid, actor,
    key_id, sealed)";

/// What one call has the writer record.
#[derive(Debug)]
pub enum Record {
    /// A decision, with its place in its tenant's day where that is limited.
    Decision(Box<NewDecision>, Option<DayPlace>),
    /// A decision on an event, and the event: both or neither.
    Check(Box<NewDecision>, Box<NewLogEntry>, Option<DayPlace>),
    /// An event of the past, or an outcome.
    Entry(Box<NewLogEntry>),
}

impl Record {
    pub(super) fn decision(&self) -> Option<&NewDecision> {
        match self {
            Self::Decision(decision, _) | Self::Check(decision, ..) => Some(decision),
            Self::Entry(_) => None,
        }
    }

    /// Whether PostgreSQL records it by the one statement that records decisions.
    fn is_one_statement(&self) -> bool {
        matches!(self, Self::Decision(decision, _) if decision.shadows.is_empty())
    }

    fn entry(&self) -> Option<&NewLogEntry> {
        match self {
            Self::Decision(..) => None,
            Self::Check(_, entry, _) | Self::Entry(entry) => Some(entry),
        }
    }

    /// Keeps the decision's place in its day when it is on disk, and else gives it back.
    pub(super) fn settle(self, result: &Result<Committed, StoreError>) {
        let (Self::Decision(_, place) | Self::Check(_, _, place)) = self else { return };
        if let (Some(place), Ok(Committed::Recorded | Committed::RecordedBefore)) = (place, result) {
            place.keep();
        }
    }
}

/// What came of one record of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Committed {
    /// It is on disk.
    Recorded,
    /// It is on disk since an earlier try: that commit reached the disk, and word of it did not reach us.
    RecordedBefore,
    /// Its request id was used before: what was answered then, and the keyed hash of what was asked.
    Exists { reply: Vec<u8>, payload_hmac: Vec<u8> },
}

/// How long a commit waits for a request id that another process holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// As long as any statement.
    Long,
    /// Hardly at all: the row has waited in its batch already, and every row behind it waits with it.
    Short,
}

/// The transaction's body, for the database whose inserts are in the module `$inserts`.
macro_rules! commit_body {
    ($tx:ident, $inserts:ident, $writer:ident, $first_seq:ident, $records:ident) => {{
        let decisions = decisions_of($records);
        let won = $inserts::record_decisions(&mut $tx, $writer, $first_seq, &decisions).await?;
        $inserts::record_shadows(&mut $tx, &shadows_of($records, &won)).await?;
        let entries = entries_of($records, &won)?;
        if !entries.is_empty() {
            let proved = sqlx::query(PROVE_LEASE).bind($writer.as_str()).execute(&mut *$tx).await?.rows_affected();
            if proved != 1 {
                return Err(StoreError::LeaseLost);
            }
        }
        let added = $inserts::record_entries(&mut $tx, &entries).await?;
        if added < entries.len() {
            // Somewhere an id or a place is taken. Which, and whether by the entry itself, shows when each is tried alone.
            let [entry] = entries.as_slice() else { return Err(StoreError::EntryTaken) };
            let holder: Option<(i64, Vec<u8>)> = sqlx::query_as(FIND_ENTRY_PLACE)
                .bind(entry.tenant.as_str())
                .bind(entry.kind.name())
                .bind(entry.request_id.as_str())
                .fetch_optional(&mut *$tx)
                .await?;
            let itself = holder.is_some_and(|(place, hmac)| place == entry.place && hmac == entry.payload_hmac);
            return if itself && decisions.is_empty() {
                Ok(vec![Committed::RecordedBefore])
            } else {
                Err(StoreError::EntryTaken)
            };
        }
        for (entry, label) in entries.iter().filter_map(|entry| entry.label.as_ref().map(|label| (entry, label))) {
            let bad = label.bad.map(|bad| bad.map(i64::from));
            sqlx::query(LABEL_EVENT)
                .bind(entry.tenant.as_str())
                .bind(label.event.as_str())
                .bind(label.approved.map(i64::from))
                .bind(i64::from(bad.is_some()))
                .bind(bad.flatten())
                .execute(&mut *$tx)
                .await?;
        }
        let done = what_came!($tx, $records, won);
        $tx.commit().await?;
        Ok(done)
    }};
}

/// What came of each record, where the decisions that have taken their request ids now are known.
macro_rules! what_came {
    ($tx:ident, $records:ident, $won:ident) => {{
        let mut done = Vec::with_capacity($records.len());
        for record in $records {
            let lost = record.decision().filter(|decision| !$won.contains(decision.id.as_str()));
            let Some(decision) = lost else {
                done.push(Committed::Recorded);
                continue;
            };
            let (holder, payload_hmac, reply): (String, Vec<u8>, Vec<u8>) = sqlx::query_as(FIND_REPLY)
                .bind(decision.tenant.as_str())
                .bind(decision.kind.name())
                .bind(decision.request_id.as_str())
                .fetch_one(&mut *$tx)
                .await?;
            let itself = holder == decision.id.as_str();
            done.push(if itself { Committed::RecordedBefore } else { Committed::Exists { reply, payload_hmac } });
        }
        done
    }};
}

impl Store {
    /// The last place that a writer has taken in its commit order.
    pub(super) async fn last_seq(&self, writer: &WriterId) -> Result<i64, StoreError> {
        Ok(on_pool!(self, pool => sqlx::query_scalar(LAST_SEQ).bind(writer.as_str()).fetch_one(pool).await?))
    }

    /// Commits records in one transaction, giving the decisions whose request id is new the places from `first_seq` on.
    /// Deciding twice is impossible: a request id is taken in the same transaction, under a unique key.
    ///
    /// It must run to its end, and does: the writer's own task is the only one that calls it.
    pub(super) async fn commit(
        &self,
        writer: &WriterId,
        first_seq: i64,
        records: &[Record],
        patience: Patience,
    ) -> Result<Vec<Committed>, StoreError> {
        match &self.pool {
            Pool::Sqlite { write, .. } => {
                // One process writes at a time, so no row can be held here once the transaction has begun.
                let mut tx = write.begin_with("BEGIN IMMEDIATE").await?;
                commit_body!(tx, sqlite, writer, first_seq, records)
            }
            Pool::Postgres(pool) if patience == Patience::Long && records.iter().all(Record::is_one_statement) => {
                // A statement is a transaction of its own: beginning and ending one would be two more trips.
                let mut connection = pool.acquire().await?;
                let decisions = decisions_of(records);
                let won = postgres::record_decisions(&mut connection, writer, first_seq, &decisions).await?;
                Ok(what_came!(connection, records, won))
            }
            Pool::Postgres(pool) => {
                let mut tx = pool.begin().await?;
                if patience == Patience::Short {
                    postgres::wait_briefly(&mut tx).await?;
                }
                commit_body!(tx, postgres, writer, first_seq, records)
            }
        }
    }
}

/// The decisions of some records, in their order.
fn decisions_of(records: &[Record]) -> Vec<&NewDecision> {
    records.iter().filter_map(Record::decision).collect()
}

/// What shadows made of each new decision, with whose it is.
fn shadows_of<'a>(records: &'a [Record], won: &HashSet<String>) -> Vec<(&'a NewDecision, &'a ShadowResult)> {
    let new = decisions_of(records).into_iter().filter(|decision| won.contains(decision.id.as_str()));
    new.flat_map(|decision| decision.shadows.iter().map(move |shadow| (decision, shadow))).collect()
}

/// The log entries to add: not those of checks that were recorded before. In a commit of several a check whose request id
/// was used before must not pass in silence, for the entries behind it were made with it in mind.
fn entries_of<'a>(records: &'a [Record], won: &HashSet<String>) -> Result<Vec<&'a NewLogEntry>, StoreError> {
    let mut entries = Vec::new();
    for record in records {
        let lost = record.decision().is_some_and(|decision| !won.contains(decision.id.as_str()));
        match record.entry() {
            Some(_) if lost && records.len() > 1 => return Err(StoreError::EntryTaken),
            Some(entry) if !lost => entries.push(entry),
            _ => {}
        }
    }
    Ok(entries)
}
