//! The catalogue of features: what is known before an event, by name, and where each stands in a vector.
//!
//! A feature of an event at time t with a window w is made of the tenant's events e with t - w < e <= t that were taken into
//! the log before it, and of outcomes that were known by t. Nothing older than 30 days counts: "new" means not seen within
//! them. Sums are whole minor units of the event's own currency.

use std::{
    collections::HashMap,
    sync::{LazyLock, OnceLock},
};

use super::EntityKind::{
    self, Account, Address, Beneficiary, Card, Device, Email, Ip, Merchant, Network, Phone, Terminal,
};

/// How many windows there are.
pub const WINDOWS: usize = 6;
/// How long each window is, in microseconds, the shortest first.
pub const WINDOWS_US: [i64; WINDOWS] =
    [60_000_000, 600_000_000, 3_600_000_000, 86_400_000_000, 7 * 86_400_000_000, 30 * 86_400_000_000];
const WINDOW_NAMES: [&str; WINDOWS] = ["1m", "10m", "1h", "24h", "7d", "30d"];

/// The scenes, in the order of their numbers: [`Scene::STANDARD`](super::Scene::STANDARD), and one for all others.
const SCENES: &[&str] =
    &["payment", "login", "registration", "coupon-claim", "order", "appointment-booking", "withdrawal", "custom"];

/// The codes of an identity check, in the order of their numbers.
pub const IDENTITY_CODES: &[&str] = &["match", "mismatch", "unknown"];

/// The counterparts that are counted of each kind of entity.
const DISTINCT: [(EntityKind, &[EntityKind]); 11] = [
    (Account, &[Card, Device, Ip, Beneficiary, Merchant]),
    (Card, &[Account, Device, Ip, Merchant]),
    (Device, &[Account, Card, Phone]),
    (Ip, &[Account, Device, Card]),
    (Phone, &[Account]),
    (Email, &[Account]),
    (Address, &[Account]),
    (Merchant, &[Account]),
    (Terminal, &[Card]),
    (Beneficiary, &[Account]),
    (Network, &[Account, Device]),
];
/// The pairs that are looked at, the entity whose events are searched first.
const PAIRS: [(EntityKind, &[EntityKind]); 2] = [
    (Account, &[Card, Device, Ip, Phone, Email, Address, Beneficiary, Merchant, Network]),
    (Card, &[Device, Merchant, Ip]),
];
const WITH_AMOUNTS: [EntityKind; 7] = [Account, Card, Device, Ip, Merchant, Terminal, Beneficiary];
const WITH_SCENES: [EntityKind; 4] = [Account, Device, Ip, Network];
const WITH_FEEDBACK: [EntityKind; 9] = [Account, Card, Device, Ip, Phone, Address, Merchant, Terminal, Network];
const WITH_HABITS: [EntityKind; 2] = [Account, Card];
/// The elements of a person that an identity check looks at.
const IDENTITY: [EntityKind; 6] = [Phone, Email, Device, Card, Address, Network];
/// The elements of which it is told how many other accounts have them.
const SHARED: [EntityKind; 5] = [Phone, Email, Device, Card, Address];

/// What a feature holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureType {
    /// A whole number.
    Int,
    /// A number.
    Double,
    /// 0 or 1.
    Flag,
    /// The place in this list.
    Category(&'static [&'static str]),
}

impl FeatureType {
    /// Its name in conditions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Double => "double",
            Self::Flag => "bool",
            Self::Category(_) => "string",
        }
    }
}

/// One feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureDef {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: FeatureType,
    /// What it means, with its unit.
    pub description: String,
}

/// Where the features of one kind of entity begin; each that is there is followed by its windows, where it has them.
#[derive(Debug, Clone, Default)]
pub struct EntityLayout {
    /// `_count_`, by window.
    pub count: usize,
    /// `_since_first_s`, `_since_last_s`, `_is_new`.
    pub since: usize,
    /// `_sum_`, `_mean_` and `_max_`, each by window.
    pub amounts: Option<usize>,
    /// `_scene_count_`, by window.
    pub scene: Option<usize>,
    /// By counterpart, by window.
    pub distinct: Vec<(EntityKind, usize)>,
    /// `_frauds_` and `_fraud_rate_`, each by window, and `_confirmed`.
    pub feedback: Option<usize>,
    /// `_hour_share`, `_weekday_share`, `_amount_to_mean`, `_amount_to_max`, `_amount_z`.
    pub habits: Option<usize>,
    /// By counterpart: `_count_30d`, `_since_last_s`, `_is_new`.
    pub pairs: Vec<(EntityKind, usize)>,
}

