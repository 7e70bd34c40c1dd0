//! A calibration that only keeps the order: isotonic regression.

use super::{Cells, FitError, real, recalibration::enough};
use crate::domain::model::Calibration;

/// The fewest outcomes: with fewer, a curve so free follows chance, and Platt's is better (Niculescu-Mizil and Caruana,
/// Predicting good probabilities with supervised learning, 2005).
pub const MIN_ISOTONIC_LABELS: u64 = 1_000;
/// The most levels, each of which has at most two points: a manifest takes 1,000.
const MAX_LEVELS: usize = 500;
/// Of so many parts, the share of the outcomes with which a level stays alone when there are too many levels. At most 249 have
/// it, and before each of them and after the last one may be a level of rarer ones: 499 at most.
const FAIR_SHARES: u64 = 249;

/// Neighbouring cells that have one probability.
#[derive(Clone, Copy)]
struct Level {
    first: f64,
    last: f64,
    bad: u64,
    n: u64,
}

impl Level {
    /// Both as one.
    fn with(self, next: Self) -> Self {
        Self { last: next.last, bad: self.bad + next.bad, n: self.n + next.n, ..self }
    }

    /// Whether the probability does not rise from here to the next. By whole numbers, which do not round.
    fn is_not_below(&self, next: &Self) -> bool {
        u128::from(self.bad) * u128::from(next.n) >= u128::from(next.bad) * u128::from(self.n)
    }
}

/// The probabilities that never fall with the prediction and are nearest to the outcomes by squares: neighbours that fall are
/// pooled (Ayer et al., An empirical distribution function for sampling with incomplete information, 1955). Each level is
/// told by its first and last point. Should there be more than 500 levels, neighbours of few outcomes are pooled further.
///
/// # Errors
/// When there are fewer than 1,000 outcomes or 20 of either, or risk does not rise with the prediction.
pub fn isotonic(cells: &Cells) -> Result<Calibration, FitError> {
    enough(cells, 2)?;
    if cells.n() < MIN_ISOTONIC_LABELS {
        return Err(FitError::TooFewAltogether { needed: MIN_ISOTONIC_LABELS, n: cells.n() });
    }
    let mut levels: Vec<Level> = Vec::new();
    for cell in cells.as_slice() {
        let mut level = Level { first: cell.value, last: cell.value, bad: cell.bad, n: cell.good + cell.bad };
        while let Some(before) = levels.pop_if(|before| before.is_not_below(&level)) {
            level = before.with(level);
        }
        levels.push(level);
    }
    if levels.len() < 2 {
        return Err(FitError::NotRising);
    }
    if levels.len() > MAX_LEVELS {
        levels = fewer(levels, cells.n().div_ceil(FAIR_SHARES));
    }
    let mut points = Vec::new();
    for level in levels {
        let probability = real(level.bad) / real(level.n);
        points.push((level.first, probability));
        if level.last > level.first {
            points.push((level.last, probability));
        }
    }
    Ok(Calibration::Isotonic { points })
}

/// Pools neighbours of few outcomes until they have so many; a level that has them alone stays as it is.
fn fewer(levels: Vec<Level>, at_least: u64) -> Vec<Level> {
    let mut kept: Vec<Level> = Vec::new();
    for level in levels {
        match kept.last_mut().filter(|last| last.n < at_least && level.n < at_least) {
            Some(last) => *last = last.with(level),
            None => kept.push(level),
        }
    }
    kept
}
