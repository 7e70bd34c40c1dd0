//! SQLite: multi-row VALUES.

use std::collections::HashSet;

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::{ADD_USAGE, DECISION_COLUMNS, IDEMPOTENCY_COLUMNS, INPUT_COLUMNS, LOG_COLUMNS, SHADOW_COLUMNS};
use crate::domain::{
    decision::{NewDecision, ShadowResult},
    fraud::NewLogEntry,
    ids::WriterId,
};

/// The most rows of one statement. Few enough that each number of them is a statement of its own, which stays in the cache: a
/// commit then takes few statements, and each is a trip to SQLite's thread and back.
const MOST_ROWS: usize = 32;

/// A decision with its place in the commit order.
type Placed<'a> = (i64, &'a NewDecision);

/// Records the decisions whose request ids are new, in places from `first_seq` on, and counts them; and tells which those are.
pub(super) async fn record_decisions(
    tx: &mut SqliteConnection,
    writer: &WriterId,
    first_seq: i64,
    decisions: &[&NewDecision],
) -> Result<HashSet<String>, sqlx::Error> {
    let won = take_request_ids(tx, decisions).await?;
    let new = decisions.iter().copied().filter(|decision| won.contains(decision.id.as_str()));
    let placed: Vec<Placed<'_>> = (first_seq..).zip(new).collect();
    record(tx, writer, &placed).await?;
    if let Some((last_seq, _)) = placed.last() {
        // Only what takes a place is counted, and where it takes it: whatever becomes of the commit becomes of the count.
        sqlx::query(ADD_USAGE).bind(writer.as_str()).bind(first_seq).bind(last_seq + 1).execute(tx).await?;
    }
    Ok(won)
}

async fn take_request_ids(
    tx: &mut SqliteConnection,
    decisions: &[&NewDecision],
) -> Result<HashSet<String>, sqlx::Error> {
    let mut won = HashSet::with_capacity(decisions.len());
    for chunk in decisions.chunks(MOST_ROWS) {
        let sql = insert(IDEMPOTENCY_COLUMNS, 5, chunk.len(), " ON CONFLICT DO NOTHING RETURNING decision_id");
        let mut query = sqlx::query_scalar(AssertSqlSafe(sql));
        for decision in chunk {
            query = query
                .bind(decision.tenant.as_str())
                .bind(decision.kind.name())
                .bind(decision.request_id.as_str())
                .bind(decision.id.as_str())
                .bind(decision.payload_hmac.as_slice());
        }
        won.extend(query.fetch_all(&mut *tx).await?);
    }
    Ok(won)
}

async fn record(tx: &mut SqliteConnection, writer: &WriterId, decisions: &[Placed<'_>]) -> Result<(), sqlx::Error> {
    for chunk in decisions.chunks(MOST_ROWS) {
        // Both in one trip: SQLite takes the binds of one after those of the other.
        let decisions = insert(DECISION_COLUMNS, 25, chunk.len(), "");
        let inputs = insert(INPUT_COLUMNS, 4, chunk.len(), "");
        let mut query = sqlx::query(AssertSqlSafe(format!("{decisions}; {inputs}")));
        for (seq, decision) in chunk {
            let provenance = &decision.provenance;
            query = query
                .bind(decision.tenant.as_str())
                .bind(decision.id.as_str())
                .bind(writer.as_str())
                .bind(seq)
                .bind(decision.kind.name())
                .bind(decision.request_id.as_str())
                .bind(decision.kid.as_str())
                .bind(decision.actor.as_str())
                .bind(decision.subject_hmac.as_slice())
                .bind(decision.purpose.as_str())
                .bind(decision.consent_id.as_deref())
                .bind(decision.environment.name())
                .bind(i64::from(decision.billable_units))
                .bind(decision.decided.micros())
                .bind(provenance.model.as_str())
                .bind(provenance.model_version)
                .bind(provenance.model_digest.as_str())
                .bind(provenance.calibration_digest.as_deref())
                .bind(provenance.policy_digest.as_deref())
                .bind(provenance.lists_digest.as_deref())
                .bind(provenance.catalogue_digest.as_deref())
                .bind(provenance.engine_version.as_str())
                .bind(provenance.role.name())
                .bind(decision.reply.as_slice())
                .bind(decision.input_commitment.as_slice());
        }
        for (_, decision) in chunk {
            query = query
                .bind(decision.tenant.as_str())
                .bind(decision.id.as_str())
                .bind(decision.inputs.key_id.as_str())
                .bind(decision.inputs.bytes.as_slice());
        }
        query.execute(&mut *tx).await?;
    }
    Ok(())
}

pub(super) async fn record_shadows(
    tx: &mut SqliteConnection,
    shadows: &[(&NewDecision, &ShadowResult)],
) -> Result<(), sqlx::Error> {
    for chunk in shadows.chunks(MOST_ROWS) {
        let mut query = sqlx::query(AssertSqlSafe(insert(SHADOW_COLUMNS, 7, chunk.len(), "")));
        for (decision, shadow) in chunk {
            query = query
                .bind(decision.tenant.as_str())
                .bind(decision.id.as_str())
                .bind(shadow.model_version)
                .bind(shadow.model_digest.as_str())
                .bind(shadow.calibration_digest.as_deref())
                .bind(shadow.engine_version.as_str())
                .bind(shadow.reply.as_deref());
        }
        query.execute(&mut *tx).await?;
    }
    Ok(())
}

/// Adds entries, and tells how many could be: one whose id or place is taken is not.
pub(super) async fn record_entries(tx: &mut SqliteConnection, entries: &[&NewLogEntry]) -> Result<usize, sqlx::Error> {
    let mut added = 0;
    for chunk in entries.chunks(MOST_ROWS) {
        let mut query = sqlx::query(AssertSqlSafe(insert(LOG_COLUMNS, 11, chunk.len(), " ON CONFLICT DO NOTHING")));
        for entry in chunk {
            query = query
                .bind(entry.tenant.as_str())
                .bind(entry.place)
                .bind(entry.kind.name())
                .bind(entry.request_id.as_str())
                .bind(entry.payload_hmac.as_slice())
                .bind(entry.occurred.micros())
                .bind(entry.logged.micros())
                .bind(entry.kid.as_str())
                .bind(entry.actor.as_str())
                .bind(entry.key_id.as_str())
                .bind(entry.sealed.as_slice());
        }
        added += usize::try_from(query.execute(&mut *tx).await?.rows_affected()).unwrap_or(0);
    }
    Ok(added)
}

/// An insert of so many rows; its text is made of constants and counts only.
///
/// OR FAIL leaves the rows before a bad one in the transaction, which is rolled back anyway. Without it SQLite keeps a
/// copy of every page that a statement changes, to be able to undo that statement alone: a fifth of its work here.
fn insert(columns: &str, width: usize, rows: usize, end: &str) -> String {
    let row = format!("({})", vec!["?"; width].join(","));
    format!("INSERT OR FAIL INTO {columns} VALUES {}{end}", vec![row.as_str(); rows].join(","))
}
