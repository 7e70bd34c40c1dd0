//! Records what became of a scored applicant.

use super::App;
use crate::{
    auth::{Permit, mark},
    domain::{
        ids::OutcomeId,
        outcome::{CreditOutcome, OutcomeReport},
        refusal::{Obstacle, Refusal, Violations},
    },
    store::RecordOutcome,
};

/// The earliest observation that is taken: 2000-01-01, in seconds since 1970.
const EARLIEST_OBSERVATION_SECONDS: i64 = 946_684_800;
/// How far an observation may lie ahead of our clock: a day, for clocks and time zones that are off.
const LATEST_AHEAD_SECONDS: i64 = 86_400;

/// Records a report, or finds it again when its request id was used for the same report.
///
/// # Errors
/// See `CreditScoreService.ReportCreditOutcome` in the contract.
pub async fn report_credit_outcome(
    app: &App,
    permit: &Permit<mark::CreditReport>,
    report: OutcomeReport,
) -> Result<CreditOutcome, Refusal> {
    let now = app.now();
    let latest = now.plus_seconds(LATEST_AHEAD_SECONDS);
    if report.observed.seconds() < EARLIEST_OBSERVATION_SECONDS || report.observed > latest {
        return Err(Violations::one("observe_time", "must not be before 2000 or more than one day ahead"));
    }
    let key = app.tenant_key(permit.tenant()).await?;
    let payload_hmac = key.payload_hmac(&report.payload());
    let outcome = CreditOutcome { id: OutcomeId::from(app.new_id()), report, reported: now };
    let caller = permit.caller();
    let recorded =
        app.store.record_outcome(permit.tenant(), &outcome, payload_hmac, caller.kid(), caller.actor()).await?;
    match recorded {
        RecordOutcome::Recorded => Ok(outcome),
        RecordOutcome::Exists(stored, asked) if asked == payload_hmac => Ok(stored),
        RecordOutcome::Exists(..) => Err(Refusal::Precondition(Obstacle::RequestIdReused)),
        RecordOutcome::NoDecision => Err(Refusal::NotFound("decision")),
    }
}
