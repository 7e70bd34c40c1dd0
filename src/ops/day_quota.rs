//! Decisions a day: each takes a place in its tenant's day before it is made.

use std::time::Duration;

use super::App;
use crate::{
    auth::Caller,
    domain::{
        monitor::Day,
        quota::{DayFull, DayPlace, Quota},
        refusal::{Limit, Refusal},
        time::Timestamp,
    },
    state::Stale,
};

/// When to try again while the last places of a day are those of decisions on their way to the disk.
const SETTLING: Duration = Duration::from_millis(100);

/// Takes a place for a decision that is made at a time; nothing where the tenant has no such quota.
///
/// # Errors
/// Exhausted, until midnight UTC, or for a moment while the last places may still be given back; unavailable, when nothing is known of the day and the database does not answer.
pub(super) async fn take_day_place(app: &App, caller: &Caller, at: Timestamp) -> Result<Option<DayPlace>, Refusal> {
    let Some(most) = caller.quotas().limit(Quota::DecisionsPerDay) else { return Ok(None) };
    let (tenant, day) = (caller.tenant(), Day::of(at));
    if let Some(stale) = app.days.stale(tenant, day, at) {
        match app.store.decisions_of_day(tenant, day, &app.writer_id).await {
            Ok(counts) => app.days.learn(tenant, day, counts, at),
            Err(error) if stale == Stale::Unknown => return Err(error.into()),
            Err(error) => tracing::warn!(%error, "what other processes decided today cannot be read"),
        }
    }
    let refused = |full: DayFull| {
        let wait = match full {
            DayFull::ForTheDay => until(day.plus(1).start(), at),
            DayFull::ForNow => SETTLING,
        };
        Refusal::Exhausted { limit: Limit::DecisionsPerDay, retry_after: Some(wait) }
    };
    app.days.take(tenant, day, most).map(Some).map_err(refused)
}

fn until(end: Timestamp, now: Timestamp) -> Duration {
    Duration::from_micros(u64::try_from(end.micros().saturating_sub(now.micros())).unwrap_or(0))
}

impl App {
    /// How many decisions the caller's tenant may still make today, where it has such a quota and this process knows.
    #[must_use]
    pub fn decisions_left(&self, caller: &Caller) -> Option<i64> {
        let most = caller.quotas().limit(Quota::DecisionsPerDay)?;
        self.days.left(caller.tenant(), Day::of(self.now()), most)
    }
}
