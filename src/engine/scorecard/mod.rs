//! Points scorecards: a characteristic's value falls into an attribute, and the attribute has whole points.

mod file;
mod load;
mod manifest;
mod reasons;
mod rewrite;
mod schema;
mod score;

pub use load::Scorecard;
pub(super) use reasons::MAX_REASONS;
pub(super) use rewrite::with_calibration;
