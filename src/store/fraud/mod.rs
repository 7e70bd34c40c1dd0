//! The log of events and outcomes, and who holds what follows from it.

mod lease;
mod lists;
mod log;
mod policies;

pub use lease::Lease;
pub use log::FoundEntry;

/// Every statement of this folder.
pub(super) fn statements() -> Vec<(&'static str, &'static str)> {
    [lease::STATEMENTS, lists::STATEMENTS, log::STATEMENTS, policies::STATEMENTS].concat()
}
