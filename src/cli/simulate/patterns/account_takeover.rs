//! Account takeover: somebody else signs in from a strange device, changes the phone number, and takes the money or orders
//! with it. Passwords come from lists, so some try many accounts before one opens.

use super::{HOUR_US, Incident};
use crate::cli::simulate::{event::Id, people::Customer, season::MINUTE_US, visit::Visit, world::City};
use crate::domain::fraud::Scene;

/// The owner or the platform's people find it within 4 hours to 3 days.
const KNOWN_HOURS: (i64, i64) = (4, 72);

/// Where the money goes.
struct Loot {
    payees: [Id; 2],
    address: Id,
    phone: Id,
}

impl Incident<'_> {
    /// One thief takes one account or a few.
    pub(super) fn take_accounts(&mut self) {
        let victims = self.vary((1, 4), (1, 6));
        let careful = self.vary_chance(350, 500);
        let loot =
            Loot { payees: [self.random.id(), self.random.id()], address: self.random.id(), phone: self.random.id() };
        let (device, far) = (self.random.id(), City::home(&mut self.random));
        let mut time_us = self.begin(0);
        if self.vary_chance(140, 90) {
            time_us = self.try_passwords(device, far, time_us);
        }
        for _ in 0..victims {
            let victim = self.ground.people.settler(&mut self.random).clone();
            let city = if careful { victim.home.city } else { far };
            let device = if careful || self.random.in_thousand(150) { self.random.id() } else { device };
            let visit = Visit { time_us, city, device, ip: self.hidden(city) };
            self.take(visit, &victim, &loot, careful);
            time_us += self.random.wait(20 * HOUR_US);
        }
    }

    /// Tries the passwords of a list; says when it is done.
    fn try_passwords(&mut self, device: Id, city: City, mut time_us: i64) -> i64 {
        let accounts = self.vary((4, 14), (3, 22));
        let mut ip = self.hidden(city);
        for _ in 0..accounts {
            let victim = self.ground.people.settler(&mut self.random).clone();
            if self.random.in_thousand(150) {
                ip = self.hidden(city);
            }
            let draft = Visit { time_us, city, device, ip }.draft(Scene::Login, &victim);
            self.push(draft, KNOWN_HOURS);
            time_us += 2_000_000 + self.random.wait(MINUTE_US);
        }
        time_us
    }

    fn take(&mut self, mut visit: Visit, victim: &Customer, loot: &Loot, careful: bool) {
        let tries = if careful { 1 } else { self.random.between(1, 3) };
        for _ in 0..tries {
            let draft = visit.draft(Scene::Login, victim);
            self.push(draft, KNOWN_HOURS);
            visit.time_us += self.random.between(8_000_000, 60_000_000);
        }
        if self.random.in_thousand(450) {
            visit.time_us += self.random.wait(6 * MINUTE_US);
            let mut draft = visit.draft(Scene::Login, victim);
            draft.parties.phone = Some(loot.phone);
            self.push(draft, KNOWN_HOURS);
        }
        let pause =
            if careful { self.vary((5, 60), (12, 90)) * HOUR_US } else { self.vary((3, 40), (1, 120)) * MINUTE_US };
        visit.time_us += pause;
        let goods = self.random.in_thousand(300);
        for _ in 0..self.vary((1, 3), (1, 2)) {
            let draft =
                if goods { self.order_away(&visit, victim, loot.address) } else { self.withdraw(&visit, victim, loot) };
            self.push(draft, KNOWN_HOURS);
            visit.time_us += MINUTE_US + self.random.wait(30 * MINUTE_US);
        }
    }

    fn order_away(&mut self, visit: &Visit, victim: &Customer, address: Id) -> crate::cli::simulate::event::Draft {
        let merchant = *self.ground.world.shops.popular(&mut self.random);
        let price = victim.price(&merchant, &mut self.random).saturating_mul(self.vary((120, 280), (100, 240))) / 100;
        visit.ordering(merchant, price, address, victim, &mut self.random)
    }

    fn withdraw(&mut self, visit: &Visit, victim: &Customer, loot: &Loot) -> crate::cli::simulate::event::Draft {
        let payee = self.random.one_of(loot.payees[0], &loot.payees);
        let dear = self.vary((110, 320), (90, 260));
        let amount = self.random.around(victim.purse.saturating_mul(7 * dear), 12);
        let mut draft = visit.draft(Scene::Withdrawal, victim).priced(amount);
        draft.parties.beneficiary = Some(payee);
        draft
    }
}
