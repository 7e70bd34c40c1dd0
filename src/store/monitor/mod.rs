//! Counts of decisions by model version and day, what became of decisions, and alarms.
//!
//! Counting runs for all tenants in the background, and so these are the only reads that go across them: each row names its
//! tenant, and nothing but counts comes of it.

mod alarms;
mod counted;
mod labels;
mod tallies;
mod uncounted;

pub use counted::{CountProgress, CountedLabel, RecordCounted, RevisedTally, RevisedWatch};
pub(super) use labels::{ADD_REPORT, LABEL_EVENT, SET_CREDIT_LABEL};
pub use labels::{LabelledDecision, LabelledPair, UncountedLabel};
pub use uncounted::{UncountedDecision, WriterCursor};

/// Every statement of this folder.
pub(super) fn statements() -> Vec<(&'static str, &'static str)> {
    [alarms::STATEMENTS, counted::STATEMENTS, labels::STATEMENTS, tallies::STATEMENTS, uncounted::STATEMENTS].concat()
}
