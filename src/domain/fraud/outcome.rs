//! What became of an event or an entity.

use super::{
    bytes::{Reader, Writer},
    entity::{EntityKey, EntityKind},
};
use crate::domain::time::Timestamp;

named!(
    /// What an event or an entity turned out to be. The latest report of a target is in force.
    FraudLabel {
        /// Fraud, confirmed.
        Fraud = "fraud",
        /// Genuine, confirmed.
        Genuine = "genuine",
        /// The customer's bank took the money back; counted as confirmed fraud.
        ChargeBack = "charge_back",
        /// Not known, or not known any more.
        Unsure = "unsure",
    }
);

impl FraudLabel {
    /// Whether it counts as confirmed fraud.
    #[must_use]
    pub const fn is_fraud(self) -> bool {
        matches!(self, Self::Fraud | Self::ChargeBack)
    }
}

named!(
    /// What the partner did with an event.
    PartnerAction {
        /// The customer passed a challenge.
        ChallengePassed = "challenge_passed",
        /// The customer failed a challenge.
        ChallengeFailed = "challenge_failed",
        /// The event was let through, perhaps after a review.
        Released = "released",
        /// The event was stopped.
        Blocked = "blocked",
    }
);

impl PartnerAction {
    /// Whether the event went through.
    #[must_use]
    pub const fn let_through(self) -> bool {
        matches!(self, Self::ChallengePassed | Self::Released)
    }
}

/// What an outcome is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutcomeTarget {
    /// The event at this place of the tenant's log.
    Event(i64),
    /// Everything that an entity does.
    Entity(EntityKind, EntityKey),
}

/// An outcome as it is kept in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FraudOutcome {
    /// What it is about.
    pub target: OutcomeTarget,
    /// What that turned out to be; nothing when only the action is reported.
    pub label: Option<FraudLabel>,
    /// What the partner did; of events only.
    pub action: Option<PartnerAction>,
    /// From when on it counts: when it was reported, or, in a history, when it became known.
    pub known: Timestamp,
}

/// The first byte of an outcome's bytes.
const VERSION: u8 = 1;

impl FraudOutcome {
    /// The bytes in which it is sealed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.byte(VERSION);
        match self.target {
            OutcomeTarget::Event(place) => {
                to.byte(0);
                to.int(place);
            }
            OutcomeTarget::Entity(kind, key) => {
                to.byte(1);
                to.text(kind.name());
                to.bytes(&key.to_bytes());
            }
        }
        to.text(self.label.map_or("", FraudLabel::name));
        to.text(self.action.map_or("", PartnerAction::name));
        to.int(self.known.micros());
        to.done()
    }

    /// Reads bytes back; nothing when they are not what [`Self::to_bytes`] writes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader::of(bytes);
        if from.byte()? != VERSION {
            return None;
        }
        let target = match from.byte()? {
            0 => OutcomeTarget::Event(from.int()?),
            _ => OutcomeTarget::Entity(EntityKind::from_name(&from.text()?)?, EntityKey::from_bytes(from.array()?)),
        };
        let label = FraudLabel::from_name(&from.text()?);
        let action = PartnerAction::from_name(&from.text()?);
        Some(Self { target, label, action, known: Timestamp::from_micros(from.int()?) })
    }
}
