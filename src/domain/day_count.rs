//! Places for the decisions of a day, where a quota says how many there may be.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// One tenant's decisions of one day, of one process: those that have a place, and those of them that are on disk.
#[derive(Debug, Default)]
pub struct DayCount {
    taken: AtomicI64,
    kept: AtomicI64,
}

/// Why a decision gets no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayFull {
    /// The decisions on disk are as many as may be.
    ForTheDay,
    /// Decisions on their way to the disk have the last places: some may be repeats, or fail, and give theirs back.
    ForNow,
}

impl DayCount {
    /// Takes in how many are on disk: a commit whose end was not told may have reached it.
    pub fn learn(&self, on_disk: i64) {
        self.kept.fetch_max(on_disk, Ordering::AcqRel);
        self.taken.fetch_max(on_disk, Ordering::AcqRel);
    }

    /// How many have a place.
    #[must_use]
    pub fn taken(&self) -> i64 {
        self.taken.load(Ordering::Acquire)
    }

    /// Takes one of so many places.
    ///
    /// # Errors
    /// Why there is none.
    pub fn take(self: &Arc<Self>, most: i64) -> Result<DayPlace, DayFull> {
        let room = |taken: i64| (taken < most).then_some(taken + 1);
        match self.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, room) {
            Ok(_) => Ok(DayPlace(Some(Arc::clone(self)))),
            Err(_) if self.kept.load(Ordering::Acquire) >= most => Err(DayFull::ForTheDay),
            Err(_) => Err(DayFull::ForNow),
        }
    }
}

/// A decision's place in its tenant's day. It is given back when it is dropped, unless the decision reached the disk.
#[derive(Debug)]
pub struct DayPlace(Option<Arc<DayCount>>);

impl DayPlace {
    /// Says that the decision is on disk.
    pub fn keep(mut self) {
        if let Some(count) = self.0.take() {
            count.kept.fetch_add(1, Ordering::AcqRel);
        }
    }
}

impl Drop for DayPlace {
    fn drop(&mut self) {
        if let Some(count) = self.0.take() {
            count.taken.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_given_back_unless_it_is_kept() {
        let count = Arc::new(DayCount::default());
        count.learn(1);
        let [first, second, third] = [count.take(3), count.take(3), count.take(3)];
        assert_eq!(third.err(), Some(DayFull::ForNow));
        first.unwrap().keep();
        drop(second);
        assert_eq!(count.taken(), 2);
        count.take(3).unwrap().keep();
        assert_eq!(count.take(3).err(), Some(DayFull::ForTheDay));
        // A smaller number of one's own on disk is an older one.
        count.learn(2);
        assert_eq!(count.taken(), 3);
    }
}
