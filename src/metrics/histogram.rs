//! Counts of values by size.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// The most buckets of a histogram, without the last, which has no bound.
const MAX_BOUNDS: usize = 17;

/// Upper bounds of durations, in microseconds: 0.5 ms, below which a durable answer is rare, to 10 s.
const DURATIONS_US: [u64; 17] = [
    500, 1_000, 2_000, 3_000, 5_000, 8_000, 13_000, 20_000, 30_000, 50_000, 100_000, 200_000, 500_000, 1_000_000,
    2_000_000, 5_000_000, 10_000_000,
];
/// Upper bounds of the rows of a commit: what the decision writer takes at most is 256.
const ROWS: [u64; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/// How often values of each size came. Counting is two additions, without a lock.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// How many of what is counted are one of what is shown.
    unit: f64,
    buckets: [AtomicU64; MAX_BOUNDS + 1],
    sum: AtomicU64,
}

/// A histogram as it was at one moment.
#[derive(Debug)]
pub(super) struct Counted {
    /// The sum of all values.
    pub sum: f64,
    /// How many values there were.
    pub count: u64,
    /// Upper bounds with the values of each bucket alone; the last bound is infinite.
    pub buckets: Vec<(f64, u64)>,
}

impl Histogram {
    /// Of durations, shown in seconds.
    #[must_use]
    pub fn of_durations() -> Self {
        Self::new(&DURATIONS_US, 1_000_000.0)
    }

    /// Of the rows of commits.
    #[must_use]
    pub fn of_rows() -> Self {
        Self::new(&ROWS, 1.0)
    }

    fn new(bounds: &'static [u64], unit: f64) -> Self {
        Self { bounds, unit, buckets: Default::default(), sum: AtomicU64::new(0) }
    }

    /// Counts a duration.
    pub fn took(&self, duration: Duration) {
        self.count(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }

    /// Counts a value: a number of rows, or of microseconds.
    pub fn count(&self, value: u64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        if let Some(bucket) = self.buckets.get(bucket) {
            bucket.fetch_add(1, Relaxed);
            self.sum.fetch_add(value, Relaxed);
        }
    }

    /// What was counted until now. The count is the sum of the buckets, so that a page agrees with itself.
    #[expect(clippy::cast_precision_loss, reason = "a sum beyond 2^53 microseconds is 285 years")]
    pub(super) fn counted(&self) -> Counted {
        let bounds = self.bounds.iter().map(|bound| *bound as f64 / self.unit).chain([f64::INFINITY]);
        let buckets: Vec<_> = bounds.zip(&self.buckets).map(|(bound, bucket)| (bound, bucket.load(Relaxed))).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        Counted { sum: self.sum.load(Relaxed) as f64 / self.unit, count, buckets }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_in_the_bucket_whose_bound_it_does_not_exceed() {
        let rows = Histogram::of_rows();
        for value in [1, 2, 3, 256, 257] {
            rows.count(value);
        }
        let counted = rows.counted();
        let filled: Vec<_> = counted.buckets.iter().filter(|(_, count)| *count > 0).copied().collect();
        assert_eq!(filled, [(1.0, 1), (2.0, 1), (4.0, 1), (256.0, 1), (f64::INFINITY, 1)]);
        assert_eq!((counted.count, counted.sum), (5, 519.0));
        let seconds = Histogram::of_durations();
        seconds.took(Duration::from_micros(500));
        seconds.took(Duration::from_secs(11));
        let counted = seconds.counted();
        assert_eq!((counted.buckets.first(), counted.buckets.last()), (Some(&(0.0005, 1)), Some(&(f64::INFINITY, 1))));
    }
}
