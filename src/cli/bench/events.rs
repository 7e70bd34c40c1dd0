//! Events to check: customers who come back with their own cards and devices, behind shared networks.

use prost::Message as _;

use crate::{
    cli::load::applicants::Message,
    clock::Clock,
    rpc::proto::{
        common::Money,
        fraud::{CheckFraudRequest, Entities, FraudEvent, RecordEventsRequest, Scene, record_events_request::Record},
    },
};

/// Entities that each customer brings, as far as they are counted: account, card, device, phone, email, address, ip.
const ENTITIES_A_CUSTOMER: u64 = 7;
/// Events of each customer before the bench.
const VISITS: u64 = 3;
/// How far back the first of them are, in seconds.
const HISTORY_SECONDS: u64 = 29 * 86_400;
/// How many different events are checked.
const MESSAGES: u64 = 50_000;

/// The customers of a bench.
#[derive(Debug, Clone, Copy)]
pub(super) struct Customers {
    count: u64,
    now: u64,
}

impl Customers {
    /// As many as bring about so many entities.
    pub(super) fn with_entities(entities: u64) -> Self {
        let now = u64::try_from(Clock.now().seconds()).unwrap_or_default();
        Self { count: entities.div_ceil(ENTITIES_A_CUSTOMER).max(1), now }
    }

    /// The events before the bench, oldest first.
    pub(super) fn history(self) -> impl Iterator<Item = RecordEventsRequest> {
        let events = self.events();
        (0..events).map(move |at| {
            let seconds = self.now - HISTORY_SECONDS + at * (HISTORY_SECONDS - 3_600) / events;
            RecordEventsRequest {
                request_id: format!("past-{at:012}"),
                record: Some(Record::Event(Self::event(scattered(at) % self.count, at, seconds))),
            }
        })
    }

    /// How many events there are before the bench.
    pub(super) const fn events(self) -> u64 {
        self.count * VISITS
    }

    /// How many entities there are, networks and merchants apart.
    pub(super) const fn entities(self) -> u64 {
        self.count * ENTITIES_A_CUSTOMER
    }

    /// Requests for checks of now.
    pub(super) fn messages(self) -> Vec<Message> {
        let message = |at: u64| {
            let event = Self::event(scattered(at + self.events()) % self.count, at, self.now);
            Message(CheckFraudRequest { event: Some(event), ..CheckFraudRequest::default() }.encode_to_vec())
        };
        (0..MESSAGES).map(message).collect()
    }

    fn event(customer: u64, at: u64, seconds: u64) -> FraudEvent {
        let scene =
            [Scene::Payment, Scene::Login, Scene::Order, Scene::Withdrawal][usize::from(at.to_le_bytes()[0] % 4)];
        let household = customer / 3;
        FraudEvent {
            scene: scene as i32,
            event_time: Some(prost_types::Timestamp { seconds: i64::try_from(seconds).unwrap_or(i64::MAX), nanos: 0 }),
            amount: Some(Money {
                currency_code: "CNY".to_owned(),
                amount_minor: i64::try_from(scattered(at) % 100_000).unwrap_or_default(),
            }),
            entities: Some(Entities {
                account: format!("account-{customer}"),
                card: format!("card-{customer}"),
                device: format!("device-{customer}"),
                ip: format!("10.{}.{}.{}", customer >> 16 & 0xff, customer >> 8 & 0xff, customer & 0xff),
                phone: format!("+99900{customer:08}"),
                email: format!("customer-{customer}@example.com"),
                address: format!("{household} example street"),
                merchant: format!("merchant-{}", scattered(at) % 2_000),
                ..Entities::default()
            }),
            ..FraudEvent::default()
        }
    }
}

/// A number that looks random and is always the same (the finaliser of `MurmurHash3`, public domain).
const fn scattered(at: u64) -> u64 {
    let mixed = (at ^ at >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let mixed = (mixed ^ mixed >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^ mixed >> 33
}
