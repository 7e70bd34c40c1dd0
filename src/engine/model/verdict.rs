//! The verdict of a predictor.

use super::{Body, Bound, Model, Prediction, output, rows::NOT_FINITE};
use crate::{
    domain::{
        credit::Language,
        features::Features,
        refusal::Violations,
        risk::{Explanation, FeatureContribution, Points, RiskReason, RiskVerdict},
    },
    engine::scorecard::MAX_REASONS,
};

/// What a predictor gives for features.
pub(super) struct Output {
    /// The row in the manifest's order.
    pub row: Vec<f64>,
    /// The raw output and what follows from it.
    pub prediction: Prediction,
    /// The raw output before anything is known, and what each feature added; nothing when it cannot be explained.
    pub shares: Option<(f64, Vec<f64>)>,
}

impl Model {
    /// Predicts and explains.
    pub(super) fn output(&self, bound: &Bound, features: &Features) -> Result<Output, Violations> {
        let row = self.row_of(features)?;
        let inputs: Vec<f64> = bound.inputs_of(&row).collect();
        let prediction = self.prediction(bound, bound.predictor.raw(&inputs));
        if !prediction.is_finite() {
            let mut violations = Violations::default();
            violations.add("features", NOT_FINITE);
            return Err(violations);
        }
        let shares = self.shares(bound, &inputs);
        Ok(Output { row, prediction, shares })
    }

    pub(super) fn verdict(
        &self,
        bound: &Bound,
        features: &Features,
        language: Language,
    ) -> Result<RiskVerdict, Violations> {
        let Output { row, prediction, shares } = self.output(bound, features)?;
        Ok(RiskVerdict {
            raw: prediction.raw,
            prediction: prediction.prediction,
            probability: prediction.probability,
            points: self.points_of(bound, prediction.raw),
            explanation: shares.map(|(base, shares)| self.explanation(base, &shares, &row, language)),
        })
    }

    fn explanation(&self, base: f64, shares: &[f64], row: &[f64], language: Language) -> Explanation {
        let features = &self.manifest.features;
        let contribution = |((one, value), held): ((&crate::domain::model::FeatureSpec, &f64), &f64)| {
            FeatureContribution { feature: one.name.clone(), value: *value, missing: held.is_nan() }
        };
        let contributions: Vec<_> = features.iter().zip(shares).zip(row).map(contribution).collect();
        let raising = raising(shares);
        Explanation {
            base,
            contributions,
            reasons: self.reasons(&raising, shares, row, language),
            // Added in the manifest's order would be as good; this order has the smallest last.
            other: raising.iter().skip(MAX_REASONS).map(|&at| shares[at]).sum(),
        }
    }

    fn reasons(&self, raising: &[usize], shares: &[f64], row: &[f64], language: Language) -> Vec<RiskReason> {
        let reason = |&at: &usize| {
            let one = &self.manifest.features[at];
            let (code, sentence) = one.reason_text().told(&one.name, row[at].is_nan(), language);
            RiskReason { code, sentence, feature: one.name.clone(), contribution: shares[at] }
        };
        raising.iter().take(MAX_REASONS).map(reason).collect()
    }

    /// The prediction and the points of a row that fits ([`Self::check_rows`]), as [`Self::evaluate`] gives them for the
    /// same features. Nothing when the output is not finite, or the model gives no points or is a scorecard.
    #[must_use]
    pub fn score_row(&self, row: &[f64]) -> Option<(Prediction, Points)> {
        let Body::Predictor(bound) = &self.body else { return None };
        let inputs: Vec<f64> = bound.inputs_of(row).collect();
        let prediction = self.prediction(bound, bound.predictor.raw(&inputs));
        let points = self.points_of(bound, prediction.raw)?;
        prediction.is_finite().then_some((prediction, points))
    }

    /// The points of a raw output; nothing for a model without points.
    fn points_of(&self, bound: &Bound, raw: f64) -> Option<Points> {
        let (scaling, line) = self.manifest.scaling.as_ref().zip(self.line(bound))?;
        Some(output::points(scaling, line.whole_at(raw)))
    }

    /// Why the score of such a row is not lower, as [`Self::evaluate`] says it. Apart from the score, for it takes tens of
    /// times as long. Empty when the model cannot be explained.
    #[must_use]
    pub fn reasons_of_row(&self, row: &[f64], language: Language) -> Vec<RiskReason> {
        let Body::Predictor(bound) = &self.body else { return Vec::new() };
        let inputs: Vec<f64> = bound.inputs_of(row).collect();
        let shares = self.shares(bound, &inputs);
        shares.map(|(_, shares)| self.reasons(&raising(&shares), &shares, row, language)).unwrap_or_default()
    }

    /// The raw output before anything is known, and what each feature added; nothing when it cannot be explained.
    fn shares(&self, bound: &Bound, inputs: &[f64]) -> Option<(f64, Vec<f64>)> {
        let found = bound.predictor.contributions(inputs)?;
        let mut shares = vec![0.0; self.manifest.features.len()];
        for (at, value) in bound.feature_of.iter().zip(found.values) {
            shares[*at] = value;
        }
        let finite = found.base.is_finite() && shares.iter().all(|share| share.is_finite());
        finite.then_some((found.base, shares))
    }
}

/// The features that raise the raw output, the weightiest first.
fn raising(shares: &[f64]) -> Vec<usize> {
    let mut raising: Vec<usize> = (0..shares.len()).filter(|&at| shares[at] > 0.0).collect();
    raising.sort_by(|&one, &other| shares[other].total_cmp(&shares[one]));
    raising
}
