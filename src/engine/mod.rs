//! Models: a file becomes a [`Scorecard`], and a scorecard turns features into a score with exact reasons.
//!
//! Pure: no I/O, no async, no clock. A model is data, not code: the same loader takes the built-in model and a partner's.

mod file;
mod reasons;
mod schema;
mod score;
mod scorecard;

pub use scorecard::{LoadError, Scorecard};

/// The version of the arithmetic. It stands on every decision: the same version, model and features give the same bits.
pub const ENGINE_VERSION: &str = "scorecard/1";
