//! How fast a model file scores on this machine, on one thread.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use crate::engine::{Input, Predictor};

/// The rows of a batch, fewer for a model that would take longer than [`LONGEST_BATCH`].
const BATCH_ROWS: usize = 10_000;
/// How long one batch may take by what a single row took.
const LONGEST_BATCH: Duration = Duration::from_secs(1);
/// How long each of the three is measured; at least [`FEWEST`] times whatever it takes.
const BUDGET: Duration = Duration::from_millis(300);
const FEWEST: usize = 3;
/// The share of the values that are missing, in a hundred.
const MISSING_PERCENT: u64 = 5;

/// What was measured.
pub(super) struct Speed {
    /// The median of a row alone.
    pub(super) row: Duration,
    /// How many rows the batches had.
    pub(super) batch_rows: usize,
    /// The median of a batch.
    pub(super) batch: Duration,
    /// The median of what each input adds, for a row; nothing for a model that cannot be explained.
    pub(super) contributions: Option<Duration>,
}

/// Measures: a second or so in all.
pub(super) fn measure(predictor: &Predictor) -> Speed {
    let width = predictor.inputs().len();
    let rows = random_rows(predictor.inputs(), (BATCH_ROWS * width).min(4_000_000) / width);
    let mut turn = rows.chunks_exact(width).cycle();
    let mut next = || turn.next().unwrap_or_default();
    let row = median(|| {
        black_box(predictor.raw(black_box(next())));
    });
    let fitting = LONGEST_BATCH.as_nanos() / row.as_nanos().max(1);
    let batch_rows = usize::try_from(fitting).unwrap_or(usize::MAX).clamp(1, rows.len() / width);
    let some = &rows[..batch_rows * width];
    let batch = median(|| {
        black_box(predictor.raw_batch(black_box(some)));
    });
    // The first explanation is also the one that gets ready for it.
    let explained = predictor.contributions(next()).is_some();
    let contributions = explained.then(|| {
        median(|| {
            black_box(predictor.contributions(black_box(next())));
        })
    });
    Speed { row, batch_rows, batch, contributions }
}

fn median(mut once: impl FnMut()) -> Duration {
    let begun = Instant::now();
    let mut took = Vec::new();
    while took.len() < FEWEST || begun.elapsed() < BUDGET {
        let before = Instant::now();
        once();
        took.push(before.elapsed());
    }
    took.sort_unstable();
    took[took.len() / 2]
}

/// Rows of all magnitudes, for the file does not say what is usual; always the same ones.
fn random_rows(inputs: &[Input], count: usize) -> Vec<f64> {
    let mut state = 20_150_101;
    inputs.iter().cycle().take(inputs.len() * count).map(|input| value(input, &mut state)).collect()
}

#[allow(clippy::cast_precision_loss, reason = "random numbers need no more than 53 bits")]
fn value(input: &Input, state: &mut u64) -> f64 {
    let (which, how) = (random(state), random(state));
    if which % 100 < MISSING_PERCENT {
        return f64::NAN;
    }
    if let Some(texts) = &input.categories {
        return (how % texts.len().max(1) as u64) as f64;
    }
    let magnitude = [1.0, 10.0, 1e3, 1e5][usize::try_from(which >> 62).unwrap_or(0)];
    let share = (how >> 11) as f64 / (1_u64 << 53) as f64;
    magnitude * (share * 1.25 - 0.25)
}

/// The next of `SplitMix64` (Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014).
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_the_same_each_time_and_hold_what_inputs_take() {
        let category = Input { name: "job".to_owned(), categories: Some(vec!["a".to_owned(), "b".to_owned()]) };
        let inputs = [Input { name: "age".to_owned(), categories: None }, category];
        let bits = || random_rows(&inputs, 500).into_iter().map(f64::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(), bits());
        let rows = random_rows(&inputs, 500);
        assert_eq!(rows.len(), 1_000);
        let jobs: Vec<f64> = rows.chunks(2).map(|row| row[1]).collect();
        for code in [0.0, 1.0] {
            assert!(jobs.contains(&code));
        }
        assert!(jobs.iter().all(|job| job.is_nan() || [0.0, 1.0].contains(job)));
        assert!(jobs.iter().any(|job| job.is_nan()) && rows.iter().step_by(2).any(|age| *age > 1e3));
    }
}
