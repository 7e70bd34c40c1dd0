//! From raw outputs to probabilities, and back.

use crate::{
    domain::model::{Calibration, NumberProfile},
    engine::Link,
};

/// How far below a raw output, by its size, the cut lies that rows from that output on are above: far more than rounding, and
/// far less than a model's outputs differ by.
const JUST_BELOW: f64 = 1e-7;
/// From here on a probability is too near 1 to tell the raw output that it is of.
const NEARLY_CERTAIN: f64 = 1.0 - 1e-6;

/// The probability of a raw output, whose prediction is given as well; nothing for a model that predicts an amount.
pub(super) fn probability(calibration: &Calibration, link: Link, raw: f64, prediction: f64) -> Option<f64> {
    match calibration {
        // An average of votes may be above 1 by the rounding of its additions.
        Calibration::None => link.is_probability().then(|| prediction.clamp(0.0, 1.0)),
        Calibration::Platt { intercept, slope } => Some(1.0 / (1.0 + (-(intercept + slope * raw)).exp())),
        Calibration::Isotonic { points } => Some(isotonic(points, prediction)),
    }
}

/// The probability on the straight line between the two points around a prediction; level outside the points. It never
/// falls: the line's end is cut to the next point's probability, which rounding could otherwise pass.
fn isotonic(points: &[(f64, f64)], prediction: f64) -> f64 {
    let after = points.partition_point(|(at, _)| *at <= prediction);
    match (after.checked_sub(1).map(|before| points[before]), points.get(after)) {
        (Some((from, low)), Some((to, high))) => {
            (low + (high - low) * ((prediction - from) / (to - from))).clamp(low, *high)
        }
        (Some((_, only)), None) | (None, Some(&(_, only))) => only,
        (None, None) => f64::NAN,
    }
}

/// The lowest raw output that has at least a probability. Infinite or NaN when every one has, or none.
fn raw_at(calibration: &Calibration, link: Link, probability: f64) -> f64 {
    match calibration {
        Calibration::None => link.raw_of(probability),
        Calibration::Platt { intercept, slope } => ((probability / (1.0 - probability)).ln() - intercept) / slope,
        Calibration::Isotonic { points } => {
            let after = points.partition_point(|(_, one)| *one < probability);
            match (after.checked_sub(1).map(|before| points[before]), points.get(after)) {
                (Some((from, low)), Some((to, high))) => {
                    link.raw_of(from + (to - from) * ((probability - low) / (high - low)))
                }
                (None, _) => f64::NEG_INFINITY,
                (_, None) => f64::INFINITY,
            }
        }
    }
}

/// How probabilities fell, told of those of another calibration of the same model: a cut is moved to where the same rows lie
/// below it. A cut for which there is no such place goes, and its bins become one: the new calibration gives one probability to
/// rows on both sides of it, or all lie on one side, or nearly certain ones are not told apart.
pub(super) fn recut(scores: &NumberProfile, link: Link, old: &Calibration, new: &Calibration) -> NumberProfile {
    let mut moved = NumberProfile::default();
    let mut rows = 0;
    for (below, of_bin) in scores.below.iter().zip(&scores.rows) {
        rows += of_bin;
        let raw = raw_at(old, link, *below);
        let told = raw.is_finite() && *below < NEARLY_CERTAIN;
        let at = |raw: f64| probability(new, link, raw, link.apply(raw)).filter(|_| told);
        let step = JUST_BELOW * (1.0 + raw.abs());
        let Some((cut, lower)) = at(raw - step).zip(at(raw - 2.0 * step)) else { continue };
        // No probability falls as the raw output rises: so rows from `raw` on are not below the cut, and those lower are.
        if lower < cut && moved.below.last().is_none_or(|before| *before < cut) {
            moved.below.push(cut);
            moved.rows.push(rows);
            rows = 0;
        }
    }
    moved.rows.push(rows + scores.rows.get(scores.below.len()).copied().unwrap_or(0));
    moved
}
