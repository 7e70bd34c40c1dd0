//! What became of decisions, in short: whether the partner approved, and whether it turned out bad. The reports themselves
//! stand in `credit_outcomes` and in the log of fraud; a row here says what of them is in force, and what of that is counted.

use super::uncounted::{ShadowRow, UncountedDecision, UncountedRow, by_decision};
use crate::{
    domain::{
        decision::{DecisionKind, SealedInputs},
        ids::{DecisionId, ModelId, TenantId},
        monitor::VersionKey,
        time::Timestamp,
    },
    store::{Store, StoreError},
};

statements! {
    /// Notes one more report of a decision.
    ADD_REPORT = "INSERT INTO labels (tenant_id, decision_id, model_id, model_version, reports, counted_reports)
        VALUES ($1, $2, $3, $4, 1, 0)
        ON CONFLICT (tenant_id, decision_id) DO UPDATE SET reports = labels.reports + 1";
    /// Takes over what the reports of a credit decision say: the action and the performance that were observed last, each by
    /// itself, for a report may hold one of them.
    SET_CREDIT_LABEL = "UPDATE labels SET
        approved = (SELECT CASE WHEN o.action IN ('approved', 'overridden_approved') THEN 1 ELSE 0 END FROM credit_outcomes o
          WHERE o.tenant_id = $1 AND o.decision_id = $2 AND o.action IS NOT NULL
          ORDER BY o.observed_us DESC, o.reported_us DESC, o.outcome_id DESC LIMIT 1),
        bad = (SELECT o.defaulted FROM credit_outcomes o
          WHERE o.tenant_id = $1 AND o.decision_id = $2 AND o.defaulted IS NOT NULL
          ORDER BY o.observed_us DESC, o.reported_us DESC, o.outcome_id DESC LIMIT 1)
        WHERE tenant_id = $1 AND decision_id = $2";
    /// Takes over what one more report says of an event, if that was decided. What the report is silent on stays: the action
    /// when `$3` is null, the label when `$4` is 0; a label that is told and not known is null in `$5`.
    LABEL_EVENT = "INSERT INTO labels
        (tenant_id, decision_id, model_id, model_version, reports, approved, bad, counted_reports)
        SELECT d.tenant_id, d.decision_id, d.model_id, d.model_version, 1, CAST($3 AS BIGINT), CAST($5 AS BIGINT), 0
        FROM idempotency i JOIN decisions d ON d.tenant_id = i.tenant_id AND d.decision_id = i.decision_id
        WHERE i.tenant_id = $1 AND i.kind = 'fraud_check' AND i.request_id = $2
        ON CONFLICT (tenant_id, decision_id) DO UPDATE SET reports = labels.reports + 1,
          approved = COALESCE(excluded.approved, labels.approved),
          bad = CASE WHEN $4 = 1 THEN excluded.bad ELSE labels.bad END";
    LIST_UNCOUNTED_LABELS = "SELECT CAST(0 AS BIGINT) AS seq, l.tenant_id, l.decision_id, d.kind, d.decided_us, d.model_id, d.model_version,
        d.calibration_digest, d.traffic_role, d.reply, i.key_id, i.sealed,
        l.reports, l.approved, l.bad, l.counted_reports, l.counted_approved, l.counted_bad
        FROM labels l JOIN decisions d ON d.tenant_id = l.tenant_id AND d.decision_id = l.decision_id
        LEFT JOIN decision_inputs i ON i.tenant_id = l.tenant_id AND i.decision_id = l.decision_id
        WHERE l.reports > l.counted_reports ORDER BY l.tenant_id, l.decision_id LIMIT $1";
    LIST_LABEL_SHADOWS = "SELECT s.decision_id, s.model_version, s.model_digest, s.calibration_digest, s.engine_version,
        s.reply FROM labels l JOIN shadow_results s ON s.tenant_id = l.tenant_id AND s.decision_id = l.decision_id
        WHERE l.reports > l.counted_reports AND (l.tenant_id, l.decision_id) <= ($1, $2)";
    /// The newest labelled decisions of a version that a shadow was evaluated beside.
    LIST_PAIRS = "SELECT d.kind, d.reply, s.reply AS other_reply, l.bad FROM labels l
        JOIN shadow_results s ON s.tenant_id = l.tenant_id AND s.decision_id = l.decision_id AND s.model_version = $4
        JOIN decisions d ON d.tenant_id = l.tenant_id AND d.decision_id = l.decision_id
        WHERE l.tenant_id = $1 AND l.model_id = $2 AND l.model_version = $3 AND l.bad IS NOT NULL
        AND d.decided_us >= $5 AND d.decided_us < $6 AND s.reply IS NOT NULL ORDER BY l.decision_id DESC LIMIT $7";
    /// The newest labelled decisions of a version, with what they were made on.
    LIST_LABELLED = "SELECT l.decision_id, d.kind, i.key_id, i.sealed, l.bad FROM labels l
        JOIN decisions d ON d.tenant_id = l.tenant_id AND d.decision_id = l.decision_id
        JOIN decision_inputs i ON i.tenant_id = l.tenant_id AND i.decision_id = l.decision_id
        WHERE l.tenant_id = $1 AND l.model_id = $2 AND l.model_version = $3 AND l.bad IS NOT NULL
        AND d.calibration_digest = $4 AND l.decision_id < $5 AND d.decided_us >= $6 AND d.decided_us < $7
        ORDER BY l.decision_id DESC LIMIT $8";
}

