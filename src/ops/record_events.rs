//! Takes in a history: past events and outcomes, in order, without decisions and without billing.

use std::{collections::VecDeque, sync::Arc};

use super::{
    App,
    behaviour::behaviour,
    fraud_event::hashed,
    report_fraud_outcome::{TakenReport, check_known, take_report},
    take_entry::{Settling, TRIES, find_entry, sealed_entry, settle, take_entry},
};
use crate::{
    auth::{Caller, Permit, mark},
    domain::{
        fraud::{EntryKind, EventClock, FraudReport, LogEntry, MAX_LATE_US, NewEvent},
        refusal::{Obstacle, Refusal, Violations},
        time::Timestamp,
    },
    state::fraud::FraudState,
    store::Record,
};

/// The most records on their way to the disk.
const MAX_IN_FLIGHT: usize = 512;

/// What is on disk of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecordedHistory {
    /// Events that were added.
    pub events: i64,
    /// Outcomes that were added.
    pub outcomes: i64,
    /// Records that were there already.
    pub repeated: i64,
}

/// Takes a history in, record by record.
pub struct HistoryRecorder {
    app: Arc<App>,
    permit: Permit<mark::FraudBackfill>,
    in_flight: VecDeque<(EntryKind, Settling<()>)>,
    recorded: RecordedHistory,
    /// The newest outcome so far, by when it became known.
    newest_known: Option<Timestamp>,
}

impl HistoryRecorder {
    /// Begins.
    #[must_use]
    pub fn new(app: Arc<App>, permit: Permit<mark::FraudBackfill>) -> Self {
        Self { app, permit, in_flight: VecDeque::new(), recorded: RecordedHistory::default(), newest_known: None }
    }

    /// Takes an event in.
    ///
    /// # Errors
    /// Invalid, when it is too old or from the future; a precondition, when its id was used for another event; what the
    /// writer refuses.
    pub async fn event(&mut self, event: &NewEvent) -> Result<(), Refusal> {
        self.make_room().await?;
        match take_event(&self.app, self.permit.caller(), event).await? {
            Some(settling) => {
                self.in_flight.push_back((EntryKind::Event, settling));
            }
            None => self.recorded.repeated += 1,
        }
        Ok(())
    }

    /// Takes an outcome in.
    ///
    /// # Errors
    /// As [`Self::event`]; not found, when there is no such event.
    pub async fn outcome(&mut self, report: &FraudReport) -> Result<(), Refusal> {
        self.make_room().await?;
        let caller = self.permit.caller();
        let before = self.newest_known;
        let clock = caller.mode().clock();
        let effective = |state: &FraudState, now: Timestamp| {
            if clock == EventClock::Server {
                check_known(report.known, now)?;
            }
            check_order("outcome.known_time", report.known, before)?;
            check_order("outcome.known_time", report.known, state.newest_entry())?;
            Ok(report.known)
        };
        let mut taken = take_report(&self.app, caller, report, effective).await;
        if taken.as_ref().is_err_and(|refusal| *refusal == Refusal::NotFound("event")) {
            // The event may be on its way to the disk.
            self.settle_all().await?;
            taken = take_report(&self.app, self.permit.caller(), report, effective).await;
        }
        match taken? {
            TakenReport::Now(_, settling) => self.in_flight.push_back((EntryKind::Outcome, settling)),
            TakenReport::Before(_) => self.recorded.repeated += 1,
        }
        self.newest_known = Some(self.newest_known.map_or(report.known, |newest| newest.max(report.known)));
        Ok(())
    }

    /// What is on disk so far.
    #[must_use]
    pub const fn recorded(&self) -> RecordedHistory {
        self.recorded
    }

    /// Waits until everything is on disk, and tells what was taken.
    ///
    /// # Errors
    /// What the writer refused.
    pub async fn finish(mut self) -> Result<RecordedHistory, Refusal> {
        self.settle_all().await?;
        Ok(self.recorded)
    }

    async fn make_room(&mut self) -> Result<(), Refusal> {
        while self.in_flight.len() >= MAX_IN_FLIGHT {
            self.settle_first().await?;
        }
        Ok(())
    }

    async fn settle_all(&mut self) -> Result<(), Refusal> {
        while !self.in_flight.is_empty() {
            self.settle_first().await?;
        }
        Ok(())
    }

    async fn settle_first(&mut self) -> Result<(), Refusal> {
        match self.in_flight.pop_front() {
            Some((kind, first)) => {
                first.settled().await?;
                match kind {
                    EntryKind::Event => self.recorded.events += 1,
                    EntryKind::Outcome => self.recorded.outcomes += 1,
                }
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// Takes an event of the past in; nothing when it is there already.
async fn take_event(app: &Arc<App>, caller: &Caller, new: &NewEvent) -> Result<Option<Settling<()>>, Refusal> {
    let tenant = caller.tenant();
    let key = app.tenant_key(tenant).await?;
    let payload_hmac = key.payload_hmac(&new.payload());
    let event = hashed(new, &key, caller.time_zone());
    let id = (EntryKind::Event, new.request_id.clone());
    for _ in 0..TRIES {
        let behaviour = behaviour(app, tenant).await?;
        if let Some(found) = find_entry(app, tenant, &behaviour, &id).await? {
            let same = found.payload_hmac == payload_hmac;
            return if same { Ok(None) } else { Err(Refusal::Precondition(Obstacle::RequestIdReused)) };
        }
        let now = app.now();
        let taken = take_entry(
            app,
            &behaviour,
            &id,
            |state| check_past(caller, state, event.occurred, now),
            |state, place, ()| state.apply(place, &event),
        )?;
        match taken {
            Err(not_yet) => not_yet.wait().await,
            Ok(taken) => {
                let entry = LogEntry::Event(event, None);
                let entry = sealed_entry(caller, &key, taken.place, id, payload_hmac, now, &entry)?;
                let handed = taken.reserved.fill(Record::Entry(Box::new(entry)));
                return Ok(Some(settle(&behaviour, taken.begun, handed.logged())));
            }
        }
    }
    Err(Refusal::StillRunning)
}

/// Checks that an event of the past is not from the future, and not much older than what is there.
fn check_past(caller: &Caller, state: &FraudState, occurred: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    // By its own clock a sandbox has no future.
    if caller.mode().clock() == EventClock::Server && occurred > now.plus_seconds(60) {
        return Err(Violations::one("event.event_time", "must be at most 60 seconds ahead of the server's clock"));
    }
    check_order("event.event_time", occurred, state.newest_entry())
}

/// Checks that a time is not much older than one before it.
fn check_order(field: &str, time: Timestamp, before: Option<Timestamp>) -> Result<(), Refusal> {
    if before.is_some_and(|before| before.micros().saturating_sub(time.micros()) > MAX_LATE_US) {
        return Err(Violations::one(field, "must be at most 48 hours older than what was taken before"));
    }
    Ok(())
}
