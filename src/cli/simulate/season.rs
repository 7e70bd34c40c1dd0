//! The days of the simulation, and what happens on them for many at once: releases, sales and coupons.

use super::{
    event::SimulateSettings,
    random::{Purpose, Random},
    world::{HOME, Merchant, World},
};

/// A minute and a day, in microseconds.
pub(super) const MINUTE_US: i64 = 60_000_000;
pub(super) const DAY_US: i64 = 1_440 * MINUTE_US;

/// What many come for at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rush {
    /// A venue gives out its places.
    Tickets,
    /// A clinic gives out its places; its number among the clinics.
    Clinic(usize),
    /// A shop sells something rare.
    RareGoods,
    /// A shop gives coupons away.
    Coupons,
}

/// Something that many come for at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Release {
    pub(super) rush: Rush,
    pub(super) merchant: Merchant,
    /// When, in microseconds since 1970.
    pub(super) time_us: i64,
    /// How many of a million customers come.
    pub(super) reach: u32,
}

/// One day of the calendar, at home.
#[derive(Debug)]
pub(super) struct Day {
    /// Days since 1970.
    pub(super) number: i64,
    /// How much more is bought than on other days, in percent.
    pub(super) sale: i64,
    pub(super) releases: Vec<Release>,
}

/// The days of the simulation.
pub(super) struct Season {
    pub(super) start_us: i64,
    pub(super) end_us: i64,
    pub(super) days: Vec<Day>,
}

impl Season {
    /// The days of these settings.
    pub(super) fn new(settings: &SimulateSettings, world: &World) -> Self {
        let start_us = settings.start.micros();
        let first = start_us.div_euclid(DAY_US);
        let days = i64::from(settings.days);
        // The last day of UTC is not the last at home, where the day begins earlier.
        let days = (first..=first + days).map(|number| day(settings.seed, number, world)).collect();
        Self { start_us, end_us: start_us.saturating_add(i64::from(settings.days) * DAY_US), days }
    }

    /// The first day since 1970.
    pub(super) fn first_day(&self) -> i64 {
        self.start_us.div_euclid(DAY_US)
    }

    /// Whether a time is a part of the simulation.
    pub(super) fn holds(&self, time_us: i64) -> bool {
        (self.start_us..self.end_us).contains(&time_us)
    }
}

/// A time of day somewhere, with a random second.
pub(super) fn time_of(day: i64, minute: i64, offset: i16, random: &mut Random) -> i64 {
    day * DAY_US + (minute - i64::from(offset)) * MINUTE_US + random.between(0, MINUTE_US - 1)
}

/// The day of the week, 0 (Monday) to 6: the first day of 1970 was a Thursday.
pub(super) fn weekday(day: i64) -> usize {
    usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0)
}

/// A day as everybody sees it, whenever the simulation begins.
fn day(seed: u64, number: i64, world: &World) -> Day {
    let random = &mut Random::new(seed, Purpose::Season, 0, u64::try_from(number).unwrap_or(0));
    let sale = if number.rem_euclid(13) == 4 { 230 } else { 100 };
    let at = |minute: i64| number * DAY_US + (minute - i64::from(HOME.0)) * MINUTE_US;
    let mut releases: Vec<Release> = world
        .clinics
        .iter()
        .enumerate()
        .map(|(place, clinic)| {
            let time_us = at(clinic.opens);
            Release { rush: Rush::Clinic(place), merchant: clinic.merchant, time_us, reach: 9_000 }
        })
        .collect();
    if random.in_thousand(550) {
        let (merchant, minute) = (*world.venues.any(random), random.one_of(600, &[720, 720, 780, 1_200]));
        let reach = u32::try_from(random.between(5_000, 18_000)).unwrap_or(0);
        releases.push(Release { rush: Rush::Tickets, merchant, time_us: at(minute), reach });
    }
    if number.rem_euclid(5) == 2 || sale > 100 {
        let (merchant, minute) = (*world.shops.popular(random), random.one_of(600, &[1_200, 1_200]));
        releases.push(Release { rush: Rush::RareGoods, merchant, time_us: at(minute), reach: 9_000 });
    }
    if number.rem_euclid(4) == 1 {
        let merchant = *world.shops.popular(random);
        releases.push(Release { rush: Rush::Coupons, merchant, time_us: at(600), reach: 40_000 });
    }
    Day { number, sale, releases }
}
