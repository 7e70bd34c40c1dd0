//! A calibration that was fitted to what became of decisions.

use super::VersionNumber;

named!(
    /// How a calibration is fitted.
    CalibrationMethod {
        /// A slope and an intercept on the log odds.
        Platt = "platt",
        /// A step function that never falls.
        Isotonic = "isotonic",
        /// An intercept alone, beside the slope that there is.
        Intercept = "intercept",
    }
);

/// What a version's calibration was fitted to, for the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FittedTo {
    /// The version whose decisions they were.
    pub version: VersionNumber,
    /// How.
    pub method: CalibrationMethod,
    /// The labelled decisions.
    pub decisions: i64,
    /// Of those, the bad ones.
    pub bad: i64,
}
