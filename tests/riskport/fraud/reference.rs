//! The features from their definitions, by looking at everything that ever happened: slow, and obvious.
#![expect(clippy::cast_precision_loss, reason = "counts and amounts of these worlds are far below 2^53")]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use riskport::domain::fraud::{
    EntityKey,
    EntityKind::{self, Account, Address, Beneficiary, Card, Device, Email, Ip, Merchant, Network, Phone, Terminal},
    Event, FraudOutcome, OutcomeTarget,
};

const DAY: i64 = 86_400_000_000;
const MONTH: i64 = 30 * DAY;
const WINDOWS: [(&str, i64); 6] =
    [("1m", 60_000_000), ("10m", 600_000_000), ("1h", 3_600_000_000), ("24h", DAY), ("7d", 7 * DAY), ("30d", MONTH)];
const LINKING: [EntityKind; 5] = [Device, Card, Address, Phone, Email];

/// Everything that ever happened to a tenant, in the order of its log.
#[derive(Default)]
pub struct Reference {
    events: Vec<(i64, Event)>,
    /// In the order of the log.
    outcomes: HashMap<OutcomeTarget, Vec<FraudOutcome>>,
}

/// An event that counts, with the time from which it was known as fraud.
type Counted<'a> = (&'a Event, Option<i64>);

impl Reference {
    pub fn apply(&mut self, place: i64, event: &Event) {
        self.events.push((place, event.clone()));
    }

    pub fn apply_outcome(&mut self, outcome: &FraudOutcome) {
        self.outcomes.entry(outcome.target).or_default().push(*outcome);
    }

    fn known_as_fraud(&self, target: OutcomeTarget, at: i64) -> Option<i64> {
        let mut labels = self.outcomes.get(&target)?.iter().filter(|one| one.known.micros() <= at);
        let in_force = labels.rfind(|one| one.label.is_some())?;
        in_force.label.is_some_and(riskport::domain::fraud::FraudLabel::is_fraud).then_some(in_force.known.micros())
    }

    fn confirmed(&self, kind: EntityKind, key: EntityKey, at: i64) -> bool {
        self.known_as_fraud(OutcomeTarget::Entity(kind, key), at).is_some_and(|known| known > at - MONTH)
    }

    /// The features of an event by name; those that are missing are not there.
    pub fn features(&self, event: &Event) -> BTreeMap<String, f64> {
        let at = event.occurred.micros();
        let counted: Vec<Counted<'_>> = self
            .events
            .iter()
            .filter(|(_, one)| one.occurred.micros() <= at && one.occurred.micros() > at - MONTH)
            .map(|(place, one)| (one, self.known_as_fraud(OutcomeTarget::Event(*place), at)))
            .collect();
        let mut to = BTreeMap::new();
        if let Some(amount) = event.amount {
            to.insert("amount_minor".to_owned(), amount.minor as f64);
        }
        to.insert("hour".to_owned(), f64::from(event.local.hour));
        to.insert("weekday".to_owned(), f64::from(event.local.weekday));
        let names = ["payment", "login", "registration", "coupon-claim", "order", "appointment-booking", "withdrawal"];
        let place = names.iter().position(|name| *name == event.scene.to_string()).unwrap_or(7);
        to.insert("scene".to_owned(), place as f64);
        to.insert("is_weekend".to_owned(), f64::from(u8::from(event.local.weekday >= 5)));
        for kind in EntityKind::ALL {
            if let Some(key) = event.entity(kind) {
                let own: Vec<Counted<'_>> =
                    counted.iter().copied().filter(|(one, _)| one.entity(kind) == Some(key)).collect();
                self.entity(event, kind, key, &own, &mut to);
            }
        }
        identity(event, &counted, &mut to);
        self.relations(event, &counted, &mut to);
        to
    }

