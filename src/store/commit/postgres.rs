//! PostgreSQL: one array a column. COPY would be no faster here and has a 40 ms cliff over TCP at small batches.

use std::collections::HashSet;

use sqlx::{AssertSqlSafe, PgConnection};

use super::{ADD_PLACED_USAGE, DECISION_COLUMNS, IDEMPOTENCY_COLUMNS, INPUT_COLUMNS, LOG_COLUMNS, SHADOW_COLUMNS};
use crate::domain::{
    decision::{NewDecision, Provenance, ShadowResult},
    fraud::NewLogEntry,
    ids::WriterId,
};

/// Gives up a held row after 20 ms until the transaction ends.
pub(super) async fn wait_briefly(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SET LOCAL lock_timeout = 20").execute(tx).await.map(drop)
}

/// Records the decisions whose request ids are new, in places from `first_seq` on, and counts them; and tells which those are.
///
/// It is one statement: each is a trip to the server and back, and its answer waits here for its turn among all calls.
pub(super) async fn record_decisions(
    connection: &mut PgConnection,
    writer: &WriterId,
    first_seq: i64,
    decisions: &[&NewDecision],
) -> Result<HashSet<String>, sqlx::Error> {
    if decisions.is_empty() {
        return Ok(HashSet::new());
    }
    // All writers take request ids in one order, so that no two of them can wait for each other.
    let mut decisions: Vec<(usize, &NewDecision)> = decisions.iter().copied().enumerate().collect();
    decisions.sort_unstable_by_key(|(_, decision)| (&decision.tenant, decision.kind, &decision.request_id));
    let text = |of: fn(&NewDecision) -> &str| decisions.iter().map(|(_, decision)| of(decision)).collect::<Vec<_>>();
    let bytes = |of: fn(&NewDecision) -> &[u8]| decisions.iter().map(|(_, decision)| of(decision)).collect::<Vec<_>>();
    let int = |of: fn(&NewDecision) -> i64| decisions.iter().map(|(_, decision)| of(decision)).collect::<Vec<_>>();
    let digest = |of: fn(&Provenance) -> &Option<String>| {
        decisions.iter().map(|(_, decision)| of(&decision.provenance).as_deref()).collect::<Vec<_>>()
    };
    let consents: Vec<Option<&str>> = decisions.iter().map(|(_, decision)| decision.consent_id.as_deref()).collect();
    let asked_at: Vec<i64> = decisions.iter().map(|(at, _)| i64::try_from(*at).unwrap_or(i64::MAX)).collect();
    let sql = format!(
        "WITH asked AS (
           SELECT * FROM UNNEST($3::BIGINT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::TEXT[], $8::BYTEA[], $9::TEXT[],
             $10::TEXT[], $11::BYTEA[], $12::TEXT[], $13::TEXT[], $14::TEXT[], $15::BIGINT[], $16::BIGINT[], $17::TEXT[],
             $18::BIGINT[], $19::TEXT[], $20::TEXT[], $21::TEXT[], $22::TEXT[], $23::TEXT[], $24::TEXT[], $25::TEXT[],
             $26::BYTEA[], $27::BYTEA[], $28::TEXT[], $29::BYTEA[])
           AS asked (at, tenant_id, decision_id, kind, request_id, payload_hmac, kid, actor, subject_hmac, purpose,
             consent_id, environment, billable_units, decided_us, model_id, model_version, model_digest,
             calibration_digest, policy_digest, lists_digest, catalogue_digest, engine_version, traffic_role, reply,
             input_commitment, key_id, sealed)),
         taken AS (
           INSERT INTO {IDEMPOTENCY_COLUMNS} SELECT tenant_id, kind, request_id, decision_id, payload_hmac FROM asked
           ON CONFLICT DO NOTHING RETURNING decision_id),
         placed AS (
           SELECT asked.*, $1::TEXT AS writer_id, $2::BIGINT - 1 + ROW_NUMBER() OVER (ORDER BY at) AS seq
           FROM asked JOIN taken USING (decision_id)),
         decided AS (
           INSERT INTO {DECISION_COLUMNS}
           SELECT tenant_id, decision_id, writer_id, seq, kind, request_id, kid, actor, subject_hmac, purpose, consent_id,
             environment, billable_units, decided_us, model_id, model_version, model_digest, calibration_digest,
             policy_digest, lists_digest, catalogue_digest, engine_version, traffic_role, reply, input_commitment
           FROM placed ORDER BY seq),
         decided_on AS (INSERT INTO {INPUT_COLUMNS} SELECT tenant_id, decision_id, key_id, sealed FROM placed),
         counted AS ({ADD_PLACED_USAGE})
         SELECT decision_id FROM taken"
    );
    let won: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(writer.as_str())
        .bind(first_seq)
        .bind(asked_at)
        .bind(text(|decision| decision.tenant.as_str()))
        .bind(text(|decision| decision.id.as_str()))
        .bind(text(|decision| decision.kind.name()))
        .bind(text(|decision| decision.request_id.as_str()))
        .bind(bytes(|decision| decision.payload_hmac.as_slice()))
        .bind(text(|decision| decision.kid.as_str()))
        .bind(text(|decision| decision.actor.as_str()))
        .bind(bytes(|decision| decision.subject_hmac.as_slice()))
        .bind(text(|decision| decision.purpose.as_str()))
        .bind(consents)
        .bind(text(|decision| decision.environment.name()))
        .bind(int(|decision| i64::from(decision.billable_units)))
        .bind(int(|decision| decision.decided.micros()))
        .bind(text(|decision| decision.provenance.model.as_str()))
        .bind(int(|decision| decision.provenance.model_version))
        .bind(text(|decision| decision.provenance.model_digest.as_str()))
        .bind(digest(|provenance| &provenance.calibration_digest))
        .bind(digest(|provenance| &provenance.policy_digest))
        .bind(digest(|provenance| &provenance.lists_digest))
        .bind(digest(|provenance| &provenance.catalogue_digest))
        .bind(text(|decision| decision.provenance.engine_version.as_str()))
        .bind(text(|decision| decision.provenance.role.name()))
        .bind(bytes(|decision| decision.reply.as_slice()))
        .bind(bytes(|decision| decision.input_commitment.as_slice()))
        .bind(text(|decision| decision.inputs.key_id.as_str()))
        .bind(bytes(|decision| decision.inputs.bytes.as_slice()))
        .fetch_all(connection)
        .await?;
    Ok(won.into_iter().collect())
}

