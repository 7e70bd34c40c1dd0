//! What one customer does in normal life, day by day.
//!
//! Much of it looks strange from afar: new phones, journeys, family computers, cafes, forgotten passwords. That is what makes
//! frauds hard to tell.

use std::net::IpAddr;

use super::{
    event::{Draft, Id, SimulateSettings},
    people::{Customer, People},
    random::{Pool, Purpose, Random},
    season::{DAY_US, Day, MINUTE_US, Season, time_of, weekday},
    visit::Visit,
    world::{City, Merchant, World, hotel, rented},
};
use crate::domain::fraud::Scene;

/// A journey: where to, and the day on which it ends.
#[derive(Debug, Clone, Copy)]
struct Journey {
    city: City,
    until: i64,
    hotel: IpAddr,
}

/// One customer's life.
pub(super) struct Life<'a> {
    pub(super) world: &'a World,
    pub(super) people: &'a People,
    pub(super) season: &'a Season,
    pub(super) person: Customer,
    pub(super) random: Random,
    seed: u64,
    journey: Option<Journey>,
}

impl<'a> Life<'a> {
    /// The life of a customer from the beginning of the season.
    pub(super) fn new(
        settings: &SimulateSettings,
        (world, people, season): (&'a World, &'a People, &'a Season),
        person: &Customer,
    ) -> Self {
        let era = u64::try_from(season.first_day()).unwrap_or(0) << 1 | settings.variant as u64;
        let random = Random::new(settings.seed, Purpose::Life, era, person.number);
        Self { world, people, season, person: person.clone(), random, seed: settings.seed, journey: None }
    }

    /// Lives every day, and writes down what is done.
    pub(super) fn live(mut self, to: &mut Vec<Draft>) {
        let joined = self.person.joined_us;
        if let Some(joined_us) = joined {
            self.join(joined_us, to);
        }
        let begin = to.len();
        let season = self.season;
        for day in &season.days {
            self.wake(day.number);
            self.visits(day, to);
            self.errands(day, to);
            self.occasions(day, to);
        }
        if let Some(joined_us) = joined {
            let lived = to.split_off(begin);
            to.extend(lived.into_iter().filter(|draft| draft.time_us > joined_us));
        }
    }

    /// What changes overnight: a new phone, a new card, a journey.
    fn wake(&mut self, day: i64) {
        if self.random.in_million(1_700) {
            // Some phones are passed on by somebody who has them no more.
            let passed_on = self.random.in_thousand(150);
            let used = self.people.settler(&mut self.random).devices[1];
            let fresh = if passed_on { used } else { self.random.id() };
            self.person.devices = [fresh, self.person.devices[0]];
        }
        if self.random.in_million(1_300) {
            self.person.cards[0] = self.random.id();
        }
        if self.journey.is_some_and(|journey| journey.until <= day) {
            self.journey = None;
        }
        if self.journey.is_none() && self.random.in_thousand(11) {
            let abroad = self.random.in_thousand(250);
            let city = if abroad { City::abroad(&mut self.random) } else { City::home(&mut self.random) };
            let until = day + self.random.between(2, 8);
            self.journey = Some(Journey { city, until, hotel: hotel(city, &mut self.random) });
        }
    }

    /// Where the customer is.
    pub(super) fn city(&self) -> City {
        self.journey.map_or(self.person.home.city, |journey| journey.city)
    }

    fn visits(&mut self, day: &Day, to: &mut Vec<Draft>) {
        let usual = self.person.visits * self.person.rhythm.days.get(weekday(day.number)).unwrap_or(&100) / 100;
        for _ in 0..self.random.count(usual * day.sale / 100) {
            let time_us = self.busy_time(day);
            let visit = self.visit(day.number, time_us);
            visit.make(self, to);
        }
    }

    /// A time of the day when this customer is busy.
    fn busy_time(&mut self, day: &Day) -> i64 {
        let mut hour = i64::try_from(self.random.weighted(&self.person.rhythm.hours)).unwrap_or(12);
        if day.sale > 100 && self.random.in_thousand(300) {
            hour = self.random.one_of(20, &[20, 0]);
        }
        let minute = if day.sale > 100 && hour == 20 {
            1_200 + self.random.wait(9).min(59)
        } else {
            hour * 60 + self.random.between(0, 59)
        };
        time_of(day.number, minute, self.city().offset(), &mut self.random)
    }

    /// How the customer comes to the platform: from where, with what.
    pub(super) fn visit(&mut self, day: i64, time_us: i64) -> Visit {
        let home = self.person.home;
        let (city, random) = (self.city(), &mut self.random);
        let own = usize::from(self.person.owns.0 > 1 && random.in_thousand(150));
        let own = self.person.devices.get(own).copied().unwrap_or(home.computer);
        // A private window or a cleared browser makes a known device look new.
        let own = if random.in_thousand(55) { random.id() } else { own };
        let mobile = self.world.mobile(city, random);
        let visit = |device: Id, ip: IpAddr| Visit { time_us, city, device, ip };
        if let (Some(cafe), true) = (&self.person.cafe, random.in_thousand(450)) {
            return visit(*cafe.machines.any(random), cafe.ip);
        }
        if self.person.hides && random.in_thousand(400) {
            return visit(own, rented(random));
        }
        if let Some(journey) = self.journey {
            return visit(own, if random.in_thousand(500) { journey.hotel } else { mobile });
        }
        if random.in_thousand(4) {
            // A friend's phone, at the friend's.
            let friend = self.people.settler(random);
            return visit(friend.devices[0], friend.home.ip(self.world, self.seed, day));
        }
        match (self.person.office, random.weighted(&[52, 20, 28])) {
            (_, 0) => {
                let device = if random.in_thousand(220) { home.computer } else { own };
                visit(device, home.ip(self.world, self.seed, day))
            }
            (Some(office), 1) => visit(own, random.one_of(office.ips[0], &office.ips)),
            _ => visit(own, mobile),
        }
    }

    /// Payments at tills.
    fn errands(&mut self, day: &Day, to: &mut Vec<Draft>) {
        let usual = self.person.errands * self.person.rhythm.days.get(weekday(day.number)).unwrap_or(&100) / 100;
        for _ in 0..self.random.count(usual) {
            let time_us = self.busy_time(day);
            let strange = self.journey.is_some() || self.random.in_thousand(220);
            let merchant = if strange {
                *self.world.tills.popular(&mut self.random)
            } else {
                self.random.one_of(self.person.tills[0], &self.person.tills)
            };
            self.pay_at_till(merchant, time_us, to);
        }
    }

    fn pay_at_till(&mut self, merchant: Merchant, time_us: i64, to: &mut Vec<Draft>) {
        let (person, random) = (&self.person, &mut self.random);
        let price = person.price(&merchant, random);
        let till = merchant.till(random);
        let city = self.journey.map_or(person.home.city, |journey| journey.city);
        let mut draft = Draft::genuine(Scene::Payment, time_us, city).priced_in(price, city);
        draft.parties.account = Some(person.account);
        draft.parties.card = Some(person.card(random));
        draft.parties.merchant = Some(merchant.id);
        draft.parties.terminal = Some(till);
        to.push(draft);
    }

    /// Opens the account: at home or on the way, or at a shop's counter, where the shop's people do it.
    fn join(&mut self, joined_us: i64, to: &mut Vec<Draft>) {
        let day = joined_us.div_euclid(DAY_US);
        let mut visit = self.visit(day, joined_us);
        let at_counter = self.random.in_thousand(220);
        if at_counter {
            // Most counters that open accounts on a day belong to one campaign.
            let campaign = usize::try_from(day).unwrap_or(0);
            let alone = self.random.in_thousand(250);
            let counters: &Pool<_> = &self.world.counters;
            let counter = if alone { counters.any(&mut self.random) } else { counters.at(campaign) };
            (visit.device, visit.ip) = (*counter.machines.any(&mut self.random), counter.ip);
        }
        let mut draft = visit.draft(Scene::Registration, &self.person);
        draft.parties.phone = Some(self.person.phone);
        draft.parties.email = self.random.in_thousand(600).then_some(self.person.email);
        draft.parties.address = self.random.in_thousand(450).then_some(self.person.home.address);
        to.push(draft);
        if self.random.in_thousand(if at_counter { 650 } else { 450 }) {
            visit.time_us += MINUTE_US + self.random.wait(18 * MINUTE_US);
            let merchant = *self.world.shops.popular(&mut self.random);
            visit.claim(merchant, self, to);
        }
    }
}
