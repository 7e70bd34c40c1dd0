//! Whether a model predicts here as it did where it was trained.

use super::{Body, Model, card};
use crate::domain::{features::Features, model::Reproduction, refusal::Violations};

impl Model {
    /// Predicts for rows whose predictions are known, and holds them against each other. `tolerance` is how far they may be
    /// apart: absolutely up to an expected value of 1, and relative to it beyond, for libraries predict large amounts with
    /// 32 bits.
    ///
    /// # Errors
    /// The first row that does not fit the schema, that expects no finite number, or whose prediction is further away.
    pub fn reproduce(&self, rows: &[(Features, f64)], tolerance: f64) -> Result<Reproduction, Violations> {
        let mut largest_difference = 0.0_f64;
        for (at, (features, expected)) in rows.iter().enumerate() {
            let part = format!("reference_rows[{at}]");
            let predicted = self.predict_one(features).map_err(|misfits| within(&part, &misfits))?;
            let difference = (predicted - expected).abs();
            let mut violations = Violations::default();
            if !expected.is_finite() {
                violations.add(format!("{part}.expected"), "must be a finite number");
            } else if !difference.is_finite() || difference > tolerance * expected.abs().max(1.0) {
                let apart = apart(difference);
                violations
                    .add(format!("{part}.expected"), format!("the model gives a prediction that differs by {apart}"));
            }
            if !violations.is_empty() {
                return Err(violations);
            }
            largest_difference = largest_difference.max(difference);
        }
        Ok(Reproduction { rows: i64::try_from(rows.len()).unwrap_or(i64::MAX), largest_difference })
    }

    fn predict_one(&self, features: &Features) -> Result<f64, Violations> {
        match &self.body {
            Body::Scorecard(card) => card::predict(card, features).map(|found| found.prediction),
            Body::Predictor(bound) => {
                let row = self.row_of(features)?;
                let inputs: Vec<f64> = bound.inputs_of(&row).collect();
                Ok(self.prediction(bound, bound.predictor.raw(&inputs)).prediction)
            }
        }
    }
}

/// Violations of a part, as those of the whole.
fn within(part: &str, violations: &Violations) -> Violations {
    let mut inside = Violations::default();
    for one in violations.as_slice() {
        inside.add(format!("{part}.{}", one.field), one.description.clone());
    }
    inside
}

/// A difference for reading.
fn apart(difference: f64) -> String {
    if (0.001..1e6).contains(&difference) { format!("{difference:.3}") } else { format!("{difference:.1e}") }
}
