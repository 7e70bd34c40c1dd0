//! How models do: which bin a value falls in, how training rows fell, the figures that follow from counts, and when they are an alarm.

mod bins;
mod figures;
mod training;
pub mod window;

pub use bins::{Binning, Bins};
pub use figures::{BandResult, CalibrationCheck, Discrimination, Drift, Rates, ScoreScale, bands, drifts, rates};
pub use training::training_profile;
