//! What many customers do at once, and genuinely: the minute when places or rare goods are released, coupon days, pay days.

use super::{
    event::Draft,
    life::Life,
    season::{Day, MINUTE_US, Release, Rush, time_of},
    world::HOME,
};

impl Life<'_> {
    /// Goes to what there is on a day.
    pub(super) fn occasions(&mut self, day: &Day, to: &mut Vec<Draft>) {
        for release in &day.releases {
            let concerns = match release.rush {
                Rush::Clinic(place) => self.person.clinic % self.world.clinics.len() == place,
                _ => true,
            };
            if concerns && self.random.in_million(release.reach) {
                self.rush(day, release, to);
            }
        }
        if day.number.rem_euclid(30) == self.person.pay_day && self.random.in_thousand(220) {
            let minute = 480 + self.random.wait(240).min(900);
            let time_us = time_of(day.number, minute, HOME.0, &mut self.random);
            self.visit(day.number, time_us).withdraw(self, to);
        }
    }

    /// Waits for a release and takes part in it, often more than once, and often for somebody of the family too.
    fn rush(&mut self, day: &Day, release: &Release, to: &mut Vec<Draft>) {
        let mean = match release.rush {
            Rush::Tickets => 3 * MINUTE_US,
            Rush::Clinic(_) => 7 * MINUTE_US,
            Rush::RareGoods => 4 * MINUTE_US,
            Rush::Coupons => 45 * MINUTE_US,
        };
        let time_us = release.time_us + self.random.wait(mean);
        let mut visit = self.visit(day.number, time_us);
        let tries = match release.rush {
            Rush::Tickets => self.random.between(1, 4),
            Rush::Clinic(_) | Rush::RareGoods => self.random.between(1, 2),
            Rush::Coupons => 1,
        };
        let own = self.person.clone();
        for _ in 0..tries {
            self.take_part(release, &visit, to);
            visit.time_us += self.random.between(8_000_000, 70_000_000);
        }
        // A helpful person does the same for others, with the own phone: for the family, or for a club.
        let others = match self.random.weighted(&[840, 125, 30, 5]) {
            0 => 0,
            1 => 1,
            2 => self.random.between(2, 3),
            _ => self.random.between(4, 9),
        };
        for _ in 0..others {
            self.person = self.people.settler(&mut self.random).clone();
            self.take_part(release, &visit, to);
            visit.time_us += self.random.between(15_000_000, 90_000_000);
        }
        self.person = own;
    }

    fn take_part(&mut self, release: &Release, visit: &super::visit::Visit, to: &mut Vec<Draft>) {
        let (person, random) = (&self.person, &mut self.random);
        let draft = match release.rush {
            Rush::Tickets | Rush::Clinic(_) => visit.booking(release.merchant, person, random),
            Rush::Coupons => visit.claiming(release.merchant, person, random),
            Rush::RareGoods => {
                let price = random.around(release.merchant.price * 4, 2);
                visit.ordering(release.merchant, price, person.home.address, person, random)
            }
        };
        to.push(draft);
    }
}
