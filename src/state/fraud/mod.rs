//! What is known of one tenant's entities: recent events and outcomes, and the features that follow from them.
//!
//! Events lie in the order of the log; each entity has the list of its own, sorted by time. A feature is worked out by looking
//! back through such a list from the event's time: exact for whatever order events came in, and bounded by [`StateLimits`].
//! There is nothing to count down when a window passes.

mod entities;
mod marks;
mod records;
mod relations;
mod scan;
mod sparse;
mod vector;

use std::collections::VecDeque;

pub use vector::{FeatureVector, Truncated};

use self::{
    entities::{EntityId, EntityTable},
    marks::Marks,
    records::{Label, Records},
    relations::Cluster,
    scan::Scan,
};
use crate::domain::{
    fraud::{Catalogue, EntityKind, Event, FraudOutcome, OutcomeTarget, RETENTION_US},
    time::Timestamp,
};

/// What bounds the memory and the work of one tenant's state.
#[derive(Debug, Clone, Copy)]
pub struct StateLimits {
    /// The most events that are kept; then the oldest go.
    pub events: usize,
    /// The most of an entity's events that are looked at for one event; the newest are.
    pub scanned: usize,
    /// The most events of each account and thing that are looked at for the linked cluster.
    pub cluster_scanned: usize,
    /// The most accounts of a cluster, and the most things that link them.
    pub cluster_nodes: usize,
    /// The most corrections of one event or entity that are kept.
    pub labels: usize,
}

impl Default for StateLimits {
    fn default() -> Self {
        Self { events: 4_000_000, scanned: 2_048, cluster_scanned: 128, cluster_nodes: 64, labels: 8 }
    }
}

/// How large a state is, and how often it met its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StateSize {
    /// Events that are kept.
    pub events: usize,
    /// Entities that are kept.
    pub entities: usize,
    /// Events that went because there were too many, before they were too old.
    pub evicted: u64,
}

/// What is known of one tenant's entities.
pub struct FraudState {
    limits: StateLimits,
    records: Records,
    entities: EntityTable,
    marks: Marks,
    newest: Option<i64>,
    /// The newest event or outcome.
    newest_entry: Option<i64>,
    /// Outcomes of entities in the order of the log, so that they can be forgotten when they are too old.
    entity_labels: VecDeque<(i64, EntityId)>,
    evicted: u64,
    /// The newest of the events that went too early: what reaches back to it is not whole.
    evicted_until: Option<i64>,
}

impl FraudState {
    /// A state that knows nothing.
    #[must_use]
    pub fn new(limits: StateLimits) -> Self {
        Self {
            limits,
            records: Records::default(),
            entities: EntityTable::default(),
            marks: Marks::default(),
            newest: None,
            newest_entry: None,
            entity_labels: VecDeque::new(),
            evicted: 0,
            evicted_until: None,
        }
    }

    /// The time of the newest event.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.newest.map(Timestamp::from_micros)
    }

    /// The time of the newest event or outcome. Nothing that is much older may follow it, or the place in the log from which on
    /// entries matter could not be found again.
    #[must_use]
    pub fn newest_entry(&self) -> Option<Timestamp> {
        self.newest_entry.map(Timestamp::from_micros)
    }

    /// How large it is.
    #[must_use]
    pub fn size(&self) -> StateSize {
        StateSize { events: self.records.len(), entities: self.entities.len(), evicted: self.evicted }
    }

    /// What is known before an event that was not taken in yet.
    #[must_use]
    pub fn features(&mut self, event: &Event) -> FeatureVector {
        let catalogue = Catalogue::get();
        let mut vector = FeatureVector::of(event, catalogue);
        let ids = event.entities.map(|key| key.and_then(|key| self.entities.find(key)));
        let present = EntityKind::ALL.into_iter().zip(event.entities).zip(&catalogue.entities);
        let present = present.filter(|((_, key), _)| key.is_some());
        let mut of_account = Vec::new();
        for ((kind, _), layout) in present {
            let mut scan = Scan::new(event, &ids, kind, layout, self.limits.scanned);
            if let Some(id) = ids.get(kind.index()).copied().flatten() {
                scan.run(id, &self.records, &self.entities, &mut self.marks);
            }
            scan.write(&mut vector);
            if kind == EntityKind::Account {
                of_account = scan.pairs;
            }
        }
        vector.set_identity(catalogue, event, &of_account);
        let cluster = Cluster::around(event, &ids, &self.records, &self.entities, &self.limits, &mut self.marks);
        cluster.write(catalogue, &mut vector);
        if self.evicted_until.is_some_and(|until| until > event.occurred.micros().saturating_sub(scan::LONGEST_US)) {
            vector.truncated_mut().events = true;
        }
        vector
    }

    /// Takes an event in. `place` is its place in the log, above all before it.
    pub fn apply(&mut self, place: i64, event: &Event) {
        let occurred = event.occurred.micros();
        let newest = self.newest.map_or(occurred, |newest| newest.max(occurred));
        self.newest = Some(newest);
        self.newest_entry = self.newest_entry.max(Some(occurred));
        if occurred >= newest.saturating_sub(RETENTION_US) {
            let ids = event.entities.map(|key| key.map(|key| self.entities.find_or_add(key)));
            let number = self.records.push(place, event, &ids);
            for id in ids.into_iter().flatten() {
                self.entities.add_posting(id, number, &self.records);
            }
        }
        self.forget(newest);
    }

    /// Takes in what became of an event or an entity. It is nothing when the event is not kept any more.
    pub fn apply_outcome(&mut self, outcome: &FraudOutcome) {
        self.newest_entry = self.newest_entry.max(Some(outcome.known.micros()));
        let Some(label) = outcome.label else { return };
        let label = Label { known: outcome.known.micros(), fraud: label.is_fraud() };
        match outcome.target {
            OutcomeTarget::Event(place) => self.records.add_label(place, label, self.limits.labels),
            OutcomeTarget::Entity(_, key) => {
                let id = self.entities.find_or_add(key);
                self.entities.add_label(id, label, self.limits.labels);
                self.entity_labels.push_back((label.known, id));
            }
        }
    }

    /// Lets go of what is too old to matter, or too much.
    fn forget(&mut self, newest: i64) {
        let matters = newest.saturating_sub(RETENTION_US);
        while let Some(oldest) = self.records.oldest() {
            let too_many = self.records.len() > self.limits.events;
            if oldest >= matters && !too_many {
                break;
            }
            if oldest >= matters {
                self.evicted += 1;
                self.evicted_until = Some(self.evicted_until.map_or(oldest, |until| until.max(oldest)));
            }
            let Some((number, entities)) = self.records.pop_oldest() else { break };
            for id in entities {
                self.entities.remove_posting(id, number);
            }
        }
        while let Some((_, id)) = self.entity_labels.front().copied().filter(|(known, _)| *known < matters) {
            self.entity_labels.pop_front();
            self.entities.forget_labels(id, matters);
        }
    }
}
