//! An event with everything that is known of it, and the names that conditions may use.

use riskport::{
    domain::{
        features::{FeatureValue, Features},
        fraud::{Amount, Catalogue, Currency, ENTITY_KINDS, EntityKey, EntityKind, Event, LocalTime, Scene},
        time::Timestamp,
    },
    engine::rule::{AttributeKind, Facts, Schema},
};

/// 2026-03-01T12:00:00Z, a Sunday, in microseconds.
pub const NOON_US: i64 = 1_772_366_400_000_000;

pub struct World {
    pub event: Event,
    pub features: Vec<f64>,
    pub score: Option<i32>,
    pub listed: Vec<bool>,
}

pub fn schema() -> Schema {
    let attributes = [
        ("basket", AttributeKind::Number),
        ("discount", AttributeKind::Number),
        ("channel", AttributeKind::Text),
        ("coupon", AttributeKind::Text),
        ("mistyped", AttributeKind::Text),
        ("vip", AttributeKind::Flag),
        ("insured", AttributeKind::Flag),
    ];
    let lists = [
        ("trusted", EntityKind::Account),
        ("stolen", EntityKind::Card),
        ("watched", EntityKind::Account),
        ("networks", EntityKind::Ip),
    ];
    Schema {
        attributes: attributes.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect(),
        lists: lists.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect(),
    }
}

impl World {
    /// Nothing is known but the scene and the time.
    pub fn bare() -> Self {
        let event = Event {
            scene: Scene::Payment,
            occurred: Timestamp::from_micros(NOON_US),
            local: LocalTime { hour: 12, weekday: 6 },
            amount: None,
            entities: [None; ENTITY_KINDS],
            networks: Vec::new(),
            attributes: Features::default(),
        };
        let features = vec![f64::NAN; Catalogue::get().features().len()];
        Self { event, features, score: None, listed: vec![false; schema().lists.len()] }
    }

    /// Half of it is known: of each type something is there, and something is missing.
    pub fn usual() -> Self {
        let mut world = Self::bare();
        world.event.amount = Some(Amount { currency: Currency(*b"EUR"), minor: 12_345 });
        world.event.entities[EntityKind::Card.index()] = Some(EntityKey::from_bytes([1; 16]));
        world.event.entities[EntityKind::Account.index()] = Some(EntityKey::from_bytes([2; 16]));
        for (name, value) in [
            ("basket", FeatureValue::Number(3.5)),
            ("channel", FeatureValue::Text("wéb🙂".to_owned())),
            ("mistyped", FeatureValue::Number(1.0)),
            ("vip", FeatureValue::Flag(true)),
        ] {
            world.event.attributes.insert(name, value).unwrap();
        }
        for (name, value) in [
            ("card_count_1h", 7.0),
            ("card_count_24h", 9_007_199_254_740_992.0),
            ("card_mean_1h", 2.5),
            ("card_is_new", 1.0),
            ("device_is_new", 0.0),
            ("identity_phone", 1.0),
        ] {
            world.set(name, value);
        }
        world.score = Some(640);
        // The card is stolen, the account is in neither of its lists.
        world.listed = vec![false, true, false, false];
        world
    }

    pub fn set(&mut self, feature: &str, value: f64) {
        self.features[Catalogue::get().index_of(feature).unwrap()] = value;
    }

    pub fn facts(&self) -> Facts<'_> {
        Facts { event: &self.event, features: &self.features, score: self.score, listed: &self.listed }
    }
}
