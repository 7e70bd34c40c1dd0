//! What became of credit decisions.

use super::{
    Store, StoreError,
    monitor::{ADD_REPORT, SET_CREDIT_LABEL},
};
use crate::domain::{
    ids::{DecisionId, Kid, OutcomeId, RequestId, TenantId},
    money::Money,
    outcome::{CreditAction, CreditOutcome, CreditPerformance, OutcomeReport},
    time::Timestamp,
};

/// The columns of an outcome that are read back.
macro_rules! select_outcomes {
    ($rest:literal) => {
        concat!(
            "SELECT outcome_id, decision_id, request_id, payload_hmac, action, override_reason, defaulted, ",
            "days_past_due, currency_code, amount_minor, observed_us, reported_us FROM credit_outcomes ",
            $rest
        )
    };
}

statements! {
    FIND_JUDGED = "SELECT model_id, model_version FROM decisions
        WHERE tenant_id = $1 AND decision_id = $2 AND kind IN ('credit_score', 'risk_evaluation')";
    /// Adds nothing when the request id was used.
    RECORD_OUTCOME = "INSERT INTO credit_outcomes
        (tenant_id, decision_id, outcome_id, request_id, payload_hmac, action, override_reason, defaulted,
         days_past_due, currency_code, amount_minor, observed_us, reported_us, kid, actor)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING";
    FIND_BY_REQUEST = select_outcomes!("WHERE tenant_id = $1 AND request_id = $2");
    FIND_IN_FORCE = select_outcomes!(
        "WHERE tenant_id = $1 AND decision_id = $2 ORDER BY observed_us DESC, reported_us DESC, outcome_id DESC LIMIT 1"
    );
}

/// What came of recording an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordOutcome {
    /// It was recorded.
    Recorded,
    /// The request id was used before: the stored report, and the keyed hash of what was asked then.
    Exists(CreditOutcome, Vec<u8>),
    /// The tenant has no such credit decision.
    NoDecision,
}

#[derive(sqlx::FromRow)]
struct OutcomeRow {
    outcome_id: String,
    decision_id: String,
    request_id: String,
    payload_hmac: Vec<u8>,
    action: Option<String>,
    override_reason: String,
    defaulted: Option<i64>,
    days_past_due: Option<i64>,
    currency_code: Option<String>,
    amount_minor: Option<i64>,
    observed_us: i64,
    reported_us: i64,
}

impl TryFrom<OutcomeRow> for CreditOutcome {
    type Error = StoreError;

    fn try_from(row: OutcomeRow) -> Result<Self, StoreError> {
        let unreadable = StoreError::unreadable;
        let action = row
            .action
            .map(|name| CreditAction::from_name(&name, row.override_reason).ok_or_else(|| unreadable("action")))
            .transpose()?;
        let amount = row
            .currency_code
            .zip(row.amount_minor)
            .map(|(currency_code, amount_minor)| Money { currency_code, amount_minor });
        let days_past_due = row.days_past_due.map(i32::try_from).transpose();
        let days_past_due = days_past_due.map_err(|_| unreadable("days_past_due"))?;
        let performance =
            row.defaulted.map(|defaulted| CreditPerformance { defaulted: defaulted != 0, days_past_due, amount });
        Ok(Self {
            id: OutcomeId::parse(&row.outcome_id).map_err(|_| unreadable("outcome_id"))?,
            report: OutcomeReport {
                request_id: RequestId::parse(&row.request_id).map_err(|_| unreadable("request_id"))?,
                decision: DecisionId::parse(&row.decision_id).map_err(|_| unreadable("decision_id"))?,
                action,
                performance,
                observed: Timestamp::from_micros(row.observed_us),
            },
            reported: Timestamp::from_micros(row.reported_us),
        })
    }
}

impl Store {
    /// Records what became of a tenant's credit decision.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn record_outcome(
        &self,
        tenant: &TenantId,
        outcome: &CreditOutcome,
        payload_hmac: [u8; 32],
        kid: &Kid,
        actor: &str,
    ) -> Result<RecordOutcome, StoreError> {
        let (tenant, outcome, kid, actor) = (tenant.clone(), outcome.clone(), kid.clone(), actor.to_owned());
        in_tx!(self, tx => {
            let CreditOutcome { id, report, reported } = &outcome;
            // Decisions are never deleted, so what is there now is there when the outcome is recorded.
            let judged: Option<(String, i64)> = sqlx::query_as(FIND_JUDGED)
                .bind(tenant.as_str())
                .bind(report.decision.as_str())
                .fetch_optional(&mut *tx)
                .await?;
            let Some((model, version)) = judged else { return Ok(RecordOutcome::NoDecision) };
            let performance = report.performance.as_ref();
            let amount = performance.and_then(|performance| performance.amount.as_ref());
            let added = sqlx::query(RECORD_OUTCOME)
                .bind(tenant.as_str())
                .bind(report.decision.as_str())
                .bind(id.as_str())
                .bind(report.request_id.as_str())
                .bind(payload_hmac.as_slice())
                .bind(report.action.as_ref().map(CreditAction::name))
                .bind(report.action.as_ref().map_or("", CreditAction::override_reason))
                .bind(performance.map(|performance| i64::from(performance.defaulted)))
                .bind(performance.and_then(|performance| performance.days_past_due).map(i64::from))
                .bind(amount.map(|amount| amount.currency_code.as_str()))
                .bind(amount.map(|amount| amount.amount_minor))
                .bind(report.observed.micros())
                .bind(reported.micros())
                .bind(kid.as_str())
                .bind(&actor)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if added == 1 {
                // The row is taken first, so that of two reports at once the second reads what the first has written.
                sqlx::query(ADD_REPORT)
                    .bind(tenant.as_str())
                    .bind(report.decision.as_str())
                    .bind(model)
                    .bind(version)
                    .execute(&mut *tx)
                    .await?;
                sqlx::query(SET_CREDIT_LABEL)
                    .bind(tenant.as_str())
                    .bind(report.decision.as_str())
                    .execute(&mut *tx)
                    .await?;
                RecordOutcome::Recorded
            } else {
                let row: OutcomeRow = sqlx::query_as(FIND_BY_REQUEST)
                    .bind(tenant.as_str())
                    .bind(report.request_id.as_str())
                    .fetch_one(&mut *tx)
                    .await?;
                let hmac = row.payload_hmac.clone();
                RecordOutcome::Exists(row.try_into()?, hmac)
            }
        })
    }

    /// Finds the outcome in force of a tenant's decision.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_outcome(
        &self,
        tenant: &TenantId,
        decision: &DecisionId,
    ) -> Result<Option<CreditOutcome>, StoreError> {
        let row: Option<OutcomeRow> = on_pool!(self, pool => {
            sqlx::query_as(FIND_IN_FORCE).bind(tenant.as_str()).bind(decision.as_str()).fetch_optional(pool).await?
        });
        row.map(CreditOutcome::try_from).transpose()
    }
}
