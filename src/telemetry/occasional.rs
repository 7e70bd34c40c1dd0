//! Lines of the log that must not come as often as what they tell of.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Instant,
};

/// The most lines of one kind in a second.
const A_SECOND: u64 = 10;

/// Lets some lines of a kind through, and counts those that it does not: when the store is away every call fails, and saying
/// so of each would cost more than the calls.
#[derive(Debug)]
pub struct Occasional {
    began: Instant,
    second: AtomicU64,
    written: AtomicU64,
    left_out: AtomicU64,
}

impl Default for Occasional {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            second: AtomicU64::new(0),
            written: AtomicU64::new(0),
            left_out: AtomicU64::new(0),
        }
    }
}

impl Occasional {
    /// Whether a line may be written now; and how many were left out before it, which it should say.
    #[must_use]
    pub fn left_out_before(&self) -> Option<u64> {
        let second = self.began.elapsed().as_secs();
        if self.second.swap(second, Relaxed) != second {
            self.written.store(0, Relaxed);
        }
        if self.written.fetch_add(1, Relaxed) < A_SECOND {
            return Some(self.left_out.swap(0, Relaxed));
        }
        self.left_out.fetch_add(1, Relaxed);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_leaves_a_few_lines_and_a_count() {
        let faults = Occasional::default();
        let written = (0..100_000).filter(|_| faults.left_out_before().is_some()).count();
        assert!((10..=100).contains(&written), "{written} lines");
        faults.written.store(0, Relaxed);
        assert!(faults.left_out_before().is_some_and(|left_out| left_out > 0));
    }
}
