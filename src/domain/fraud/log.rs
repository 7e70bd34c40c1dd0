//! A tenant's log: events and outcomes in the order in which they were taken. What is known of entities is made of it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::{
    Event, FraudDecision, FraudOutcome,
    bytes::{Reader, Writer},
};
use crate::domain::{
    ids::{Kid, RequestId, TenantId},
    time::Timestamp,
};

/// What was made of an event when it was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ruled {
    /// What was to be done.
    pub decision: FraudDecision,
    /// The model's score, 0-1,000; nothing when rules alone decided.
    pub score: Option<i32>,
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all entries are events, and none is kept for long")]
pub enum LogEntry {
    /// Something happened; with what was made of it, unless it is history.
    Event(Event, Option<Ruled>),
    /// Something became known of an event or an entity.
    Outcome(FraudOutcome),
}

named!(
    /// The kinds of entries. Request ids are unique within a tenant and a kind.
    EntryKind {
        /// Something happened.
        Event = "event",
        /// Something became known.
        Outcome = "outcome",
    }
);

/// Stands in an entry's bytes where rules alone decided.
const NO_SCORE: i64 = -1;

impl LogEntry {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> EntryKind {
        match self {
            Self::Event(..) => EntryKind::Event,
            Self::Outcome(_) => EntryKind::Outcome,
        }
    }

    /// When an event happened; from when on an outcome counts.
    #[must_use]
    pub const fn occurred(&self) -> Timestamp {
        match self {
            Self::Event(event, _) => event.occurred,
            Self::Outcome(outcome) => outcome.known,
        }
    }

    /// The bytes in which it is sealed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        match self {
            Self::Event(event, ruled) => {
                to.text(ruled.map_or("", |ruled| ruled.decision.name()));
                to.int(ruled.and_then(|ruled| ruled.score).map_or(NO_SCORE, i64::from));
                to.bytes(&event.to_bytes());
            }
            Self::Outcome(outcome) => to.bytes(&outcome.to_bytes()),
        }
        to.done()
    }

    /// Reads bytes back; nothing when they are not what [`Self::to_bytes`] writes for this kind.
    #[must_use]
    pub fn from_bytes(kind: EntryKind, bytes: &[u8]) -> Option<Self> {
        let mut from = Reader::of(bytes);
        match kind {
            EntryKind::Outcome => FraudOutcome::from_bytes(bytes).map(Self::Outcome),
            EntryKind::Event => {
                let decision = FraudDecision::from_name(&from.text()?);
                let score = match from.int()? {
                    NO_SCORE => None,
                    score => Some(i32::try_from(score).ok()?),
                };
                let ruled = decision.map(|decision| Ruled { decision, score });
                Some(Self::Event(Event::from_bytes(from.rest())?, ruled))
            }
        }
    }
}

/// An entry that is to be added to the log, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLogEntry {
    /// Whose log.
    pub tenant: TenantId,
    /// Its place: one more than the entry before.
    pub place: i64,
    /// Its kind.
    pub kind: EntryKind,
    /// The partner's id of it.
    pub request_id: RequestId,
    /// Keyed hash of what was sent.
    pub payload_hmac: [u8; 32],
    /// When an event happened; from when on an outcome counts.
    pub occurred: Timestamp,
    /// When it was taken, by the server's clock.
    pub logged: Timestamp,
    /// The key of the caller.
    pub kid: Kid,
    /// `sub` of the caller's token; may be empty.
    pub actor: String,
    /// The key that it is sealed under.
    pub key_id: String,
    /// Nonce, ciphertext and tag.
    pub sealed: Vec<u8>,
    /// What an outcome says of an event, for the counts of the model that scored it.
    pub label: Option<EventLabel>,
}

/// What a report says of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLabel {
    /// The partner's id of the event.
    pub event: RequestId,
    /// Whether the partner let it through; nothing when the report does not say.
    pub approved: Option<bool>,
    /// Whether it was fraud, if that is known; nothing when the report does not speak of it.
    pub bad: Option<Option<bool>>,
}

/// An entry as it is read back, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLogEntry {
    /// Its place.
    pub place: i64,
    /// Its kind.
    pub kind: EntryKind,
    /// The partner's id of it.
    pub request_id: String,
    /// The key that it is sealed under.
    pub key_id: String,
    /// Nonce, ciphertext and tag.
    pub sealed: Vec<u8>,
}

/// What ties the entries of a tenant's log together while they wait for the disk: each was made with all before it in mind.
/// When one of them does not reach the disk, the chain is broken, and whatever was made on it since must not reach it either.
#[derive(Debug, Clone, Default)]
pub struct Chain(Arc<AtomicBool>);

impl Chain {
    /// Says that an entry did not reach the disk, or may not have.
    pub fn break_off(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether an entry did not reach the disk.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