/// Every feature, and where it stands.
#[derive(Debug)]
pub struct Catalogue {
    features: Vec<FeatureDef>,
    by_name: HashMap<String, usize>,
    digest: OnceLock<String>,
    /// By [`EntityKind::index`].
    pub entities: Vec<EntityLayout>,
    /// `amount_minor`, `hour`, `weekday`, `is_weekend`, `scene`.
    pub event: usize,
    /// By element: the code, and the days since it was seen.
    pub identity: Vec<(EntityKind, usize)>,
    /// `identity_matches`, `identity_mismatches`.
    pub identity_counts: usize,
    /// By element: how many other accounts have it.
    pub shared: Vec<(EntityKind, usize)>,
    /// `cluster_accounts`, `_entities`, `_links`, `_density`, `_new_accounts`, `_frauds`, and `hops_to_fraud`.
    pub relations: usize,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(build);

impl Catalogue {
    /// The catalogue.
    #[must_use]
    pub fn get() -> &'static Self {
        &CATALOGUE
    }

    /// The features in the order of vectors.
    #[must_use]
    pub fn features(&self) -> &[FeatureDef] {
        &self.features
    }

    /// The place of a feature.
    #[must_use]
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// A hash of the names, kinds and meanings, made by `hash` when it is first asked for.
    pub fn digest(&self, hash: impl FnOnce(&[u8]) -> String) -> &str {
        self.digest.get_or_init(|| {
            let line = |one: &FeatureDef| format!("{} {:?} {}\n", one.name, one.kind, one.description);
            hash(self.features.iter().map(line).collect::<String>().as_bytes())
        })
    }
}

/// Puts features behind one another.
#[derive(Default)]
struct Builder(Vec<FeatureDef>);

impl Builder {
    fn one(&mut self, name: String, kind: FeatureType, description: String) -> usize {
        self.0.push(FeatureDef { name, kind, description });
        self.0.len() - 1
    }

    /// One feature for each window.
    fn windows(&mut self, stem: &str, kind: FeatureType, description: &str) -> usize {
        let start = self.0.len();
        for window in WINDOW_NAMES {
            self.one(format!("{stem}_{window}"), kind, format!("{description} within {window}"));
        }
        start
    }

    fn entity(&mut self, kind: EntityKind) -> EntityLayout {
        let name = kind.name();
        let mut layout = EntityLayout {
            count: self.windows(&format!("{name}_count"), FeatureType::Int, &format!("events of the {name}")),
            since: self.0.len(),
            ..EntityLayout::default()
        };
        let double = FeatureType::Double;
        self.one(format!("{name}_since_first_s"), double, format!("seconds since the {name}'s first event in 30 days"));
        self.one(format!("{name}_since_last_s"), double, format!("seconds since the {name}'s last event in 30 days"));
        self.one(format!("{name}_is_new"), FeatureType::Flag, format!("no event of the {name} in 30 days"));
        if WITH_AMOUNTS.contains(&kind) {
            let what = format!("minor units of the event's currency in events of the {name}");
            layout.amounts = Some(self.windows(&format!("{name}_sum"), FeatureType::Int, &format!("sum of {what}")));
            self.windows(&format!("{name}_mean"), double, &format!("mean of {what}"));
            self.windows(&format!("{name}_max"), FeatureType::Int, &format!("largest of {what}"));
        }
        if WITH_SCENES.contains(&kind) {
            let what = format!("events of the {name} in the event's scene");
            layout.scene = Some(self.windows(&format!("{name}_scene_count"), FeatureType::Int, &what));
        }
        for other in DISTINCT.iter().filter(|(of, _)| *of == kind).flat_map(|(_, others)| others.iter().copied()) {
            let plural = plural(other);
            let what = format!("different {plural} seen with the {name}");
            layout.distinct.push((other, self.windows(&format!("{name}_{plural}"), FeatureType::Int, &what)));
        }
        if WITH_FEEDBACK.contains(&kind) {
            let what = format!("events of the {name} whose fraud became known");
            layout.feedback = Some(self.windows(&format!("{name}_frauds"), FeatureType::Int, &what));
            let what = format!("share of the {name}'s events that are known as fraud, of those");
            self.windows(&format!("{name}_fraud_rate"), double, &what);
            let what = format!("the {name} itself was reported as fraud, within 30 days");
            self.one(format!("{name}_confirmed"), FeatureType::Flag, what);
        }
        if WITH_HABITS.contains(&kind) {
            let share = format!("share of the {name}'s events in 30 days");
            let own = format!("of the {name}'s own amounts in 30 days, in the event's currency");
            layout.habits = Some(self.one(
                format!("{name}_hour_share"),
                double,
                format!("{share} within an hour of the local hour"),
            ));
            self.one(format!("{name}_weekday_share"), double, format!("{share} on the local weekday"));
            self.one(format!("{name}_amount_to_mean"), double, format!("the amount over the mean {own}"));
            self.one(format!("{name}_amount_to_max"), double, format!("the amount over the largest {own}"));
            self.one(format!("{name}_amount_z"), double, format!("standard deviations from the mean {own}, from 3 on"));
        }
        for other in PAIRS.iter().filter(|(of, _)| *of == kind).flat_map(|(_, others)| others.iter().copied()) {
            let pair = format!("{name}_{}", other.name());
            let what = format!("of the {name} with this {}", other.name());
            let start = self.one(format!("{pair}_count_30d"), FeatureType::Int, format!("events {what} within 30d"));
            self.one(format!("{pair}_since_last_s"), double, format!("seconds since the last event {what} in 30 days"));
            self.one(format!("{pair}_is_new"), FeatureType::Flag, format!("no event {what} in 30 days"));
            layout.pairs.push((other, start));
        }
        layout
    }

