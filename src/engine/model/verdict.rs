//! The verdict of a predictor.

use super::{Bound, Model, output, rows::NOT_FINITE};
use crate::{
    domain::{
        credit::Language,
        features::Features,
        refusal::Violations,
        risk::{Explanation, FeatureContribution, RiskReason, RiskVerdict},
    },
    engine::scorecard::MAX_REASONS,
};

/// What a predictor gives for features.
pub(super) struct Output {
    /// The row in the manifest's order.
    pub row: Vec<f64>,
    /// The raw output and what follows from it.
    pub prediction: super::Prediction,
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
        let shares = bound.predictor.contributions(&inputs).map(|found| {
            let mut shares = vec![0.0; row.len()];
            for (at, value) in bound.feature_of.iter().zip(found.values) {
                shares[*at] = value;
            }
            (found.base, shares)
        });
        let finite =
            |(base, shares): &(f64, Vec<f64>)| base.is_finite() && shares.iter().all(|share| share.is_finite());
        Ok(Output { row, prediction, shares: shares.filter(finite) })
    }

    pub(super) fn verdict(
        &self,
        bound: &Bound,
        features: &Features,
        language: Language,
    ) -> Result<RiskVerdict, Violations> {
        let Output { row, prediction, shares } = self.output(bound, features)?;
        let points = self.manifest.scaling.as_ref().zip(self.line(bound));
        Ok(RiskVerdict {
            raw: prediction.raw,
            prediction: prediction.prediction,
            probability: prediction.probability,
            points: points.map(|(scaling, line)| output::points(scaling, line.whole_at(prediction.raw))),
            explanation: shares.map(|(base, shares)| self.explanation(base, &shares, &row, language)),
        })
    }

    fn explanation(&self, base: f64, shares: &[f64], row: &[f64], language: Language) -> Explanation {
        let features = &self.manifest.features;
        let contribution = |((one, value), held): ((&crate::domain::model::FeatureSpec, &f64), &f64)| {
            FeatureContribution { feature: one.name.clone(), value: *value, missing: held.is_nan() }
        };
        let contributions: Vec<_> = features.iter().zip(shares).zip(row).map(contribution).collect();
        let mut raising: Vec<usize> = (0..features.len()).filter(|&at| shares[at] > 0.0).collect();
        raising.sort_by(|&one, &other| shares[other].total_cmp(&shares[one]));
        let reason = |&at: &usize| {
            let one = &features[at];
            let (code, sentence) = one.reason_text().told(&one.name, row[at].is_nan(), language);
            RiskReason { code, sentence, feature: one.name.clone(), contribution: shares[at] }
        };
        Explanation {
            base,
            contributions,
            reasons: raising.iter().take(MAX_REASONS).map(reason).collect(),
            // Added in the manifest's order would be as good; this order has the smallest last.
            other: raising.iter().skip(MAX_REASONS).map(|&at| shares[at]).sum(),
        }
    }
}
