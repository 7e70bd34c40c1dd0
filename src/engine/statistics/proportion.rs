//! Rates: of approvals, of bad ones, by band or by group.

use super::{Difference, Estimate, Interval, MAX_COUNT, Test, Unmeasurable, Z_95, real};

/// So many out of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// How many.
    pub count: u64,
    /// Out of how many; at least as many.
    pub total: u64,
}

impl Share {
    fn check(self) -> Result<f64, Unmeasurable> {
        match self {
            Self { total: 0, .. } => Err(Unmeasurable::Empty),
            Self { count, total } if count > total => Err(Unmeasurable::Inconsistent),
            Self { total, .. } if total > MAX_COUNT => Err(Unmeasurable::TooMany),
            Self { count, total } => Ok(real(count) / real(total)),
        }
    }
}

/// A rate with Wilson's interval (Wilson, Probable inference, the law of succession, and statistical inference, 1927).
///
/// # Errors
/// When there is nothing to count out of, or the count is above it.
pub fn proportion(share: Share) -> Result<Estimate, Unmeasurable> {
    let value = share.check()?;
    let n = real(share.total);
    let z2 = Z_95 * Z_95;
    let centre = (value + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z_95 / (1.0 + z2 / n) * (value * (1.0 - value) / n + z2 / (4.0 * n * n)).sqrt();
    // At both ends the interval reaches the value exactly, which rounding would miss.
    let low = if share.count == 0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if share.count == share.total { 1.0 } else { (centre + half).min(1.0) };
    Ok(Estimate { value, interval: Some(Interval { low, high }), n: share.total })
}

/// The first rate less the second, of different observations: Newcombe's interval from the two of Wilson (Newcombe, Interval
/// estimation for the difference between independent proportions, 1998, method 10), and the test with the pooled rate.
///
/// # Errors
/// When either is no rate.
pub fn proportion_difference(first: Share, second: Share) -> Result<Difference, Unmeasurable> {
    let (one, other) = (proportion(first)?, proportion(second)?);
    let value = one.value - other.value;
    let interval = one.interval.zip(other.interval).map(|(at, from)| Interval {
        low: value - (one.value - at.low).hypot(from.high - other.value),
        high: value + (at.high - one.value).hypot(other.value - from.low),
    });
    let estimate = Estimate { value, interval, n: first.total + second.total };
    Ok(Difference { estimate, test: pooled_test(first, second) })
}

fn pooled_test(first: Share, second: Share) -> Option<Test> {
    let pooled = real(first.count + second.count) / real(first.total + second.total);
    let spread = pooled * (1.0 - pooled) * (1.0 / real(first.total) + 1.0 / real(second.total));
    Test::of(real(first.count) / real(first.total) - real(second.count) / real(second.total), spread.sqrt())
}

/// The ratio below which the four-fifths rule speaks of adverse impact (Uniform Guidelines on Employee Selection Procedures,
/// 29 CFR 1607.4 D, 1978). A convention for a first look: with few observations the ratio falls below it by chance.
pub const FOUR_FIFTHS: f64 = 0.8;

/// How a group's rate of the favourable answer compares with that of the reference group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdverseImpact {
    /// The group's rate over the reference group's; at least 0. The interval is on the scale of logarithms (Katz et al.,
    /// Obtaining confidence intervals for the risk ratio in cohort studies, 1978); there is none when nobody of the group
    /// was answered favourably.
    pub ratio: Estimate,
    /// Whether the ratio is below [`FOUR_FIFTHS`].
    pub below_four_fifths: bool,
    /// Whether the two rates differ by more than chance (pooled); nothing when everybody had the same answer.
    pub test: Option<Test>,
}

/// The adverse impact ratio of a group.
///
/// # Errors
/// When either is no rate, or nobody of the reference group was answered favourably.
pub fn adverse_impact(group: Share, reference: Share) -> Result<AdverseImpact, Unmeasurable> {
    let (of_group, of_reference) = (group.check()?, reference.check()?);
    if reference.count == 0 {
        return Err(Unmeasurable::Undefined);
    }
    let value = of_group / of_reference;
    let spread = |share: Share| 1.0 / real(share.count) - 1.0 / real(share.total);
    let interval =
        (group.count > 0).then(|| Interval::around_logarithm(value, (spread(group) + spread(reference)).sqrt()));
    Ok(AdverseImpact {
        ratio: Estimate { value, interval, n: group.total + reference.total },
        below_four_fifths: value < FOUR_FIFTHS,
        test: pooled_test(group, reference),
    })
}
