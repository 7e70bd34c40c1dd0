//! Random events and outcomes from small pools, so that entities meet often.

use proptest::prelude::*;
use riskport::domain::{
    features::Features,
    fraud::{
        Amount, Currency, ENTITY_KINDS, EntityKey, EntityKind, Event, FraudLabel, FraudOutcome, LocalTime,
        OutcomeTarget, Scene,
    },
    time::Timestamp,
};

/// One step of a tenant's log.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "nearly all steps are events")]
pub enum Step {
    Event(Event),
    Outcome(FraudOutcome),
}

/// The entity of a kind with this number.
pub fn key(kind: EntityKind, number: u128) -> EntityKey {
    let spread = (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    EntityKey::from_bytes((spread ^ (kind.index() as u128 + 1) << 120).to_be_bytes())
}

const KINDS: [(EntityKind, u8); ENTITY_KINDS] = [
    (EntityKind::Account, 12),
    (EntityKind::Card, 10),
    (EntityKind::Device, 8),
    (EntityKind::Ip, 6),
    (EntityKind::Phone, 9),
    (EntityKind::Email, 9),
    (EntityKind::Address, 6),
    (EntityKind::Merchant, 4),
    (EntityKind::Terminal, 5),
    (EntityKind::Beneficiary, 5),
    (EntityKind::Network, 4),
];

/// The drawn parts of one step: how far time goes on, how late an event is, what it is, and which entities it has.
#[derive(Debug, Clone)]
pub struct Draw {
    gap: u64,
    late: u64,
    kind: u8,
    picks: [u8; ENTITY_KINDS],
    amount: Option<(u8, i64)>,
    scene: u8,
    target: u16,
    label: u8,
}

pub fn draw() -> impl Strategy<Value = Draw> {
    (
        prop_oneof![4 => 0..3_u64, 3 => 0..600_u64, 2 => 0..40_000_u64, 1 => 0..200_000_u64],
        prop_oneof![12 => Just(0_u64), 2 => 0..300_u64, 1 => 0..172_800_u64],
        0..20_u8,
        prop::array::uniform11(any::<u8>()),
        prop::option::weighted(0.7, (0..3_u8, prop_oneof![0..5_i64, 0..100_000_i64])),
        0..4_u8,
        any::<u16>(),
        0..8_u8,
    )
        .prop_map(|(gap, late, kind, picks, amount, scene, target, label)| Draw {
            gap,
            late,
            kind,
            picks,
            amount,
            scene,
            target,
            label,
        })
}

/// Turns draws into a log: places begin at 1, and time goes on by each draw's gap in seconds.
pub fn steps(draws: &[Draw]) -> Vec<Step> {
    let mut now = 1_760_000_000_000_000_i64;
    let mut places = Vec::new();
    let mut steps = Vec::new();
    for (at, draw) in draws.iter().enumerate() {
        // Whole seconds and few of them apart: many events fall on the same microsecond.
        now += i64::try_from(draw.gap).unwrap() * 1_000_000;
        let step = if draw.kind < 4 && !places.is_empty() {
            Step::Outcome(outcome(draw, now, &places))
        } else {
            places.push(i64::try_from(at).unwrap() + 1);
            Step::Event(event(draw, now - i64::try_from(draw.late).unwrap() * 1_000_000))
        };
        steps.push(step);
    }
    steps
}

fn outcome(draw: &Draw, now: i64, places: &[i64]) -> FraudOutcome {
    let label = [FraudLabel::Fraud, FraudLabel::ChargeBack, FraudLabel::Genuine, FraudLabel::Unsure];
    // The last few events are more often meant than old ones.
    let back = usize::from(draw.target) % places.len().min(40);
    let (kind, pool) = KINDS[usize::from(draw.picks[0]) % KINDS.len()];
    let target = if draw.kind == 0 {
        OutcomeTarget::Entity(kind, key(kind, u128::from(draw.picks[1] % pool)))
    } else {
        OutcomeTarget::Event(places[places.len() - 1 - back])
    };
    let label = (draw.label < 7).then(|| label[usize::from(draw.label.saturating_sub(3))]);
    FraudOutcome { target, label, action: None, known: Timestamp::from_micros(now) }
}

fn event(draw: &Draw, occurred: i64) -> Event {
    let mut entities = [None; ENTITY_KINDS];
    for ((kind, pool), pick) in KINDS.into_iter().zip(draw.picks) {
        // A fifth of the entities is absent.
        entities[kind.index()] = (pick >= 50).then(|| key(kind, u128::from(pick % pool)));
    }
    let hours = occurred.div_euclid(3_600_000_000);
    Event {
        scene: [Scene::Payment, Scene::Login, Scene::Order, Scene::Custom("odd".to_owned())][usize::from(draw.scene)]
            .clone(),
        occurred: Timestamp::from_micros(occurred),
        local: LocalTime {
            hour: u8::try_from(hours.rem_euclid(24)).unwrap(),
            weekday: u8::try_from((hours.div_euclid(24) + 3).rem_euclid(7)).unwrap(),
        },
        amount: draw.amount.map(|(currency, minor)| Amount {
            currency: Currency([*b"EUR", *b"USD", *b"CNY"][usize::from(currency)]),
            minor,
        }),
        entities,
        networks: Vec::new(),
        attributes: Features::default(),
    }
}
