//! The people: households, who lives in them, and what each owns and is used to.

use std::net::IpAddr;

use super::{
    event::{Id, SimulateSettings},
    random::{Pool, Purpose, Random},
    world::{City, Merchant, Office, Room, World},
};

/// How many of a thousand customers join each day.
const JOIN_IN_THOUSAND: u64 = 10;

/// When in the day somebody is busy: weights of the 24 hours, and of the seven days in percent, Monday first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rhythm {
    pub(super) hours: [u32; 24],
    pub(super) days: [i64; 7],
}

/// Early risers, office workers, students, those who work at night, and those who are busy in the evening.
const RHYTHMS: [Rhythm; 5] = [
    Rhythm {
        hours: [1, 0, 0, 0, 2, 8, 14, 16, 14, 12, 10, 9, 8, 7, 8, 8, 8, 9, 9, 8, 5, 3, 2, 1],
        days: [100, 100, 100, 100, 100, 105, 95],
    },
    Rhythm {
        hours: [3, 1, 0, 0, 0, 1, 3, 8, 9, 7, 6, 8, 16, 10, 6, 6, 6, 8, 12, 14, 17, 18, 14, 7],
        days: [95, 95, 95, 95, 115, 110, 95],
    },
    Rhythm {
        hours: [10, 6, 3, 1, 0, 0, 1, 3, 6, 8, 9, 11, 14, 9, 8, 9, 9, 10, 10, 11, 13, 16, 19, 16],
        days: [90, 90, 90, 95, 110, 120, 105],
    },
    Rhythm {
        hours: [14, 15, 14, 11, 9, 8, 9, 7, 3, 1, 1, 2, 2, 3, 6, 8, 9, 10, 9, 8, 7, 9, 12, 14],
        days: [105, 105, 100, 100, 100, 95, 95],
    },
    Rhythm {
        hours: [6, 2, 1, 0, 0, 0, 2, 4, 5, 6, 7, 8, 10, 8, 7, 7, 8, 10, 13, 18, 22, 22, 18, 12],
        days: [85, 85, 90, 90, 110, 130, 115],
    },
];

/// A home, which its people share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Household {
    pub(super) number: u64,
    pub(super) city: City,
    pub(super) address: Id,
    pub(super) computer: Id,
    /// For how many days the home's line keeps its internet address; nothing when for ever.
    lease_days: Option<i64>,
}

impl Household {
    pub(super) fn new(random: &mut Random, number: u64) -> Self {
        let lease_days = random.in_thousand(700).then(|| random.between(6, 40));
        Self { number, city: City::home(random), address: random.id(), computer: random.id(), lease_days }
    }

    /// The internet address of the home on a day since 1970.
    pub(super) fn ip(&self, world: &World, seed: u64, day: i64) -> IpAddr {
        let lease = self.lease_days.map_or(0, |days| day.div_euclid(days) + 1);
        let era = u64::try_from(lease).unwrap_or(0);
        world.line(self.city, &mut Random::new(seed, Purpose::Lease, era, self.number))
    }
}

/// One customer.
#[derive(Debug, Clone)]
pub(super) struct Customer {
    /// What tells this customer's random life apart from all others.
    pub(super) number: u64,
    pub(super) account: Id,
    pub(super) phone: Id,
    pub(super) email: Id,
    pub(super) home: Household,
    /// The own phone, and another device.
    pub(super) devices: [Id; 2],
    pub(super) cards: [Id; 3],
    /// How many of the devices and cards there really are.
    pub(super) owns: (u8, u8),
    /// Visits to the platform on a usual day, in thousandths.
    pub(super) visits: i64,
    /// Payments at tills on a usual day, in thousandths.
    pub(super) errands: i64,
    pub(super) rhythm: Rhythm,
    /// What this customer spends where others spend 100.
    pub(super) purse: i64,
    pub(super) shops: [Merchant; 5],
    pub(super) tills: [Merchant; 4],
    /// The place of the clinic.
    pub(super) clinic: usize,
    pub(super) office: Option<Office>,
    pub(super) cafe: Option<Room>,
    /// Hides behind rented servers.
    pub(super) hides: bool,
    /// Whom money is usually sent to.
    pub(super) payees: [Id; 2],
    /// The day of 30 on which the wage comes.
    pub(super) pay_day: i64,
    /// When the account was opened, in microseconds; nothing when before the beginning.
    pub(super) joined_us: Option<i64>,
}

