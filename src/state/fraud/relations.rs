//! The accounts that devices, cards, addresses, phones and emails link to the event's own, and how near fraud is among them.

use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasherDefault, Hasher},
};

use super::{
    StateLimits,
    entities::{EntityId, EntityTable},
    marks::Marks,
    records::{Record, RecordNumber, Records},
    scan::LONGEST_US,
    vector::{FeatureVector, whole},
};
use crate::domain::fraud::{
    Catalogue, ENTITY_KINDS,
    EntityKind::{self, Account, Address, Card, Device, Email, Phone},
    Event, WINDOWS_US,
};

/// The kinds of things that link accounts.
const LINKING: [EntityKind; 5] = [Device, Card, Address, Phone, Email];
/// How many steps from the own account are looked at.
const MAX_HOPS: u8 = 3;
/// An account is new for a week.
const NEW_US: i64 = WINDOWS_US[4];

/// Spreads ids of the state's own, which nobody outside chooses.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, value: u32) {
        // Fibonacci hashing: 2^64 over the golden ratio (Knuth, The Art of Computer Programming, 6.4).
        self.0 = (self.0.rotate_left(32) ^ u64::from(value)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

type IdSet<T> = HashSet<T, BuildHasherDefault<IdHasher>>;

/// A cluster of accounts.
#[derive(Default)]
pub(super) struct Cluster {
    accounts: usize,
    things: usize,
    links: IdSet<(EntityId, EntityId)>,
    /// Links of the event itself that no earlier event made.
    own_links: usize,
    new_accounts: usize,
    frauds: IdSet<RecordNumber>,
    hops: Option<u8>,
    truncated: bool,
}

/// A search, breadth first.
struct Search<'a> {
    at: i64,
    records: &'a Records,
    entities: &'a EntityTable,
    limits: &'a StateLimits,
    met: &'a mut Marks,
    queue: VecDeque<(EntityId, bool, u8)>,
    cluster: Cluster,
}

impl Cluster {
    /// The cluster around an event, whose known entities are `ids`.
    pub fn around(
        event: &Event,
        ids: &[Option<EntityId>; ENTITY_KINDS],
        records: &Records,
        entities: &EntityTable,
        limits: &StateLimits,
        met: &mut Marks,
    ) -> Self {
        let at = event.occurred.micros();
        met.begin();
        let mut search =
            Search { at, records, entities, limits, met, queue: VecDeque::new(), cluster: Self::default() };
        let known = |kind: EntityKind| ids.get(kind.index()).copied().flatten();
        let own = known(Account);
        match own {
            Some(id) => search.meet(id, true, 0),
            None if event.entity(Account).is_some() => {
                search.cluster.accounts += 1;
                search.cluster.new_accounts += 1;
            }
            None => {}
        }
        for kind in LINKING.into_iter().filter(|kind| event.entity(*kind).is_some()) {
            match known(kind) {
                Some(id) => search.meet(id, false, 0),
                None => search.cluster.things += 1,
            }
        }
        search.run();
        let mut cluster = search.cluster;
        if event.entity(Account).is_some() {
            let known_link =
                |kind: &EntityKind| own.zip(known(*kind)).is_some_and(|pair| cluster.links.contains(&pair));
            let here = LINKING.iter().filter(|kind| event.entity(**kind).is_some());
            cluster.own_links = here.filter(|kind| !known_link(kind)).count();
        }
        cluster
    }

    pub fn write(&self, catalogue: &Catalogue, vector: &mut FeatureVector) {
        let start = catalogue.relations;
        vector.truncated_mut().relations = self.truncated;
        if self.accounts == 0 {
            return;
        }
        let size = |count: usize| whole(i128::try_from(count).unwrap_or(i128::MAX));
        let links = size(self.links.len() + self.own_links);
        vector.set(start, size(self.accounts));
        vector.set(start + 1, size(self.things));
        vector.set(start + 2, links);
        if self.things > 0 {
            vector.set(start + 3, links / (size(self.accounts) * size(self.things)));
        }
        vector.set(start + 4, size(self.new_accounts) / size(self.accounts));
        vector.set(start + 5, size(self.frauds.len()));
        if let Some(hops) = self.hops {
            vector.set(start + 6, f64::from(hops));
        }
    }
}

impl Search<'_> {
    /// Comes to an account or a thing, so many steps from the event.
    fn meet(&mut self, id: EntityId, is_account: bool, hops: u8) {
        if self.met.has(id) {
            return;
        }
        let count = if is_account { &mut self.cluster.accounts } else { &mut self.cluster.things };
        if *count >= self.limits.cluster_nodes {
            self.cluster.truncated = true;
            return;
        }
        *count += 1;
        self.met.mark(id);
        let since = self.at.saturating_sub(LONGEST_US);
        if is_account {
            let first = self.entities.first_after(id, since, self.records).map(|record| record.occurred);
            let new = first.is_none_or(|first| first > self.at.saturating_sub(NEW_US));
            self.cluster.new_accounts += usize::from(new);
        }
        if self.entities.fraud_at(id, self.at).is_some_and(|known| known > since) {
            self.near(hops);
        }
        self.queue.push_back((id, is_account, hops));
    }

    fn near(&mut self, hops: u8) {
        self.cluster.hops = Some(self.cluster.hops.map_or(hops, |nearest| nearest.min(hops)));
    }

    fn run(&mut self) {
        while let Some((id, is_account, hops)) = self.queue.pop_front() {
            let since = self.at.saturating_sub(LONGEST_US);
            let (records, entities) = (self.records, self.entities);
            let events = entities.before(id, self.at, records).take_while(|(_, record)| record.occurred > since);
            for (seen, (number, record)) in events.enumerate() {
                if seen >= self.limits.cluster_scanned {
                    self.cluster.truncated = true;
                    break;
                }
                if record.labels.fraud_at(self.at).is_some() {
                    self.cluster.frauds.insert(number);
                    self.near(hops);
                }
                self.follow(id, is_account, hops, record);
            }
        }
    }

    /// From an account to its things, and from a thing to its accounts, which are a step further.
    fn follow(&mut self, from: EntityId, is_account: bool, hops: u8, record: &Record) {
        let of = |kind: EntityKind| record.entities.get(kind.index()).copied().flatten();
        if is_account {
            for thing in LINKING.into_iter().filter_map(of) {
                self.link(from, thing);
                self.meet(thing, false, hops);
            }
        } else if let Some(account) = of(Account)
            && (hops < MAX_HOPS || self.met.has(account))
        {
            self.meet(account, true, hops.saturating_add(1));
            self.link(account, from);
        }
    }

    /// Notes that an account and a thing were seen together.
    fn link(&mut self, account: EntityId, thing: EntityId) {
        self.cluster.links.insert((account, thing));
    }
}
