//! Which quotes were accepted.

use crate::{
    domain::{
        ids::{DecisionId, Kid, RequestId, TenantId},
        pricing::QuoteAcceptance,
        time::Timestamp,
    },
    store::{Store, StoreError},
};

statements! {
    /// Adds nothing when the quote was accepted, or the request id was used.
    RECORD_ACCEPTANCE = "INSERT INTO quote_acceptances (tenant_id, decision_id, request_id, accepted_us, kid, actor)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    FIND_ACCEPTANCE = "SELECT decision_id, request_id, accepted_us, kid FROM quote_acceptances
        WHERE tenant_id = $1 AND decision_id = $2";
}

/// What came of recording an acceptance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordAcceptance {
    /// It was recorded.
    Recorded,
    /// The quote was accepted before.
    Accepted(QuoteAcceptance),
    /// The request id was used for another quote.
    IdUsed,
}

#[derive(sqlx::FromRow)]
struct Row {
    decision_id: String,
    request_id: String,
    accepted_us: i64,
    kid: String,
}

impl TryFrom<Row> for QuoteAcceptance {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let unreadable = StoreError::unreadable;
        Ok(Self {
            quote: DecisionId::parse(&row.decision_id).map_err(|_| unreadable("decision_id"))?,
            request_id: RequestId::parse(&row.request_id).map_err(|_| unreadable("request_id"))?,
            accepted: Timestamp::from_micros(row.accepted_us),
            kid: Kid::parse(&row.kid).map_err(|_| unreadable("kid"))?,
        })
    }
}

impl Store {
    /// Records that a tenant accepted a quote of its own.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn record_acceptance(
        &self,
        tenant: &TenantId,
        acceptance: &QuoteAcceptance,
        actor: &str,
    ) -> Result<RecordAcceptance, StoreError> {
        let (tenant, acceptance, actor) = (tenant.clone(), acceptance.clone(), actor.to_owned());
        in_tx!(self, tx => {
            let added = sqlx::query(RECORD_ACCEPTANCE)
                .bind(tenant.as_str())
                .bind(acceptance.quote.as_str())
                .bind(acceptance.request_id.as_str())
                .bind(acceptance.accepted.micros())
                .bind(acceptance.kid.as_str())
                .bind(&actor)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if added == 1 {
                RecordAcceptance::Recorded
            } else {
                let row: Option<Row> = sqlx::query_as(FIND_ACCEPTANCE)
                    .bind(tenant.as_str())
                    .bind(acceptance.quote.as_str())
                    .fetch_optional(&mut *tx)
                    .await?;
                row.map_or(Ok(RecordAcceptance::IdUsed), |row| row.try_into().map(RecordAcceptance::Accepted))?
            }
        })
    }

    /// Finds the acceptance of a tenant's quote.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_acceptance(
        &self,
        tenant: &TenantId,
        quote: &DecisionId,
    ) -> Result<Option<QuoteAcceptance>, StoreError> {
        let row: Option<Row> = on_pool!(self, pool => {
            sqlx::query_as(FIND_ACCEPTANCE).bind(tenant.as_str()).bind(quote.as_str()).fetch_optional(pool).await?
        });
        row.map(QuoteAcceptance::try_from).transpose()
    }
}
