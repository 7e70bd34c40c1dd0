//! The score of a decision, and the step in which it is kept.

/// Steps of one unit of log odds, or of the logarithm of an amount: each is about 2 in a hundred.
const STEPS: f64 = 50.0;
/// Log odds beyond which probabilities are not told apart: some 1e-14.
const MAX_LOG_ODDS: f64 = 32.0;

/// What an answer says that reports count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// Points before they are clamped; nothing for a model without points.
    pub points: Option<i32>,
    /// The calibrated probability; nothing for a model that predicts an amount.
    pub probability: Option<f64>,
    /// The prediction before calibration.
    pub prediction: f64,
}

/// What scores are measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoreUnit {
    /// Points before they are clamped.
    Points,
    /// The probability.
    Probability,
    /// The predicted amount.
    Amount,
}

impl Scored {
    /// The score itself, in its unit.
    #[must_use]
    pub fn score(&self) -> f64 {
        self.points.map(f64::from).or(self.probability).unwrap_or(self.prediction)
    }

    /// The step that the score lies in: points are steps themselves.
    #[must_use]
    pub fn step(&self) -> i32 {
        match (self.points, self.probability) {
            (Some(points), _) => points,
            (None, Some(probability)) => {
                let log_odds = (probability / (1.0 - probability)).ln();
                rounded(log_odds.clamp(-MAX_LOG_ODDS, MAX_LOG_ODDS) * STEPS)
            }
            (None, None) => rounded(self.prediction.asinh() * STEPS),
        }
    }
}

impl ScoreUnit {
    /// The score in the middle of a step.
    #[must_use]
    pub fn score_of(self, step: i32) -> f64 {
        match self {
            Self::Points => f64::from(step),
            Self::Probability => 1.0 / (1.0 + (f64::from(-step) / STEPS).exp()),
            Self::Amount => (f64::from(step) / STEPS).sinh(),
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "the logarithm of a finite number is at most 710; NaN becomes 0")]
fn rounded(value: f64) -> i32 {
    value.round() as i32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_step_is_two_in_a_hundred_of_the_odds(probability in 1e-9..0.999_999_999f64) {
            let scored = Scored { points: None, probability: Some(probability), prediction: 0.0 };
            let kept = ScoreUnit::Probability.score_of(scored.step());
            let odds = |one: f64| one / (1.0 - one);
            prop_assert!((odds(kept) / odds(probability)).ln().abs() <= 0.01 + 1e-6);
        }

        #[test]
        fn steps_of_amounts_rise_with_them(one in -1e300..1e300f64, other in -1e300..1e300f64) {
            let step = |prediction| Scored { points: None, probability: None, prediction }.step();
            prop_assert!(one > other || step(one) <= step(other));
        }
    }

    #[test]
    fn certainty_has_a_step_too() {
        for probability in [0.0, 1.0] {
            let scored = Scored { points: None, probability: Some(probability), prediction: probability };
            assert_eq!(scored.step().abs(), 1_600);
        }
    }
}
