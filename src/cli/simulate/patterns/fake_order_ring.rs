//! Fake-order rings: a merchant and its friends order what nobody wants, at normal prices, so that the merchant stands first.

use super::{Incident, ring::Means};
use crate::{
    cli::simulate::season::{DAY_US, MINUTE_US, time_of},
    cli::simulate::world::HOME,
    domain::fraud::Scene,
};

/// The platform's people find it within 1 to 10 days.
const KNOWN_HOURS: (i64, i64) = (24, 240);

impl Incident<'_> {
    /// Orders at one merchant on some days.
    pub(super) fn fake_orders(&mut self) {
        let careful = self.vary_chance(150, 220);
        let means = Means {
            accounts: self.vary_size((10, 40), (7, 28)),
            accounts_for_ten_devices: if careful { 12 } else { self.vary_size((16, 50), (13, 36)) },
            rented: u32::try_from(self.vary((300, 800), (450, 900))).unwrap_or(0),
            careful,
        };
        let ring = self.gather(means);
        let world = self.ground.world;
        let merchant = *world.shops.obscure(&mut self.random);
        let days = self.vary((3, 12), (2, 16));
        let begin = self.begin(days * DAY_US);
        let a_day = self.vary((4, 22), (3, 16));
        let busy = self.vary((9, 22), (7, 24));
        for day in 0..days {
            for _ in 0..self.random.count(a_day * 1_000) {
                let place = self.random.size((0, 1_000_000)) % ring.accounts.len();
                let person = &ring.accounts.at(place).person;
                let minute = if self.random.in_thousand(500) { busy * 60 } else { self.random.between(540, 1_380) };
                let minute = minute + self.random.wait(50);
                let time_us = time_of(begin.div_euclid(DAY_US) + day, minute, HOME.0, &mut self.random);
                let mut visit = ring.visit(place, time_us, world, &mut self.random);
                if self.random.in_thousand(250) {
                    let draft = visit.draft(Scene::Login, person);
                    self.push(draft, KNOWN_HOURS);
                    visit.time_us += MINUTE_US / 2 + self.random.wait(MINUTE_US);
                }
                let price = person.price(&merchant, &mut self.random);
                let address = *ring.addresses.at(place);
                let draft = visit.ordering(merchant, price, address, person, &mut self.random);
                self.push(draft, KNOWN_HOURS);
                if self.random.in_thousand(220) {
                    visit.time_us += MINUTE_US / 3 + self.random.wait(3 * MINUTE_US);
                    let draft = visit.paying(merchant, price, person.cards[0], person);
                    self.push(draft, KNOWN_HOURS);
                }
            }
        }
    }
}
