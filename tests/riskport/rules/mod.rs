//! The conditions of fraud rules: what they mean, what is refused, and that they end.

mod differential;
mod generated;
mod hostile;
mod refusals;
mod values;
pub mod world;
