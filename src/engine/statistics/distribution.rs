//! Tails and quantiles of the distributions that the figures need.
//!
//! Tails are told directly and not as 1 less the other side, so that small ones keep their digits.

use statrs::function::{beta::checked_beta_reg, gamma::checked_gamma_ur};

use super::real;

/// The probability that a standard normal deviate is above `z`. The tail of z is half of the chi-square tail of z^2 with one
/// degree of freedom.
#[must_use]
pub fn normal_tail(z: f64) -> f64 {
    let half = chi_square_tail(z * z, 1) / 2.0;
    if z < 0.0 { 1.0 - half } else { half }
}

/// The probability that a chi-square variable with these degrees of freedom is above `x`: Q(degrees / 2, x / 2), the
/// regularised upper incomplete gamma function (Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, 26.4.19).
/// It is 1 without degrees of freedom, where there is nothing that could vary.
#[must_use]
pub fn chi_square_tail(x: f64, degrees: u64) -> f64 {
    if x.is_nan() || x <= 0.0 || degrees == 0 {
        return 1.0;
    }
    checked_gamma_ur(real(degrees) / 2.0, x / 2.0).map_or(0.0, |tail| tail.clamp(0.0, 1.0))
}

/// The `x` above which a chi-square variable is with probability `tail`, for a tail above 0 and below 1; 0 for a tail of 1
/// or without degrees of freedom. It halves an interval until nothing lies between its ends.
#[must_use]
pub fn chi_square_quantile(tail: f64, degrees: u64) -> f64 {
    let tail = if tail.is_nan() { 1.0 } else { tail.max(f64::MIN_POSITIVE) };
    let (mut low, mut high) = (0.0, 1.0);
    if chi_square_tail(low, degrees) <= tail || degrees == 0 {
        return 0.0;
    }
    while chi_square_tail(high, degrees) > tail {
        (low, high) = (high, high * 2.0);
    }
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return middle;
        }
        if chi_square_tail(middle, degrees) > tail { low = middle } else { high = middle }
    }
}

/// The probability that Kolmogorov's statistic, the largest distance of a Brownian bridge from 0, is above `x` (Kolmogorov,
/// Sulla determinazione empirica di una legge di distribuzione, 1933). Below 1 the sum that converges fast there is taken
/// (Feller, On the Kolmogorov-Smirnov limit theorems for empirical distributions, 1948).
#[must_use]
pub fn kolmogorov_tail(x: f64) -> f64 {
    use std::f64::consts::PI;
    // Terms fall by exp(-2 x^2 (2 k + 1)), or exp(-(k + 1) pi^2 / x^2): of ten, the last is far below rounding.
    let tail = if x.is_nan() || x <= 0.0 {
        1.0
    } else if x < 1.0 {
        let term = |k: u32| (-(f64::from(2 * k - 1) * PI / x).powi(2) / 8.0).exp();
        1.0 - (2.0 * PI).sqrt() / x * (1..=10).map(term).sum::<f64>()
    } else {
        let term = |k: u32| (if k % 2 == 1 { 2.0 } else { -2.0 }) * (-2.0 * (f64::from(k) * x).powi(2)).exp();
        (1..=10).map(term).sum()
    };
    tail.clamp(0.0, 1.0)
}

/// The exact two-sided probability of a split of `one + other` fair coins that is at least as uneven (binomial with 1/2; the
/// incomplete beta function, Abramowitz and Stegun 26.5.24). It is 1 for no coins.
#[must_use]
pub fn sign_test(one: u64, other: u64) -> f64 {
    if one == other {
        return 1.0;
    }
    let (fewer, more) = (one.min(other), one.max(other));
    checked_beta_reg(real(more), real(fewer) + 1.0, 0.5).map_or(1.0, |tail| (2.0 * tail).clamp(0.0, 1.0))
}