impl Customer {
    pub(super) fn new(random: &mut Random, world: &World, home: Household, number: u64) -> Self {
        let mut shop = || *world.shops.popular(random);
        let shops = [shop(), shop(), shop(), shop(), shop()];
        let mut till = || *world.tills.popular(random);
        let tills = [till(), till(), till(), till()];
        let clinic = random.size((0, 1_000_000));
        Self {
            number,
            account: random.id(),
            phone: random.id(),
            email: random.id(),
            home,
            devices: [random.id(), random.id()],
            cards: [random.id(), random.id(), random.id()],
            owns: (1 + u8::from(random.in_thousand(300)), random.one_of(1, &[1, 1, 2, 2, 3])),
            visits: random.around(420, 15).clamp(25, 4_000),
            errands: random.around(170, 14).clamp(5, 1_500),
            rhythm: random.one_of(RHYTHMS[1], &RHYTHMS),
            purse: random.around(100, 9).clamp(20, 900),
            shops,
            tills,
            clinic,
            office: random.in_thousand(550).then(|| *world.offices.popular(random)),
            cafe: random.in_thousand(35).then(|| world.cafes.popular(random).clone()),
            hides: random.in_thousand(25),
            payees: [random.id(), random.id()],
            pay_day: random.one_of(4, &[9, 14, 24]),
            joined_us: None,
        }
    }

    /// What this customer usually pays at a merchant, in minor units at home.
    pub(super) fn price(&self, merchant: &Merchant, random: &mut Random) -> i64 {
        random.around(merchant.price.saturating_mul(self.purse) / 100, 11)
    }

    /// One of the own cards.
    pub(super) fn card(&self, random: &mut Random) -> Id {
        let [first, second, third] = self.cards;
        match self.owns.1 {
            0 | 1 => first,
            2 => random.one_of(first, &[first, second]),
            _ => random.one_of(first, &[first, second, third]),
        }
    }
}

/// Everybody: first those who are there when it begins, household by household, then those who join.
pub(super) struct People {
    pub(super) all: Pool<Customer>,
    /// How many are there from the beginning.
    pub(super) settled: usize,
}

impl People {
    /// The people of a simulation that begins on a day since 1970.
    pub(super) fn new(settings: &SimulateSettings, world: &World, first_day: i64) -> Self {
        let settled = usize::try_from(settings.customers).unwrap_or(1).max(1);
        let mut households = Households { seed: settings.seed, world, number: 0, waiting: Vec::new() };
        let mut all = Pool::of(settled, || households.next_customer());
        let era = u64::try_from(first_day).unwrap_or(0) << 1 | settings.variant as u64;
        for number in 0..joining(settings) {
            let random = &mut Random::new(settings.seed, Purpose::Newcomer, era, number);
            // One in four joins relatives who are customers already.
            let relative = random.in_thousand(250).then(|| all.at(random.size((0, 100_000_000)) % settled).home);
            let number = 1 << 40 | era << 20 | number;
            let home = relative.unwrap_or_else(|| Household::new(random, number));
            let mut newcomer = Customer::new(random, world, home, number);
            let hour = i64::try_from(random.weighted(&newcomer.rhythm.hours)).unwrap_or(0);
            let day = random.between(0, i64::from(settings.days).max(1) - 1);
            let hour_us = 3_600_000_000;
            let utc_hours = (first_day + day) * 24 + hour - i64::from(home.city.offset()) / 60;
            newcomer.joined_us = Some(utc_hours * hour_us + random.between(0, hour_us - 1));
            all.add(newcomer);
        }
        Self { all, settled }
    }

    /// Somebody who is there from the beginning.
    pub(super) fn settler(&self, random: &mut Random) -> &Customer {
        self.all.at(random.size((0, 1_000_000_000)) % self.settled)
    }
}

/// How many customers join in the course of a simulation.
pub(super) fn joining(settings: &SimulateSettings) -> u64 {
    u64::from(settings.customers) * u64::from(settings.days) * JOIN_IN_THOUSAND / 1_000
}

/// Gives out customers, household by household.
struct Households<'a> {
    seed: u64,
    world: &'a World,
    number: u64,
    waiting: Vec<Customer>,
}

impl Households<'_> {
    fn next_customer(&mut self) -> Customer {
        if let Some(member) = self.waiting.pop() {
            return member;
        }
        let random = &mut Random::new(self.seed, Purpose::Household, 0, self.number);
        let home = Household::new(random, self.number);
        let number = self.number * 8;
        self.number += 1;
        let others = random.one_of(0, &[0, 0, 1, 1, 2, 3]);
        let family = (1..=others).map(|member| Customer::new(random, self.world, home, number + member));
        self.waiting = family.collect();
        Customer::new(random, self.world, home, number)
    }
}
