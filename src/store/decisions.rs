//! Reading decisions back.

use super::{Store, StoreError};
use crate::domain::{
    decision::{Decision, DecisionFilter, DecisionKind, SealedInputs, TrafficRole},
    ids::{DecisionId, Kid, ModelId, RequestId, TenantId, WriterId},
    page::{DecisionCursor, Page, PageSize},
    time::Timestamp,
};

/// The columns of a decision that are read back.
macro_rules! select_decisions {
    ($rest:literal) => {
        concat!(
            "SELECT decision_id, writer_id, seq, kind, request_id, kid, actor, subject_hmac, purpose, billable_units, ",
            "decided_us, model_id, model_version, model_digest, policy_digest, lists_digest, catalogue_digest, ",
            "traffic_role, reply, input_commitment FROM decisions ",
            $rest
        )
    };
}

statements! {
    FIND_DECISION = select_decisions!("WHERE tenant_id = $1 AND decision_id = $2");
    LIST_BY_TIME = select_decisions!(
        "WHERE tenant_id = $1 AND decided_us >= $2 AND (decided_us, decision_id) < ($3, $4) AND ($5 = '' OR kind = $5)
         ORDER BY decided_us DESC, decision_id DESC LIMIT $6"
    );
    LIST_BY_SUBJECT = select_decisions!(
        "WHERE tenant_id = $1 AND decided_us >= $2 AND (decided_us, decision_id) < ($3, $4) AND ($5 = '' OR kind = $5)
         AND subject_hmac = $7 ORDER BY decided_us DESC, decision_id DESC LIMIT $6"
    );
    FIND_INPUTS = "SELECT key_id, sealed FROM decision_inputs WHERE tenant_id = $1 AND decision_id = $2";
    FIND_REPLY = "SELECT i.decision_id, i.payload_hmac, d.reply FROM idempotency i
        JOIN decisions d ON d.tenant_id = i.tenant_id AND d.decision_id = i.decision_id
        WHERE i.tenant_id = $1 AND i.kind = $2 AND i.request_id = $3";
}

#[derive(sqlx::FromRow)]
struct DecisionRow {
    decision_id: String,
    writer_id: String,
    seq: i64,
    kind: String,
    request_id: String,
    kid: String,
    actor: String,
    subject_hmac: Vec<u8>,
    purpose: String,
    billable_units: i64,
    decided_us: i64,
    model_id: String,
    model_version: i64,
    model_digest: String,
    policy_digest: Option<String>,
    lists_digest: Option<String>,
    catalogue_digest: Option<String>,
    traffic_role: String,
    reply: Vec<u8>,
    input_commitment: Vec<u8>,
}

impl TryFrom<DecisionRow> for Decision {
    type Error = StoreError;

    fn try_from(row: DecisionRow) -> Result<Self, StoreError> {
        let unreadable = StoreError::unreadable;
        Ok(Self {
            id: DecisionId::parse(&row.decision_id).map_err(|_| unreadable("decision_id"))?,
            writer: WriterId::parse(&row.writer_id).map_err(|_| unreadable("writer_id"))?,
            sequence: row.seq,
            kind: DecisionKind::from_name(&row.kind).ok_or_else(|| unreadable("kind"))?,
            request_id: RequestId::parse(&row.request_id).map_err(|_| unreadable("request_id"))?,
            kid: Kid::parse(&row.kid).map_err(|_| unreadable("kid"))?,
            actor: row.actor,
            subject_hmac: row.subject_hmac,
            purpose: row.purpose,
            billable_units: i32::try_from(row.billable_units).map_err(|_| unreadable("billable_units"))?,
            decided: Timestamp::from_micros(row.decided_us),
            model: ModelId::parse(&row.model_id).map_err(|_| unreadable("model_id"))?,
            model_version: row.model_version,
            model_digest: row.model_digest,
            policy_digest: row.policy_digest,
            lists_digest: row.lists_digest,
            catalogue_digest: row.catalogue_digest,
            role: TrafficRole::from_name(&row.traffic_role).ok_or_else(|| unreadable("traffic_role"))?,
            reply: row.reply,
            input_commitment: row.input_commitment,
        })
    }
}

impl Store {
    /// Finds a decision of a tenant.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_decision(&self, tenant: &TenantId, id: &DecisionId) -> Result<Option<Decision>, StoreError> {
        let row: Option<DecisionRow> = on_pool!(self, pool => {
            sqlx::query_as(FIND_DECISION).bind(tenant.as_str()).bind(id.as_str()).fetch_optional(pool).await?
        });
        row.map(Decision::try_from).transpose()
    }

    /// Lists decisions of a tenant, newest first, from the one before `after`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_decisions(
        &self,
        tenant: &TenantId,
        filter: &DecisionFilter,
        after: Option<&DecisionCursor>,
        size: PageSize,
    ) -> Result<Page<Decision, DecisionCursor>, StoreError> {
        let start = filter.start.map_or(i64::MIN, Timestamp::micros);
        let end = filter.end.map_or(i64::MAX, Timestamp::micros);
        // No id sorts before the empty text, so (end, "") leaves out just what is at or after the end.
        let (before_us, before_id) = after.map_or((end, ""), |cursor| (cursor.decided.micros(), cursor.id.as_str()));
        let statement = if filter.subject_hmac.is_some() { LIST_BY_SUBJECT } else { LIST_BY_TIME };
        let rows: Vec<DecisionRow> = on_pool!(self, pool => {
            let mut query = sqlx::query_as(statement)
                .bind(tenant.as_str())
                .bind(start)
                .bind(before_us)
                .bind(before_id)
                .bind(filter.kind.map_or("", DecisionKind::name))
                .bind(i64::from(size.get()) + 1);
            if let Some(subject) = &filter.subject_hmac {
                query = query.bind(subject.as_slice());
            }
            query.fetch_all(pool).await?
        });
        let mut items = rows.into_iter().map(Decision::try_from).collect::<Result<Vec<_>, _>>()?;
        let more = items.len() > usize::try_from(size.get()).unwrap_or(0);
        if more {
            items.pop();
        }
        let next =
            items.last().filter(|_| more).map(|last| DecisionCursor { decided: last.decided, id: last.id.clone() });
        Ok(Page { items, next })
    }

    /// Finds the sealed inputs of a tenant's decision; nothing when they were erased.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_inputs(&self, tenant: &TenantId, id: &DecisionId) -> Result<Option<SealedInputs>, StoreError> {
        let row: Option<(String, Vec<u8>)> = on_pool!(self, pool => {
            sqlx::query_as(FIND_INPUTS).bind(tenant.as_str()).bind(id.as_str()).fetch_optional(pool).await?
        });
        Ok(row.map(|(key_id, bytes)| SealedInputs { key_id, bytes }))
    }

    /// Finds what was answered to a request id of a tenant, with the keyed hash of what was asked.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_reply(
        &self,
        tenant: &TenantId,
        kind: DecisionKind,
        request_id: &RequestId,
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>, StoreError> {
        let row: Option<(String, Vec<u8>, Vec<u8>)> = on_pool!(self, pool => {
            sqlx::query_as(FIND_REPLY)
                .bind(tenant.as_str())
                .bind(kind.name())
                .bind(request_id.as_str())
                .fetch_optional(pool)
                .await?
        });
        Ok(row.map(|(_, payload_hmac, reply)| (payload_hmac, reply)))
    }
}
