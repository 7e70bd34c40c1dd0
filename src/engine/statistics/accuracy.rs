//! Whether a probability is what it says.

use super::{ChiSquare, Estimate, Interval, Share, Unmeasurable, chi_square_tail, proportion, real, total};

/// What a Brier score is made from: sums that may be kept by day and added up. The error of one prediction is its probability
/// less 1 for a bad one and less 0 for a good one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SquaredErrors {
    /// How many predictions.
    pub n: u64,
    /// The sum of the squares of their errors.
    pub squares: f64,
    /// The sum of the fourth powers of their errors.
    pub fourths: f64,
}

/// The Brier score: the mean square of the errors, 0 to 1, lower is better (Brier, Verification of forecasts expressed in
/// terms of probability, 1950). Its interval is that of a mean; there is none for a single prediction.
///
/// # Errors
/// When there are no predictions, or the sums are none of errors between -1 and 1.
pub fn brier(sums: SquaredErrors) -> Result<Estimate, Unmeasurable> {
    let SquaredErrors { n: count, squares, fourths } = sums;
    let n = real(total([count])?);
    if !squares.is_finite() || !fourths.is_finite() {
        return Err(Unmeasurable::NotANumber);
    }
    // Sums of many rounded terms may be off by a little: 1e-9 of a prediction's weight each.
    if squares < 0.0 || squares > n * (1.0 + 1e-9) || fourths < 0.0 || fourths > squares + n * 1e-9 {
        return Err(Unmeasurable::Inconsistent);
    }
    let value = squares / n;
    let variance = (fourths / n - value * value).max(0.0) / (n - 1.0);
    let interval = (count > 1).then(|| Interval::around(value, variance.sqrt()).clamp(0.0, 1.0));
    Ok(Estimate { value, interval, n: count })
}

/// The predictions of one range and what became of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationRow {
    /// How many predictions.
    pub n: u64,
    /// The sum of the predicted probabilities: how many bad ones were to be expected.
    pub expected: f64,
    /// How many turned out bad.
    pub bad: u64,
}

/// One range, predicted and observed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibratedRow {
    /// The mean of the predicted probabilities.
    pub predicted: f64,
    /// The share of bad ones, with Wilson's interval; the predicted should lie in it in 95 of 100 ranges.
    pub observed: Estimate,
}

/// Predicted against observed.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationTable {
    /// The ranges that have predictions, in their order.
    pub rows: Vec<CalibratedRow>,
    /// The test that all ranges are calibrated (Hosmer and Lemeshow, Goodness of fit tests for the multiple logistic regression
    /// model, 1980). It has one degree of freedom a range, for the model was not fitted on these outcomes; with very many
    /// predictions it is significant for deviations that matter to nobody. Nothing when a range was predicted to be
    /// certainly good or bad throughout, which has no variance.
    pub hosmer_lemeshow: Option<ChiSquare>,
    /// Expected over observed bad ones: above 1 the model is too pessimistic. The interval is on the scale of logarithms
    /// (Debray et al., A guide to systematic review and meta-analysis of prediction model performance, 2017); the ratio is
    /// nothing without bad ones, or when none were expected.
    pub expected_to_observed: Option<Estimate>,
}

/// The calibration of probabilities by ranges; ranges without predictions are left out.
///
/// # Errors
/// When there are no predictions, or a range has more bad ones, or expects more, than it has predictions.
pub fn calibration_table(rows: &[CalibrationRow]) -> Result<CalibrationTable, Unmeasurable> {
    let n = total(rows.iter().map(|row| row.n))?;
    if rows.iter().any(|row| !row.expected.is_finite()) {
        return Err(Unmeasurable::NotANumber);
    }
    let fits = |row: &CalibrationRow| row.bad <= row.n && row.expected >= 0.0 && row.expected <= real(row.n);
    if !rows.iter().all(fits) {
        return Err(Unmeasurable::Inconsistent);
    }
    let filled: Vec<&CalibrationRow> = rows.iter().filter(|row| row.n > 0).collect();
    let calibrated = filled.iter().map(|row| {
        let observed = proportion(Share { count: row.bad, total: row.n })?;
        Ok(CalibratedRow { predicted: row.expected / real(row.n), observed })
    });
    let bad: u64 = filled.iter().map(|row| row.bad).sum();
    let expected: f64 = filled.iter().map(|row| row.expected).sum();
    Ok(CalibrationTable {
        rows: calibrated.collect::<Result<_, _>>()?,
        hosmer_lemeshow: hosmer_lemeshow(&filled),
        expected_to_observed: ratio(expected, bad, n),
    })
}

fn hosmer_lemeshow(rows: &[&CalibrationRow]) -> Option<ChiSquare> {
    let mut statistic = 0.0;
    for row in rows {
        let variance = row.expected * (1.0 - row.expected / real(row.n));
        if variance <= 0.0 {
            return None;
        }
        statistic += (real(row.bad) - row.expected).powi(2) / variance;
    }
    let degrees = rows.len() as u64;
    statistic.is_finite().then(|| ChiSquare { statistic, degrees, p: chi_square_tail(statistic, degrees) })
}

fn ratio(expected: f64, bad: u64, n: u64) -> Option<Estimate> {
    (bad > 0 && expected > 0.0).then(|| {
        let value = expected / real(bad);
        let error = ((1.0 - real(bad) / real(n)) / real(bad)).sqrt();
        let interval = (error > 0.0).then(|| Interval::around_logarithm(value, error));
        Estimate { value, interval, n }
    })
}
