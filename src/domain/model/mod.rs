//! Models as a bank sees them: what a version is, what its manifest says of it, and which version decides.

mod check;
mod check_scaling;
mod lineup;
mod manifest;
mod profile;
mod reason;
mod recalibration;
mod version;

pub use lineup::{Challenger, Lineup, Percent};
pub use manifest::{
    Band, Calibration, FeatureKind, FeatureSpec, Manifest, Metric, MissingPolicy, ModelCard, ModelKind, ReasonText,
    Scale, Scaling, Target,
};
pub use profile::{FeatureProfile, MAX_CUTS, NumberProfile, TrainingProfile};
pub use recalibration::{CalibrationMethod, FittedTo};
pub use version::{Model, ModelName, ModelVersion, NewVersion, Reproduction, Stage, VersionNumber};
