//! Entities, and the events of each in the order of their times.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasherDefault, Hasher},
    num::NonZeroU32,
};

use super::records::{Label, Labels, RecordNumber, Records};
use crate::domain::fraud::EntityKey;

/// An entity, for as long as it is kept: one more than its place among the slots, so that none takes no space of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct EntityId(NonZeroU32);

impl EntityId {
    fn of(place: usize) -> Self {
        Self(u32::try_from(place).ok().and_then(|place| NonZeroU32::MIN.checked_add(place)).unwrap_or(NonZeroU32::MAX))
    }

    /// Its place among the slots.
    pub fn place(self) -> usize {
        usize::try_from(self.0.get() - 1).unwrap_or(usize::MAX)
    }
}

/// What is kept of an entity.
#[derive(Debug)]
struct Entity {
    key: EntityKey,
    /// Its events by time; of equal times in the order of the log.
    postings: VecDeque<RecordNumber>,
    labels: Labels,
}

/// Takes the hash that an [`EntityKey`] is: half of its bits are random enough.
#[derive(Default)]
pub(super) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, value: u128) {
        self.0 = u64::try_from(value >> 64).unwrap_or(0);
    }
}

/// The entities that are kept. Keys of different kinds are different hashes, so the kind need not stand here.
#[derive(Debug, Default)]
pub(super) struct EntityTable {
    by_key: HashMap<EntityKey, EntityId, BuildHasherDefault<KeyHasher>>,
    slots: Vec<Option<Entity>>,
    free: Vec<EntityId>,
}

impl EntityTable {
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    pub fn find(&self, key: EntityKey) -> Option<EntityId> {
        self.by_key.get(&key).copied()
    }

    pub fn find_or_add(&mut self, key: EntityKey) -> EntityId {
        if let Some(id) = self.find(key) {
            return id;
        }
        let entity = Entity { key, postings: VecDeque::new(), labels: Labels::default() };
        let id = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            EntityId::of(self.slots.len() - 1)
        });
        if let Some(slot) = self.slots.get_mut(id.place()) {
            *slot = Some(entity);
        }
        self.by_key.insert(key, id);
        id
    }

    fn get(&self, id: EntityId) -> Option<&Entity> {
        self.slots.get(id.place()).and_then(Option::as_ref)
    }

    fn get_mut(&mut self, id: EntityId) -> Option<&mut Entity> {
        self.slots.get_mut(id.place()).and_then(Option::as_mut)
    }

    /// Puts an event, which was taken in last, into the order of an entity's events.
    pub fn add_posting(&mut self, id: EntityId, number: RecordNumber, records: &Records) {
        let Some(occurred) = records.get(number).map(|record| record.occurred) else { return };
        let Some(entity) = self.get_mut(id) else { return };
        let later = |posting: &RecordNumber| records.get(*posting).is_some_and(|record| record.occurred > occurred);
        // Nearly all come in order, and the others are not far from it.
        let behind = entity.postings.iter().rev().take_while(|posting| later(posting)).count();
        entity.postings.insert(entity.postings.len() - behind, number);
    }

    /// Takes an event out, and the entity when that was all that was known of it.
    pub fn remove_posting(&mut self, id: EntityId, number: RecordNumber) {
        let Some(entity) = self.get_mut(id) else { return };
        // What goes is old, and so near the front.
        if let Some(at) = entity.postings.iter().position(|posting| *posting == number) {
            entity.postings.remove(at);
        }
        self.drop_if_unknown(id);
    }

    pub fn add_label(&mut self, id: EntityId, label: Label, most: usize) {
        if let Some(entity) = self.get_mut(id) {
            entity.labels.add(label, most);
        }
    }

    pub fn forget_labels(&mut self, id: EntityId, matters: i64) {
        if let Some(entity) = self.get_mut(id) {
            entity.labels.forget_before(matters);
        }
        self.drop_if_unknown(id);
    }

    fn drop_if_unknown(&mut self, id: EntityId) {
        let unknown = self.get(id).is_some_and(|one| one.postings.is_empty() && one.labels.is_empty());
        if let Some(slot) = self.slots.get_mut(id.place()).filter(|_| unknown)
            && let Some(entity) = slot.take()
        {
            self.by_key.remove(&entity.key);
            self.free.push(id);
        }
    }

    /// From when on the entity itself was known as fraud, at a time.
    pub fn fraud_at(&self, id: EntityId, at: i64) -> Option<i64> {
        self.get(id)?.labels.fraud_at(at)
    }

    /// The events of an entity up to a time, the latest first.
    pub fn before<'a>(
        &'a self,
        id: EntityId,
        at: i64,
        records: &'a Records,
    ) -> impl Iterator<Item = (RecordNumber, &'a super::records::Record)> {
        let postings = self.get(id).map(|entity| entity.postings.iter()).unwrap_or_default();
        let found = postings.rev().filter_map(|number| records.get(*number).map(|record| (*number, record)));
        found.skip_while(move |(_, record)| record.occurred > at)
    }

    /// The first event of an entity after a time.
    pub fn first_after<'a>(
        &self,
        id: EntityId,
        after: i64,
        records: &'a Records,
    ) -> Option<&'a super::records::Record> {
        let postings = &self.get(id)?.postings;
        let at = postings.partition_point(|one| records.get(*one).is_none_or(|record| record.occurred <= after));
        postings.get(at).and_then(|number| records.get(*number))
    }
}
