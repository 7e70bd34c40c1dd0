//! Word that a version's decisions are no longer what they were.

use super::VersionKey;
use crate::domain::time::Timestamp;

/// What an alarm is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlarmSignal {
    /// How the scores fall.
    Score,
    /// How a feature falls.
    Feature(String),
    /// How probabilities agree with what happens.
    Calibration,
}

impl AlarmSignal {
    /// The name in the database.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::Feature(_) => "feature",
            Self::Calibration => "calibration",
        }
    }

    /// The feature; empty for other signals.
    #[must_use]
    pub fn feature(&self) -> &str {
        match self {
            Self::Feature(feature) => feature,
            Self::Score | Self::Calibration => "",
        }
    }

    /// The signal of that name.
    #[must_use]
    pub fn from_name(name: &str, feature: String) -> Option<Self> {
        match name {
            "score" => Some(Self::Score),
            "feature" => Some(Self::Feature(feature)),
            "calibration" => Some(Self::Calibration),
            _ => None,
        }
    }
}

/// An alarm that is being raised.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAlarm {
    /// What it is about.
    pub signal: AlarmSignal,
    /// The decisions of the window.
    pub decisions: i64,
    /// The PSI; for calibration, bad ones observed over bad ones expected.
    pub value: f64,
    /// What it would be if nothing had changed.
    pub expected: f64,
    /// How often chance alone gives what the window shows.
    pub p_value: f64,
    /// What that fell below.
    pub alpha: f64,
    /// Which window of the version it was, from 1.
    pub window: i64,
}

/// An alarm as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// Its place among all alarms.
    pub sequence: i64,
    /// The version.
    pub version: VersionKey,
    /// What was raised.
    pub raised: NewAlarm,
    /// When.
    pub at: Timestamp,
}
