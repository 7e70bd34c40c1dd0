//! Takes an event or an outcome into a tenant's log and behaviour: the place first, then the behaviour, then the disk.

use std::{future::Future, sync::Arc};

use tokio::{sync::watch, task::JoinHandle};
use tracing::Instrument;

use super::App;
use crate::{
    auth::Caller,
    domain::{
        fraud::{LogEntry, NewLogEntry},
        ids::TenantId,
        refusal::Refusal,
        time::Timestamp,
    },
    state::{Begun, EntryId, TenantBehaviour, fraud::FraudState},
    store::{FoundEntry, Reserved},
    vault::TenantKey,
};

/// How often an entry is tried whose like is on its way to the disk, or whose tenant's behaviour is being made anew.
pub(super) const TRIES: usize = 8;

/// An entry that the behaviour has taken in and the disk has not.
pub(super) struct Taken<T> {
    /// Its place in the log.
    pub place: i64,
    /// Its place in the writer's queue. From here on nothing may wait until it is filled.
    pub reserved: Reserved,
    /// What to end when it is on disk.
    pub begun: Begun,
    /// What was found when it was taken in.
    pub found: T,
}

/// Why an entry cannot be taken in right now: its like is on its way, or its behaviour must be made.
pub(super) struct NotYet(Option<watch::Receiver<()>>);

impl NotYet {
    /// Waits for what stands in the way, as far as that can be waited for.
    pub async fn wait(self) {
        if let Some(mut like) = self.0 {
            // It ends by dropping the sender.
            let _ = like.changed().await;
        }
    }
}

/// Takes an entry in, in one step that nothing can come between. `admit` may refuse it before anything is touched; `take`
/// looks at the behaviour and takes the entry in at a place, with what `admit` gave.
///
/// # Errors
/// What `admit` refuses; what the writer's queue refuses.
pub(super) fn take_entry<A, T>(
    app: &App,
    behaviour: &TenantBehaviour,
    id: &EntryId,
    admit: impl FnOnce(&FraudState) -> Result<A, Refusal>,
    take: impl FnOnce(&mut FraudState, i64, A) -> T,
) -> Result<Result<Taken<T>, NotYet>, Refusal> {
    let mut current = behaviour.lock();
    let Some(current) = current.as_mut() else { return Ok(Err(NotYet(None))) };
    if let Err(like) = current.is_new(id) {
        return Ok(Err(NotYet(like)));
    }
    let admitted = admit(&current.state)?;
    let reserved = app.writer.reserve(current.chain.clone())?;
    let begun = current.begin(id.clone());
    current.last_place += 1;
    let place = current.last_place;
    let found = take(&mut current.state, place, admitted);
    Ok(Ok(Taken { place, reserved, begun, found }))
}

/// Waits until what was taken in is on disk. It goes on when whoever waits has gone: the behaviour must learn how it ended.
pub(super) fn settle<T: Send + 'static>(
    behaviour: &Arc<TenantBehaviour>,
    begun: Begun,
    handed: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Settling<T> {
    let behaviour = Arc::clone(behaviour);
    let settling = async move {
        let settled = handed.await;
        behaviour.end(begun, settled.is_ok());
        settled
    };
    Settling(tokio::spawn(settling.in_current_span()))
}

/// What was taken in, on its way to the disk.
pub struct Settling<T>(JoinHandle<Result<T, Refusal>>);

impl<T> Settling<T> {
    /// Waits until it is on disk.
    ///
    /// # Errors
    /// As the decision writer.
    pub async fn settled(self) -> Result<T, Refusal> {
        self.0.await.map_err(|_| Refusal::Internal)?
    }
}

/// The entry of that id, if it is on disk. Most new ids are known to be new without looking.
///
/// # Errors
/// Unavailable, when it must be looked for and the database does not answer.
pub(super) async fn find_entry(
    app: &App,
    tenant: &TenantId,
    behaviour: &TenantBehaviour,
    id: &EntryId,
) -> Result<Option<FoundEntry>, Refusal> {
    if behaviour.lock().as_ref().is_some_and(|current| !current.may_be_on_disk(id)) {
        return Ok(None);
    }
    Ok(app.store.find_log_entry(tenant, id.0, &id.1).await?)
}

/// An entry, sealed for its place.
///
/// # Errors
/// Internal, when the cryptography fails.
pub(super) fn sealed_entry(
    caller: &Caller,
    key: &TenantKey,
    place: i64,
    id: EntryId,
    payload_hmac: [u8; 32],
    logged: Timestamp,
    entry: &LogEntry,
) -> Result<NewLogEntry, Refusal> {
    Ok(NewLogEntry {
        tenant: caller.tenant().clone(),
        place,
        kind: id.0,
        request_id: id.1,
        payload_hmac,
        occurred: entry.occurred(),
        logged,
        kid: caller.kid().clone(),
        actor: caller.actor().to_owned(),
        key_id: key.key_id().to_owned(),
        sealed: key.seal_entry(place, entry.to_bytes())?,
        label: None,
    })
}