pub(super) async fn record_shadows(
    tx: &mut PgConnection,
    shadows: &[(&NewDecision, &ShadowResult)],
) -> Result<(), sqlx::Error> {
    if shadows.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO {SHADOW_COLUMNS} SELECT * FROM
         UNNEST($1::TEXT[], $2::TEXT[], $3::BIGINT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::BYTEA[])"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(shadows.iter().map(|(decision, _)| decision.tenant.as_str()).collect::<Vec<_>>())
        .bind(shadows.iter().map(|(decision, _)| decision.id.as_str()).collect::<Vec<_>>())
        .bind(shadows.iter().map(|(_, shadow)| shadow.model_version).collect::<Vec<_>>())
        .bind(shadows.iter().map(|(_, shadow)| shadow.model_digest.as_str()).collect::<Vec<_>>())
        .bind(shadows.iter().map(|(_, shadow)| shadow.calibration_digest.as_deref()).collect::<Vec<_>>())
        .bind(shadows.iter().map(|(_, shadow)| shadow.engine_version.as_str()).collect::<Vec<_>>())
        .bind(shadows.iter().map(|(_, shadow)| shadow.reply.as_deref()).collect::<Vec<_>>())
        .execute(tx)
        .await?;
    Ok(())
}

/// Adds entries, and tells how many could be: one whose id or place is taken is not.
pub(super) async fn record_entries(tx: &mut PgConnection, entries: &[&NewLogEntry]) -> Result<usize, sqlx::Error> {
    if entries.is_empty() {
        return Ok(0);
    }
    let text = |of: fn(&NewLogEntry) -> &str| entries.iter().map(|entry| of(entry)).collect::<Vec<_>>();
    let bytes = |of: fn(&NewLogEntry) -> &[u8]| entries.iter().map(|entry| of(entry)).collect::<Vec<_>>();
    let int = |of: fn(&NewLogEntry) -> i64| entries.iter().map(|entry| of(entry)).collect::<Vec<_>>();
    let sql = format!(
        "INSERT INTO {LOG_COLUMNS}
         SELECT * FROM UNNEST($1::TEXT[], $2::BIGINT[], $3::TEXT[], $4::TEXT[], $5::BYTEA[], $6::BIGINT[], $7::BIGINT[],
           $8::TEXT[], $9::TEXT[], $10::TEXT[], $11::BYTEA[])
         ON CONFLICT DO NOTHING"
    );
    let done = sqlx::query(AssertSqlSafe(sql))
        .bind(text(|entry| entry.tenant.as_str()))
        .bind(int(|entry| entry.place))
        .bind(text(|entry| entry.kind.name()))
        .bind(text(|entry| entry.request_id.as_str()))
        .bind(bytes(|entry| entry.payload_hmac.as_slice()))
        .bind(int(|entry| entry.occurred.micros()))
        .bind(int(|entry| entry.logged.micros()))
        .bind(text(|entry| entry.kid.as_str()))
        .bind(text(|entry| entry.actor.as_str()))
        .bind(text(|entry| entry.key_id.as_str()))
        .bind(bytes(|entry| entry.sealed.as_slice()))
        .execute(tx)
        .await?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or(0))
}
