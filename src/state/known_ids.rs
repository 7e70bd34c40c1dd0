//! The ids of a tenant's log that are known in memory: for most new ids nobody then needs to look on the disk.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use crate::domain::{fraud::EntryKind, ids::RequestId};

/// The id of an entry within a tenant.
pub type EntryId = (EntryKind, RequestId);

/// How many ids a generation holds. Between one and two generations are known.
const GENERATION: usize = 4_000_000;

/// Ids, as 64-bit hashes under a random key: among 8 million, one in 2 * 10^12 new ids is taken for a known one, and its
/// caller is told to come back.
pub struct KnownIds {
    hasher: RandomState,
    young: HashSet<u64, RandomState>,
    old: HashSet<u64, RandomState>,
    complete: bool,
}

impl KnownIds {
    /// Nothing is known yet; `complete` says that every id of the log will be added.
    #[must_use]
    pub fn new(complete: bool) -> Self {
        Self { hasher: RandomState::new(), young: HashSet::default(), old: HashSet::default(), complete }
    }

    /// Adds an id that is on disk.
    pub fn add(&mut self, kind: EntryKind, id: &str) {
        if self.young.len() >= GENERATION {
            self.complete &= self.old.is_empty();
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(self.hasher.hash_one((kind, id)));
    }

    /// Whether an id is known to be on disk.
    #[must_use]
    pub fn contains(&self, (kind, id): &EntryId) -> bool {
        let hash = self.hasher.hash_one((*kind, id.as_str()));
        self.young.contains(&hash) || self.old.contains(&hash)
    }

    /// Whether an id that is not known may be on disk all the same.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.complete
    }
}
