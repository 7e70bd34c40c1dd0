//! Events as partners ask about them, from small pools, so that entities meet often.

use riskport::rpc::proto::{
    common::Money,
    fraud::{CheckFraudRequest, Entities, FraudEvent, FraudLabel, FraudOutcome, Scene, fraud_outcome::Target},
};

use crate::support::now;

/// Friday, 9 January 2026, 00:00 UTC.
pub const START: i64 = 1_767_916_800;

/// The `at`-th of a series of numbers that look random and are always the same.
pub fn noise(at: usize) -> usize {
    let mut mixed = (at as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0x2545_F491_4F6C_DD1D);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    usize::try_from((mixed ^ mixed >> 31) >> 1).unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "messages have it so")]
pub fn time(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds, nanos: 0 })
}

/// The `at`-th event: time goes on by a few minutes each, with some that come late.
pub fn event(at: usize) -> FraudEvent {
    let pick = |salt: usize, pool: usize| noise(at * 16 + salt) % pool;
    let late = if pick(0, 9) == 0 { pick(1, 40_000) } else { 0 };
    let seconds = START + i64::try_from(at * 240).unwrap() - i64::try_from(late).unwrap();
    let some = |salt: usize, pool: usize, prefix: &str| match pick(salt + 8, 5) {
        0 => String::new(),
        _ => format!("{prefix}{}", pick(salt, pool)),
    };
    FraudEvent {
        scene: [Scene::Payment, Scene::Login, Scene::Order, Scene::Withdrawal][pick(2, 4)] as i32,
        event_time: time(seconds),
        amount: (pick(3, 4) > 0)
            .then(|| Money { currency_code: "CNY".to_owned(), amount_minor: i64::try_from(pick(4, 90_000)).unwrap() }),
        entities: Some(Entities {
            account: format!("account-{}", pick(5, 15)),
            card: some(1, 20, "card-"),
            device: some(2, 12, "device-"),
            ip: some(3, 30, "10.1.2."),
            phone: some(4, 15, "+8613800000"),
            merchant: some(5, 6, "merchant-"),
            address: some(6, 10, "street "),
            ..Entities::default()
        }),
        ..FraudEvent::default()
    }
}

/// The request for the `at`-th event.
pub fn check(id: &str, at: usize) -> CheckFraudRequest {
    CheckFraudRequest {
        request_id: id.to_owned(),
        event: Some(event(at)),
        include_features: true,
        ..CheckFraudRequest::default()
    }
}

/// A request for an event of now.
pub fn check_now(id: &str, at: usize) -> CheckFraudRequest {
    let mut request = check(id, at);
    request.event.as_mut().unwrap().event_time = Some(now());
    request
}

/// What became of an event.
#[expect(clippy::unnecessary_wraps, reason = "messages have it so")]
pub fn outcome(event: &str, label: FraudLabel, known: i64) -> Option<FraudOutcome> {
    Some(FraudOutcome {
        target: Some(Target::Event(event.to_owned())),
        label: label as i32,
        known_time: time(known),
        ..FraudOutcome::default()
    })
}
