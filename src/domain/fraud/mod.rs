//! Fraud: events, the entities that take part in them, what is known of them before they are decided, and what became of
//! them.
//!
//! An event comes in with its entities in the clear ([`NewEvent`]); at the door their values become keyed hashes, and only
//! that form ([`Event`]) reaches the state, the log and the disk.

mod bytes;
mod catalogue;
mod decision;
mod entity;
mod event;
mod list;
mod log;
mod outcome;
mod policy;
mod report;
mod scene;

pub use catalogue::{Catalogue, EntityLayout, FeatureDef, FeatureType, IDENTITY_CODES, WINDOWS, WINDOWS_US};
pub use decision::FraudDecision;
pub use entity::{ENTITY_KINDS, Entities, EntityKey, EntityKind, list_entry, network_prefixes};
pub use event::{
    Amount, Currency, Event, EventClock, LocalTime, MAX_ATTRIBUTES, MAX_DISORDER_US, MAX_LATE_US, NewEvent,
    RETENTION_US, check_live_time,
};
pub use list::{ChangedEntries, EntryChange, EntryState, FraudList, ListId};
pub use log::{Chain, EntryKind, EventLabel, LogEntry, NewLogEntry, Ruled, StoredLogEntry};
pub use outcome::{FraudLabel, FraudOutcome, OutcomeTarget, PartnerAction};
pub use policy::{
    Attribute, AttributeType, MAX_RULE_ATTRIBUTES, MAX_RULES, MAX_SCENES, PolicyId, PolicySpec, PolicyStage,
    PolicyVersion, PolicyVersionName, Rule, RuleMode, Thresholds,
};
pub use report::{FraudReport, ReportTarget};
pub use scene::Scene;
