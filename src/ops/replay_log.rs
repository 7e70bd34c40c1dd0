//! Plays a tenant's log again: each event of a period with what was known before it, by the code that answers.

use std::{collections::HashMap, sync::Arc};

use tokio::{sync::OwnedSemaphorePermit, task::spawn_blocking};

use super::{
    App,
    behaviour::{first_place_since, open_entry},
};
use crate::{
    domain::{
        fraud::{Event, FraudLabel, LogEntry, OutcomeTarget, RETENTION_US, Ruled, StoredLogEntry},
        ids::TenantId,
        refusal::Refusal,
        time::Timestamp,
    },
    state::fraud::{FeatureVector, FraudState, StateLimits},
    vault::TenantKey,
};

/// How many entries are read at once.
const PAGE: i64 = 2_048;

/// A time at or after which events are looked at, and one before which they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// From here on.
    pub start: Timestamp,
    /// Not from here on.
    pub end: Timestamp,
}

/// An event of the period as it comes by.
pub(super) struct Seen<'a> {
    /// The partner's id of it.
    pub request_id: &'a str,
    /// What happened.
    pub event: &'a Event,
    /// What was made of it; nothing for one that was recorded only.
    pub ruled: Option<Ruled>,
    /// What was known before it.
    pub features: FeatureVector,
    /// What it turned out to be, by everything that was reported to this day.
    pub label: Option<FraudLabel>,
}

/// A replay on its way.
pub(super) struct LogReplay {
    app: Arc<App>,
    tenant: TenantId,
    key: Arc<TenantKey>,
    period: Period,
    labels: HashMap<i64, FraudLabel>,
    /// Nothing while a page is being played.
    state: Option<FraudState>,
    after: i64,
    first: i64,
    last: i64,
    _place: OwnedSemaphorePermit,
}

impl LogReplay {
    /// Begins, at the first entry that matters to the period.
    ///
    /// # Errors
    /// Exhausted, when there are too many; unavailable, when the database does not answer.
    pub async fn begin(app: &Arc<App>, tenant: &TenantId, period: Period) -> Result<Self, Refusal> {
        let place = app.place_for_replay()?;
        let last = app.store.last_log_place(tenant).await?;
        let since = period.start.micros().saturating_sub(RETENTION_US);
        let first = first_place_since(app, tenant, last, since).await?;
        let key = app.tenant_key(tenant).await?;
        let labels = labels(app, tenant, &key).await?;
        Ok(Self {
            app: Arc::clone(app),
            tenant: tenant.clone(),
            key,
            period,
            labels,
            state: Some(FraudState::new(StateLimits::default())),
            after: first - 1,
            first,
            last,
            _place: place,
        })
    }

    /// Entries that were read, and that there are to read.
    pub fn progress(&self) -> (i64, i64) {
        (self.after - (self.first - 1), self.last - (self.first - 1))
    }

    /// Plays the next entries, and gives what `visit` makes of those that are events of the period; nothing when all entries
    /// that were there at the beginning were played.
    ///
    /// # Errors
    /// Unavailable, when the database does not answer; internal, when an entry cannot be read.
    pub async fn next<T: Send + 'static>(
        &mut self,
        visit: impl Fn(Seen<'_>) -> T + Send + 'static,
    ) -> Result<Option<Vec<T>>, Refusal> {
        if self.after >= self.last {
            return Ok(None);
        }
        let mut rows = self.app.store.list_log_entries(&self.tenant, self.after, PAGE).await?;
        rows.retain(|row| row.place <= self.last);
        let Some(end) = rows.last().map(|row| row.place) else { return Ok(None) };
        let mut state = self.state.take().ok_or(Refusal::Internal)?;
        let (key, period) = (Arc::clone(&self.key), self.period);
        let labels: Vec<_> = rows.iter().map(|row| self.labels.get(&row.place).copied()).collect();
        let playing = spawn_blocking(move || {
            let mut made = Vec::new();
            for (row, label) in rows.iter().zip(labels) {
                play(&mut state, &key, period, row, label, |seen| made.push(visit(seen)))?;
            }
            Ok::<_, Refusal>((state, made))
        });
        let (state, made) = playing.await.map_err(|_| Refusal::Internal)??;
        self.state = Some(state);
        self.after = end;
        Ok(Some(made))
    }
}

fn play(
    state: &mut FraudState,
    key: &TenantKey,
    period: Period,
    row: &StoredLogEntry,
    label: Option<FraudLabel>,
    visit: impl FnOnce(Seen<'_>),
) -> Result<(), Refusal> {
    match open_entry(key, row)? {
        LogEntry::Outcome(outcome) => state.apply_outcome(&outcome),
        LogEntry::Event(event, ruled) => {
            if (period.start..period.end).contains(&event.occurred) {
                let features = state.features(&event);
                visit(Seen { request_id: &row.request_id, event: &event, ruled, features, label });
            }
            state.apply(row.place, &event);
        }
    }
    Ok(())
}

/// What events turned out to be, by their place: the latest report of each is in force.
async fn labels(app: &App, tenant: &TenantId, key: &TenantKey) -> Result<HashMap<i64, FraudLabel>, Refusal> {
    let (mut labels, mut after) = (HashMap::new(), 0);
    loop {
        let rows = app.store.list_log_outcomes(tenant, after, PAGE).await?;
        let Some(end) = rows.last().map(|row| row.place) else { return Ok(labels) };
        after = end;
        for row in &rows {
            if let LogEntry::Outcome(outcome) = open_entry(key, row)?
                && let (OutcomeTarget::Event(place), Some(label)) = (outcome.target, outcome.label)
            {
                labels.insert(place, label);
            }
        }
    }
}