    fn relations(&mut self) -> usize {
        let of = "in the cluster that devices, cards, addresses, phones and emails link in 30 days";
        let (int, double) = (FeatureType::Int, FeatureType::Double);
        let start = self.one("cluster_accounts".to_owned(), int, format!("accounts {of}, the own one among them"));
        self.one("cluster_entities".to_owned(), int, format!("things that link {of}"));
        self.one("cluster_links".to_owned(), int, format!("pairs of an account and a thing seen together {of}"));
        self.one("cluster_density".to_owned(), double, format!("links over all possible pairs {of}"));
        self.one("cluster_new_accounts".to_owned(), double, format!("share of accounts first seen in 7 days {of}"));
        self.one("cluster_frauds".to_owned(), int, format!("events known as fraud {of}"));
        let what = "steps to the nearest fraud known: 0 on the person or its own things, at most 3".to_owned();
        self.one("hops_to_fraud".to_owned(), int, what);
        start
    }
}

fn build() -> Catalogue {
    let mut to = Builder::default();
    let event = to.one("amount_minor".to_owned(), FeatureType::Int, "the event's amount in minor units".to_owned());
    to.one("hour".to_owned(), FeatureType::Int, "local hour, 0-23".to_owned());
    to.one("weekday".to_owned(), FeatureType::Int, "local weekday, 0 (Monday) to 6".to_owned());
    to.one("is_weekend".to_owned(), FeatureType::Flag, "local Saturday or Sunday".to_owned());
    let what = "what the customer is doing; custom for all scenes of the partner's own".to_owned();
    to.one("scene".to_owned(), FeatureType::Category(SCENES), what);
    let entities = EntityKind::ALL.into_iter().map(|kind| to.entity(kind)).collect();
    let identity = IDENTITY.map(|kind| {
        let name = kind.name();
        let what = format!("whether the account was seen with this {name}, with others only, or with none, in 30 days");
        let start = to.one(format!("identity_{name}"), FeatureType::Category(IDENTITY_CODES), what);
        let what = format!("days since the account was last seen with this {name}");
        to.one(format!("identity_{name}_seen_days"), FeatureType::Double, what);
        (kind, start)
    });
    let identity_counts =
        to.one("identity_matches".to_owned(), FeatureType::Int, "elements that match the account".to_owned());
    let what = "elements that do not match the account".to_owned();
    to.one("identity_mismatches".to_owned(), FeatureType::Int, what);
    let shared = SHARED.map(|kind| {
        let what = format!("other accounts seen with this {} in 30 days", kind.name());
        (kind, to.one(format!("{}_other_accounts", kind.name()), FeatureType::Int, what))
    });
    let relations = to.relations();
    let by_name = to.0.iter().enumerate().map(|(at, one)| (one.name.clone(), at)).collect();
    Catalogue {
        features: to.0,
        by_name,
        digest: OnceLock::new(),
        entities,
        event,
        identity: identity.into(),
        identity_counts,
        shared: shared.into(),
        relations,
    }
}

const fn plural(kind: EntityKind) -> &'static str {
    match kind {
        Account => "accounts",
        Card => "cards",
        Device => "devices",
        Ip => "ips",
        Phone => "phones",
        Email => "emails",
        Address => "addresses",
        Merchant => "merchants",
        Terminal => "terminals",
        Beneficiary => "beneficiaries",
        Network => "networks",
    }
}
