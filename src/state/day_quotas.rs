//! Decisions of the day, by tenant: how many the day's quota still has.
//!
//! A process counts its own as they are made, exactly; what others have put on disk it learns by asking every two seconds. So a
//! process alone lets not one through too many, also after a restart; of several, each may let through what the others
//! decided within that time.

use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
};

use super::held;
use crate::domain::{
    ids::TenantId,
    monitor::Day,
    quota::{DayCount, DayFull, DayPlace},
    time::Timestamp,
};

/// How old what is known of other processes may be, in microseconds.
const BELIEVED_US: i64 = 2_000_000;

/// The days of all tenants whose quota was asked for.
#[derive(Default)]
pub struct DayQuotas(RwLock<HashMap<TenantId, Counted>>);

struct Counted {
    day: Day,
    /// What this process has decided, or is deciding.
    own: Arc<DayCount>,
    /// What others have on disk.
    others: i64,
    asked: Timestamp,
}

/// What is to be asked of the store before a place can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stale {
    /// Nothing is known of the day.
    Unknown,
    /// What is known is old; whoever asked meanwhile goes on with it.
    Old,
}

impl DayQuotas {
    /// Whether the store must be asked; of those who ask at once one is told so, once anything is known.
    #[must_use]
    pub fn stale(&self, tenant: &TenantId, day: Day, now: Timestamp) -> Option<Stale> {
        let old = |counted: &Counted| (now.micros() - counted.asked.micros()).abs() > BELIEVED_US;
        match held(self.0.read()).get(tenant).filter(|counted| counted.day >= day) {
            None => return Some(Stale::Unknown),
            Some(counted) if !old(counted) => return None,
            Some(_) => {}
        }
        let mut all = held(self.0.write());
        let counted = all.get_mut(tenant).filter(|counted| counted.day >= day && old(counted))?;
        counted.asked = now;
        Some(Stale::Old)
    }

    /// Takes in what the store said of a day: this process's own, and the others'.
    pub fn learn(&self, tenant: &TenantId, day: Day, (own, others): (i64, i64), asked: Timestamp) {
        let mut all = held(self.0.write());
        match all.get_mut(tenant).filter(|counted| counted.day >= day) {
            // A decision of just before midnight takes its place in the day that has begun.
            Some(counted) if counted.day > day => {}
            Some(counted) => {
                counted.others = others;
                counted.asked = asked;
                counted.own.learn(own);
            }
            None => {
                let count = Arc::new(DayCount::default());
                count.learn(own);
                all.insert(tenant.clone(), Counted { day, own: count, others, asked });
            }
        }
    }

    /// Takes a place for a decision.
    ///
    /// # Errors
    /// Why there is none; for now, when nothing is known of the day.
    pub fn take(&self, tenant: &TenantId, day: Day, most: i64) -> Result<DayPlace, DayFull> {
        let all = held(self.0.read());
        let counted = all.get(tenant).filter(|counted| counted.day >= day).ok_or(DayFull::ForNow)?;
        counted.own.take(most.saturating_sub(counted.others))
    }

    /// How many places a day has left, as far as it is known.
    #[must_use]
    pub fn left(&self, tenant: &TenantId, day: Day, most: i64) -> Option<i64> {
        let all = held(self.0.read());
        let counted = all.get(tenant).filter(|counted| counted.day >= day)?;
        Some((most - counted.others - counted.own.taken()).max(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_count_as_they_are_learned_and_a_new_day_begins_anew() {
        let (days, north) = (DayQuotas::default(), TenantId::parse("north").unwrap());
        let (today, at) = (Day::from_number(20_000), |seconds: i64| Timestamp::from_micros(seconds * 1_000_000));
        assert_eq!(days.stale(&north, today, at(0)), Some(Stale::Unknown));
        assert_eq!(days.take(&north, today, 10).err(), Some(DayFull::ForNow), "nothing is known yet");
        days.learn(&north, today, (2, 3), at(0));
        assert_eq!((days.stale(&north, today, at(1)), days.left(&north, today, 10)), (None, Some(5)));
        let places: Vec<_> = (0..9).filter_map(|_| days.take(&north, today, 10).ok()).collect();
        assert_eq!((places.len(), days.left(&north, today, 10)), (5, Some(0)));
        places.into_iter().for_each(DayPlace::keep);
        // One asks, the others go on; the store knows fewer of our own than we do.
        assert_eq!(days.stale(&north, today, at(3)), Some(Stale::Old));
        assert_eq!(days.stale(&north, today, at(3)), None);
        days.learn(&north, today, (4, 1), at(3));
        assert_eq!(days.left(&north, today, 10), Some(2));
        // A quota that was made smaller than what is used leaves nothing.
        assert_eq!(days.left(&north, today, 4), Some(0));
        assert_eq!(days.stale(&north, today.plus(1), at(3)), Some(Stale::Unknown));
        days.learn(&north, today.plus(1), (0, 0), at(4));
        assert_eq!(days.left(&north, today.plus(1), 10), Some(10));
    }
}
