//! Whether a distribution has moved: the population stability index of the score, and of each feature (where it is called
//! the characteristic stability index).

use super::{ChiSquare, Estimate, Interval, Unmeasurable, Z_95, chi_square_quantile, chi_square_tail, real, total};

/// The fewest observations that a bin of the test must be expected to have on either side (Cochran, Some methods for
/// strengthening the common chi-square tests, 1954): with fewer, small probabilities would be told as far smaller.
const MIN_EXPECTED: f64 = 5.0;

/// How far a distribution has moved from its reference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Psi {
    /// The index: the sum of (p - q) ln(p / q) over the shares p of the reference and q of what came; at least 0. Where a
    /// bin is empty on one side only, half an observation is put in for none, and that side's shares are of so many more;
    /// bins that are empty on both sides are left out.
    pub value: f64,
    /// What it would be on average if nothing had moved, with so few observations: (bins - 1)(1/m + 1/n) (Yurdakul,
    /// Statistical properties of the population stability index, 2018). The usual marks of 0.10 and 0.25 do not know it.
    pub expected: f64,
    /// The index less what chance alone makes of it, at least 0: how far the populations themselves have moved. Its interval
    /// holds every movement from which the index is within 1.96 standard deviations, as Wilson's does for a rate. The index
    /// of a movement t has the variance 2 (bins - 1)(1/m + 1/n)^2 + k t, where k is 4 (1/m + 1/n), as of the noncentral
    /// chi-square distribution, or, if that is more, what the delta method says. `n` is the number that came.
    pub movement: Estimate,
    /// The observations of the reference, m.
    pub reference_n: u64,
    /// How many bins are not empty on both sides.
    pub bins: u64,
    /// How many bins are empty on one side, and have half an observation for none.
    pub half_filled: u64,
    /// The test that both sides have one distribution, by Pearson's chi-square, over the bins after those in which either
    /// side is expected to have fewer than 5 observations are put together, rarest first; nothing when fewer than two remain.
    pub homogeneity: Option<ChiSquare>,
    /// The same test by the statistic of Freeman and Tukey (Transformations related to the angular and the square root, 1950).
    /// With few observations Pearson's finds too many surprises in bins that have more than expected, this one in bins that
    /// have fewer: an alarm needs both, for its small probabilities must hold there too.
    pub freeman_tukey: Option<ChiSquare>,
}

impl Psi {
    /// The index that would be significant at this level, for as many observations and bins: the chi-square quantile times
    /// (1/m + 1/n). It lets a reader see which figure would mean something.
    #[must_use]
    pub fn significant_at(&self, alpha: f64) -> f64 {
        chi_square_quantile(alpha, self.bins - 1) * (1.0 / real(self.reference_n) + 1.0 / real(self.movement.n))
    }
}

/// How far what came has moved from the reference, by counts in the same bins.
///
/// # Errors
/// When either side has no observations, or they differ in their bins.
pub fn psi(reference: &[u64], actual: &[u64]) -> Result<Psi, Unmeasurable> {
    if reference.len() != actual.len() {
        return Err(Unmeasurable::Inconsistent);
    }
    let (m, n) = (total(reference.iter().copied())?, total(actual.iter().copied())?);
    let filled = reference.iter().zip(actual).filter(|(from, to)| **from > 0 || **to > 0);
    let counts: Vec<(u64, u64)> = filled.map(|(from, to)| (*from, *to)).collect();
    let bins = counts.len() as u64;
    let chance = 1.0 / real(m) + 1.0 / real(n);
    let expected = real(bins - 1) * chance;
    let (value, variance) = index(&counts);
    let by_movement = if value > 0.0 { (variance / value).max(4.0 * chance) } else { 4.0 * chance };
    let moved = value - expected;
    let interval = (bins > 1).then(|| movements(moved, 2.0 * expected * chance, by_movement));
    let half_filled = counts.iter().filter(|(from, to)| *from == 0 || *to == 0).count() as u64;
    let tested = pooled(counts, m, n);
    Ok(Psi {
        value,
        expected,
        movement: Estimate { value: moved.max(0.0), interval, n },
        reference_n: m,
        bins,
        half_filled,
        homogeneity: homogeneity(&tested, m, n, |seen, expected| (seen - expected).powi(2) / expected),
        freeman_tukey: homogeneity(&tested, m, n, |seen, expected| 4.0 * (seen.sqrt() - expected.sqrt()).powi(2)),
    })
}

