//! Scalper rings: a pool of accounts, devices, phones and lines takes places and rare goods the minute they are released, to
//! sell them on.

use super::{
    Incident,
    ring::{Means, Ring},
};
use crate::{
    cli::simulate::season::{DAY_US, MINUTE_US, Release, Rush},
    domain::fraud::Scene,
};

/// The platform's people find it within 2 hours to 3 days.
const KNOWN_HOURS: (i64, i64) = (2, 72);

impl Incident<'_> {
    /// Goes to the releases of some days.
    pub(super) fn scalp(&mut self) {
        let careful = self.vary_chance(180, 260);
        let means = Means {
            accounts: self.vary_size((9, 32), (6, 24)),
            accounts_for_ten_devices: if careful { 12 } else { self.vary_size((20, 60), (16, 42)) },
            rented: u32::try_from(self.vary((150, 600), (300, 750))).unwrap_or(0),
            careful,
        };
        let days = self.vary((3, 10), (2, 14));
        let ring = self.gather(means);
        let begin = self.begin(days * DAY_US);
        let clinic = self.random.size((0, 1_000_000)) % self.ground.world.clinics.len();
        let (tickets, goods) = (self.random.in_thousand(750), self.random.in_thousand(500));
        let late = if careful { self.vary((60, 240), (90, 420)) } else { self.vary((8, 120), (20, 240)) };
        for (place, account) in ring.accounts.iter().enumerate() {
            if account.opened {
                // Opened well before the first release, so that most are no newcomers then.
                let time_us = begin - self.random.between(MINUTE_US, 12 * DAY_US);
                let visit = ring.visit(place, time_us, self.ground.world, &mut self.random);
                let mut draft = visit.draft(Scene::Registration, &account.person);
                draft.parties.phone = Some(account.person.phone);
                self.push(draft, KNOWN_HOURS);
            }
        }
        let season = self.ground.season;
        for release in season.days.iter().flat_map(|day| &day.releases) {
            let wanted = match release.rush {
                Rush::Tickets => tickets,
                Rush::Clinic(place) => !tickets && place == clinic,
                Rush::RareGoods => goods,
                Rush::Coupons => false,
            };
            if wanted && (begin..begin + days * DAY_US).contains(&release.time_us) {
                self.grab(&ring, release, late);
            }
        }
    }

    /// Takes what one release has.
    fn grab(&mut self, ring: &Ring, release: &Release, late_seconds: i64) {
        let world = self.ground.world;
        for (place, account) in ring.accounts.iter().enumerate() {
            if self.random.in_thousand(280) {
                continue;
            }
            let late = self.random.wait(late_seconds * 1_000_000).min(30 * MINUTE_US);
            let mut visit = ring.visit(place, release.time_us + late, world, &mut self.random);
            for _ in 0..self.vary((1, 3), (1, 2)) {
                let (person, random) = (&account.person, &mut self.random);
                let draft = if release.rush == Rush::RareGoods {
                    let price = random.around(release.merchant.price * 4, 2);
                    visit.ordering(release.merchant, price, *ring.addresses.at(place), person, random)
                } else {
                    visit.booking(release.merchant, person, random)
                };
                self.push(draft, KNOWN_HOURS);
                visit.time_us += self.random.between(4_000_000, 60_000_000);
            }
        }
    }
}
