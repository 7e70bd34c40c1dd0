//! Decisions that are not counted yet, in the order of each writer.

use std::collections::HashMap;

use crate::{
    domain::{
        decision::{DecisionKind, SealedInputs, ShadowResult, TrafficRole},
        ids::{DecisionId, ModelId, TenantId, WriterId},
        time::Timestamp,
    },
    store::{Store, StoreError},
};

statements! {
    /// Enters a writer, so that its decisions are found.
    ENTER_WRITER = "INSERT INTO count_cursors (writer_id, seq) VALUES ($1, 0) ON CONFLICT DO NOTHING";
    LIST_CURSORS = "SELECT c.writer_id, c.revision, c.seq,
        COALESCE((SELECT MAX(d.seq) FROM decisions d WHERE d.writer_id = c.writer_id), 0) AS last_seq FROM count_cursors c";
    LIST_MARKS = "SELECT tenant_id, seq FROM count_marks WHERE writer_id = $1";
    /// Places have no gaps, so that a range of them is a page: a plan that sorts more cannot be chosen.
    LIST_UNCOUNTED = "SELECT d.seq, d.tenant_id, d.decision_id, d.kind, d.decided_us, d.model_id, d.model_version,
        d.calibration_digest, d.traffic_role, d.reply, i.key_id, i.sealed
        FROM decisions d LEFT JOIN decision_inputs i ON i.tenant_id = d.tenant_id AND i.decision_id = d.decision_id
        WHERE d.writer_id = $1 AND d.seq > $2 AND d.seq <= $2 + $3 ORDER BY d.seq";
    LIST_UNCOUNTED_SHADOWS = "SELECT s.decision_id, s.model_version, s.model_digest, s.calibration_digest, s.engine_version,
        s.reply FROM decisions d JOIN shadow_results s ON s.tenant_id = d.tenant_id AND s.decision_id = d.decision_id
        WHERE d.writer_id = $1 AND d.seq > $2 AND d.seq <= $3";
}

/// How far a writer's decisions are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterCursor {
    /// The writer.
    pub writer: WriterId,
    /// Rises with each batch of its decisions that is counted.
    pub revision: i64,
    /// The last place up to which all are counted.
    pub counted: i64,
    /// The last place there is.
    pub last: i64,
}

/// A decision to count.
#[derive(Debug, Clone)]
pub struct UncountedDecision {
    /// Its place in its writer's order.
    pub seq: i64,
    /// Whose it is.
    pub tenant: TenantId,
    /// Its id.
    pub id: DecisionId,
    /// What was decided.
    pub kind: DecisionKind,
    /// When.
    pub decided: Timestamp,
    /// The model.
    pub model: ModelId,
    /// Its version.
    pub version: i64,
    /// SHA-256 of the version's manifest; nothing where no model decided.
    pub manifest_digest: Option<String>,
    /// The part that the version had.
    pub role: TrafficRole,
    /// The answer.
    pub reply: Vec<u8>,
    /// What was decided on; nothing when it is erased.
    pub inputs: Option<SealedInputs>,
    /// What shadows made of it.
    pub shadows: Vec<ShadowResult>,
}

#[derive(sqlx::FromRow)]
pub(super) struct UncountedRow {
    pub seq: i64,
    pub tenant_id: String,
    pub decision_id: String,
    kind: String,
    decided_us: i64,
    model_id: String,
    model_version: i64,
    calibration_digest: Option<String>,
    traffic_role: String,
    reply: Vec<u8>,
    key_id: Option<String>,
    sealed: Option<Vec<u8>>,
}

#[derive(sqlx::FromRow)]
pub(super) struct ShadowRow {
    pub decision_id: String,
    model_version: i64,
    model_digest: String,
    calibration_digest: Option<String>,
    engine_version: String,
    reply: Option<Vec<u8>>,
}