/// The movements t from which `moved` is at most 1.96 standard deviations away: (moved - t)^2 <= 1.96^2 (still + by t), where
/// `still` is the variance without any movement. None is below 0.
fn movements(moved: f64, still: f64, by: f64) -> Interval {
    let z2 = Z_95 * Z_95;
    let centre = moved + by * z2 / 2.0;
    let half = (z2 * (by * moved + by * by * z2 / 4.0 + still)).max(0.0).sqrt();
    Interval { low: (centre - half).max(0.0), high: (centre + half).max(0.0) }
}

/// The index, and its variance by the delta method, in which both sides are samples.
fn index(counts: &[(u64, u64)]) -> (f64, f64) {
    let filled = |count: u64| if count == 0 { 0.5 } else { real(count) };
    let m: f64 = counts.iter().map(|(from, _)| filled(*from)).sum();
    let n: f64 = counts.iter().map(|(_, to)| filled(*to)).sum();
    let mut value = 0.0;
    // Of the slopes of the index by each share: their means, and the means of their squares.
    let (mut mean, mut square) = ((0.0, 0.0), (0.0, 0.0));
    for (from, to) in counts {
        let (p, q) = (filled(*from) / m, filled(*to) / n);
        let log = (p / q).ln();
        value += (p - q) * log;
        let (by_p, by_q) = (log + 1.0 - q / p, 1.0 - log - p / q);
        mean = (mean.0 + p * by_p, mean.1 + q * by_q);
        square = (square.0 + p * by_p * by_p, square.1 + q * by_q * by_q);
    }
    (value.max(0.0), (square.0 - mean.0 * mean.0).max(0.0) / m + (square.1 - mean.1 * mean.1).max(0.0) / n)
}

/// The bins of the test, rarest first: each is put together with the next for as long as it is too rare. What is left at the
/// end goes to the last.
fn pooled(mut counts: Vec<(u64, u64)>, m: u64, n: u64) -> Vec<(u64, u64)> {
    let rarer_share = real(m.min(n)) / (real(m) + real(n));
    let too_rare = |(from, to): (u64, u64)| (real(from) + real(to)) * rarer_share < MIN_EXPECTED;
    let both = |one: (u64, u64), other: (u64, u64)| (one.0 + other.0, one.1 + other.1);
    counts.sort_by_key(|(from, to)| from + to);
    let mut tested: Vec<(u64, u64)> = Vec::new();
    for bin in counts {
        match tested.last_mut().filter(|last| too_rare(**last)) {
            Some(last) => *last = both(*last, bin),
            None => tested.push(bin),
        }
    }
    if let Some(rest) = tested.pop_if(|last| too_rare(*last)) {
        match tested.last_mut() {
            Some(last) => *last = both(*last, rest),
            None => tested.push(rest),
        }
    }
    tested
}

/// A test of two samples over the same bins, by what each count differs from what is expected if they are of one distribution.
fn homogeneity(counts: &[(u64, u64)], m: u64, n: u64, differs: impl Fn(f64, f64) -> f64) -> Option<ChiSquare> {
    let degrees = (counts.len() as u64).checked_sub(1).filter(|degrees| *degrees > 0)?;
    let (m, n) = (real(m), real(n));
    let part = |&(from, to): &(u64, u64)| {
        let both = real(from) + real(to);
        differs(real(from), both * m / (m + n)) + differs(real(to), both * n / (m + n))
    };
    let statistic = counts.iter().map(part).sum();
    Some(ChiSquare { statistic, degrees, p: chi_square_tail(statistic, degrees) })
}