    fn entity(
        &self,
        event: &Event,
        kind: EntityKind,
        key: EntityKey,
        own: &[Counted<'_>],
        to: &mut BTreeMap<String, f64>,
    ) {
        let (at, name) = (event.occurred.micros(), kind.name());
        let times: Vec<i64> = own.iter().map(|(one, _)| one.occurred.micros()).collect();
        if let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) {
            to.insert(format!("{name}_since_first_s"), (at - first) as f64 / 1e6);
            to.insert(format!("{name}_since_last_s"), (at - last) as f64 / 1e6);
        }
        to.insert(format!("{name}_is_new"), f64::from(u8::from(own.is_empty())));
        for (window, length) in WINDOWS {
            let within: Vec<Counted<'_>> =
                own.iter().copied().filter(|(one, _)| one.occurred.micros() > at - length).collect();
            to.insert(format!("{name}_count_{window}"), within.len() as f64);
            if [Account, Device, Ip, Network].contains(&kind) {
                let count = within.iter().filter(|(one, _)| one.scene == event.scene).count();
                to.insert(format!("{name}_scene_count_{window}"), count as f64);
            }
            if let (Some(amount), true) =
                (event.amount, [Account, Card, Device, Ip, Merchant, Terminal, Beneficiary].contains(&kind))
            {
                let amounts: Vec<i64> = within
                    .iter()
                    .filter_map(|(one, _)| one.amount)
                    .filter(|one| one.currency == amount.currency)
                    .map(|one| one.minor)
                    .collect();
                let sum: i64 = amounts.iter().sum();
                to.insert(format!("{name}_sum_{window}"), sum as f64);
                if let Some(largest) = amounts.iter().max() {
                    to.insert(format!("{name}_mean_{window}"), sum as f64 / amounts.len() as f64);
                    to.insert(format!("{name}_max_{window}"), *largest as f64);
                }
            }
            for (other, plural) in counterparts(kind) {
                let others: BTreeSet<_> = within.iter().filter_map(|(one, _)| one.entity(*other)).collect();
                to.insert(format!("{name}_{plural}_{window}"), others.len() as f64);
            }
            if [Account, Card, Device, Ip, Phone, Address, Merchant, Terminal, Network].contains(&kind) {
                let known = own.iter().filter(|(_, fraud)| fraud.is_some_and(|known| known > at - length)).count();
                to.insert(format!("{name}_frauds_{window}"), known as f64);
                if !within.is_empty() {
                    let frauds = within.iter().filter(|(_, fraud)| fraud.is_some()).count();
                    to.insert(format!("{name}_fraud_rate_{window}"), frauds as f64 / within.len() as f64);
                }
                let confirmed = self.confirmed(kind, key, at);
                to.insert(format!("{name}_confirmed"), f64::from(u8::from(confirmed)));
            }
        }
        if [Account, Card].contains(&kind) {
            habits(event, name, own, to);
        }
        for other in pairs(kind) {
            let Some(with) = event.entity(*other) else { continue };
            let pair = format!("{name}_{}", other.name());
            let times: Vec<i64> = own
                .iter()
                .filter(|(one, _)| one.entity(*other) == Some(with))
                .map(|(one, _)| one.occurred.micros())
                .collect();
            to.insert(format!("{pair}_count_30d"), times.len() as f64);
            to.insert(format!("{pair}_is_new"), f64::from(u8::from(times.is_empty())));
            if let Some(last) = times.iter().max() {
                to.insert(format!("{pair}_since_last_s"), (at - last) as f64 / 1e6);
            }
        }
    }

