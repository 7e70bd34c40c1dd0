//! What a customer does on one visit to the platform.

use std::net::IpAddr;

use super::{
    event::{Draft, FraudPattern, Id, Price},
    life::Life,
    people::Customer,
    random::Random,
    season::{DAY_US, MINUTE_US},
    world::{City, Merchant},
};
use crate::domain::fraud::Scene;

/// After how many days without a complaint an event counts as genuine.
const NO_COMPLAINT_DAYS: i64 = 30;

/// One visit: when, where, and with what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visit {
    pub(super) time_us: i64,
    pub(super) city: City,
    pub(super) device: Id,
    pub(super) ip: IpAddr,
}

impl Draft {
    /// A genuine event without anybody in it.
    pub(super) fn genuine(scene: Scene, time_us: i64, city: City) -> Self {
        let known_after_us = NO_COMPLAINT_DAYS * DAY_US;
        let parties = super::event::Parties::default();
        Self { scene, time_us, offset: city.offset(), price: None, parties, fraud: None, known_after_us }
    }

    /// At this price at home, in home's money.
    pub(super) fn priced(mut self, minor: i64) -> Self {
        self.price = Some(Price { minor: minor.max(1), currency: super::world::HOME.1 });
        self
    }

    /// At this price at home, in the money of a city.
    pub(super) fn priced_in(mut self, minor: i64, city: City) -> Self {
        let (currency, worth) = city.money();
        self.price = Some(Price { minor: (minor.saturating_mul(worth) / 100).max(1), currency });
        self
    }

    /// A fraud of a pattern, known after so long.
    pub(super) fn fraud(mut self, pattern: FraudPattern, known_after_us: i64) -> Self {
        (self.fraud, self.known_after_us) = (Some(pattern), known_after_us);
        self
    }
}

impl Visit {
    /// An event of this visit, by this person.
    pub(super) fn draft(&self, scene: Scene, person: &Customer) -> Draft {
        let mut draft = Draft::genuine(scene, self.time_us, self.city);
        draft.parties.account = Some(person.account);
        draft.parties.device = Some(self.device);
        draft.parties.ip = Some(self.ip);
        draft
    }

    /// Does what customers do: most sign in, and then buy, claim, book, take money out, or only look.
    pub(super) fn make(mut self, life: &mut Life<'_>, to: &mut Vec<Draft>) {
        if life.random.in_thousand(600) {
            self.sign_in(life, to);
        }
        self.time_us += pause(&mut life.random);
        match life.random.weighted(&[29, 24, 24, 6, 5, 6]) {
            0 => {}
            1 => self.order(life, to),
            2 => self.buy(life, to),
            3 => {
                let merchant = shop(life);
                self.claim(merchant, life, to);
            }
            4 => {
                let clinics = &life.world.clinics;
                let clinic = clinics.at(life.person.clinic);
                let in_hall = life.random.in_thousand(120);
                let merchant = if life.random.in_thousand(750) {
                    if in_hall {
                        (self.device, self.ip) = (*clinic.hall.machines.any(&mut life.random), clinic.hall.ip);
                    }
                    clinic.merchant
                } else {
                    *life.world.venues.any(&mut life.random)
                };
                to.push(self.booking(merchant, &life.person, &mut life.random));
            }
            _ => self.withdraw(life, to),
        }
    }

    /// Signs in; some forget the password and try again and again.
    fn sign_in(&mut self, life: &mut Life<'_>, to: &mut Vec<Draft>) {
        let tries = if life.random.in_thousand(30) { life.random.between(2, 7) } else { 1 };
        for _ in 0..tries {
            let mut draft = self.draft(Scene::Login, &life.person);
            draft.parties.phone = life.random.in_thousand(330).then_some(life.person.phone);
            to.push(draft);
            self.time_us += life.random.between(6_000_000, 50_000_000);
        }
    }

    /// Orders something; half of the orders are paid with a card at once.
    fn order(mut self, life: &mut Life<'_>, to: &mut Vec<Draft>) {
        let merchant = shop(life);
        let price = life.person.price(&merchant, &mut life.random);
        let address = match life.random.weighted(&[64, 9, 22, 5]) {
            1 => life.person.office.map_or(life.person.home.address, |office| office.address),
            2 => *life.world.lockers.popular(&mut life.random),
            3 => life.people.settler(&mut life.random).home.address,
            _ => life.person.home.address,
        };
        to.push(self.ordering(merchant, price, address, &life.person, &mut life.random));
        if life.random.in_thousand(500) {
            self.time_us += pause(&mut life.random);
            self.pay(merchant, price, life, to);
        }
    }

