//! Rate plans and accepted quotes.

mod acceptances;
mod plans;

pub use acceptances::RecordAcceptance;

pub(super) fn statements() -> Vec<(&'static str, &'static str)> {
    [acceptances::STATEMENTS, plans::STATEMENTS].concat()
}
