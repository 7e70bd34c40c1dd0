//! Another calibration of the same model, fitted to what became of its predictions.

use super::{Body, Model, Prediction, calibration};
use crate::{
    domain::{
        model::{Calibration, CalibrationMethod},
        refusal::Violations,
    },
    engine::{
        Link,
        scorecard::with_calibration,
        statistics::{
            Cell, Cells, FitError, MIN_OF_EACH_PER_FIGURE, SquaredErrors, Unmeasurable, brier, intercept_only,
            isotonic, platt,
        },
    },
};

/// A prediction, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// What the model gave.
    pub predicted: Prediction,
    /// Whether it turned out bad.
    pub bad: bool,
}

/// A way to fit a calibration that the model it is for can have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fitting {
    /// Intercept and slope on the raw output.
    Platt,
    /// Levels on the prediction.
    Isotonic,
    /// The intercept on the raw output, times a slope that stays.
    Intercept {
        /// The slope.
        slope: f64,
    },
}

impl Fitting {
    /// Fits a calibration.
    ///
    /// # Errors
    /// When there are too few outcomes for it, or none fits them.
    pub fn fit(self, outcomes: &[Outcome]) -> Result<Calibration, FitError> {
        let cell = |one: &Outcome| Cell {
            value: if self == Self::Isotonic { one.predicted.prediction } else { one.predicted.raw },
            good: u64::from(!one.bad),
            bad: u64::from(one.bad),
        };
        let cells = Cells::new(outcomes.iter().map(cell).collect()).map_err(|why| match why {
            Unmeasurable::Empty => FitError::TooFew { needed: MIN_OF_EACH_PER_FIGURE, good: 0, bad: 0 },
            _ => FitError::NotConverged,
        })?;
        match self {
            Self::Platt => platt(&cells).map(|found| found.calibration()),
            Self::Isotonic => isotonic(&cells),
            Self::Intercept { slope } => intercept_only(&cells, slope).map(|found| found.calibration()),
        }
    }
}

impl Model {
    /// The way to fit a calibration by a method; nothing when the model cannot have such a one. A model that predicts an amount
    /// can have none. A scorecard's probability is a curve in its points, which has no levels. An intercept alone stands beside
    /// a slope, which levels do not have, nor an average of votes.
    #[must_use]
    pub fn fitting(&self, method: CalibrationMethod) -> Option<Fitting> {
        if !self.gives_probabilities() {
            return None;
        }
        match (method, &self.body) {
            (CalibrationMethod::Platt, _) => Some(Fitting::Platt),
            (CalibrationMethod::Isotonic, Body::Predictor(_)) => Some(Fitting::Isotonic),
            (CalibrationMethod::Isotonic, Body::Scorecard(_)) => None,
            (CalibrationMethod::Intercept, _) => self.slope().map(|slope| Fitting::Intercept { slope }),
        }
    }

    /// What 1 of raw output adds to the log odds; nothing when that is not the same everywhere.
    fn slope(&self) -> Option<f64> {
        match (&self.manifest.calibration, &self.body) {
            (Calibration::Platt { slope, .. }, _) => Some(*slope),
            (Calibration::None, Body::Predictor(bound)) => match bound.predictor.link() {
                Link::Logistic { steepness } => Some(steepness),
                Link::Identity | Link::Probability | Link::Exp => None,
            },
            _ => None,
        }
    }

    /// The probability of a raw output; nothing for a model that predicts an amount.
    #[must_use]
    pub fn probability_at(&self, raw: f64) -> Option<f64> {
        match &self.body {
            Body::Scorecard(card) => Some(card.probability_at(0.0 - raw)),
            Body::Predictor(bound) => self.prediction(bound, raw).probability,
        }
    }

    /// The Brier score of this model's calibration on outcomes; nothing without any, or without probabilities. The outcomes
    /// may be of another calibration of the same model, for raw outputs are the same.
    #[must_use]
    pub fn brier(&self, outcomes: &[Outcome]) -> Option<f64> {
        let mut sums = SquaredErrors { n: 0, squares: 0.0, fourths: 0.0 };
        for one in outcomes {
            let square = (self.probability_at(one.predicted.raw)? - f64::from(u8::from(one.bad))).powi(2);
            sums = SquaredErrors {
                n: sums.n + 1,
                squares: sums.squares + square,
                fourths: sums.fourths + square * square,
            };
        }
        brier(sums).ok().map(|score| score.value)
    }

    /// The model with another calibration, and its file: `file`, this model's own, but for a scorecard, in whose file the
    /// calibration stands. Raw outputs, predictions, points and reasons are the same.
    ///
    /// # Errors
    /// The calibration, when it breaks a rule of manifests, or is none that a scorecard can have.
    pub fn with_calibration(&self, file: Vec<u8>, new: Calibration) -> Result<(Self, Vec<u8>), Violations> {
        let mut manifest = self.manifest.clone();
        let file = match (&self.body, &new) {
            (Body::Scorecard(_), Calibration::Platt { intercept, slope }) => {
                let text = String::from_utf8_lossy(&file);
                // The file's intercept is added to the log odds of good, a manifest's to those of the event.
                with_calibration(&text, 0.0 - intercept, *slope).map(String::into_bytes)
            }
            (Body::Scorecard(_), _) => None,
            (Body::Predictor(bound), _) => {
                // Points are made of the raw output; only where there are none are the profile's scores probabilities.
                if let Some(profile) = manifest.profile.as_mut().filter(|_| manifest.scaling.is_none()) {
                    let link = bound.predictor.link();
                    profile.scores = calibration::recut(&profile.scores, link, &manifest.calibration, &new);
                }
                Some(file)
            }
        };
        let Some(file) = file else {
            let mut violations = Violations::default();
            violations.add("manifest.calibration", "must be one that a scorecard file can have");
            return Err(violations);
        };
        manifest.calibration = new;
        Ok((Self::load(&file, manifest)?, file))
    }
}
