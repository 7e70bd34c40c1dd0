//! What tenants used, and who changed what.

mod audit_calls;
mod audit_steps;
mod audit_walk;
mod usage;
mod usage_calls;
mod usage_command;

pub use usage::both_counts;