/// A decision of which something was reported that is not counted.
#[derive(Debug, Clone)]
pub struct UncountedLabel {
    /// The decision.
    pub decision: UncountedDecision,
    /// How many reports there are.
    pub reports: i64,
    /// Whether the partner approved, if that was reported.
    pub approved: Option<bool>,
    /// Whether it turned out bad, if that was reported.
    pub bad: Option<bool>,
    /// How many reports are counted.
    pub counted_reports: i64,
    /// What is counted of the approval.
    pub counted_approved: Option<bool>,
    /// What is counted of how it turned out.
    pub counted_bad: Option<bool>,
}

/// A labelled decision with what it was made on.
#[derive(Debug, Clone)]
pub struct LabelledDecision {
    /// Its id.
    pub id: DecisionId,
    /// What was decided.
    pub kind: DecisionKind,
    /// What it was made on.
    pub inputs: SealedInputs,
    /// Whether it turned out bad.
    pub bad: bool,
}

/// A labelled decision with the answers of two versions.
#[derive(Debug, Clone)]
pub struct LabelledPair {
    /// What was decided.
    pub kind: DecisionKind,
    /// The answer that was sent.
    pub reply: Vec<u8>,
    /// The shadow's.
    pub other_reply: Vec<u8>,
    /// Whether it turned out bad.
    pub bad: bool,
}

#[derive(sqlx::FromRow)]
struct LabelRow {
    #[sqlx(flatten)]
    decision: UncountedRow,
    reports: i64,
    approved: Option<i64>,
    bad: Option<i64>,
    counted_reports: i64,
    counted_approved: Option<i64>,
    counted_bad: Option<i64>,
}

fn flag(value: Option<i64>) -> Option<bool> {
    value.map(|value| value != 0)
}

impl Store {
    /// Lists decisions with reports that are not counted, at most `limit`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_uncounted_labels(&self, limit: i64) -> Result<Vec<UncountedLabel>, StoreError> {
        let rows: Vec<LabelRow> =
            on_pool!(self, pool => sqlx::query_as(LIST_UNCOUNTED_LABELS).bind(limit).fetch_all(pool).await?);
        let Some(last) = rows.last() else { return Ok(Vec::new()) };
        let shadows: Vec<ShadowRow> = on_pool!(self, pool => {
            let query = sqlx::query_as(LIST_LABEL_SHADOWS).bind(&last.decision.tenant_id).bind(&last.decision.decision_id);
            query.fetch_all(pool).await?
        });
        let mut shadows = by_decision(shadows);
        let read = |row: LabelRow| {
            let beside = shadows.remove(&row.decision.decision_id).unwrap_or_default();
            Ok(UncountedLabel {
                decision: row.decision.read(beside)?,
                reports: row.reports,
                approved: flag(row.approved),
                bad: flag(row.bad),
                counted_reports: row.counted_reports,
                counted_approved: flag(row.counted_approved),
                counted_bad: flag(row.counted_bad),
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// Lists the newest labelled decisions of a version within a period that a shadow of the same model was evaluated
    /// beside, at most `limit`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_labelled_pairs(
        &self,
        tenant: &TenantId,
        model: &ModelId,
        versions: (i64, i64),
        period: (Timestamp, Timestamp),
        limit: i64,
    ) -> Result<Vec<LabelledPair>, StoreError> {
        let rows: Vec<(String, Vec<u8>, Vec<u8>, i64)> = on_pool!(self, pool => {
            sqlx::query_as(LIST_PAIRS)
                .bind(tenant.as_str())
                .bind(model.as_str())
                .bind(versions.0)
                .bind(versions.1)
                .bind(period.0.micros())
                .bind(period.1.micros())
                .bind(limit)
                .fetch_all(pool)
                .await?
        });
        let pair = |(kind, reply, other_reply, bad): (String, Vec<u8>, Vec<u8>, i64)| {
            let kind = DecisionKind::from_name(&kind);
            let kind = kind.ok_or_else(|| StoreError::unreadable("kind"))?;
            Ok(LabelledPair { kind, reply, other_reply, bad: bad != 0 })
        };
        rows.into_iter().map(pair).collect()
    }

    /// Lists labelled decisions of a version within a period, newest first from the one before `before`, with what they were
    /// made on, at most `limit`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_labelled(
        &self,
        version: &VersionKey,
        before: Option<&DecisionId>,
        (start, end): (Option<Timestamp>, Option<Timestamp>),
        limit: usize,
    ) -> Result<Vec<LabelledDecision>, StoreError> {
        let rows: Vec<(String, String, String, Vec<u8>, i64)> = on_pool!(self, pool => {
            sqlx::query_as(LIST_LABELLED)
                .bind(version.tenant.as_str())
                .bind(version.model.as_str())
                .bind(version.version)
                .bind(&version.manifest_digest)
                // No id sorts after it: ids are of digits, a-f and hyphens.
                .bind(before.map_or("g", DecisionId::as_str))
                .bind(start.map_or(i64::MIN, Timestamp::micros))
                .bind(end.map_or(i64::MAX, Timestamp::micros))
                .bind(i64::try_from(limit).unwrap_or(i64::MAX))
                .fetch_all(pool)
                .await?
        });
        let one = |(id, kind, key_id, bytes, bad): (String, String, String, Vec<u8>, i64)| {
            Ok(LabelledDecision {
                id: DecisionId::parse(&id).map_err(|_| StoreError::unreadable("decision_id"))?,
                kind: DecisionKind::from_name(&kind).ok_or_else(|| StoreError::unreadable("kind"))?,
                inputs: SealedInputs { key_id, bytes },
                bad: bad != 0,
            })
        };
        rows.into_iter().map(one).collect()
    }
}
