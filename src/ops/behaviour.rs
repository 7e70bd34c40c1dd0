//! Keeps tenants' behaviour: holds the lease on it, and makes it from the log.

use std::{sync::Arc, sync::atomic::Ordering, time::Duration};

use tokio::{task::spawn_blocking, time::timeout};

use super::App;
use crate::{
    domain::{
        fraud::{LogEntry, MAX_DISORDER_US, RETENTION_US, StoredLogEntry},
        ids::TenantId,
        refusal::{Refusal, Waiting},
        time::Timestamp,
    },
    state::{
        Current, KnownIds, TenantBehaviour,
        fraud::{FraudState, StateLimits},
    },
    store::{Lease, StoreError},
    vault::TenantKey,
};

/// How long the lease holds when it is not renewed. A process that was killed is followed by another after this.
const LEASE_SECONDS: i64 = 4;
/// How many entries are read at once.
const PAGE: i64 = 4_096;
/// How long a call waits for a tenant's behaviour to be made before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(2);

impl App {
    /// Keeps this process in charge of all tenants' behaviour, or takes charge when nobody else is. To be called every second.
    pub async fn keep_behaviour(&self) {
        let now = self.now();
        let held = match self.keep_lease(now).await {
            Ok(Lease::Kept) => true,
            Ok(Lease::Taken) => {
                self.behaviours.forget();
                tracing::info!("this process answers fraud checks");
                true
            }
            Ok(Lease::Elsewhere) => {
                if self.holds_behaviour() {
                    self.behaviours.forget();
                    tracing::warn!("another process answers fraud checks now");
                }
                false
            }
            // The database is away for all processes; each commit proves the lease anyway.
            Err(_) => return,
        };
        self.holds_behaviour.store(held, Ordering::Release);
    }

    /// Keeps the lease, takes one that has run out, or one that nobody renews although it has not.
    async fn keep_lease(&self, now: Timestamp) -> Result<Lease, StoreError> {
        let expires = now.plus_seconds(LEASE_SECONDS);
        let kept = self.store.keep_fraud_lease(&self.writer_id, now, expires).await?;
        if kept != Lease::Elsewhere {
            return Ok(kept);
        }
        let lease = self.store.find_fraud_lease().await?;
        let taken = self.lease_watch.is_abandoned(&lease)
            && self.store.take_abandoned_fraud_lease(&self.writer_id, &lease, expires).await?;
        Ok(if taken { Lease::Taken } else { Lease::Elsewhere })
    }

    /// Whether this process is in charge of all tenants' behaviour.
    #[must_use]
    pub fn holds_behaviour(&self) -> bool {
        self.holds_behaviour.load(Ordering::Acquire)
    }

    /// Makes the behaviour of every tenant that has a log, so that the first event of each need not wait.
    pub async fn make_behaviours(self: Arc<Self>) {
        let Ok(tenants) = self.store.list_logging_tenants().await else { return };
        for tenant in tenants {
            // Whoever asks for it later makes it when this could not.
            let _ = behaviour(&self, &tenant).await;
        }
    }

    /// Gives the lease up.
    pub(super) async fn release_behaviour(&self) {
        if self.holds_behaviour() {
            let _ = self.store.release_fraud_lease(&self.writer_id).await;
        }
    }
}

/// A tenant's behaviour, made from the log when it is not there.
///
/// # Errors
/// Not ready, when another process is in charge, or making it takes long; unavailable, when the database does not answer.
pub(super) async fn behaviour(app: &Arc<App>, tenant: &TenantId) -> Result<Arc<TenantBehaviour>, Refusal> {
    if !app.holds_behaviour() {
        return Err(Refusal::NotReady(Waiting::FraudStateElsewhere));
    }
    let behaviour = app.behaviours.of(tenant);
    if behaviour.lock().is_some() {
        return Ok(behaviour);
    }
    // Making it goes on when whoever asked has gone: the next one finds it made.
    let making = tokio::spawn(make(Arc::clone(app), tenant.clone(), Arc::clone(&behaviour)));
    match timeout(PATIENCE, making).await {
        Ok(Ok(made)) => made.map(|()| behaviour),
        Ok(Err(_)) => Err(Refusal::Internal),
        Err(_) => Err(Refusal::NotReady(Waiting::FraudStateRebuilding)),
    }
}

