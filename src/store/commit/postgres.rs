//! PostgreSQL: one array a column. COPY would be no faster here and has a 40 ms cliff over TCP at small batches.

use std::collections::HashSet;

use sqlx::{AssertSqlSafe, PgConnection};

use super::{DECISION_COLUMNS, IDEMPOTENCY_COLUMNS, INPUT_COLUMNS, LOG_COLUMNS, Placed, SHADOW_COLUMNS};
use crate::domain::{
    decision::{NewDecision, Provenance, ShadowResult},
    fraud::NewLogEntry,
    ids::WriterId,
};

/// Gives up a held row after 20 ms until the transaction ends.
pub(super) async fn wait_briefly(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SET LOCAL lock_timeout = 20").execute(tx).await.map(drop)
}

pub(super) async fn take_request_ids(
    tx: &mut PgConnection,
    decisions: &[&NewDecision],
) -> Result<HashSet<String>, sqlx::Error> {
    let column = |of: fn(&NewDecision) -> &str| decisions.iter().map(|decision| of(decision)).collect::<Vec<_>>();
    let hmacs: Vec<&[u8]> = decisions.iter().map(|decision| decision.payload_hmac.as_slice()).collect();
    let sql = format!(
        "INSERT INTO {IDEMPOTENCY_COLUMNS}
         SELECT * FROM UNNEST($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::TEXT[], $5::BYTEA[])
         ON CONFLICT DO NOTHING RETURNING decision_id"
    );
    let won: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(column(|decision| decision.tenant.as_str()))
        .bind(column(|decision| decision.kind.name()))
        .bind(column(|decision| decision.request_id.as_str()))
        .bind(column(|decision| decision.id.as_str()))
        .bind(hmacs)
        .fetch_all(tx)
        .await?;
    Ok(won.into_iter().collect())
}

pub(super) async fn record(
    tx: &mut PgConnection,
    writer: &WriterId,
    decisions: &[Placed<'_>],
) -> Result<(), sqlx::Error> {
    if decisions.is_empty() {
        return Ok(());
    }
    let text = |of: fn(&NewDecision) -> &str| decisions.iter().map(|(_, decision)| of(decision)).collect::<Vec<_>>();
    let bytes = |of: fn(&NewDecision) -> &[u8]| decisions.iter().map(|(_, decision)| of(decision)).collect::<Vec<_>>();
    let int = |of: fn(&NewDecision) -> i64| decisions.iter().map(|(_, decision)| of(decision)).collect::<Vec<_>>();
    let digest = |of: fn(&Provenance) -> &Option<String>| {
        decisions.iter().map(|(_, decision)| of(&decision.provenance).as_deref()).collect::<Vec<_>>()
    };
    let consents: Vec<Option<&str>> = decisions.iter().map(|(_, decision)| decision.consent_id.as_deref()).collect();
    let sql = format!(
        "INSERT INTO {DECISION_COLUMNS}
         SELECT a.tenant_id, a.decision_id, $3, a.seq, a.kind, a.request_id, a.kid, a.actor, a.subject_hmac, a.purpose,
           a.consent_id, a.environment, a.billable_units, a.decided_us, a.model_id, a.model_version, a.model_digest,
           a.calibration_digest, a.policy_digest, a.lists_digest, a.catalogue_digest, a.engine_version, a.traffic_role,
           a.reply, a.input_commitment
         FROM UNNEST($1::TEXT[], $2::TEXT[], $4::BIGINT[], $5::TEXT[], $6::TEXT[], $7::TEXT[], $8::TEXT[], $9::BYTEA[],
           $10::TEXT[], $11::TEXT[], $12::TEXT[], $13::BIGINT[], $14::BIGINT[], $15::TEXT[], $16::BIGINT[],
           $17::TEXT[], $18::TEXT[], $19::TEXT[], $20::TEXT[], $21::TEXT[], $22::TEXT[], $23::TEXT[], $24::BYTEA[],
           $25::BYTEA[])
         AS a (tenant_id, decision_id, seq, kind, request_id, kid, actor, subject_hmac, purpose, consent_id,
           environment, billable_units, decided_us, model_id, model_version, model_digest, calibration_digest,
           policy_digest, lists_digest, catalogue_digest, engine_version, traffic_role, reply, input_commitment)"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(text(|decision| decision.tenant.as_str()))
        .bind(text(|decision| decision.id.as_str()))
        .bind(writer.as_str())
        .bind(decisions.iter().map(|(seq, _)| *seq).collect::<Vec<_>>())
        .bind(text(|decision| decision.kind.name()))
        .bind(text(|decision| decision.request_id.as_str()))
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
        .execute(&mut *tx)
        .await?;
    let sql =
        format!("INSERT INTO {INPUT_COLUMNS} SELECT * FROM UNNEST($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::BYTEA[])");
    sqlx::query(AssertSqlSafe(sql))
        .bind(text(|decision| decision.tenant.as_str()))
        .bind(text(|decision| decision.id.as_str()))
        .bind(text(|decision| decision.inputs.key_id.as_str()))
        .bind(bytes(|decision| decision.inputs.bytes.as_slice()))
        .execute(&mut *tx)
        .await?;
    Ok(())
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
