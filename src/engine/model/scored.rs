//! The score of a row as reports count it.

use super::{Body, Model, rows::NOT_FINITE};
use crate::domain::{credit::Language, features::Features, model::MAX_CUTS, monitor::Scored, refusal::Violations};

impl Model {
    /// The row of features ([`Self::row_of`]), and its score without the reasons: tens of times as fast as [`Self::evaluate`].
    ///
    /// # Errors
    /// As [`Self::evaluate`].
    pub fn scored(&self, features: &Features) -> Result<(Vec<f64>, Scored), Violations> {
        let row = self.row_of(features)?;
        let scored = match &self.body {
            Body::Scorecard(card) => {
                let score = card.score(features, Language::English)?;
                let probability = score.probability_of_default;
                let points = score.score - score.clamp_points;
                Scored { points: Some(points), probability: Some(probability), prediction: probability }
            }
            Body::Predictor(bound) => {
                let inputs: Vec<f64> = bound.inputs_of(&row).collect();
                let found = self.prediction(bound, bound.predictor.raw(&inputs));
                if !found.is_finite() {
                    let mut violations = Violations::default();
                    violations.add("features", NOT_FINITE);
                    return Err(violations);
                }
                let points = self.line(bound).map(|line| line.whole_at(found.raw));
                Scored { points, probability: found.probability, prediction: found.prediction }
            }
        };
        Ok((row, scored))
    }

    /// Where a scorecard cuts its characteristic at a place; nothing for other models, for what is no number, and where there are
    /// more cuts than a profile takes.
    #[must_use]
    pub fn attribute_cuts(&self, at: usize) -> Option<Vec<f64>> {
        match &self.body {
            Body::Scorecard(card) => card.attribute_cuts(at).filter(|cuts| cuts.len() <= MAX_CUTS),
            Body::Predictor(_) => None,
        }
    }
}
