//! The places: cities with their networks, shops with their tills, clinics, venues, offices, cafes, parcel lockers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{
    event::Id,
    random::{Pool, Purpose, Random},
};

/// How many cities customers live in; those after them are abroad.
const CITIES: u8 = 12;
/// What time and money are like at home: minutes east of UTC, and the currency.
pub(super) const HOME: (i16, &str) = (480, "CNY");
/// The same abroad, and how many minor units there are worth 100 at home.
const ABROAD: [(i16, &str, i64); 4] = [(540, "JPY", 22), (420, "THB", 480), (60, "EUR", 13), (-300, "USD", 14)];

/// Where somebody is: a city at home, or one abroad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct City(u8);

impl City {
    pub(super) fn home(random: &mut Random) -> Self {
        // The first cities are the largest.
        let (a, b) = (random.between(0, i64::from(CITIES) - 1), random.between(0, i64::from(CITIES) - 1));
        Self(u8::try_from(a.min(b)).unwrap_or(0))
    }

    pub(super) fn abroad(random: &mut Random) -> Self {
        Self(CITIES + u8::try_from(random.between(0, 3)).unwrap_or(0))
    }

    fn far(self) -> Option<(i16, &'static str, i64)> {
        self.0.checked_sub(CITIES).and_then(|at| ABROAD.get(usize::from(at))).copied()
    }

    /// Minutes east of UTC.
    pub(super) fn offset(self) -> i16 {
        self.far().map_or(HOME.0, |(offset, _, _)| offset)
    }

    /// What the shops there take, and how many minor units of it are worth 100 at home.
    pub(super) fn money(self) -> (&'static str, i64) {
        self.far().map_or((HOME.1, 100), |(_, currency, worth)| (currency, worth))
    }
}

/// What a merchant does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Merchant {
    pub(super) id: Id,
    /// Its middle price in minor units at home.
    pub(super) price: i64,
    /// Its tills, where it has any.
    pub(super) tills: [Id; 3],
}

impl Merchant {
    fn new(random: &mut Random, middle: i64) -> Self {
        Self { id: random.id(), price: random.around(middle, 18), tills: [random.id(), random.id(), random.id()] }
    }

    pub(super) fn till(&self, random: &mut Random) -> Id {
        let [first, others @ ..] = self.tills;
        random.one_of(first, &others)
    }
}

/// A room with machines that anybody may use: a cafe, a clinic's hall, a shop's counter.
#[derive(Debug, Clone)]
pub(super) struct Room {
    pub(super) ip: IpAddr,
    pub(super) machines: Pool<Id>,
}

/// A clinic: it gives its places out each morning.
#[derive(Debug, Clone)]
pub(super) struct Clinic {
    pub(super) merchant: Merchant,
    pub(super) hall: Room,
    /// When it gives them out, in minutes of the day.
    pub(super) opens: i64,
}

/// An office or a campus: many people behind one or two addresses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Office {
    pub(super) address: Id,
    pub(super) ips: [IpAddr; 2],
}

/// Every place.
pub(super) struct World {
    customers: u32,
    pub(super) shops: Pool<Merchant>,
    pub(super) tills: Pool<Merchant>,
    pub(super) venues: Pool<Merchant>,
    pub(super) clinics: Pool<Clinic>,
    pub(super) offices: Pool<Office>,
    pub(super) cafes: Pool<Room>,
    /// Counters where shops' people open accounts for customers, with the shop's own tablet.
    pub(super) counters: Pool<Room>,
    pub(super) lockers: Pool<Id>,
}

impl World {
    /// The places of a seed, enough for so many customers.
    pub(super) fn new(seed: u64, customers: u32) -> Self {
        let random = &mut Random::new(seed, Purpose::Places, 0, u64::from(customers));
        let share = |each: u32| usize::try_from(customers / each).unwrap_or(0);
        Self {
            customers,
            shops: Pool::of(share(60).max(24), || Merchant::new(random, 12_000)),
            tills: Pool::of(share(70).max(20), || Merchant::new(random, 4_500)),
            venues: Pool::of(share(2_500).max(3), || Merchant::new(random, 38_000)),
            clinics: Pool::of(share(900).max(3), || clinic(random)),
            offices: Pool::of(share(70).max(6), || {
                let (site, ip) = (random.id(), private(random, 64));
                Office { address: site, ips: [ip, private(random, 64)] }
            }),
            cafes: Pool::of(share(700).max(2), || room(random, 5)),
            counters: Pool::of(share(900).max(2), || room(random, 1)),
            lockers: Pool::of(share(90).max(8), || random.id()),
        }
    }

    /// An address behind which a mobile network hides many people of a city.
    pub(super) fn mobile(&self, city: City, random: &mut Random) -> IpAddr {
        let pool = i64::from(self.customers / 250).clamp(8, 2_000);
        let at = random.between(0, pool - 1);
        let [block, host] = [at / 24, at % 24].map(|part| u8::try_from(part).unwrap_or(0));
        IpAddr::from([100, 64 + city.0, block, 1 + host])
    }

    /// The address of a home's line: most have one of their own, a fifth of them in IPv6.
    pub(super) fn line(&self, city: City, random: &mut Random) -> IpAddr {
        let blocks = (self.customers / 1_500).clamp(2, 250);
        let block = u8::try_from(random.below(blocks)).unwrap_or(0);
        let host = random.between(1, 254);
        if random.in_thousand(200) {
            let network = u16::from(city.0) << 8 | u16::from(block);
            let host = u16::try_from(host * 256 + random.between(0, 255)).unwrap_or(1);
            return Ipv6Addr::new(0x2001, 0xdb8, network, 0, 0, 0, 0, host).into();
        }
        IpAddr::from([10, 16 + city.0, block, u8::try_from(host).unwrap_or(1)])
    }
}

/// An address of a hotel or a hall, which many use.
pub(super) fn hotel(city: City, random: &mut Random) -> IpAddr {
    let [block, host] = [random.between(0, 5), random.between(1, 6)].map(|part| u8::try_from(part).unwrap_or(1));
    IpAddr::from([10, 128 + city.0, block, host])
}

/// An address of a rented server: private networks and those who hide share them.
pub(super) fn rented(random: &mut Random) -> IpAddr {
    let [block, host] = [random.between(0, 15), random.between(1, 40)].map(|part| u8::try_from(part).unwrap_or(1));
    IpAddr::from([10, 200, block, host])
}

fn private(random: &mut Random, second: u8) -> IpAddr {
    let [third, host] = [random.between(0, 255), random.between(1, 254)].map(|part| u8::try_from(part).unwrap_or(1));
    Ipv4Addr::new(10, second, third, host).into()
}

fn room(random: &mut Random, machines: usize) -> Room {
    let ip = private(random, 65);
    Room { ip, machines: Pool::of(machines, || random.id()) }
}

fn clinic(random: &mut Random) -> Clinic {
    let merchant = Merchant::new(random, 2_500);
    Clinic { merchant, hall: room(random, 4), opens: random.one_of(420, &[450, 480, 480]) }
}
