//! What a figure is: a value, how sure of it one may be, and how many observations it rests on.

use super::distribution::normal_tail;

/// The standard normal deviate that leaves 2.5 % on either side.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// A 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end; at least the lower.
    pub high: f64,
}

impl Interval {
    /// The interval of an estimate that is about normal.
    pub(super) fn around(value: f64, standard_error: f64) -> Self {
        Self { low: value - Z_95 * standard_error, high: value + Z_95 * standard_error }
    }

    /// The interval of a share that is about normal on the scale of log odds, so that it stays within 0 and 1; nothing for a
    /// share of 0 or 1, which has no log odds.
    pub(super) fn around_log_odds(share: f64, standard_error: f64) -> Option<Self> {
        let width = standard_error / (share * (1.0 - share));
        let at = |log_odds: f64| 1.0 / (1.0 + (-log_odds).exp());
        let log_odds = (share / (1.0 - share)).ln();
        (share > 0.0 && share < 1.0).then(|| {
            let Self { low, high } = Self::around(log_odds, width);
            Self { low: at(low), high: at(high) }
        })
    }

    /// The interval of a positive figure that is about normal on the scale of logarithms.
    pub(super) fn around_logarithm(value: f64, standard_error: f64) -> Self {
        let factor = (Z_95 * standard_error).exp();
        Self { low: value / factor, high: value * factor }
    }

    /// The interval cut to a range.
    pub(super) fn clamp(self, low: f64, high: f64) -> Self {
        Self { low: self.low.clamp(low, high), high: self.high.clamp(low, high) }
    }

    /// The interval of a figure that rises with this one.
    pub(super) fn map(self, rising: impl Fn(f64) -> f64) -> Self {
        Self { low: rising(self.low), high: rising(self.high) }
    }
}

/// A figure with its interval and its sample size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Its 95 % interval; nothing where the observations are too few or too alike to give a sound one.
    pub interval: Option<Interval>,
    /// How many observations it rests on.
    pub n: u64,
}

/// A test of the hypothesis that nothing differs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// The standard normal deviate.
    pub z: f64,
    /// The two-sided probability of a deviate at least as far from 0, if nothing differs.
    pub p: f64,
}

impl Test {
    /// The test of a difference that is about normal; nothing when it has no spread.
    pub(super) fn of(difference: f64, standard_error: f64) -> Option<Self> {
        let z = difference / standard_error;
        (standard_error > 0.0 && z.is_finite()).then(|| Self { z, p: (2.0 * normal_tail(z.abs())).min(1.0) })
    }
}

/// A difference with its test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The difference, its interval, and on how many observations, of both sides together, it rests.
    pub estimate: Estimate,
    /// Whether it is more than chance; nothing when the observations have no spread, as of two equal models.
    pub test: Option<Test>,
}

/// A statistic that follows a chi-square distribution under its hypothesis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquare {
    /// The statistic; at least 0.
    pub statistic: f64,
    /// Its degrees of freedom; at least 1.
    pub degrees: u64,
    /// The probability of a statistic at least as large, if the hypothesis is true.
    pub p: f64,
}
