//! How well a score separates the bad from the good.

use super::{Cells, Difference, Estimate, Interval, Share, Unmeasurable, kolmogorov_tail, proportion_difference, real};

/// The area under the ROC curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Auc {
    /// The probability that a bad one has a riskier value than a good one, a tie counted as half: 0 to 1. The interval is on
    /// the scale of log odds (Pepe, The Statistical Evaluation of Medical Tests, 2003, section 5.2); there is none when
    /// nothing overlaps, or when there are fewer than two of either outcome.
    pub estimate: Estimate,
    /// Its standard error (DeLong et al., Comparing the areas under two or more correlated receiver operating characteristic
    /// curves, 1988); nothing with fewer than two of either outcome.
    pub standard_error: Option<f64>,
    /// How many good ones.
    pub good: u64,
    /// How many bad ones.
    pub bad: u64,
    /// How much the area could change at most, either way, if the values within each cell were told apart: half of the share
    /// of pairs that are ties. What binning may have cost.
    pub tie_bound: f64,
}

impl Auc {
    /// The Gini coefficient, or accuracy ratio: 2 AUC - 1, from -1 to 1.
    #[must_use]
    pub fn gini(&self) -> Estimate {
        let gini = |auc: f64| 2.0 * auc - 1.0;
        Estimate {
            value: gini(self.estimate.value),
            interval: self.estimate.interval.map(|one| one.map(gini)),
            ..self.estimate
        }
    }

    /// An area from what DeLong calls structural components, each with how often it occurs: of a bad one, the share of good
    /// ones below it, and of a good one, the share of bad ones above it.
    pub(super) fn of(value: f64, of_bad: &[(f64, u64)], of_good: &[(f64, u64)], tie_bound: f64) -> Self {
        let count = |components: &[(f64, u64)]| components.iter().map(|(_, times)| times).sum::<u64>();
        let (good, bad) = (count(of_good), count(of_bad));
        let variance =
            variance_of_mean(of_bad, value).zip(variance_of_mean(of_good, value)).map(|(one, other)| one + other);
        let standard_error = variance.map(f64::sqrt);
        let interval =
            standard_error.filter(|error| *error > 0.0).and_then(|error| Interval::around_log_odds(value, error));
        Self { estimate: Estimate { value, interval, n: good + bad }, standard_error, good, bad, tie_bound }
    }
}

/// The variance of a mean, from its parts and how often each occurs; nothing for fewer than two.
pub(super) fn variance_of_mean(parts: &[(f64, u64)], mean: f64) -> Option<f64> {
    let n: u64 = parts.iter().map(|(_, times)| times).sum();
    let squares: f64 = parts.iter().map(|(part, times)| real(*times) * (part - mean) * (part - mean)).sum();
    (n > 1).then(|| squares / real(n - 1) / real(n))
}

/// The area under the ROC curve: the Mann-Whitney statistic over the number of pairs.
///
/// # Errors
/// When only one outcome occurs.
pub fn auc(cells: &Cells) -> Result<Auc, Unmeasurable> {
    let (good, bad) = cells.both()?;
    let (mut good_below, mut bad_above) = (0, bad);
    // Twice the pairs that are won, so that ties are whole numbers too.
    let (mut won, mut tied) = (0_u128, 0_u128);
    let (mut of_bad, mut of_good) = (Vec::new(), Vec::new());
    for cell in cells.as_slice() {
        bad_above -= cell.bad;
        let twice_below = 2 * good_below + cell.good;
        won += u128::from(twice_below) * u128::from(cell.bad);
        tied += u128::from(cell.good) * u128::from(cell.bad);
        of_bad.push((real(twice_below) / (2.0 * real(good)), cell.bad));
        of_good.push((real(2 * bad_above + cell.bad) / (2.0 * real(bad)), cell.good));
        good_below += cell.good;
    }
    let twice_pairs = 2 * u128::from(good) * u128::from(bad);
    Ok(Auc::of(ratio(won, twice_pairs), &of_bad, &of_good, ratio(tied, twice_pairs)))
}

#[allow(clippy::cast_precision_loss, reason = "the quotient is right to rounding")]
fn ratio(part: u128, whole: u128) -> f64 {
    part as f64 / whole as f64
}

/// The largest distance between the distributions of the good and of the bad.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ks {
    /// The distance (Kolmogorov-Smirnov): 0 to 1. The interval is that of the difference of the two shares at the value where
    /// it lies (Newcombe), which is where the estimate's limiting distribution comes from when the scores do separate
    /// (Raghavachari, Limiting distributions of Kolmogorov-Smirnov type statistics under the alternative, 1973). It does not
    /// count that the place was chosen as the largest, and reads too high where the scores do not separate: look at `p` first.
    pub estimate: Estimate,
    /// The value up to which the shares are furthest apart; the lowest of equals.
    pub at: f64,
    /// The probability of such a distance if both had one distribution, in the limit of many of either
    /// (Smirnov, Table for estimating the goodness of fit of empirical distributions, 1948). With ties it is at most that.
    pub p: f64,
}

/// The largest distance between the two distributions.
///
/// # Errors
/// When only one outcome occurs.
pub fn ks(cells: &Cells) -> Result<Ks, Unmeasurable> {
    let (good, bad) = cells.both()?;
    let (mut good_up_to, mut bad_up_to) = (0, 0);
    let mut largest = (0.0, f64::NEG_INFINITY, 0, 0);
    for cell in cells.as_slice() {
        good_up_to += cell.good;
        bad_up_to += cell.bad;
        let distance = (real(good_up_to) / real(good) - real(bad_up_to) / real(bad)).abs();
        // The first cell always counts, so that there is a place even where both are equal throughout.
        if distance > largest.0 || largest.1 == f64::NEG_INFINITY {
            largest = (distance, cell.value, good_up_to, bad_up_to);
        }
    }
    let (value, at, good_up_to, bad_up_to) = largest;
    let (of_good, of_bad) = (Share { count: good_up_to, total: good }, Share { count: bad_up_to, total: bad });
    let Difference { estimate, .. } = if real(good_up_to) / real(good) >= real(bad_up_to) / real(bad) {
        proportion_difference(of_good, of_bad)?
    } else {
        proportion_difference(of_bad, of_good)?
    };
    let pairs = real(good) * real(bad) / (real(good) + real(bad));
    let estimate = Estimate { value, interval: estimate.interval.map(|one| one.clamp(0.0, 1.0)), ..estimate };
    Ok(Ks { estimate, at, p: kolmogorov_tail(value * pairs.sqrt()) })
}
