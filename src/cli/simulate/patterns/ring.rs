//! What rings have in common: accounts, some of them rented from their owners, and devices, lines and addresses that go
//! round among them.

use std::net::IpAddr;

use super::Incident;
use crate::cli::simulate::{
    event::Id,
    people::{Customer, Household},
    random::{Pool, Random},
    visit::Visit,
    world::{City, World, rented},
};

/// How a ring is made up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Means {
    /// How many accounts.
    pub(super) accounts: usize,
    /// How many accounts there are for ten devices.
    pub(super) accounts_for_ten_devices: usize,
    /// How many of a thousand accounts are customers' own, rented.
    pub(super) rented: u32,
    /// Whether each account keeps to its device and its line.
    pub(super) careful: bool,
}

/// A ring.
pub(super) struct Ring {
    pub(super) accounts: Pool<Account>,
    pub(super) addresses: Pool<Id>,
    devices: Pool<Id>,
    lines: Pool<IpAddr>,
    careful: bool,
    city: City,
}

/// An account of a ring.
pub(super) struct Account {
    pub(super) person: Customer,
    /// Whether the ring opened it.
    pub(super) opened: bool,
}

impl Incident<'_> {
    /// Gathers a ring.
    pub(super) fn gather(&mut self, means: Means) -> Ring {
        let (world, people, random) = (self.ground.world, self.ground.people, &mut self.random);
        let accounts = Pool::of(means.accounts, || {
            if random.in_thousand(means.rented) {
                let mut person = people.settler(random).clone();
                if random.in_thousand(500) {
                    person.phone = random.id();
                }
                return Account { person, opened: false };
            }
            let home = Household::new(random, 0);
            Account { person: Customer::new(random, world, home, 0), opened: true }
        });
        let devices = (means.accounts * 10).div_ceil(means.accounts_for_ten_devices.max(1));
        let city = City::home(random);
        let lines = if means.careful { devices } else { devices.div_ceil(3) };
        Ring {
            accounts,
            addresses: Pool::of(means.accounts.div_ceil(5), || random.id()),
            devices: Pool::of(devices, || random.id()),
            lines: Pool::of(lines, || world.line(city, random)),
            careful: means.careful,
            city,
        }
    }
}

impl Ring {
    /// How the ring's account at a place comes to the platform.
    pub(super) fn visit(&self, place: usize, time_us: i64, world: &World, random: &mut Random) -> Visit {
        let own_device = self.careful || random.in_thousand(750);
        let device = *if own_device { self.devices.at(place) } else { self.devices.any(random) };
        let ways = if self.careful { [600, 400, 0] } else { [550, 250, 200] };
        let ip = match random.weighted(&ways) {
            0 if self.careful => *self.lines.at(place),
            0 => *self.lines.any(random),
            1 => world.mobile(self.city, random),
            _ => rented(random),
        };
        Visit { time_us, city: self.city, device, ip }
    }
}