    fn relations(&self, event: &Event, counted: &[Counted<'_>], to: &mut BTreeMap<String, f64>) {
        let at = event.occurred.micros();
        let mut accounts: BTreeMap<EntityKey, u8> = event.entity(Account).map(|key| (key, 0)).into_iter().collect();
        let mut things: BTreeMap<(EntityKind, EntityKey), u8> =
            LINKING.iter().filter_map(|kind| event.entity(*kind).map(|key| ((*kind, key), 0))).collect();
        for step in 0..=3_u8 {
            for (one, _) in counted {
                if one.entity(Account).is_some_and(|account| accounts.get(&account) == Some(&step)) {
                    for kind in LINKING {
                        if let Some(key) = one.entity(kind) {
                            things.entry((kind, key)).or_insert(step);
                        }
                    }
                }
            }
            for (one, _) in counted.iter().filter(|_| step < 3) {
                let linked = LINKING
                    .iter()
                    .any(|kind| one.entity(*kind).is_some_and(|key| things.get(&(*kind, key)) == Some(&step)));
                if let Some(account) = one.entity(Account).filter(|_| linked) {
                    accounts.entry(account).or_insert(step + 1);
                }
            }
        }
        if accounts.is_empty() {
            return;
        }
        let mut links: BTreeSet<(EntityKey, EntityKind, EntityKey)> = BTreeSet::new();
        for one in counted.iter().map(|(one, _)| *one).chain([event]) {
            for kind in LINKING {
                if let (Some(account), Some(key)) = (one.entity(Account), one.entity(kind))
                    && accounts.contains_key(&account)
                    && things.contains_key(&(kind, key))
                {
                    links.insert((account, kind, key));
                }
            }
        }
        let new = accounts.keys().filter(|account| {
            let first = counted.iter().filter(|(one, _)| one.entity(Account) == Some(**account));
            first.map(|(one, _)| one.occurred.micros()).min().is_none_or(|first| first > at - 7 * DAY)
        });
        let (new, mut frauds, mut hops) = (new.count(), 0, None::<u8>);
        for (one, fraud) in counted {
            let account = one.entity(Account).and_then(|account| accounts.get(&account)).copied();
            let via = LINKING.iter().filter_map(|kind| things.get(&(*kind, one.entity(*kind)?)).copied()).min();
            if let (Some(_), Some(nearest)) = (fraud, account.into_iter().chain(via).min()) {
                frauds += 1;
                hops = Some(hops.map_or(nearest, |so_far| so_far.min(nearest)));
            }
        }
        let itself = accounts.iter().map(|(key, step)| (Account, *key, *step));
        for (kind, key, step) in itself.chain(things.iter().map(|((kind, key), step)| (*kind, *key, *step))) {
            if self.confirmed(kind, key, at) {
                hops = Some(hops.map_or(step, |so_far| so_far.min(step)));
            }
        }
        to.insert("cluster_accounts".to_owned(), accounts.len() as f64);
        to.insert("cluster_entities".to_owned(), things.len() as f64);
        to.insert("cluster_links".to_owned(), links.len() as f64);
        if !things.is_empty() {
            let density = links.len() as f64 / (accounts.len() * things.len()) as f64;
            to.insert("cluster_density".to_owned(), density);
        }
        to.insert("cluster_new_accounts".to_owned(), new as f64 / accounts.len() as f64);
        to.insert("cluster_frauds".to_owned(), f64::from(frauds));
        if let Some(hops) = hops {
            to.insert("hops_to_fraud".to_owned(), f64::from(hops));
        }
    }
}

fn habits(event: &Event, name: &str, own: &[Counted<'_>], to: &mut BTreeMap<String, f64>) {
    if !own.is_empty() {
        let near = |hour: u8| (-1..=1).any(|off| (i16::from(event.local.hour) + off).rem_euclid(24) == i16::from(hour));
        let hour = own.iter().filter(|(one, _)| near(one.local.hour)).count();
        let weekday = own.iter().filter(|(one, _)| one.local.weekday == event.local.weekday).count();
        to.insert(format!("{name}_hour_share"), hour as f64 / own.len() as f64);
        to.insert(format!("{name}_weekday_share"), weekday as f64 / own.len() as f64);
    }
    let Some(amount) = event.amount else { return };
    let same = own.iter().filter_map(|(one, _)| one.amount).filter(|one| one.currency == amount.currency);
    let amounts: Vec<f64> = same.map(|one| one.minor as f64).collect();
    let mean = amounts.iter().sum::<f64>() / amounts.len() as f64;
    let largest = amounts.iter().copied().fold(0.0, f64::max);
    if !amounts.is_empty() && mean > 0.0 {
        to.insert(format!("{name}_amount_to_mean"), amount.minor as f64 / mean);
        to.insert(format!("{name}_amount_to_max"), amount.minor as f64 / largest);
    }
    let variance = amounts.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / amounts.len() as f64;
    if amounts.len() >= 3 && amounts.iter().any(|one| one.to_bits() != amounts[0].to_bits()) {
        to.insert(format!("{name}_amount_z"), (amount.minor as f64 - mean) / variance.sqrt());
    }
}

fn identity(event: &Event, counted: &[Counted<'_>], to: &mut BTreeMap<String, f64>) {
    let at = event.occurred.micros();
    let account = event.entity(Account);
    let mut codes = Vec::new();
    for kind in [Phone, Email, Device, Card, Address, Network] {
        let (Some(account), Some(key)) = (account, event.entity(kind)) else { continue };
        let of_account: Vec<_> = counted.iter().filter(|(one, _)| one.entity(Account) == Some(account)).collect();
        let with = of_account.iter().filter(|(one, _)| one.entity(kind) == Some(key));
        let last = with.map(|(one, _)| one.occurred.micros()).max();
        let any = of_account.iter().any(|(one, _)| one.entity(kind).is_some());
        let code = if last.is_some() {
            0
        } else if any {
            1
        } else {
            2
        };
        codes.push(code);
        to.insert(format!("identity_{}", kind.name()), f64::from(code));
        if let Some(last) = last {
            to.insert(format!("identity_{}_seen_days", kind.name()), (at - last) as f64 / DAY as f64);
        }
    }
    if account.is_some() {
        to.insert("identity_matches".to_owned(), codes.iter().filter(|code| **code == 0).count() as f64);
        to.insert("identity_mismatches".to_owned(), codes.iter().filter(|code| **code == 1).count() as f64);
    }
    for kind in [Phone, Email, Device, Card, Address] {
        let Some(key) = event.entity(kind) else { continue };
        let with = counted.iter().filter(|(one, _)| one.entity(kind) == Some(key));
        let others: BTreeSet<_> =
            with.filter_map(|(one, _)| one.entity(Account)).filter(|one| Some(*one) != account).collect();
        to.insert(format!("{}_other_accounts", kind.name()), others.len() as f64);
    }
}

fn counterparts(kind: EntityKind) -> &'static [(EntityKind, &'static str)] {
    match kind {
        Account => &[
            (Card, "cards"),
            (Device, "devices"),
            (Ip, "ips"),
            (Beneficiary, "beneficiaries"),
            (Merchant, "merchants"),
        ],
        Card => &[(Account, "accounts"), (Device, "devices"), (Ip, "ips"), (Merchant, "merchants")],
        Device => &[(Account, "accounts"), (Card, "cards"), (Phone, "phones")],
        Ip => &[(Account, "accounts"), (Device, "devices"), (Card, "cards")],
        Network => &[(Account, "accounts"), (Device, "devices")],
        Terminal => &[(Card, "cards")],
        Phone | Email | Address | Merchant | Beneficiary => &[(Account, "accounts")],
    }
}

fn pairs(kind: EntityKind) -> &'static [EntityKind] {
    match kind {
        Account => &[Card, Device, Ip, Phone, Email, Address, Beneficiary, Merchant, Network],
        Card => &[Device, Merchant, Ip],
        _ => &[],
    }
}
