//! Takes in what became of an event or an entity.

use std::sync::Arc;

use super::{
    App,
    behaviour::behaviour,
    take_entry::{Settling, TRIES, find_entry, sealed_entry, settle, take_entry},
};
use crate::{
    auth::{Caller, Permit, mark},
    domain::{
        fraud::{EntryKind, EventClock, FraudOutcome, FraudReport, LogEntry, NewLogEntry, OutcomeTarget, ReportTarget},
        ids::TenantId,
        refusal::{Obstacle, Refusal, Violations},
        time::Timestamp,
    },
    state::fraud::FraudState,
    store::{FoundEntry, Record},
    vault::TenantKey,
};

/// How far ahead of the tenant's clock a thing may have become known, in microseconds.
const AHEAD_US: i64 = 60_000_000;

/// A report that was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportedOutcome {
    /// From when on it counts.
    pub effective: Timestamp,
    /// Whether the same report had been stored before.
    pub repeated: bool,
}

/// A report that is taken in, and perhaps not yet on disk.
pub enum TakenReport {
    /// It was there before.
    Before(ReportedOutcome),
    /// It counts from then on, and is on its way to the disk.
    Now(Timestamp, Settling<()>),
}

impl TakenReport {
    /// Waits until the report is on disk.
    ///
    /// # Errors
    /// As the decision writer.
    pub async fn recorded(self) -> Result<ReportedOutcome, Refusal> {
        match self {
            Self::Before(reported) => Ok(reported),
            Self::Now(effective, settling) => {
                settling.settled().await?;
                Ok(ReportedOutcome { effective, repeated: false })
            }
        }
    }
}

/// Takes a report in. It counts from now on by the tenant's clock.
///
/// # Errors
/// See `FraudCheckService.ReportFraudOutcome` in the contract.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn report_fraud_outcome(
    app: &Arc<App>,
    permit: &Permit<mark::FraudReport>,
    report: &FraudReport,
) -> Result<TakenReport, Refusal> {
    let caller = permit.caller();
    let taken = take_report(app, caller, report, |state, now| {
        let now = match caller.mode().clock() {
            EventClock::Server => now,
            // A clock of events that has not begun says nothing yet.
            EventClock::Event => state.newest().unwrap_or(report.known),
        };
        check_known(report.known, now)?;
        Ok(now)
    });
    taken.await
}

/// Checks that what is reported is not from the future.
pub(super) fn check_known(known: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    if known.micros().saturating_sub(now.micros()) > AHEAD_US {
        return Err(Violations::one("outcome.known_time", "must be at most 60 seconds ahead of the tenant's clock"));
    }
    Ok(())
}

/// Takes a report in, or finds it again. `effective` says from when on it counts, or why it is refused.
pub(super) async fn take_report(
    app: &Arc<App>,
    caller: &Caller,
    report: &FraudReport,
    effective: impl Fn(&FraudState, Timestamp) -> Result<Timestamp, Refusal>,
) -> Result<TakenReport, Refusal> {
    let tenant = caller.tenant();
    let key = app.tenant_key(tenant).await?;
    let payload_hmac = key.payload_hmac(&report.payload());
    let id = (EntryKind::Outcome, report.request_id.clone());
    for _ in 0..TRIES {
        let behaviour = behaviour(app, tenant).await?;
        if let Some(found) = find_entry(app, tenant, &behaviour, &id).await? {
            return repeated(&found, payload_hmac).map(TakenReport::Before);
        }
        let target = target(app, tenant, &key, &report.target).await?;
        let now = app.now();
        let taken = take_entry(
            app,
            &behaviour,
            &id,
            |state| effective(state, now),
            |state, _, known| {
                let outcome = FraudOutcome { target, label: report.label, action: report.action, known };
                state.apply_outcome(&outcome);
                outcome
            },
        )?;
        match taken {
            Err(not_yet) => not_yet.wait().await,
            Ok(taken) => {
                let known = taken.found.known;
                let entry = LogEntry::Outcome(taken.found);
                let entry = sealed_entry(caller, &key, taken.place, id, payload_hmac, now, &entry)?;
                let entry = NewLogEntry { label: report.event_label(), ..entry };
                let handed = taken.reserved.fill(Record::Entry(Box::new(entry)));
                return Ok(TakenReport::Now(known, settle(&behaviour, taken.begun, handed.logged())));
            }
        }
    }
    Err(Refusal::StillRunning)
}

fn repeated(found: &FoundEntry, payload_hmac: [u8; 32]) -> Result<ReportedOutcome, Refusal> {
    if found.payload_hmac != payload_hmac {
        return Err(Refusal::Precondition(Obstacle::RequestIdReused));
    }
    Ok(ReportedOutcome { effective: found.occurred, repeated: true })
}

/// What an outcome is about, in the form that may be kept.
async fn target(
    app: &App,
    tenant: &TenantId,
    key: &TenantKey,
    target: &ReportTarget,
) -> Result<OutcomeTarget, Refusal> {
    match target {
        ReportTarget::Entity(kind, value) => Ok(OutcomeTarget::Entity(*kind, key.entity_key(*kind, value))),
        ReportTarget::Event(id) => {
            let event = app.store.find_log_entry(tenant, EntryKind::Event, id).await?;
            event.map(|event| OutcomeTarget::Event(event.place)).ok_or(Refusal::NotFound("event"))
        }
    }
}
