//! The log of events and outcomes, and who holds what follows from it.

mod entries;
mod lease;
mod lists;
mod log;
mod policies;

pub use lease::{HeldLease, Lease};
pub use log::FoundEntry;

/// Every statement of this folder.
pub(super) fn statements() -> Vec<(&'static str, &'static str)> {
    [entries::STATEMENTS, lease::STATEMENTS, lists::STATEMENTS, log::STATEMENTS, policies::STATEMENTS].concat()
}
