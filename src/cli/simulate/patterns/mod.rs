//! The frauds, one pattern a file.
//!
//! A pattern commits one incident after another, each from a random stream of its own, until there are as many fraudulent
//! events of it as the mix asks for. The ranges that an incident is drawn from differ between the variants.

mod account_takeover;
mod compromised_terminal;
mod coupon_farm;
mod fake_order_ring;
mod ring;
mod scalper_ring;
mod stolen_card;

use super::{
    event::{Draft, FraudPattern, SimulateSettings, Variant},
    people::People,
    random::{Purpose, Random},
    season::{MINUTE_US, Season},
    world::World,
};

/// An hour, in microseconds.
const HOUR_US: i64 = 60 * MINUTE_US;
/// More incidents than any mix needs, so that one whose incidents come to nothing ends.
const MOST_INCIDENTS: u64 = 1_000_000;

/// What frauds are committed on.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) settings: &'a SimulateSettings,
    pub(super) world: &'a World,
    pub(super) people: &'a People,
    pub(super) season: &'a Season,
    /// What customers did.
    pub(super) genuine: &'a [Draft],
}

/// 2^64 over the golden ratio: its multiples, taken round, lie evenly wherever one stops (Weyl's equidistribution; of all
/// numbers this one leaves the smallest gaps).
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// One incident while it is committed.
struct Incident<'a> {
    ground: Ground<'a>,
    random: Random,
    /// When in the season it begins: a fraction of it, in 2^64ths. Those of a pattern are spread evenly, so that the few rings
    /// of some weeks do not all fall into one of them.
    when: u64,
    pattern: FraudPattern,
    drafts: Vec<Draft>,
}

/// Commits every pattern as often as the mix asks for, and adds what was done.
pub(super) fn commit(ground: Ground<'_>, to: &mut Vec<Draft>) {
    let mix = ground.settings.fraud;
    let tills = compromised_terminal::Tills::of(ground.genuine);
    for (number, pattern) in (0..).zip(FraudPattern::ALL) {
        let per_ten_thousand = match pattern {
            FraudPattern::StolenCard => mix.stolen_card,
            FraudPattern::CompromisedTerminal => mix.compromised_terminal,
            FraudPattern::AccountTakeover => mix.account_takeover,
            FraudPattern::CouponFarm => mix.coupon_farm,
            FraudPattern::ScalperRing => mix.scalper_ring,
            FraudPattern::FakeOrderRing => mix.fake_order_ring,
        };
        let per_ten_thousand = usize::try_from(per_ten_thousand).unwrap_or(usize::MAX);
        let mut wanted = ground.genuine.len().saturating_mul(per_ten_thousand).div_ceil(10_000);
        for place in 0..MOST_INCIDENTS {
            if wanted == 0 {
                break;
            }
            let mut committed = Incident::of(ground, pattern, number, place).commit(&tills);
            // The last incident is found out before its end.
            committed.sort_by_key(|draft| draft.time_us);
            committed.truncate(wanted);
            wanted -= committed.len();
            to.extend(committed);
        }
    }
}

impl<'a> Incident<'a> {
    fn of(ground: Ground<'a>, pattern: FraudPattern, number: u64, place: u64) -> Self {
        let day = u64::try_from(ground.season.first_day()).unwrap_or(0);
        let era = day << 8 | number << 1 | ground.settings.variant as u64;
        let random = Random::new(ground.settings.seed, Purpose::Fraud, era, place);
        let first = Random::new(ground.settings.seed, Purpose::Fraud, era, u64::MAX).bits();
        let when = first.wrapping_add(place.wrapping_mul(GOLDEN));
        Self { ground, random, when, pattern, drafts: Vec::new() }
    }

    fn commit(mut self, tills: &compromised_terminal::Tills) -> Vec<Draft> {
        match self.pattern {
            FraudPattern::StolenCard => self.steal_card(),
            FraudPattern::CompromisedTerminal => self.copy_cards(tills),
            FraudPattern::AccountTakeover => self.take_accounts(),
            FraudPattern::CouponFarm => self.farm_coupons(),
            FraudPattern::ScalperRing => self.scalp(),
            FraudPattern::FakeOrderRing => self.fake_orders(),
        }
        self.drafts
    }

    /// A number of the range that the variant has.
    fn vary(&mut self, training: (i64, i64), unseen: (i64, i64)) -> i64 {
        let range = match self.ground.settings.variant {
            Variant::Training => training,
            Variant::Unseen => unseen,
        };
        self.random.within(range)
    }

    /// As [`Self::vary`], as a count.
    fn vary_size(&mut self, training: (i64, i64), unseen: (i64, i64)) -> usize {
        usize::try_from(self.vary(training, unseen)).unwrap_or(0)
    }

    /// True so many times in a thousand.
    fn vary_chance(&mut self, training: u32, unseen: u32) -> bool {
        let chance = if self.ground.settings.variant == Variant::Training { training } else { unseen };
        self.random.in_thousand(chance)
    }

    /// When an incident that lasts this long begins: some have begun before the simulation does.
    fn begin(&self, lasts_us: i64) -> i64 {
        let season = self.ground.season;
        let earliest = season.start_us - lasts_us / 2;
        let span = u128::try_from(season.end_us - earliest).unwrap_or(0);
        earliest + i64::try_from((span * u128::from(self.when)) >> 64).unwrap_or(0)
    }

    /// Writes down a fraud that becomes known within so many hours; nothing when it is not in the season.
    fn push(&mut self, draft: Draft, known_hours: (i64, i64)) {
        if self.ground.season.holds(draft.time_us) {
            let known = self.random.between(known_hours.0 * HOUR_US, known_hours.1 * HOUR_US);
            self.drafts.push(draft.fraud(self.pattern, known));
        }
    }
}
