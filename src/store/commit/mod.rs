//! One commit of many decisions: the only inserts whose text differs between the databases, for speed. SQLite takes
//! multi-row VALUES, PostgreSQL takes arrays.

mod postgres;
mod sqlite;

use std::collections::HashSet;

use super::{Pool, Store, StoreError, decisions::FIND_REPLY};
use crate::domain::{
    decision::{NewDecision, ShadowResult},
    ids::WriterId,
};

statements! {
    LAST_SEQ = "SELECT COALESCE(MAX(seq), 0) FROM decisions WHERE writer_id = $1";
}

const IDEMPOTENCY_COLUMNS: &str = "idempotency (tenant_id, kind, request_id, decision_id, payload_hmac)";
const DECISION_COLUMNS: &str = "decisions (tenant_id, decision_id, writer_id, seq, kind, request_id, kid, actor,
    subject_hmac, purpose, consent_id, environment, billable_units, decided_us, model_id, model_version, model_digest,
    calibration_digest, policy_digest, lists_digest, catalogue_digest, engine_version, traffic_role, reply,
    input_commitment)";
const INPUT_COLUMNS: &str = "decision_inputs (tenant_id, decision_id, key_id, sealed)";
const SHADOW_COLUMNS: &str = "shadow_results (tenant_id, decision_id, model_version, model_digest, calibration_digest,
    engine_version, reply)";

/// What came of one decision of a commit.
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

/// A decision with its place in the commit order.
type Placed<'a> = (i64, &'a NewDecision);

/// The transaction's body, for the database whose inserts are in the module `$inserts`.
macro_rules! commit_body {
    ($tx:ident, $inserts:ident, $writer:ident, $first_seq:ident, $decisions:ident) => {{
        let won: HashSet<String> = $inserts::take_request_ids(&mut $tx, &in_key_order($decisions)).await?;
        let new = $decisions.iter().filter(|decision| won.contains(decision.id.as_str()));
        let placed: Vec<Placed<'_>> = ($first_seq..).zip(new).collect();
        $inserts::record(&mut $tx, $writer, &placed).await?;
        $inserts::record_shadows(&mut $tx, &shadows_of(&placed)).await?;
        let mut done = Vec::with_capacity($decisions.len());
        for decision in $decisions {
            if won.contains(decision.id.as_str()) {
                done.push(Committed::Recorded);
                continue;
            }
            let (holder, payload_hmac, reply): (String, Vec<u8>, Vec<u8>) = sqlx::query_as(FIND_REPLY)
                .bind(decision.tenant.as_str())
                .bind(decision.kind.name())
                .bind(decision.request_id.as_str())
                .fetch_one(&mut *$tx)
                .await?;
            let itself = holder == decision.id.as_str();
            done.push(if itself { Committed::RecordedBefore } else { Committed::Exists { reply, payload_hmac } });
        }
        $tx.commit().await?;
        Ok(done)
    }};
}

impl Store {
    /// The last place that a writer has taken in its commit order.
    pub(super) async fn last_seq(&self, writer: &WriterId) -> Result<i64, StoreError> {
        Ok(on_pool!(self, pool => sqlx::query_scalar(LAST_SEQ).bind(writer.as_str()).fetch_one(pool).await?))
    }

    /// Commits decisions in one transaction, giving those whose request id is new the places from `first_seq` on.
    /// Deciding twice is impossible: a request id is taken in the same transaction, under a unique key.
    ///
    /// It must run to its end, and does: the writer's own task is the only one that calls it.
    pub(super) async fn commit(
        &self,
        writer: &WriterId,
        first_seq: i64,
        decisions: &[NewDecision],
        patience: Patience,
    ) -> Result<Vec<Committed>, StoreError> {
        match &self.pool {
            Pool::Sqlite { write, .. } => {
                // One process writes at a time, so no row can be held here once the transaction has begun.
                let mut tx = write.begin_with("BEGIN IMMEDIATE").await?;
                commit_body!(tx, sqlite, writer, first_seq, decisions)
            }
            Pool::Postgres(pool) => {
                let mut tx = pool.begin().await?;
                if patience == Patience::Short {
                    postgres::wait_briefly(&mut tx).await?;
                }
                commit_body!(tx, postgres, writer, first_seq, decisions)
            }
        }
    }
}

/// What shadows made of each decision, with whose it is.
fn shadows_of<'a>(placed: &[Placed<'a>]) -> Vec<(&'a NewDecision, &'a ShadowResult)> {
    placed.iter().flat_map(|(_, decision)| decision.shadows.iter().map(|shadow| (*decision, shadow))).collect()
}

/// All writers take request ids in one order, so that no two of them can wait for each other.
fn in_key_order(decisions: &[NewDecision]) -> Vec<&NewDecision> {
    let mut ordered: Vec<&NewDecision> = decisions.iter().collect();
    ordered.sort_unstable_by_key(|decision| (&decision.tenant, decision.kind, &decision.request_id));
    ordered
}