async fn make(app: Arc<App>, tenant: TenantId, behaviour: Arc<TenantBehaviour>) -> Result<(), Refusal> {
    let _one_at_a_time = behaviour.making.lock().await;
    if behaviour.lock().is_some() {
        return Ok(());
    }
    let started = std::time::Instant::now();
    let tail = replay_tail(&app, &tenant).await?;
    let size = tail.state.size();
    *behaviour.lock() = Some(Current::new(tail.state, tail.known, tail.last_place));
    let millis = started.elapsed().as_millis();
    tracing::info!(events = size.events, entities = size.entities, millis, "made a tenant's behaviour from its log");
    Ok(())
}

/// What follows from the part of a log that still matters.
struct Tail {
    state: FraudState,
    known: KnownIds,
    /// The last place of the log.
    last_place: i64,
}

async fn replay_tail(app: &Arc<App>, tenant: &TenantId) -> Result<Tail, Refusal> {
    let last = app.store.last_log_place(tenant).await?;
    let first = first_place_that_matters(app, tenant, last).await?;
    let key = app.tenant_key(tenant).await?;
    let state = FraudState::new(StateLimits::default());
    let mut tail = Tail { state, known: KnownIds::new(first == 1), last_place: first - 1 };
    let mut page = app.store.list_log_entries(tenant, tail.last_place, PAGE).await?;
    while let Some(end) = page.last().map(|end| end.place) {
        // The next page is read while this one is taken in.
        let (key, rows) = (Arc::clone(&key), page);
        let taking = spawn_blocking(move || tail.take_in(&key, &rows));
        page = app.store.list_log_entries(tenant, end, PAGE).await?;
        tail = taking.await.map_err(|_| Refusal::Internal)??;
    }
    Ok(tail)
}

impl Tail {
    fn take_in(mut self, key: &TenantKey, rows: &[StoredLogEntry]) -> Result<Self, Refusal> {
        for row in rows {
            match open_entry(key, row)? {
                LogEntry::Event(event, _) => self.state.apply(row.place, &event),
                LogEntry::Outcome(outcome) => self.state.apply_outcome(&outcome),
            }
            self.known.add(row.kind, &row.request_id);
            self.last_place = row.place;
        }
        Ok(self)
    }
}

/// An entry in the clear, as far as there is such a thing.
///
/// # Errors
/// Internal, when it was sealed under another key, or changed.
pub(super) fn open_entry(key: &TenantKey, row: &StoredLogEntry) -> Result<LogEntry, Refusal> {
    if row.key_id != key.key_id() {
        tracing::error!(place = row.place, "an entry of the log is sealed under a key that seals no more");
        return Err(Refusal::Internal);
    }
    LogEntry::from_bytes(row.kind, &key.open_entry(row.place, &row.sealed)?).ok_or(Refusal::Internal)
}

/// A place before which no entry is young enough to matter to the newest event, and so to any that may still come.
async fn first_place_that_matters(app: &App, tenant: &TenantId, last: i64) -> Result<i64, Refusal> {
    match app.store.find_last_event(tenant).await? {
        Some(newest) => first_place_since(app, tenant, last, newest.micros().saturating_sub(RETENTION_US)).await,
        None => Ok(1),
    }
}

/// A place before which no entry is as young as `since`, in microseconds. What became known counts like what happened: it
/// may matter though no event is near it.
///
/// Entries are nearly in order: none is older than one before it by more than [`MAX_DISORDER_US`]. So when one lies by more
/// than that before what matters, so do all before it, and halving finds such a one.
pub(super) async fn first_place_since(app: &App, tenant: &TenantId, last: i64, since: i64) -> Result<i64, Refusal> {
    let matters = since.saturating_sub(MAX_DISORDER_US);
    let (mut before, mut from) = (0, last + 1);
    while from - before > 1 {
        let middle = before + (from - before) / 2;
        match app.store.find_time_of_entry(tenant, middle).await? {
            Some(occurred) if occurred.micros() >= matters => from = middle,
            // No entry before it is young enough.
            _ => before = middle,
        }
    }
    Ok(from)
}
