//! The events that are kept, in the order of the log.

use std::collections::VecDeque;

use super::entities::EntityId;
use crate::domain::fraud::{Currency, ENTITY_KINDS, Event, Scene};

/// An event by the order in which it was taken in. It wraps around, and no two that are kept are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct RecordNumber(u32);

/// What became known of an event or an entity, and from when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label {
    /// From when on, in microseconds.
    pub known: i64,
    /// Whether it was fraud.
    pub fraud: bool,
}

/// Labels in the order of the log: the last one that was known by a time is in force then. Hardly anything has any, and then
/// they take no more than a pointer.
#[derive(Debug, Default)]
pub(super) struct Labels(Option<Box<Known>>);

#[derive(Debug, Default)]
struct Known(Vec<Label>);

impl Labels {
    pub fn add(&mut self, label: Label, most: usize) {
        let Known(known) = &mut **self.0.get_or_insert_default();
        if known.len() >= most && !known.is_empty() {
            known.remove(0);
        }
        known.push(label);
    }

    /// From when on it was fraud, as it was known at a time; nothing when it was not known as such.
    pub fn fraud_at(&self, at: i64) -> Option<i64> {
        let in_force = self.0.as_ref()?.0.iter().rev().find(|label| label.known <= at)?;
        in_force.fraud.then_some(in_force.known)
    }

    pub fn forget_before(&mut self, matters: i64) {
        if let Some(known) = &mut self.0 {
            known.0.retain(|label| label.known >= matters);
        }
        self.0.take_if(|known| known.0.is_empty());
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

/// What is kept of an event.
#[derive(Debug)]
pub(super) struct Record {
    pub occurred: i64,
    place: i64,
    /// In minor units of the currency.
    pub amount: i64,
    pub currency: Option<Currency>,
    scene: u16,
    pub hour: u8,
    pub weekday: u8,
    pub entities: [Option<EntityId>; ENTITY_KINDS],
    pub labels: Labels,
}

/// The events that are kept.
#[derive(Debug, Default)]
pub(super) struct Records {
    kept: VecDeque<Record>,
    /// The number of the first that is kept.
    first: u32,
    /// The scenes that were met; their places are their numbers. Beyond 65,535 of them all others are one.
    scenes: Vec<Scene>,
}

impl Records {
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    pub fn oldest(&self) -> Option<i64> {
        self.kept.front().map(|record| record.occurred)
    }

    pub fn get(&self, number: RecordNumber) -> Option<&Record> {
        self.kept.get(usize::try_from(number.0.wrapping_sub(self.first)).ok()?)
    }

    /// The number of a scene that was met.
    pub fn scene_of(&self, scene: &Scene) -> Option<u16> {
        self.scenes.iter().position(|met| met == scene).and_then(|at| u16::try_from(at).ok())
    }

    pub fn push(&mut self, place: i64, event: &Event, entities: &[Option<EntityId>; ENTITY_KINDS]) -> RecordNumber {
        let scene = self.scene_of(&event.scene).unwrap_or_else(|| {
            self.scenes.push(event.scene.clone());
            u16::try_from(self.scenes.len() - 1).unwrap_or(u16::MAX)
        });
        self.kept.push_back(Record {
            occurred: event.occurred.micros(),
            place,
            amount: event.amount.map_or(0, |amount| amount.minor),
            currency: event.amount.map(|amount| amount.currency),
            scene,
            hour: event.local.hour,
            weekday: event.local.weekday,
            entities: *entities,
            labels: Labels::default(),
        });
        let behind = u32::try_from(self.kept.len() - 1).unwrap_or(u32::MAX);
        RecordNumber(self.first.wrapping_add(behind))
    }

    pub fn pop_oldest(&mut self) -> Option<(RecordNumber, impl Iterator<Item = EntityId> + use<>)> {
        let record = self.kept.pop_front()?;
        let number = RecordNumber(self.first);
        self.first = self.first.wrapping_add(1);
        Some((number, record.entities.into_iter().flatten()))
    }

    /// Adds a label to the event at a place of the log.
    pub fn add_label(&mut self, place: i64, label: Label, most: usize) {
        if let Ok(at) = self.kept.binary_search_by_key(&place, |record| record.place)
            && let Some(record) = self.kept.get_mut(at)
        {
            record.labels.add(label, most);
        }
    }
}

impl Record {
    pub fn is_of_scene(&self, scene: Option<u16>) -> bool {
        scene == Some(self.scene)
    }
}
