//! The statistics of model monitoring: how well a score separates, how well a probability is calibrated, whether inputs
//! have drifted, whether two models differ, and a calibration fitted anew.
//!
//! Pure. Everything is worked out from counts, so that a report over ten million decisions reads roll-ups and no rows. Each
//! figure comes with its sample size and, where one is sound, a 95 % interval; what cannot be measured is an
//! [`Unmeasurable`], and no result holds a NaN.
//!
//! | file | figures |
//! |---|---|
//! | `cells` | labelled counts by value, what most figures are made from |
//! | `discrimination` | AUC, Gini, KS |
//! | `comparison` | the difference of two AUCs, independent or paired |
//! | `agreement` | agreement table, Cohen's kappa, McNemar |
//! | `accuracy` | Brier score, calibration table, Hosmer-Lemeshow |
//! | `stability`, `alarm` | population stability index (PSI), and when it is an alarm |
//! | `proportion` | rates, their differences, the adverse impact ratio |
//! | `recalibration`, `isotonic` | Platt, intercept-only and isotonic calibrations |
//! | `distribution`, `estimate` | the distributions these need; value, interval, test |

mod accuracy;
mod agreement;
mod alarm;
mod cells;
mod comparison;
mod discrimination;
mod distribution;
mod estimate;
mod isotonic;
mod proportion;
mod recalibration;
mod stability;

pub use accuracy::{CalibratedRow, CalibrationRow, CalibrationTable, SquaredErrors, brier, calibration_table};
pub use agreement::{Agreement, McNemar, agreement, mcnemar};
pub use alarm::{DriftRule, MIN_EXCESS};
pub use cells::{Cell, Cells};
pub use comparison::{Pair, PairedAuc, auc_difference, paired_auc};
pub use discrimination::{Auc, Ks, auc, ks};
pub use distribution::{chi_square_quantile, chi_square_tail, kolmogorov_tail, normal_tail, sign_test};
pub use estimate::{ChiSquare, Difference, Estimate, Interval, Test, Z_95};
pub use isotonic::{MIN_ISOTONIC_LABELS, isotonic};
pub use proportion::{AdverseImpact, FOUR_FIFTHS, Share, adverse_impact, proportion, proportion_difference};
pub use recalibration::{Coefficient, FitError, InterceptOnly, MIN_OF_EACH_PER_FIGURE, Platt, intercept_only, platt};
pub use stability::{Psi, psi};

use thiserror::Error;

/// Why a figure cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unmeasurable {
    /// There is nothing to measure on.
    #[error("there are no observations")]
    Empty,
    /// Both outcomes are needed, and only one has occurred.
    #[error("all outcomes are the same")]
    OneOutcome,
    /// A value or a sum is not a finite number.
    #[error("a value is not a finite number")]
    NotANumber,
    /// The parts contradict each other: more bad ones than there are, tables that differ in length.
    #[error("the counts contradict each other")]
    Inconsistent,
    /// What the figure is divided by is 0.
    #[error("the figure that it is divided by is 0")]
    Undefined,
    /// There are more than 2^53 observations, which could not be told exactly.
    #[error("there are too many observations")]
    TooMany,
}

/// The most observations: up to here each count is a 64-bit float exactly.
const MAX_COUNT: u64 = 1 << 53;

/// A count as a number.
#[allow(clippy::cast_precision_loss, reason = "counts are at most 2^53")]
const fn real(count: u64) -> f64 {
    count as f64
}

/// The sum of counts, which is what they are taken from.
fn total(counts: impl IntoIterator<Item = u64>) -> Result<u64, Unmeasurable> {
    let sum = counts.into_iter().try_fold(0_u64, u64::checked_add).filter(|sum| *sum <= MAX_COUNT);
    match sum {
        None => Err(Unmeasurable::TooMany),
        Some(0) => Err(Unmeasurable::Empty),
        Some(sum) => Ok(sum),
    }
}
