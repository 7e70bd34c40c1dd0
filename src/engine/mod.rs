//! Models: a file becomes something that turns features into a score with exact reasons.
//!
//! Pure: no I/O, no async, no clock. A model is data, not code: the same loaders take the built-in models and a partner's.
//!
//! A scorecard file is a [`Scorecard`]. Every other format is read into a [`Predictor`], a function from a row of numbers
//! to one number with exact contributions. A [`Model`] is either, bound to the manifest that says what its numbers mean.
//!
//! What became of its answers is measured by [`statistics`], which know counts and no model.

mod columns;
mod derived;
mod error;
mod forest;
mod format;
mod linear;
mod model;
pub mod monitor;
mod parsed;
mod policy;
mod predictor;
mod pricing;
pub mod rule;
mod scorecard;
pub mod statistics;

pub use error::LoadError;
pub use forest::{Contributions, MAX_EXPLAINED_STEPS, MAX_EXPLAINED_TREE_NODES};
pub use model::{Fitting, Model, Outcome, Prediction, manifest_digest};
pub use parsed::{Format, Input, Link, MAX_INPUTS};
pub use policy::{CompiledPolicy, Hit, Judgement};
pub use predictor::{MAX_FILE_BYTES, Predictor, Summary};
pub use pricing::{Amortisation, CompiledPlan, PRICING_VERSION, annual_percentage_rate};
pub use scorecard::Scorecard;

/// The version of the arithmetic. It stands on every decision: the same version, model and features give the same bits.
pub const ENGINE_VERSION: &str = "scorecard/1";
