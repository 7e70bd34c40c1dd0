//! Records what became of a scored applicant.

use super::App;
use crate::{
    auth::{Permit, mark},
    domain::{
        ids::OutcomeId,
        outcome::{CreditOutcome, OutcomeReport},
        refusal::{Obstacle, Refusal},
    },
    store::RecordOutcome,
};

/// Records a report, or finds it again when its request id was used for the same report; tells whether it was there before.
///
/// # Errors
/// See `CreditScoreService.ReportCreditOutcome` in the contract.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn report_credit_outcome(
    app: &App,
    permit: &Permit<mark::CreditReport>,
    report: OutcomeReport,
) -> Result<(CreditOutcome, bool), Refusal> {
    let now = app.now();
    let key = app.tenant_key(permit.tenant()).await?;
    let payload_hmac = key.payload_hmac(&report.payload());
    let outcome = CreditOutcome { id: OutcomeId::from(app.new_id()), report, reported: now };
    let caller = permit.caller();
    let recorded =
        app.store.record_outcome(permit.tenant(), &outcome, payload_hmac, caller.kid(), caller.actor()).await?;
    match recorded {
        RecordOutcome::Recorded => Ok((outcome, false)),
        RecordOutcome::Exists(stored, asked) if asked == payload_hmac => Ok((stored, true)),
        RecordOutcome::Exists(..) => Err(Refusal::Precondition(Obstacle::RequestIdReused)),
        RecordOutcome::NoDecision => Err(Refusal::NotFound("decision")),
    }
}