impl UncountedRow {
    pub(super) fn read(self, shadows: Vec<ShadowResult>) -> Result<UncountedDecision, StoreError> {
        let unreadable = StoreError::unreadable;
        Ok(UncountedDecision {
            seq: self.seq,
            tenant: TenantId::parse(&self.tenant_id).map_err(|_| unreadable("tenant_id"))?,
            id: DecisionId::parse(&self.decision_id).map_err(|_| unreadable("decision_id"))?,
            kind: DecisionKind::from_name(&self.kind).ok_or_else(|| unreadable("kind"))?,
            decided: Timestamp::from_micros(self.decided_us),
            model: ModelId::parse(&self.model_id).map_err(|_| unreadable("model_id"))?,
            version: self.model_version,
            manifest_digest: self.calibration_digest,
            role: TrafficRole::from_name(&self.traffic_role).ok_or_else(|| unreadable("traffic_role"))?,
            reply: self.reply,
            inputs: self.key_id.zip(self.sealed).map(|(key_id, bytes)| SealedInputs { key_id, bytes }),
            shadows,
        })
    }
}

/// Shadows by the decision they stand beside.
pub(super) fn by_decision(rows: Vec<ShadowRow>) -> HashMap<String, Vec<ShadowResult>> {
    let mut shadows: HashMap<String, Vec<ShadowResult>> = HashMap::new();
    for row in rows {
        shadows.entry(row.decision_id).or_default().push(ShadowResult {
            model_version: row.model_version,
            model_digest: row.model_digest,
            calibration_digest: row.calibration_digest,
            engine_version: row.engine_version,
            reply: row.reply,
        });
    }
    shadows
}

impl Store {
    /// Enters a writer among those whose decisions are counted.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn enter_writer(&self, writer: &WriterId) -> Result<(), StoreError> {
        let writer = writer.clone();
        in_tx!(self, tx => {
            sqlx::query(ENTER_WRITER).bind(writer.as_str()).execute(&mut *tx).await?;
        })
    }

    /// Lists how far each writer's decisions are counted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_cursors(&self) -> Result<Vec<WriterCursor>, StoreError> {
        let rows: Vec<(String, i64, i64, i64)> =
            on_pool!(self, pool => sqlx::query_as(LIST_CURSORS).fetch_all(pool).await?);
        let cursor = |(writer, revision, counted, last): (String, i64, i64, i64)| {
            let writer = WriterId::parse(&writer).map_err(|_| StoreError::unreadable("writer_id"))?;
            Ok(WriterCursor { writer, revision, counted, last })
        };
        rows.into_iter().map(cursor).collect()
    }

    /// Lists the tenants whose decisions by a writer are counted beyond its cursor, each up to a place.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_count_marks(&self, writer: &WriterId) -> Result<Vec<(TenantId, i64)>, StoreError> {
        let rows: Vec<(String, i64)> = on_pool!(self, pool => {
            sqlx::query_as(LIST_MARKS).bind(writer.as_str()).fetch_all(pool).await?
        });
        let mark = |(tenant, seq): (String, i64)| {
            let tenant = TenantId::parse(&tenant).map_err(|_| StoreError::unreadable("tenant_id"))?;
            Ok((tenant, seq))
        };
        rows.into_iter().map(mark).collect()
    }

    /// Lists a writer's decisions after a place, at most `limit`, in order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_uncounted(
        &self,
        writer: &WriterId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<UncountedDecision>, StoreError> {
        let rows: Vec<UncountedRow> = on_pool!(self, pool => {
            sqlx::query_as(LIST_UNCOUNTED).bind(writer.as_str()).bind(after).bind(limit).fetch_all(pool).await?
        });
        let Some(last) = rows.last() else { return Ok(Vec::new()) };
        let shadows: Vec<ShadowRow> = on_pool!(self, pool => {
            let query = sqlx::query_as(LIST_UNCOUNTED_SHADOWS).bind(writer.as_str()).bind(after).bind(last.seq);
            query.fetch_all(pool).await?
        });
        let mut shadows = by_decision(shadows);
        let read = |row: UncountedRow| {
            let beside = shadows.remove(&row.decision_id).unwrap_or_default();
            row.read(beside)
        };
        rows.into_iter().map(read).collect()
    }
}
