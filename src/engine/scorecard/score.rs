//! Turns points into a score, a probability of default and a band.

use super::{load::Scorecard, schema::Points};
use crate::domain::{
    credit::{Contribution, CreditScore, Language},
    features::Features,
    refusal::Violations,
};

impl Scorecard {
    /// Scores an applicant.
    ///
    /// # Errors
    /// Every feature that does not fit the model's schema.
    pub fn score(&self, features: &Features, language: Language) -> Result<CreditScore, Violations> {
        let points = self.points_of(features)?;
        let unclamped = self.base_points + points.iter().map(|one| one.points).sum::<i32>();
        let score = unclamped.clamp(self.scaling.min_score, self.scaling.max_score);
        let (reasons, other_points_lost) = self.reasons(&points, language);
        Ok(CreditScore {
            score,
            probability_of_default: self.probability_of_default(unclamped),
            band: self.band(score).to_owned(),
            base_points: self.base_points,
            contributions: self.contributions(&points),
            clamp_points: score - unclamped,
            reasons,
            other_points_lost,
        })
    }

    /// PD = 1 / (1 + exp(intercept + slope x ln odds)), with the log odds of good that the scaling gives the score
    /// before it is clamped: clamping is for reading, and would make the safest and the riskiest look alike.
    fn probability_of_default(&self, unclamped: i32) -> f64 {
        self.probability_at(self.ln_odds_good(unclamped))
    }

    /// The probability of default at log odds of good.
    pub(in crate::engine) fn probability_at(&self, ln_odds_good: f64) -> f64 {
        1.0 / (1.0 + (self.calibration.intercept + self.calibration.slope * ln_odds_good).exp())
    }

    /// The log odds of good that the scaling gives a score, before calibration.
    pub(in crate::engine) fn ln_odds_good(&self, points: i32) -> f64 {
        let offset = self.scaling.base_score - self.factor() * self.scaling.base_odds.ln();
        (f64::from(points) - offset) / self.factor()
    }

    /// Points for one natural logarithm of the odds.
    pub(in crate::engine) fn factor(&self) -> f64 {
        self.scaling.pdo / std::f64::consts::LN_2
    }

    fn band(&self, score: i32) -> &str {
        // The last band begins at the lowest score, so that one is always found.
        self.bands.iter().find(|band| score >= band.min_score).map_or("", |band| band.band.as_str())
    }

    fn contributions(&self, points: &[Points]) -> Vec<Contribution> {
        self.characteristics
            .iter()
            .zip(points)
            .map(|(one, got)| Contribution {
                characteristic: one.name.clone(),
                points: got.points,
                missing: got.missing,
            })
            .collect()
    }
}
