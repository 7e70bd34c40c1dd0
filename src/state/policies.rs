//! Policies and lists as they decide.

use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
};

use super::held;
use crate::{
    domain::{
        fraud::{EntityKey, EntityKind, Event, FraudList, ListId, PolicyVersionName, Scene},
        ids::{ModelId, TenantId},
        time::Timestamp,
    },
    engine::CompiledPolicy,
};

/// A policy that is in charge.
pub struct ServedPolicy {
    /// Which version.
    pub name: PolicyVersionName,
    /// SHA-256 of what it says.
    pub digest: String,
    /// What it says.
    pub policy: CompiledPolicy,
    /// The model that scores.
    pub model: ModelId,
    /// The tenant's lists, by slot; those that no rule names are empty.
    pub lists: Vec<Arc<ServedList>>,
}

/// The policies of a tenant: read at one moment, they belong together.
pub struct ServedPolicies {
    /// By scene.
    pub by_scene: HashMap<Scene, Arc<ServedPolicy>>,
    /// For all other scenes.
    pub otherwise: Arc<ServedPolicy>,
}

impl ServedPolicies {
    /// The policy that decides a scene.
    #[must_use]
    pub fn of(&self, scene: &Scene) -> Arc<ServedPolicy> {
        Arc::clone(self.by_scene.get(scene).unwrap_or(&self.otherwise))
    }
}

/// A list as it was at one revision.
#[derive(Debug, Clone)]
pub struct ServedList {
    id: ListId,
    kind: EntityKind,
    created: Timestamp,
    revision: i64,
    entries: HashMap<EntityKey, Option<Timestamp>>,
}

impl ServedList {
    /// A list that nothing stands in, as it was when it was made.
    #[must_use]
    pub fn new(list: &FraudList) -> Self {
        let FraudList { id, kind, created, .. } = list;
        Self { id: id.clone(), kind: *kind, created: *created, revision: 0, entries: HashMap::new() }
    }

    /// Its id.
    #[must_use]
    pub const fn name(&self) -> &ListId {
        &self.id
    }

    /// What it holds.
    #[must_use]
    pub const fn kind(&self) -> EntityKind {
        self.kind
    }

    /// Whether it is this list, and not one of the same name that was there before.
    #[must_use]
    pub fn is_of(&self, list: &FraudList) -> bool {
        (self.kind, self.created) == (list.kind, list.created)
    }

    /// How often it had been changed.
    #[must_use]
    pub const fn revision(&self) -> i64 {
        self.revision
    }

    /// Brings it to a revision: each entry is listed until a time, or for ever, or (nothing) not any more.
    pub fn advance(
        &mut self,
        revision: i64,
        changes: impl IntoIterator<Item = (EntityKey, Option<Option<Timestamp>>)>,
    ) {
        self.revision = revision;
        for (entry, listed) in changes {
            match listed {
                Some(expires) => self.entries.insert(entry, expires),
                None => self.entries.remove(&entry),
            };
        }
    }

    /// Whether an event's entity stands in it at a time; internet addresses also by the networks that they lie in.
    #[must_use]
    pub fn holds(&self, event: &Event, at: Timestamp) -> bool {
        match self.kind {
            EntityKind::Ip => event.networks.iter().any(|network| self.has(*network, at).is_some()),
            kind => event.entity(kind).is_some_and(|entity| self.has(entity, at).is_some()),
        }
    }

    /// Until when an entry is listed, at a time; nothing when it is not.
    #[must_use]
    pub fn has(&self, entry: EntityKey, at: Timestamp) -> Option<Option<Timestamp>> {
        self.entries.get(&entry).copied().filter(|expires| expires.is_none_or(|expires| at < expires))
    }
}

/// Lists that were read, so that a change of one entry does not read all others again.
#[derive(Default)]
pub struct ListShelf(RwLock<HashMap<(TenantId, ListId), Arc<ServedList>>>);

impl ListShelf {
    /// The list as it was when it was last read.
    #[must_use]
    pub fn get(&self, tenant: &TenantId, list: &ListId) -> Option<Arc<ServedList>> {
        held(self.0.read()).get(&(tenant.clone(), list.clone())).cloned()
    }

    /// How many lists are kept, and how many entries they have together.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let lists = held(self.0.read());
        (lists.len(), lists.values().map(|list| list.entries.len()).sum())
    }

    /// Keeps a list that was read.
    pub fn keep(&self, tenant: &TenantId, list: Arc<ServedList>) {
        held(self.0.write()).insert((tenant.clone(), list.id.clone()), list);
    }
}
