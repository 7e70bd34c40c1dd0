//! An event: something a customer does, in the clear as it comes in, and hashed as it is kept.

use super::{
    bytes::{Reader, Writer},
    entity::{ENTITY_KINDS, Entities, EntityKey, EntityKind},
    scene::Scene,
};
use crate::domain::{
    credit::Language, features::Features, ids::RequestId, money::Money, text::payload, time::Timestamp,
};

/// The most attributes of an event.
pub const MAX_ATTRIBUTES: usize = 64;
/// How late a live event may be, and how far ahead of the tenant's clock, in microseconds.
pub const MAX_LATE_US: i64 = 48 * 3_600_000_000;
const AHEAD_US: i64 = 60_000_000;
/// How much older an event may be than one that was taken before it, in microseconds.
pub const MAX_DISORDER_US: i64 = MAX_LATE_US + AHEAD_US;
/// How far back events matter to others: the longest window, 30 days, before an event that comes as late as it may. In
/// microseconds.
pub const RETENTION_US: i64 = 30 * 86_400_000_000 + MAX_DISORDER_US;

named!(
    /// What tells a tenant's time, against which live events are held, and at which outcomes become known.
    EventClock {
        /// The server's clock.
        Server = "server",
        /// The newest event: for a sandbox that replays history.
        Event = "event",
    }
);

/// Checks that a live event is neither too old nor ahead of the clock.
///
/// # Errors
/// One sentence that says the rule.
pub fn check_live_time(occurred: Timestamp, now: Timestamp) -> Result<(), String> {
    let late = now.micros().saturating_sub(occurred.micros());
    if (-AHEAD_US..=MAX_LATE_US).contains(&late) {
        Ok(())
    } else {
        Err("must be at most 48 hours ago and at most 60 seconds ahead; history goes through RecordEvents".to_owned())
    }
}

/// Three upper-case letters of ISO 4217.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(pub [u8; 3]);

impl Currency {
    /// The currency of an amount that was checked.
    #[must_use]
    pub fn of(money: &Money) -> Self {
        let mut code = *b"XXX";
        for (to, from) in code.iter_mut().zip(money.currency_code.bytes()) {
            *to = from;
        }
        Self(code)
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

/// An amount of money in minor units: 0 to 9,000,000,000,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// Its currency.
    pub currency: Currency,
    /// Whole minor units.
    pub minor: i64,
}

/// When an event happened where it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime {
    /// The hour, 0-23.
    pub hour: u8,
    /// The day of the week, 0 (Monday) to 6.
    pub weekday: u8,
}

/// A valid event as a partner sends it, with its entities in the clear.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// The partner's id of the event.
    pub request_id: RequestId,
    /// What the customer is doing.
    pub scene: Scene,
    /// When.
    pub occurred: Timestamp,
    /// Minutes east of UTC there, -1,080 to 1,080; nothing when the tenant's time zone tells.
    pub utc_offset_minutes: Option<i32>,
    /// The money at stake.
    pub amount: Option<Money>,
    /// Who and what takes part.
    pub entities: Entities,
    /// What else the partner knows, at most [`MAX_ATTRIBUTES`].
    pub attributes: Features,
    /// Why it is asked for; may be empty.
    pub purpose: String,
    /// The language of the answer's sentences.
    pub language: Language,
    /// Whether the answer tells the features.
    pub tell_features: bool,
}

impl NewEvent {
    /// The bytes that make two requests with one id the same request: everything but the id.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let amount = self
            .amount
            .as_ref()
            .map_or(String::new(), |amount| format!("{} {}", amount.currency_code, amount.amount_minor));
        let offset = self.utc_offset_minutes.map_or(String::new(), |minutes| minutes.to_string());
        let language: &[u8] = match self.language {
            Language::English => b"en",
            Language::Chinese => b"zh",
        };
        let entities: Vec<&[u8]> =
            EntityKind::ALL.into_iter().map(|kind| self.entities.get(kind).unwrap_or_default().as_bytes()).collect();
        payload(&[
            self.scene.to_string().as_bytes(),
            &self.occurred.micros().to_be_bytes(),
            offset.as_bytes(),
            amount.as_bytes(),
            &payload(&entities),
            &self.attributes.canonical(),
            self.purpose.as_bytes(),
            language,
            &[u8::from(self.tell_features)],
        ])
    }
}

/// An event as it is kept: every entity is a keyed hash.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What the customer was doing.
    pub scene: Scene,
    /// When.
    pub occurred: Timestamp,
    /// When, there.
    pub local: LocalTime,
    /// The money at stake.
    pub amount: Option<Amount>,
    /// Who and what took part, by [`EntityKind::index`].
    pub entities: [Option<EntityKey>; ENTITY_KINDS],
    /// The networks that the internet address lies in, as [`network_prefixes`](super::network_prefixes) lists them.
    pub networks: Vec<EntityKey>,
    /// What else the partner knew.
    pub attributes: Features,
}

/// The first byte of an event's bytes.
const VERSION: u8 = 1;

impl Event {
    /// The entity of a kind, if the event has one.
    #[must_use]
    pub fn entity(&self, kind: EntityKind) -> Option<EntityKey> {
        self.entities.get(kind.index()).copied().flatten()
    }

    /// The bytes in which it is sealed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.byte(VERSION);
        to.text(&self.scene.to_string());
        to.int(self.occurred.micros());
        to.byte(self.local.hour);
        to.byte(self.local.weekday);
        match &self.amount {
            None => to.byte(0),
            Some(amount) => {
                to.byte(1);
                to.bytes(&amount.currency.0);
                to.int(amount.minor);
            }
        }
        for entity in &self.entities {
            to.byte(u8::from(entity.is_some()));
            to.bytes(entity.map(EntityKey::to_bytes).as_ref().map_or(&[], <[u8; 16]>::as_slice));
        }
        to.byte(u8::try_from(self.networks.len()).unwrap_or(u8::MAX));
        for network in self.networks.iter().take(usize::from(u8::MAX)) {
            to.bytes(&network.to_bytes());
        }
        to.bytes(&self.attributes.canonical());
        to.done()
    }

    /// Reads bytes back; nothing when they are not what [`Self::to_bytes`] writes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader::of(bytes);
        if from.byte()? != VERSION {
            return None;
        }
        let scene = Scene::parse(&from.text()?).ok()?;
        let occurred = Timestamp::from_micros(from.int()?);
        let local = LocalTime { hour: from.byte()?, weekday: from.byte()? };
        let amount = match from.byte()? {
            0 => None,
            _ => Some(Amount { currency: Currency(from.array()?), minor: from.int()? }),
        };
        let mut entities = [None; ENTITY_KINDS];
        for entity in &mut entities {
            *entity = match from.byte()? {
                0 => None,
                _ => Some(EntityKey::from_bytes(from.array()?)),
            };
        }
        let mut networks = Vec::new();
        for _ in 0..from.byte()? {
            networks.push(EntityKey::from_bytes(from.array()?));
        }
        let attributes = Features::from_canonical(from.rest())?;
        Some(Self { scene, occurred, local, amount, entities, networks, attributes })
    }
}
