//! Points scorecards: a characteristic's value falls into an attribute, and the attribute has whole points.

mod file;
mod load;
mod manifest;
mod reasons;
mod schema;
mod score;

pub use load::Scorecard;
pub(super) use reasons::MAX_REASONS;
