//! Coupon farms: accounts are opened with a pool of devices, claim what newcomers get, and come back on coupon days.

use super::{HOUR_US, Incident, ring::Means};
use crate::{
    cli::simulate::season::{DAY_US, MINUTE_US, Rush},
    domain::fraud::Scene,
};

/// The platform's people find it within 6 hours to 4 days.
const KNOWN_HOURS: (i64, i64) = (6, 96);

impl Incident<'_> {
    /// Opens accounts one after the other, and claims with each.
    pub(super) fn farm_coupons(&mut self) {
        let careful = self.vary_chance(300, 400);
        let means = Means {
            accounts: self.vary_size((8, 40), (5, 26)),
            accounts_for_ten_devices: if careful { 12 } else { self.vary_size((18, 70), (14, 45)) },
            rented: 0,
            careful,
        };
        let pace = if careful { self.vary((120, 420), (200, 700)) } else { self.vary((4, 60), (2, 110)) };
        let ring = self.gather(means);
        let (world, season) = (self.ground.world, self.ground.season);
        let merchant = *world.shops.popular(&mut self.random);
        let mut time_us = self.begin(DAY_US);
        for (place, account) in ring.accounts.iter().enumerate() {
            let mut visit = ring.visit(place, time_us, world, &mut self.random);
            let mut draft = visit.draft(Scene::Registration, &account.person);
            draft.parties.phone = Some(account.person.phone);
            draft.parties.email = self.random.in_thousand(600).then_some(account.person.email);
            draft.parties.address = self.random.in_thousand(450).then_some(*ring.addresses.at(place));
            self.push(draft, KNOWN_HOURS);
            let mean = self.vary((4, 40), (10, 300)) * MINUTE_US;
            visit.time_us += MINUTE_US / 2 + self.random.wait(mean);
            for _ in 0..self.vary((1, 2), (1, 2)) {
                let claim = visit.claiming(merchant, &account.person, &mut self.random);
                self.push(claim, KNOWN_HOURS);
                visit.time_us += MINUTE_US + self.random.wait(90 * MINUTE_US);
            }
            time_us += MINUTE_US / 2 + self.random.wait(pace * MINUTE_US);
        }
        let coupon_days = season.days.iter().flat_map(|day| &day.releases).filter(|one| one.rush == Rush::Coupons);
        for release in coupon_days.filter(|one| (time_us..time_us + 6 * DAY_US).contains(&one.time_us)) {
            for (place, account) in ring.accounts.iter().enumerate() {
                let late = self.random.wait(HOUR_US);
                let visit = ring.visit(place, release.time_us + late, world, &mut self.random);
                let claim = visit.claiming(release.merchant, &account.person, &mut self.random);
                self.push(claim, KNOWN_HOURS);
            }
        }
    }
}
