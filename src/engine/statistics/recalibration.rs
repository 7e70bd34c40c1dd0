//! Calibrations fitted anew on outcomes that were reported: Platt's, and the intercept alone.

use thiserror::Error;

use super::{Cell, Cells, real};
use crate::domain::model::Calibration;

/// The fewest of either outcome for each figure that is fitted (Peduzzi et al., A simulation study of the number of events per
/// variable in logistic regression analysis, 1996).
pub const MIN_OF_EACH_PER_FIGURE: u64 = 10;
/// The most steps of Newton's method; it takes about ten.
const MAX_STEPS: u32 = 100;
/// The change below which the next step would be lost in rounding, for the method doubles its right digits with each.
const SMALL_STEP: f64 = 1e-10;

/// Why a calibration cannot be fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FitError {
    /// There are too few outcomes to fit on.
    #[error("{needed} of either outcome are needed, there are {good} good and {bad} bad")]
    TooFew {
        /// How many of either outcome are needed.
        needed: u64,
        /// How many good ones there are.
        good: u64,
        /// How many bad ones there are.
        bad: u64,
    },
    /// There are too few outcomes for a fit that follows every turn of the data.
    #[error("{needed} outcomes are needed, there are {n}")]
    TooFewAltogether {
        /// How many outcomes are needed.
        needed: u64,
        /// How many there are.
        n: u64,
    },
    /// One value parts the good from the bad: the steeper the curve, the better, without end.
    #[error("one value parts the good from the bad, so that no curve fits best")]
    Separated,
    /// The bad ones do not become more frequent with the value.
    #[error("risk does not rise with the prediction")]
    NotRising,
    /// The values are too large or too close together for the arithmetic.
    #[error("the values are too large or too close together")]
    NotConverged,
}

/// A fitted figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficient {
    /// The figure of the greatest likelihood.
    pub value: f64,
    /// Its standard error, from the curvature of the likelihood.
    pub standard_error: f64,
}

/// A Platt calibration: 1 / (1 + exp(-(intercept + slope x))).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Platt {
    /// Added.
    pub intercept: Coefficient,
    /// Times the value; above 0. 1 of a model whose log odds are neither too bold nor too timid.
    pub slope: Coefficient,
    /// On how many outcomes it was fitted.
    pub n: u64,
}

impl Platt {
    /// The calibration as a manifest has it, for a model whose raw output the values were.
    #[must_use]
    pub const fn calibration(&self) -> Calibration {
        Calibration::Platt { intercept: self.intercept.value, slope: self.slope.value }
    }
}

/// Fits intercept and slope by the greatest likelihood, with Newton's method, on values on the scale of log odds (Platt,
/// Probabilistic outputs for support vector machines, 1999, with the outcomes themselves as targets).
///
/// # Errors
/// When there are fewer than 20 of either outcome, one value parts them, or risk does not rise with the value.
pub fn platt(cells: &Cells) -> Result<Platt, FitError> {
    enough(cells, 2)?;
    let overlap = |below: fn(&Cell) -> u64, above: fn(&Cell) -> u64| {
        let last_below = cells.as_slice().iter().rposition(|cell| below(cell) > 0);
        let first_above = cells.as_slice().iter().position(|cell| above(cell) > 0);
        last_below > first_above
    };
    if !overlap(|cell| cell.good, |cell| cell.bad) || !overlap(|cell| cell.bad, |cell| cell.good) {
        return Err(FitError::Separated);
    }
    // Fitted on standardised values, where both figures are about 1 and the curvature is well conditioned.
    let n = real(cells.n());
    let mean = cells.as_slice().iter().map(|cell| weight(cell) / n * cell.value).sum::<f64>();
    let variance = cells.as_slice().iter().map(|cell| weight(cell) / n * (cell.value - mean).powi(2)).sum::<f64>();
    let deviation = variance.sqrt();
    let standardised: Vec<Cell> =
        cells.as_slice().iter().map(|cell| Cell { value: (cell.value - mean) / deviation, ..*cell }).collect();
    let Fit { intercept, slope, curvature: (ii, is, ss) } = newton(&standardised).ok_or(FitError::NotConverged)?;
    let determinant = ii * ss - is * is;
    let shift = mean / deviation;
    let of_intercept = (ss + shift * shift * ii + 2.0 * shift * is) / determinant;
    let found = Platt {
        intercept: Coefficient { value: intercept - slope * shift, standard_error: of_intercept.sqrt() },
        slope: Coefficient { value: slope / deviation, standard_error: (ii / determinant).sqrt() / deviation },
        n: cells.n(),
    };
    let figures =
        [found.intercept.value, found.intercept.standard_error, found.slope.value, found.slope.standard_error];
    if !figures.iter().all(|figure| figure.is_finite()) {
        return Err(FitError::NotConverged);
    }
    if found.slope.value > 0.0 { Ok(found) } else { Err(FitError::NotRising) }
}

/// A calibration that was shifted alone, for a population with more or fewer bad ones and otherwise the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InterceptOnly {
    /// Added.
    pub intercept: Coefficient,
    /// Times the value; as it was given.
    pub slope: f64,
    /// On how many outcomes it was fitted.
    pub n: u64,
}

