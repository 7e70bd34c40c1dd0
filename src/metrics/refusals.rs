//! Refusals by reason.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use super::page::Page;

/// The most reasons that are told apart: more than the program has. All others count as one.
const MAX_REASONS: usize = 100;
const OTHERS: &str = "_other";

/// How often each reason was given to a call: the stable reason of its `google.rpc.ErrorInfo`. Items of streams that were
/// refused are not among them: their streams went on.
#[derive(Debug, Default)]
pub struct RefusalCounts(Mutex<BTreeMap<String, u64>>);

impl RefusalCounts {
    /// Counts a refusal.
    pub fn refused(&self, reason: &str) {
        let mut reasons = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = reasons.get_mut(reason) {
            *count += 1;
            return;
        }
        let reason = if reasons.len() < MAX_REASONS { reason } else { OTHERS };
        *reasons.entry(reason.to_owned()).or_default() += 1;
    }

    pub(super) fn show(&self, page: &mut Page) {
        let refusals =
            page.counter("refusals", "Calls that were refused, by reason; OVERLOADED is load that was shed.");
        for (reason, count) in &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            refusals.add(&[("reason", reason)], *count);
        }
    }
}
