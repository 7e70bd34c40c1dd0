//! What every reader of a format makes of a file: its inputs, what its output means, and a checked body that computes it.

use super::{derived::DerivedForest, forest::Forest, linear::Linear};

/// The most inputs of a model.
pub const MAX_INPUTS: usize = 4_096;

/// The format a file was found to be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `LightGBM`'s text format, version 4.
    LightGbmText,
    /// `XGBoost`'s JSON format.
    XgboostJson,
    /// `XGBoost`'s Universal Binary JSON format.
    XgboostUbj,
    /// ONNX with the operators of `ai.onnx.ml`.
    Onnx,
}

impl Format {
    /// Its name for people and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LightGbmText => "lightgbm-text",
            Self::XgboostJson => "xgboost-json",
            Self::XgboostUbj => "xgboost-ubj",
            Self::Onnx => "onnx",
        }
    }
}

/// One input of a model file, in the order of its rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Input {
    /// Its name in the file; `f0`, `f1` and so on when the file has none.
    pub name: String,
    /// For an input that is a category: the texts whose place in this list is the number in the row. Nothing for a number.
    pub categories: Option<Vec<String>>,
}

/// How the raw output becomes the prediction that the training library gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Link {
    /// It is the prediction: a value of a regression.
    Identity,
    /// It is the prediction, and that is a probability: the average of a forest's votes.
    Probability,
    /// Log odds: 1 / (1 + exp(-steepness x raw)).
    Logistic {
        /// `LightGBM`'s `sigmoid`; 1 for every other library.
        steepness: f64,
    },
    /// exp(raw): the mean of a Poisson, gamma or Tweedie regression.
    Exp,
}

impl Link {
    /// The prediction for a raw output.
    #[must_use]
    pub fn apply(self, raw: f64) -> f64 {
        match self {
            Self::Identity | Self::Probability => raw,
            Self::Logistic { steepness } => 1.0 / (1.0 + (-steepness * raw).exp()),
            Self::Exp => raw.exp(),
        }
    }

    /// The raw output of a prediction; infinite or NaN when no raw output has it.
    #[must_use]
    pub fn raw_of(self, prediction: f64) -> f64 {
        match self {
            Self::Identity | Self::Probability => prediction,
            Self::Logistic { steepness } => (prediction / (1.0 - prediction)).ln() / steepness,
            Self::Exp => prediction.ln(),
        }
    }

    /// Whether the prediction is a probability.
    #[must_use]
    pub const fn is_probability(self) -> bool {
        matches!(self, Self::Probability | Self::Logistic { .. })
    }
}

/// What a format reader finds in a file.
#[derive(Debug)]
pub(super) struct Parsed {
    pub format: Format,
    pub inputs: Vec<Input>,
    pub link: Link,
    pub body: Body,
}

/// What computes the raw output.
#[derive(Debug)]
pub(super) enum Body {
    Forest(Forest),
    Derived(DerivedForest),
    Linear(Linear),
}
