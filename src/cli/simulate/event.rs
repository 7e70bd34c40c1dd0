//! What is asked of the simulation, and what comes of it.

use std::{fmt, net::IpAddr, num::NonZeroU64};

use crate::domain::{fraud::Scene, time::Timestamp};

/// How the frauds differ between two simulations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Variant {
    /// What a model may learn from.
    Training,
    /// Other rings, other speeds, other sizes and other hours: what a model must not have seen.
    Unseen,
}

/// How much fraud there is of each pattern: fraudulent events for each 10,000 genuine ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FraudMix {
    /// Payments with stolen cards.
    pub stolen_card: u32,
    /// Payments with cards that were copied at a terminal.
    pub compromised_terminal: u32,
    /// Accounts taken over.
    pub account_takeover: u32,
    /// Coupons claimed by accounts made for it.
    pub coupon_farm: u32,
    /// Places and rare goods taken to be sold on.
    pub scalper_ring: u32,
    /// Orders that nobody wants, for a merchant's rank.
    pub fake_order_ring: u32,
}

impl FraudMix {
    /// The usual mix, about 1 % of all events.
    pub const USUAL: Self = Self {
        stolen_card: 17,
        compromised_terminal: 17,
        account_takeover: 21,
        coupon_farm: 14,
        scalper_ring: 19,
        fake_order_ring: 17,
    };

    /// The usual mix, scaled to a share of all events in 10,000ths.
    #[must_use]
    pub fn of_share(share: u32) -> Self {
        let scaled = |part: u32| (part.saturating_mul(share) / 100).max(1);
        Self {
            stolen_card: scaled(Self::USUAL.stolen_card),
            compromised_terminal: scaled(Self::USUAL.compromised_terminal),
            account_takeover: scaled(Self::USUAL.account_takeover),
            coupon_farm: scaled(Self::USUAL.coupon_farm),
            scalper_ring: scaled(Self::USUAL.scalper_ring),
            fake_order_ring: scaled(Self::USUAL.fake_order_ring),
        }
    }
}

/// What to simulate. The same settings give the same events on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimulateSettings {
    /// What every random number comes from. The customers, merchants and places of one seed are the same whenever they are
    /// looked at, so that a later start goes on with the same people.
    pub seed: u64,
    /// When it begins, in UTC.
    pub start: Timestamp,
    /// How many days it lasts.
    pub days: u32,
    /// How many customers there are when it begins; one in a hundred joins each day.
    pub customers: u32,
    /// How much fraud there is.
    pub fraud: FraudMix,
    /// Which frauds.
    pub variant: Variant,
}

/// How an event is a fraud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FraudPattern {
    /// A card's details are tried with small amounts, then used up, from strange devices and networks.
    StolenCard,
    /// Cards are copied at a terminal, and the copies used there and elsewhere, days later.
    CompromisedTerminal,
    /// Somebody else signs in, changes the phone number and takes the money.
    AccountTakeover,
    /// Accounts are opened for the coupons alone.
    CouponFarm,
    /// Places and rare goods are taken the minute they are released.
    ScalperRing,
    /// A merchant's friends order what nobody wants.
    FakeOrderRing,
}

impl FraudPattern {
    /// Every pattern.
    pub const ALL: [Self; 6] = [
        Self::StolenCard,
        Self::CompromisedTerminal,
        Self::AccountTakeover,
        Self::CouponFarm,
        Self::ScalperRing,
        Self::FakeOrderRing,
    ];

    /// Its name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::StolenCard => "stolen-card",
            Self::CompromisedTerminal => "compromised-terminal",
            Self::AccountTakeover => "account-takeover",
            Self::CouponFarm => "coupon-farm",
            Self::ScalperRing => "scalper-ring",
            Self::FakeOrderRing => "fake-order-ring",
        }
    }
}

/// One event of the simulation. Every value is made up: internet addresses are private, shared or for documentation, emails
/// are at example.com, and phone numbers begin with +999, which is nobody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedEvent {
    /// Unique within a seed, a variant and a start.
    pub request_id: String,
    /// What the customer is doing.
    pub scene: Scene,
    /// When, in microseconds since 1970 in UTC.
    pub time_us: i64,
    /// Minutes east of UTC there.
    pub utc_offset_minutes: i32,
    /// The money at stake in minor units.
    pub amount_minor: Option<i64>,
    /// Its currency, with [`Self::amount_minor`] only.
    pub currency: Option<&'static str>,
    /// The customer's account.
    pub account: Option<String>,
    /// The payment card.
    pub card: Option<String>,
    /// The phone or machine.
    pub device: Option<String>,
    /// The internet address.
    pub ip: Option<String>,
    /// The phone number.
    pub phone: Option<String>,
    /// The email address.
    pub email: Option<String>,
    /// The postal address.
    pub address: Option<String>,
    /// Who sells.
    pub merchant: Option<String>,
    /// The till.
    pub terminal: Option<String>,
    /// Who gets the money.
    pub beneficiary: Option<String>,
    /// How it is a fraud; nothing when it is genuine.
    pub fraud: Option<FraudPattern>,
    /// How long after the event it becomes known what it was, by nature, in microseconds: hours when the platform's people
    /// find it, weeks when a bank takes the money back, 30 days when nobody ever complains.
    pub label_known_after_us: i64,
}

/// What a thing is called within the simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id(pub(super) NonZeroU64);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}", self.0)
    }
}

/// Who and what takes part.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Parties {
    pub(super) account: Option<Id>,
    pub(super) card: Option<Id>,
    pub(super) device: Option<Id>,
    pub(super) ip: Option<IpAddr>,
    pub(super) phone: Option<Id>,
    pub(super) email: Option<Id>,
    pub(super) address: Option<Id>,
    pub(super) merchant: Option<Id>,
    pub(super) terminal: Option<Id>,
    pub(super) beneficiary: Option<Id>,
}

/// Money in minor units.
#[derive(Debug, Clone, Copy)]
pub(super) struct Price {
    pub(super) minor: i64,
    pub(super) currency: &'static str,
}

/// An event before it has its place among the others, in half the memory.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) scene: Scene,
    pub(super) time_us: i64,
    pub(super) offset: i16,
    pub(super) price: Option<Price>,
    pub(super) parties: Parties,
    pub(super) fraud: Option<FraudPattern>,
    pub(super) known_after_us: i64,
}

impl Draft {
    /// The event with this id.
    pub(super) fn event(self, request_id: String) -> SimulatedEvent {
        let named = |prefix: &'static str| move |id: Id| format!("{prefix}-{id}");
        let Parties { account, card, device, ip, phone, email, address, merchant, terminal, beneficiary } =
            self.parties;
        SimulatedEvent {
            request_id,
            scene: self.scene,
            time_us: self.time_us,
            utc_offset_minutes: i32::from(self.offset),
            amount_minor: self.price.map(|price| price.minor),
            currency: self.price.map(|price| price.currency),
            account: account.map(named("acct")),
            card: card.map(named("card")),
            device: device.map(named("dev")),
            ip: ip.map(|ip| ip.to_string()),
            phone: phone.map(|Id(bits)| format!("+999{:011}", bits.get() % 100_000_000_000)),
            email: email.map(|id| format!("u{id}@example.com")),
            address: address.map(|id| format!("house {id}")),
            merchant: merchant.map(named("shop")),
            terminal: terminal.map(named("till")),
            beneficiary: beneficiary.map(named("payee")),
            fraud: self.fraud,
            label_known_after_us: self.known_after_us,
        }
    }
}
