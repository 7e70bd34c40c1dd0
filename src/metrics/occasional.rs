//! Lines of the log that must not come as often as what they tell of.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Instant,
};

/// The most lines of one kind in a second, when nobody says.
const A_SECOND: u64 = 10;
/// Where a number keeps a second beside the lines that were written in it.
const LINES_BITS: u32 = 16;

/// Lets some lines of a kind through, and counts those that it does not: when the store is away every call fails, and saying
/// so of each would cost more than the calls.
#[derive(Debug)]
pub struct Occasional {
    most: u64,
    began: Instant,
    /// The second of the last line, and the lines of that second. Together, so that no two threads begin a second.
    written: AtomicU64,
    left_out: AtomicU64,
}

impl Default for Occasional {
    fn default() -> Self {
        Self::of(A_SECOND)
    }
}

impl Occasional {
    /// Lets so many lines through in a second.
    fn of(most: u64) -> Self {
        Self { most, began: Instant::now(), written: AtomicU64::new(0), left_out: AtomicU64::new(0) }
    }

    /// Lets one line through in a second.
    #[must_use]
    pub fn once_a_second() -> Self {
        Self::of(1)
    }

    /// Whether a line may be written now; and how many were left out before it, which it should say.
    #[must_use]
    pub fn left_out_before(&self) -> Option<u64> {
        let now = self.began.elapsed().as_secs() << LINES_BITS;
        let one_more = self.written.fetch_update(Relaxed, Relaxed, |written| {
            let of_now = written.max(now);
            (of_now & ((1 << LINES_BITS) - 1) < self.most).then_some(of_now + 1)
        });
        if one_more.is_ok() {
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