    /// An order of this visit.
    pub(super) fn ordering(
        &self,
        merchant: Merchant,
        price: i64,
        address: Id,
        person: &Customer,
        random: &mut Random,
    ) -> Draft {
        let mut draft = self.draft(Scene::Order, person).priced_in(price, self.city);
        draft.parties.merchant = Some(merchant.id);
        draft.parties.address = Some(address);
        draft.parties.phone = random.in_thousand(700).then_some(person.phone);
        draft
    }

    /// A booking of this visit.
    pub(super) fn booking(&self, merchant: Merchant, person: &Customer, random: &mut Random) -> Draft {
        let mut draft = self.draft(Scene::AppointmentBooking, person);
        draft.parties.merchant = Some(merchant.id);
        draft.parties.phone = random.in_thousand(850).then_some(person.phone);
        draft
    }

    /// A payment of this visit with a card.
    pub(super) fn paying(&self, merchant: Merchant, price: i64, card: Id, person: &Customer) -> Draft {
        let mut draft = self.draft(Scene::Payment, person).priced_in(price, self.city);
        draft.parties.card = Some(card);
        draft.parties.merchant = Some(merchant.id);
        draft
    }

    /// Buys with a card; some go on from shop to shop, and begin with something small.
    fn buy(mut self, life: &mut Life<'_>, to: &mut Vec<Draft>) {
        let payments = if life.random.in_thousand(70) { life.random.between(2, 7) } else { 1 };
        for _ in 0..payments {
            let merchant = shop(life);
            let usual = life.person.price(&merchant, &mut life.random);
            let price = if life.random.in_thousand(60) { life.random.around(500, 12) } else { usual };
            self.pay(merchant, price, life, to);
            self.time_us += MINUTE_US + life.random.wait(9 * MINUTE_US);
        }
    }

    fn pay(self, merchant: Merchant, price: i64, life: &mut Life<'_>, to: &mut Vec<Draft>) {
        // Some cards are lent.
        let lent = life.random.in_thousand(12).then(|| life.people.settler(&mut life.random).cards[0]);
        let card = lent.unwrap_or_else(|| life.person.card(&mut life.random));
        let mut draft = self.paying(merchant, price, card, &life.person);
        draft.parties.email = life.random.in_thousand(250).then_some(life.person.email);
        to.push(draft);
    }

    /// Takes a coupon of a merchant.
    pub(super) fn claim(self, merchant: Merchant, life: &mut Life<'_>, to: &mut Vec<Draft>) {
        to.push(self.claiming(merchant, &life.person, &mut life.random));
    }

    /// A claim of this visit.
    pub(super) fn claiming(&self, merchant: Merchant, person: &Customer, random: &mut Random) -> Draft {
        let mut draft = self.draft(Scene::CouponClaim, person);
        draft.parties.merchant = Some(merchant.id);
        draft.parties.phone = random.in_thousand(500).then_some(person.phone);
        draft
    }

    /// Takes money out, mostly to oneself; some do it in parts.
    pub(super) fn withdraw(mut self, life: &mut Life<'_>, to: &mut Vec<Draft>) {
        let (person, random) = (&life.person, &mut life.random);
        let payee = if random.in_thousand(260) { random.id() } else { random.one_of(person.payees[0], &person.payees) };
        let parts = if random.in_thousand(80) { random.between(2, 3) } else { 1 };
        for _ in 0..parts {
            let amount = random.around(person.purse.saturating_mul(700), 17);
            let mut draft = self.draft(Scene::Withdrawal, person).priced(amount);
            draft.parties.beneficiary = Some(payee);
            to.push(draft);
            self.time_us += MINUTE_US + random.wait(20 * MINUTE_US);
        }
    }
}

/// How long a customer looks around.
fn pause(random: &mut Random) -> i64 {
    MINUTE_US / 4 + random.wait(4 * MINUTE_US)
}

/// Where a customer buys: mostly where always.
fn shop(life: &mut Life<'_>) -> Merchant {
    if life.random.in_thousand(620) {
        life.random.one_of(life.person.shops[0], &life.person.shops)
    } else {
        *life.world.shops.popular(&mut life.random)
    }
}
