//! From a raw output to the prediction, the probability, and points.

use super::{Body, Bound, Model, Prediction, calibration};
use crate::{
    domain::{
        model::{Calibration, ModelKind, Scale, Scaling},
        risk::Points,
    },
    engine::Link,
};

/// The most points before they are brought into the model's range, in either direction: so that sums and differences of
/// points are 32-bit numbers.
pub(super) const MAX_POINTS: f64 = 1e9;

impl Prediction {
    /// Whether all of it is a finite number.
    pub(super) fn is_finite(self) -> bool {
        self.raw.is_finite() && self.prediction.is_finite()
    }
}

impl Model {
    /// What follows from a raw output.
    pub(super) fn prediction(&self, bound: &Bound, raw: f64) -> Prediction {
        let link = bound.predictor.link();
        let prediction = link.apply(raw);
        let probability = calibration::probability(&self.manifest.calibration, link, raw, prediction);
        Prediction { raw, prediction, probability }
    }

    /// Whether [`Prediction::probability`] is there.
    #[must_use]
    pub fn gives_probabilities(&self) -> bool {
        match &self.body {
            Body::Scorecard(_) => true,
            Body::Predictor(bound) => {
                self.manifest.calibration != Calibration::None || bound.predictor.link().is_probability()
            }
        }
    }

    /// The straight line from raw outputs to points; nothing for a model without points.
    pub(super) fn line(&self, bound: &Bound) -> Option<Line> {
        let scaling = self.manifest.scaling.as_ref()?;
        Some(match scaling.scale {
            Scale::LogOdds { base_score, base_odds, pdo } => {
                let steepness = match bound.predictor.link() {
                    Link::Logistic { steepness } => steepness,
                    Link::Identity | Link::Probability | Link::Exp => 1.0,
                };
                let factor = pdo / std::f64::consts::LN_2;
                // The odds that the scale speaks of are of good to bad for a credit model, and of bad to good for any other.
                let direction = if self.manifest.kind == ModelKind::Credit { -1.0 } else { 1.0 };
                Line { at_zero: base_score - factor * base_odds.ln(), slope: direction * factor * steepness }
            }
            Scale::Linear { at_zero, at_one } => Line { at_zero, slope: at_one - at_zero },
        })
    }
}

/// A straight line from raw outputs to points.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// The points of a raw output of 0.
    pub at_zero: f64,
    /// Points for 1 of raw output.
    pub slope: f64,
}

impl Line {
    /// The points of a raw output, not yet whole, and not yet in any range.
    pub(super) fn at(self, raw: f64) -> f64 {
        self.at_zero + self.slope * raw
    }

    /// The whole points of a raw output, rounded half away from zero and at most a billion.
    pub(super) fn whole_at(self, raw: f64) -> i32 {
        whole(self.at(raw))
    }
}

/// Points as a whole number, rounded half away from zero, and at most a billion.
#[allow(clippy::cast_possible_truncation, reason = "clamped before")]
fn whole(points: f64) -> i32 {
    points.round().clamp(-MAX_POINTS, MAX_POINTS) as i32
}

/// A score within its range, from the score before.
pub(super) fn points(scaling: &Scaling, unclamped: i32) -> Points {
    let score = unclamped.clamp(scaling.min_score, scaling.max_score);
    // The last band begins at the lowest score, so that one is always found.
    let band = scaling.bands.iter().find(|band| score >= band.min_score).map_or("", |band| band.band.as_str());
    Points { score, clamp_points: score - unclamped, band: band.to_owned() }
}
