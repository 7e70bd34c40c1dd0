//! Sampling with whole numbers alone.
//!
//! Logarithms, powers and the like may differ in their last bit from machine to machine, and a bit can move an event. So
//! nothing here is a float: distributions come from sums of uniform numbers and from small tables, and the same seed gives
//! the same events everywhere.

use std::num::NonZeroU64;

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use super::event::Id;

/// What a stream of random numbers is for: each has its own, so that no part of the simulation moves another.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Places = 1,
    Household = 2,
    Newcomer = 3,
    Lease = 4,
    Season = 5,
    Life = 6,
    /// The first of the fraud patterns; the others follow.
    Fraud = 16,
}

/// A stream of random numbers.
pub(super) struct Random(ChaCha8Rng);

/// `2^(k/16)` in 65,536ths, for k from 0 to 15.
const SIXTEENTHS: [i64; 16] = [
    65_536, 68_438, 71_468, 74_632, 77_936, 81_386, 84_990, 88_752, 92_682, 96_785, 101_070, 105_545, 110_218, 115_098,
    120_194, 125_515,
];
/// The quantiles of the exponential distribution with mean 1,000 at 0, 1/16, ... 15/16, and one at 0.996.
const EXPONENTIAL: [i64; 17] =
    [0, 65, 134, 208, 288, 375, 470, 575, 693, 827, 981, 1_163, 1_386, 1_674, 2_079, 2_773, 5_545];

impl Random {
    /// The stream of a seed for a purpose; `era` and `index` tell streams of one purpose apart.
    pub(super) fn new(seed: u64, purpose: Purpose, era: u64, index: u64) -> Self {
        Self::keyed([seed, purpose as u64, era, index])
    }

    /// The stream of four numbers.
    pub(super) fn keyed(key: [u64; 4]) -> Self {
        let mut bytes = [0; 32];
        for (to, from) in bytes.chunks_exact_mut(8).zip(key) {
            to.copy_from_slice(&from.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(bytes))
    }

    /// A whole number from 0 to below `n`; 0 when `n` is 0. What the multiplication favours is below one in 2^32.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        let product = u128::from(self.0.next_u64()) * u128::from(n);
        u32::try_from(product >> 64).unwrap_or(0)
    }

    /// A whole number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low)).unwrap_or(0).saturating_add(1);
        let product = u128::from(self.0.next_u64()) * u128::from(span);
        low.saturating_add(i64::try_from(product >> 64).unwrap_or(0))
    }

    /// A whole number of a range that has both ends.
    pub(super) fn within(&mut self, (low, high): (i64, i64)) -> i64 {
        self.between(low, high)
    }

    /// As [`Self::within`], as a count.
    pub(super) fn size(&mut self, range: (i64, i64)) -> usize {
        usize::try_from(self.within(range)).unwrap_or(0)
    }

    /// True so many times in a thousand.
    pub(super) fn in_thousand(&mut self, times: u32) -> bool {
        self.below(1_000) < times
    }

    /// True so many times in a million.
    pub(super) fn in_million(&mut self, times: u32) -> bool {
        self.below(1_000_000) < times
    }

    /// One of these.
    pub(super) fn one_of<T: Copy>(&mut self, first: T, others: &[T]) -> T {
        let at = self.below(u32::try_from(others.len()).unwrap_or(u32::MAX).saturating_add(1));
        let at = usize::try_from(at).unwrap_or(0);
        at.checked_sub(1).and_then(|at| others.get(at)).copied().unwrap_or(first)
    }

    /// The place of one of these weights, each as likely as it is heavy.
    pub(super) fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (at, weight) in weights.iter().enumerate() {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return at,
            }
        }
        0
    }

    /// Bell-shaped around 0, in thousandths of a standard deviation: the sum of twelve uniform numbers.
    pub(super) fn bell(&mut self) -> i64 {
        (0..12).map(|_| self.between(0, 1_000)).sum::<i64>() - 6_000
    }

    /// Skewed to the right around a median, as incomes and prices are: the median times 2 to a bell-shaped power, whose
    /// standard deviation is given in sixteenths. At least 1.
    pub(super) fn around(&mut self, median: i64, spread: i64) -> i64 {
        let power = (self.bell() * spread).div_euclid(1_000).clamp(-160, 160);
        let whole = power.div_euclid(16);
        let part = usize::try_from(power.rem_euclid(16)).unwrap_or(0);
        let factor = SIXTEENTHS.get(part).copied().unwrap_or(65_536);
        let scaled = median.saturating_mul(factor) / 65_536;
        let scaled = if whole >= 0 { scaled.saturating_mul(1 << whole) } else { scaled / (1 << -whole) };
        // The steps of the table must not show.
        (scaled.saturating_mul(self.between(979, 1_021)) / 1_000).max(1)
    }

    /// A time to wait for something that comes at a steady rate: exponential with this mean, by a table.
    pub(super) fn wait(&mut self, mean: i64) -> i64 {
        let at = usize::try_from(self.below(16)).unwrap_or(0);
        let low = EXPONENTIAL.get(at).copied().unwrap_or(0);
        let high = EXPONENTIAL.get(at + 1).copied().unwrap_or(low);
        mean.saturating_mul(self.between(low, high)) / 1_000
    }

    /// How many of something that comes this often, in thousandths; close to Poisson's distribution.
    pub(super) fn count(&mut self, mut thousandths: i64) -> u32 {
        let mut count = 0;
        while thousandths > 0 {
            let slot = thousandths.min(125);
            count += u32::from(self.between(0, 999) < slot);
            thousandths -= slot;
        }
        count
    }

    /// 64 random bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A fresh id: 48 random bits.
    pub(super) fn id(&mut self) -> Id {
        let bits = (self.0.next_u64() >> 16).max(1);
        Id(NonZeroU64::new(bits).unwrap_or(NonZeroU64::MIN))
    }
}

/// Some things of a kind, at least one.
#[derive(Debug, Clone)]
pub(super) struct Pool<T> {
    first: T,
    rest: Vec<T>,
}

impl<T> Pool<T> {
    /// So many things, and one where none are asked for.
    pub(super) fn of(count: usize, mut make: impl FnMut() -> T) -> Self {
        Self { first: make(), rest: (1..count).map(|_| make()).collect() }
    }

    pub(super) fn len(&self) -> usize {
        self.rest.len() + 1
    }

    pub(super) fn add(&mut self, one: T) {
        self.rest.push(one);
    }

    /// The one at a place, counted round.
    pub(super) fn at(&self, place: usize) -> &T {
        (place % self.len()).checked_sub(1).and_then(|at| self.rest.get(at)).unwrap_or(&self.first)
    }

    /// One of them, all alike.
    pub(super) fn any(&self, random: &mut Random) -> &T {
        self.at(self.place(random.below(u32::MAX), 32))
    }

    /// One of them, the early ones far oftener, as shops and places are.
    pub(super) fn popular(&self, random: &mut Random) -> &T {
        let part = u64::from(random.below(1 << 21));
        let cubed = (part * part * part) >> 31;
        self.at(self.place(u32::try_from(cubed).unwrap_or(u32::MAX), 32))
    }

    /// One of the later half.
    pub(super) fn obscure(&self, random: &mut Random) -> &T {
        self.at(self.place(random.below(u32::MAX) / 2 + u32::MAX / 2, 32))
    }

    fn place(&self, part: u32, bits: u32) -> usize {
        let product = u128::from(part) * u128::try_from(self.len()).unwrap_or(1);
        usize::try_from(product >> bits).unwrap_or(0)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.first).chain(&self.rest)
    }
}