impl InterceptOnly {
    /// The calibration as a manifest has it, for a model whose raw output the values were.
    #[must_use]
    pub const fn calibration(&self) -> Calibration {
        Calibration::Platt { intercept: self.intercept.value, slope: self.slope }
    }
}

/// Fits the intercept alone, beside a slope that stays: that at which as many bad ones are expected as there were (Steyerberg,
/// Clinical Prediction Models, 2009, section 20.2).
///
/// # Errors
/// When there are fewer than 10 of either outcome, or the slope is not above 0.
pub fn intercept_only(cells: &Cells, slope: f64) -> Result<InterceptOnly, FitError> {
    enough(cells, 1)?;
    if !(slope > 0.0 && slope.is_finite()) {
        return Err(FitError::NotRising);
    }
    let shifted: Vec<Cell> = cells.as_slice().iter().map(|cell| Cell { value: slope * cell.value, ..*cell }).collect();
    let expected = |intercept: f64| shifted.iter().map(|cell| weight(cell) * risk(intercept + cell.value)).sum::<f64>();
    let bad = real(cells.bad());
    // With the highest value at the log odds of all, too few are expected; with the lowest there, too many.
    let prior = (bad / real(cells.good())).ln();
    let ends = shifted.first().zip(shifted.last()).ok_or(FitError::NotConverged)?;
    let (mut low, mut high) = (prior - ends.1.value, prior - ends.0.value);
    if !low.is_finite() || !high.is_finite() {
        return Err(FitError::NotConverged);
    }
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if expected(middle) < bad { low = middle } else { high = middle }
    }
    let intercept = f64::midpoint(low, high);
    let curvature = shifted.iter().map(|cell| weight(cell) * variance(intercept + cell.value)).sum::<f64>();
    if curvature <= 0.0 {
        return Err(FitError::NotConverged);
    }
    let intercept = Coefficient { value: intercept, standard_error: 1.0 / curvature.sqrt() };
    Ok(InterceptOnly { intercept, slope, n: cells.n() })
}

/// Refuses too few of either outcome for so many figures.
pub(super) fn enough(cells: &Cells, figures: u64) -> Result<(), FitError> {
    let needed = MIN_OF_EACH_PER_FIGURE * figures;
    let (good, bad) = (cells.good(), cells.bad());
    if good < needed || bad < needed { Err(FitError::TooFew { needed, good, bad }) } else { Ok(()) }
}

struct Fit {
    intercept: f64,
    slope: f64,
    /// The second derivatives of the log likelihood, negated: by the intercept twice, by both, by the slope twice.
    curvature: (f64, f64, f64),
}

/// The greatest likelihood, where there is one.
fn newton(cells: &[Cell]) -> Option<Fit> {
    let (mut intercept, mut slope) = (0.0, 0.0);
    for _ in 0..MAX_STEPS {
        let (mut by_intercept, mut by_slope) = (0.0, 0.0);
        let mut curvature = (0.0, 0.0, 0.0);
        for cell in cells {
            let log_odds = intercept + slope * cell.value;
            let surplus = real(cell.bad) * risk(-log_odds) - real(cell.good) * risk(log_odds);
            let weight = weight(cell) * variance(log_odds);
            by_intercept += surplus;
            by_slope += surplus * cell.value;
            curvature.0 += weight;
            curvature.1 += weight * cell.value;
            curvature.2 += weight * cell.value * cell.value;
        }
        let determinant = curvature.0 * curvature.2 - curvature.1 * curvature.1;
        let step = (
            (curvature.2 * by_intercept - curvature.1 * by_slope) / determinant,
            (curvature.0 * by_slope - curvature.1 * by_intercept) / determinant,
        );
        if !step.0.is_finite() || !step.1.is_finite() {
            return None;
        }
        if step.0.abs().max(step.1.abs()) <= SMALL_STEP * (1.0 + f64::max(intercept, slope).abs()) {
            return Some(Fit { intercept: intercept + step.0, slope: slope + step.1, curvature });
        }
        // The likelihood has one top and no plateau but far out: a step that would pass the top is halved.
        let here = log_likelihood(cells, intercept, slope);
        let share = (0..60).map(|half| 0.5_f64.powi(half)).find(|share| {
            log_likelihood(cells, intercept + share * step.0, slope + share * step.1) >= here - here.abs() * 1e-14
        })?;
        intercept += share * step.0;
        slope += share * step.1;
    }
    None
}

fn log_likelihood(cells: &[Cell], intercept: f64, slope: f64) -> f64 {
    // ln(1 / (1 + exp(-x))), without losing what is left of either side.
    let log_risk = |x: f64| x.min(0.0) - (-x.abs()).exp().ln_1p();
    let one = |cell: &Cell| {
        let log_odds = intercept + slope * cell.value;
        real(cell.bad) * log_risk(log_odds) + real(cell.good) * log_risk(-log_odds)
    };
    cells.iter().map(one).sum()
}

fn weight(cell: &Cell) -> f64 {
    real(cell.good) + real(cell.bad)
}

fn risk(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

fn variance(log_odds: f64) -> f64 {
    risk(log_odds) * risk(-log_odds)
}
