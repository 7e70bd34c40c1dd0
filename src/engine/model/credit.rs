//! The credit score of a predictor, in whole points that add up exactly.

use super::{
    Bound, Model,
    output::{self, Line, MAX_POINTS},
    verdict::Output,
};
use crate::{
    domain::{
        credit::{Contribution, CreditScore, Language, Reason},
        features::Features,
        refusal::Violations,
    },
    engine::scorecard::MAX_REASONS,
};

impl Model {
    pub(super) fn predicted_credit_score(
        &self,
        bound: &Bound,
        features: &Features,
        language: Language,
    ) -> Result<CreditScore, Violations> {
        let refused = || {
            let mut violations = Violations::default();
            violations.add("model", "gives no credit scores");
            violations
        };
        let (Some(scaling), Some(line)) = (&self.manifest.scaling, self.line(bound)) else { return Err(refused()) };
        if !self.gives_credit_scores() {
            return Err(refused());
        }
        let Output { row, prediction, shares } = self.output(bound, features)?;
        let Some(probability_of_default) = prediction.probability else { return Err(refused()) };
        let unclamped = line.whole_at(prediction.raw);
        let crate::domain::risk::Points { score, clamp_points, band } = output::points(scaling, unclamped);
        let whole = shares.and_then(|(base, shares)| whole_points(line, unclamped, base, &shares));
        let (base_points, points) = whole.unwrap_or((unclamped, Vec::new()));
        let (reasons, other_points_lost) = self.points_lost(&points, &row, language);
        let contribution = |((one, points), held): ((&crate::domain::model::FeatureSpec, &i32), &f64)| Contribution {
            characteristic: one.name.clone(),
            points: *points,
            missing: held.is_nan(),
        };
        Ok(CreditScore {
            score,
            probability_of_default,
            band,
            base_points,
            contributions: self.manifest.features.iter().zip(&points).zip(&row).map(contribution).collect(),
            clamp_points,
            reasons,
            other_points_lost,
        })
    }

    /// The features that lost points against the average applicant, most first, ties in the manifest's order; and the sum
    /// of those not listed.
    fn points_lost(&self, points: &[i32], row: &[f64], language: Language) -> (Vec<Reason>, i32) {
        let mut lost: Vec<(i32, usize)> =
            points.iter().enumerate().filter(|(_, points)| **points < 0).map(|(at, points)| (-points, at)).collect();
        lost.sort_by_key(|(points_lost, _)| std::cmp::Reverse(*points_lost));
        let other = lost.iter().skip(MAX_REASONS).map(|(points_lost, _)| points_lost).sum();
        let reason = |(points_lost, at): (i32, usize)| {
            let one = &self.manifest.features[at];
            let (code, sentence) = one.reason_text().told(&one.name, row[at].is_nan(), language);
            Reason { code, sentence, characteristic: one.name.clone(), points_lost }
        };
        (lost.into_iter().take(MAX_REASONS).map(reason).collect(), other)
    }
}

/// The base and each feature's share in whole points that add up to the score before it is clamped: shares are rounded
/// down, and what is then missing goes to those that lost most by it, one point each (largest remainders, as Hamilton
/// apportioned seats), ties in the manifest's order. So each is less than a point from its exact value, but for the
/// rounding of additions. Nothing when the points are so many that sums of them could pass 32 bits.
#[allow(clippy::cast_possible_truncation, reason = "each is at most a billion")]
fn whole_points(line: Line, unclamped: i32, base: f64, shares: &[f64]) -> Option<(i32, Vec<i32>)> {
    let exact: Vec<f64> = shares.iter().map(|share| line.slope * share).collect();
    let base = line.at(base);
    let total = base.abs() + exact.iter().map(|points| points.abs() + 1.0).sum::<f64>();
    if exact.is_empty() || total.is_nan() || total >= MAX_POINTS {
        return None;
    }
    let base = base.round() as i32;
    let mut points: Vec<i64> = exact.iter().map(|points| points.floor() as i64).collect();
    let missing = i64::from(unclamped) - i64::from(base) - points.iter().sum::<i64>();
    let mut order: Vec<usize> = (0..exact.len()).collect();
    let remainder = |at: usize| exact[at] - exact[at].floor();
    order.sort_by(|&one, &other| remainder(other).total_cmp(&remainder(one)));
    let count = i64::try_from(order.len()).ok()?;
    // `missing` is 0 to `count`, but for the rounding of additions: that is shared out as well, so that the sum is exact.
    let (each, rest) = (missing.div_euclid(count), missing.rem_euclid(count));
    for (place, at) in (0_i64..).zip(order) {
        points[at] += each + i64::from(place < rest);
    }
    Some((base, points.into_iter().map(i32::try_from).collect::<Result<_, _>>().ok()?))
}
