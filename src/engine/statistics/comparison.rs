//! Whether one score separates better than another.

use super::{
    Auc, Difference, Estimate, Interval, MAX_COUNT, Test, Unmeasurable, discrimination::variance_of_mean, real,
};

/// The first area less the second, of different observations, as of a champion and a challenger that shared the traffic: the
/// variances add up.
#[must_use]
pub fn auc_difference(first: &Auc, second: &Auc) -> Difference {
    let error = first.standard_error.zip(second.standard_error).map(|(one, other)| one.hypot(other));
    let n = first.estimate.n.saturating_add(second.estimate.n);
    difference(first.estimate.value - second.estimate.value, error, n)
}

fn difference(value: f64, standard_error: Option<f64>, n: u64) -> Difference {
    let interval = standard_error.filter(|error| *error > 0.0).map(|error| Interval::around(value, error));
    let interval = interval.map(|one| one.clamp(-1.0, 1.0));
    Difference {
        estimate: Estimate { value, interval, n },
        test: standard_error.and_then(|error| Test::of(value, error)),
    }
}

/// What two models said of the same subject, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// What the first said; higher is riskier.
    pub first: f64,
    /// What the second said; higher is riskier, on a scale of its own.
    pub second: f64,
    /// Whether it turned out bad.
    pub bad: bool,
}

/// Two models measured on the same subjects.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedAuc {
    /// The area of the first.
    pub first: Auc,
    /// The area of the second.
    pub second: Auc,
    /// The first area less the second, with the variance of their difference; nothing to test when they order alike.
    pub difference: Difference,
}

/// The areas of two models on the same subjects and their difference (DeLong et al., 1988), by ranks, in n log n steps (Sun
/// and Xu, Fast implementation of DeLong's algorithm for comparing the areas under correlated receiver operating
/// characteristic curves, 2014).
///
/// # Errors
/// When a value is not a finite number, or only one outcome occurs, or neither.
pub fn paired_auc(pairs: &[Pair]) -> Result<PairedAuc, Unmeasurable> {
    if pairs.is_empty() {
        return Err(Unmeasurable::Empty);
    }
    if pairs.len() as u64 > MAX_COUNT {
        return Err(Unmeasurable::TooMany);
    }
    let first = components(pairs, |pair| pair.first)?;
    let second = components(pairs, |pair| pair.second)?;
    let variance = first.bad.variance_of_difference(&second.bad).zip(first.good.variance_of_difference(&second.good));
    let error = variance.map(|(of_bad, of_good)| (of_bad + of_good).sqrt());
    let (first, second) = (first.auc(), second.auc());
    let difference = difference(first.estimate.value - second.estimate.value, error, first.estimate.n);
    Ok(PairedAuc { first, second, difference })
}

/// The structural components of one model: in the order of the pairs, so that those of two models belong together.
struct Components {
    bad: Side,
    good: Side,
    /// Half of the share of pairs of a good and a bad one that are ties.
    tie_bound: f64,
}

struct Side(Vec<f64>);

impl Side {
    fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / real(self.0.len() as u64)
    }

    fn variance_of_difference(&self, other: &Self) -> Option<f64> {
        let differences: Vec<_> = self.0.iter().zip(&other.0).map(|(one, other)| (one - other, 1)).collect();
        variance_of_mean(&differences, self.mean() - other.mean())
    }

    fn counted(&self) -> Vec<(f64, u64)> {
        self.0.iter().map(|component| (*component, 1)).collect()
    }
}

impl Components {
    fn auc(&self) -> Auc {
        Auc::of(self.bad.mean(), &self.bad.counted(), &self.good.counted(), self.tie_bound)
    }
}

fn components(pairs: &[Pair], value: impl Fn(&Pair) -> f64) -> Result<Components, Unmeasurable> {
    let side = |bad: bool| {
        let mut values: Vec<f64> = pairs.iter().filter(|pair| pair.bad == bad).map(&value).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    if pairs.iter().any(|pair| !value(pair).is_finite()) {
        return Err(Unmeasurable::NotANumber);
    }
    let (good, bad) = (side(false), side(true));
    if good.is_empty() || bad.is_empty() {
        return Err(Unmeasurable::OneOutcome);
    }
    let mut tied = 0.0;
    // The share of one side that lies below a value, a tie counted as half.
    let below = |side: &[f64], value: f64| {
        let (lower, up_to) = (side.partition_point(|one| *one < value), side.partition_point(|one| *one <= value));
        ((lower + up_to) as u64, (up_to - lower) as u64)
    };
    let (mut of_bad, mut of_good) = (Vec::with_capacity(bad.len()), Vec::with_capacity(good.len()));
    for pair in pairs {
        let value = value(pair);
        if pair.bad {
            let (twice_below, equal) = below(&good, value);
            tied += real(equal);
            of_bad.push(real(twice_below) / (2.0 * real(good.len() as u64)));
        } else {
            of_good.push(1.0 - real(below(&bad, value).0) / (2.0 * real(bad.len() as u64)));
        }
    }
    let tie_bound = tied / (2.0 * real(good.len() as u64) * real(bad.len() as u64));
    Ok(Components { bad: Side(of_bad), good: Side(of_good), tie_bound })
}
