//! Tells a lease that nobody renews from one that is held, without trusting any clock but this process's own count of time.
//!
//! A lease runs out by the clock of whoever took it. When that clock stood an hour later than ours (it was set back since, and
//! the process died), it would bar everybody for an hour.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::store::HeldLease;

/// A lease that has not changed for so long is nobody's: whoever holds it renews it every second.
const ABANDONED_AFTER: Duration = Duration::from_secs(10);

/// The lease as it was last seen, and since when it has been that.
#[derive(Debug, Default)]
pub(super) struct LeaseWatch(Mutex<Option<(HeldLease, Instant)>>);

impl LeaseWatch {
    /// Notes the lease as it stands, and tells whether it has been abandoned.
    pub(super) fn is_abandoned(&self, lease: &HeldLease) -> bool {
        self.seen_at(lease, Instant::now())
    }

    fn seen_at(&self, lease: &HeldLease, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((seen, since)) if seen == lease => now.duration_since(*since) >= ABANDONED_AFTER,
            _ => {
                *last = Some((lease.clone(), now));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    #[test]
    fn only_a_lease_that_never_changes_is_abandoned() {
        let (watch, begun) = (LeaseWatch::default(), Instant::now());
        let lease = |micros| HeldLease { holder: "w".to_owned(), expires: Timestamp::from_micros(micros) };
        let after = |seconds| begun + Duration::from_secs(seconds);
        assert!(!watch.seen_at(&lease(1), begun));
        assert!(!watch.seen_at(&lease(1), after(9)));
        assert!(!watch.seen_at(&lease(2), after(10)), "it was renewed");
        assert!(!watch.seen_at(&lease(2), after(19)));
        assert!(watch.seen_at(&lease(2), after(20)));
        assert!(!watch.seen_at(&lease(1), after(21)), "it is another");
    }
}
