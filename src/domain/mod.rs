//! The pure rules of the platform: what an id, a scope, a tenant, a feature, a decision is.
//!
//! Nothing here does I/O, waits, reads a clock or knows gRPC or SQL. Time and randomness come in as arguments, and
//! every value that is not valid is refused by the function that would have made it.

#[macro_use]
mod named;

pub mod audit;
pub mod credit;
pub mod decision;
pub mod features;
pub mod fraud;
pub mod ids;
pub mod inference;
pub mod key;
pub mod model;
pub mod money;
pub mod monitor;
pub mod outcome;
pub mod page;
pub mod pricing;
pub mod quota;
pub mod refusal;
pub mod risk;
pub mod scope;
pub mod tags;
pub mod tenant;
pub mod text;
pub mod time;
pub mod usage;
pub mod zone;
