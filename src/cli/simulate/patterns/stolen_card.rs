//! Stolen cards: the details are tried with small amounts, then used up, from strange devices and networks.

use super::{HOUR_US, Incident};
use crate::cli::simulate::{
    people::{Customer, Household},
    season::MINUTE_US,
    visit::Visit,
    world::{City, rented},
};

/// A bank takes the money back after 3 to 30 days.
const KNOWN_HOURS: (i64, i64) = (72, 720);

impl Incident<'_> {
    /// A thief uses one or a few cards, one after the other.
    pub(super) fn steal_card(&mut self) {
        let cards = self.vary((1, 5), (1, 3));
        let slow = self.vary_chance(400, 550);
        let mut time_us = self.begin(0);
        let (device, city) = (self.random.id(), City::home(&mut self.random));
        let home = Household::new(&mut self.random, 0);
        let thief = Customer::new(&mut self.random, self.ground.world, home, 0);
        for _ in 0..cards {
            let victim = self.ground.people.settler(&mut self.random).clone();
            // Half of the cards are used with the victim's own account, the others with one of the thief's or a rented one.
            let user = match self.random.weighted(&[50, 20, 30]) {
                0 => victim.clone(),
                1 => thief.clone(),
                _ => self.ground.people.settler(&mut self.random).clone(),
            };
            let near = self.random.in_thousand(450);
            let city = if near { victim.home.city } else { city };
            let device = if self.random.in_thousand(300) { self.random.id() } else { device };
            let visit = Visit { time_us, city, device, ip: self.hidden(city) };
            time_us = self.use_card(visit, &victim, &user, slow);
        }
    }

    /// An address that says little: a home's line, a mobile network, a rented server.
    pub(super) fn hidden(&mut self, city: City) -> std::net::IpAddr {
        match self.random.weighted(&[450, 350, 200]) {
            0 => self.ground.world.line(city, &mut self.random),
            1 => self.ground.world.mobile(city, &mut self.random),
            _ => rented(&mut self.random),
        }
    }

    fn use_card(&mut self, mut visit: Visit, victim: &Customer, user: &Customer, slow: bool) -> i64 {
        let card = victim.card(&mut self.random);
        let tests = self.vary((0, 3), (0, 2));
        let payments = tests + self.vary((2, 8), (2, 5));
        let dear = self.vary((90, 320), (80, 260));
        for payment in 0..payments {
            let merchant = *self.ground.world.shops.popular(&mut self.random);
            let usual = victim.price(&merchant, &mut self.random);
            let price = if payment < tests { self.random.around(400, 10) } else { usual.saturating_mul(dear) / 100 };
            if self.random.in_thousand(200) {
                visit.ip = self.hidden(visit.city);
            }
            let draft = visit.paying(merchant, price, card, user);
            self.push(draft, KNOWN_HOURS);
            let mean =
                if slow { self.vary((4, 16), (8, 30)) * HOUR_US } else { self.vary((2, 12), (1, 25)) * MINUTE_US };
            visit.time_us += MINUTE_US / 3 + self.random.wait(mean);
        }
        visit.time_us + self.random.wait(3 * HOUR_US)
    }
}
