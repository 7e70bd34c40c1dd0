//! Who may call: registered keys with their tenants, and tokens that were verified.
//!
//! Every change of a tenant or a key makes all of it old. Whoever changes something says so at once
//! ([`Directory::changed`]); what other processes change is seen by asking the store for its count of changes
//! ([`Directory::seen`]). When that was not asked for a second, nothing here is believed.

use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
};

use super::held;
use crate::{
    auth::{Caller, VerifyingKey},
    domain::{
        ids::{Kid, TenantId},
        tenant::Tenant,
        time::Timestamp,
    },
};

/// How long what is here is believed without asking the store whether something changed, in microseconds.
const BELIEVED_US: i64 = 1_000_000;
/// The most keys that are kept, those that do not exist among them: a flood of made-up ids must not fill the memory.
const MAX_KEYS: usize = 50_000;
/// The most verified tokens that are kept.
const MAX_TOKENS: usize = 100_000;

/// What is known of a key id: the key with its tenant, or that there is none.
#[derive(Clone)]
pub enum Known {
    /// There is such a key.
    Key(Arc<VerifyingKey>, Arc<Tenant>),
    /// There is no such key.
    Nothing,
}

/// Registered keys and verified tokens.
#[derive(Default)]
pub struct Directory(RwLock<Entries>);

#[derive(Default)]
struct Entries {
    /// The store's count of changes that these entries are not older than, and when that was last confirmed.
    changes: i64,
    confirmed: Option<Timestamp>,
    /// How often the entries were thrown away. What was read before that must not be put in after it.
    generation: u64,
    keys: HashMap<(TenantId, Kid), Known>,
    tokens: HashMap<[u8; 32], Arc<Caller>>,
}

impl Entries {
    fn clear(&mut self) {
        self.generation += 1;
        self.keys.clear();
        self.tokens.clear();
    }

    fn believed(&self, now: Timestamp) -> bool {
        // A clock that was set back must not make what is old look fresh for long.
        self.confirmed.is_some_and(|confirmed| (now.micros() - confirmed.micros()).abs() <= BELIEVED_US)
    }
}

impl Directory {
    /// Says that a tenant or a key was changed by this process.
    pub fn changed(&self) {
        held(self.0.write()).clear();
    }

    /// Says what count of changes the store had at a time.
    pub fn seen(&self, changes: i64, asked: Timestamp) {
        let mut entries = held(self.0.write());
        if entries.changes != changes {
            entries.changes = changes;
            entries.clear();
        }
        entries.confirmed = Some(asked);
    }

    /// What is known of a key, if anything is; and the generation to hand back with what the store says.
    #[must_use]
    pub fn key(&self, tenant: &TenantId, kid: &Kid, now: Timestamp) -> (Option<Known>, u64) {
        let entries = held(self.0.read());
        let known = entries.keys.get(&(tenant.clone(), kid.clone())).filter(|_| entries.believed(now)).cloned();
        (known, entries.generation)
    }

    /// Keeps what the store said of a key, unless something changed since the generation was taken.
    pub fn keep_key(&self, tenant: TenantId, kid: Kid, known: Known, generation: u64) {
        let mut entries = held(self.0.write());
        if entries.generation == generation {
            if entries.keys.len() >= MAX_KEYS {
                entries.keys.clear();
            }
            entries.keys.insert((tenant, kid), known);
        }
    }

    /// The caller whose token has this hash, if it was verified and nothing changed since.
    #[must_use]
    pub fn caller(&self, token_hash: &[u8; 32], now: Timestamp) -> Option<Arc<Caller>> {
        let entries = held(self.0.read());
        let caller = entries.tokens.get(token_hash)?;
        (entries.believed(now) && now < caller.expires()).then(|| Arc::clone(caller))
    }

    /// Keeps a verified caller, unless something changed since the generation was taken.
    pub fn keep_caller(&self, token_hash: [u8; 32], caller: Arc<Caller>, generation: u64) {
        let mut entries = held(self.0.write());
        if entries.generation == generation {
            if entries.tokens.len() >= MAX_TOKENS {
                entries.tokens.clear();
            }
            entries.tokens.insert(token_hash, caller);
        }
    }
}
