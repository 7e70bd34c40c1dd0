//! The behaviour of every tenant's entities, as it stands after the last entry that was taken into the log.
//!
//! It is sharded by tenant: each has a state, a lock and a log of its own, so that nothing of one tenant can reach another,
//! nor hold it up. Inside the lock an event is looked at, gets its place in the log and is taken in; what is decided on it is
//! worked out after the lock. When an entry does not reach the disk the chain of that state is broken: the state is thrown
//! away, and made anew from the log before it answers again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, RwLock},
};

use tokio::sync::{Mutex as AsyncMutex, watch};

use super::{
    fraud::{FraudState, StateSize},
    held,
    known_ids::{EntryId, KnownIds},
};
use crate::domain::{fraud::Chain, ids::TenantId};

/// All tenants' behaviour.
#[derive(Default)]
pub struct Behaviours(RwLock<HashMap<TenantId, Arc<TenantBehaviour>>>);

impl Behaviours {
    /// A tenant's.
    #[must_use]
    pub fn of(&self, tenant: &TenantId) -> Arc<TenantBehaviour> {
        if let Some(found) = held(self.0.read()).get(tenant) {
            return Arc::clone(found);
        }
        Arc::clone(held(self.0.write()).entry(tenant.clone()).or_default())
    }

    /// How large all of it is together; what is being looked at is waited for.
    #[must_use]
    pub fn size(&self) -> StateSize {
        let tenants: Vec<_> = held(self.0.read()).values().map(Arc::clone).collect();
        let sizes = tenants.iter().filter_map(|one| one.lock().as_ref().map(|current| current.state.size()));
        sizes.fold(StateSize::default(), |all, one| StateSize {
            events: all.events + one.events,
            entities: all.entities + one.entities,
            evicted: all.evicted + one.evicted,
        })
    }

    /// Throws everything away: another process may have written since. What is still on its way to the disk must not get
    /// there.
    pub fn forget(&self) {
        for one in held(self.0.write()).drain().map(|(_, one)| one) {
            if let Some(current) = held(one.current.lock()).take() {
                current.chain.break_off();
            }
        }
    }
}

/// One tenant's behaviour; nothing while it must be made from the log.
#[derive(Default)]
pub struct TenantBehaviour {
    current: Mutex<Option<Current>>,
    /// Held by whoever makes it from the log.
    pub making: AsyncMutex<()>,
}

/// A tenant's behaviour as it is now.
pub struct Current {
    /// What is known of its entities.
    pub state: FraudState,
    /// What ties together the entries that were taken into it.
    pub chain: Chain,
    /// The last place of the log that is taken.
    pub last_place: i64,
    /// Entries that are on their way to the disk; whoever waits for one is woken when its sender goes.
    pending: HashMap<EntryId, watch::Receiver<()>>,
    known: KnownIds,
}

impl Current {
    /// A behaviour that was just made from a log up to a place.
    #[must_use]
    pub fn new(state: FraudState, known: KnownIds, last_place: i64) -> Self {
        Self { state, chain: Chain::default(), last_place, pending: HashMap::new(), known }
    }

    /// Whether an entry of that id may be on disk, as far as can be told without looking.
    #[must_use]
    pub fn may_be_on_disk(&self, id: &EntryId) -> bool {
        !self.known.is_complete() || self.known.contains(id)
    }

    /// Whether an entry of that id is neither on its way to the disk nor has just arrived there.
    ///
    /// # Errors
    /// What to wait for; nothing when the entry is on disk already.
    pub fn is_new(&self, id: &EntryId) -> Result<(), Option<watch::Receiver<()>>> {
        if let Some(pending) = self.pending.get(id) {
            return Err(Some(pending.clone()));
        }
        if self.known.contains(id) { Err(None) } else { Ok(()) }
    }

    /// Begins to take a new entry in.
    pub fn begin(&mut self, id: EntryId) -> Begun {
        let (ended, ends) = watch::channel(());
        self.pending.insert(id.clone(), ends);
        Begun { id, _ended: ended }
    }

    fn end(&mut self, id: &EntryId, recorded: bool) {
        self.pending.remove(id);
        if recorded {
            self.known.add(id.0, id.1.as_str());
        }
    }
}

/// An entry that is being taken in. When it goes, whoever waits for it is woken.
pub struct Begun {
    id: EntryId,
    _ended: watch::Sender<()>,
}

impl TenantBehaviour {
    /// The behaviour as it is now, for as long as the guard lives; nothing in it when it must be made from the log.
    pub fn lock(&self) -> MutexGuard<'_, Option<Current>> {
        let mut current = held(self.current.lock());
        if current.as_ref().is_some_and(|current| current.chain.is_broken()) {
            *current = None;
        }
        current
    }

    /// Says that an entry is on disk, or will never be.
    pub fn end(&self, begun: Begun, recorded: bool) {
        if let Some(current) = self.lock().as_mut() {
            current.end(&begun.id, recorded);
        }
        drop(begun);
    }
}
