//! How models do: decisions and what became of them are counted in the background, and reports are made of the counts.

mod batch;
mod compare;
mod count;
mod get_model_report;
mod outcomes;
mod pass;
mod reading;
mod recalibrate_model;
mod tags;
mod watch_model;
mod windows;

pub use compare::{PairAgreement, VersionComparison};
pub use count::keep_counting;
pub use get_model_report::{GroupResult, ModelReport, ReportQuery, get_model_report};
pub(in crate::ops) use pass::Pass;
pub use reading::ReadScore;
pub use recalibrate_model::{Recalibrated, Recalibration, recalibrate_model};
pub use tags::KnownTags;
pub use watch_model::{NextAlarms, watch_model};
