//! How many calls may be answered at once: as many as are answered in good time. Beyond that a call is refused at once, so that
//! those that were let in stay fast; and among tenants the one that has most open is refused first.
//!
//! The limit follows what calls take, as TCP's windows follow the round trip (additive increase, multiplicative decrease;
//! Jacobson, "Congestion Avoidance and Control", 1988; against the least time seen, as in TCP Vegas, Brakmo and Peterson, 1995).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use super::held;
use crate::{
    auth::Caller,
    domain::{ids::TenantId, refusal::Refusal},
};

/// The limit never falls below this: with so few open, what they take is not their own doing, and a commit is to have some
/// decisions that share it.
const LEAST: usize = 28;
/// The limit while all is calm: a burst of so many is taken, and worked off within some tenths of a second on a small machine.
const MOST: usize = 512;
/// How often the limit is set, and from how many answers at least.
const WINDOW: Duration = Duration::from_millis(100);
const FEWEST_ANSWERS: usize = 16;
/// The most answers of a window whose times are kept.
const MOST_TIMES: usize = 512;

/// The calls that are being answered.
pub struct Load(Mutex<Open>);

struct Open {
    /// What half of the calls may take at the most, or twice what they take while all is calm if that is more.
    good_time: Duration,
    limit: usize,
    calls: usize,
    by_tenant: HashMap<TenantId, usize>,
    /// What half of the calls took in the calmest window.
    calm: Duration,
    window: Instant,
    times: Vec<Duration>,
}

/// A place among the calls that are being answered, until it is dropped.
pub struct Place {
    load: Arc<Load>,
    caller: Arc<Caller>,
    begun: Instant,
}

impl Load {
    /// No calls, at a time. Half of them are to be answered within `good_time`, as far as the disk lets them.
    #[must_use]
    pub fn new(good_time: Duration, now: Instant) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Open {
            good_time,
            limit: MOST,
            calls: 0,
            by_tenant: HashMap::new(),
            calm: good_time / 2,
            window: now,
            times: Vec::with_capacity(MOST_TIMES),
        })))
    }

    /// Takes a place for a caller.
    ///
    /// # Errors
    /// Exhausted, when the limit is reached; but for a tenant that has less than its share open: what there is beyond the limit
    /// is others' doing.
    pub fn enter(self: &Arc<Self>, caller: &Arc<Caller>, now: Instant) -> Result<Place, Refusal> {
        held(self.0.lock()).enter(caller.tenant())?;
        Ok(Place { load: Arc::clone(self), caller: Arc::clone(caller), begun: now })
    }
}

impl Place {
    /// Takes note of what the answer took. The place is free once this is dropped.
    pub fn answered(&self, now: Instant) {
        held(self.load.0.lock()).note(now.saturating_duration_since(self.begun), now);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        held(self.load.0.lock()).leave(self.caller.tenant());
    }
}

impl Open {
    fn enter(&mut self, tenant: &TenantId) -> Result<(), Refusal> {
        if self.calls >= self.limit {
            let own = self.by_tenant.get(tenant).copied().unwrap_or(0);
            let share = self.limit / self.by_tenant.len().max(1);
            if own >= share {
                return Err(Refusal::OVERLOADED);
            }
        }
        self.calls += 1;
        match self.by_tenant.get_mut(tenant) {
            Some(own) => *own += 1,
            None => drop(self.by_tenant.insert(tenant.clone(), 1)),
        }
        Ok(())
    }

    fn leave(&mut self, tenant: &TenantId) {
        self.calls -= 1;
        if let Some(own) = self.by_tenant.get_mut(tenant) {
            *own -= 1;
            if *own == 0 {
                self.by_tenant.remove(tenant);
            }
        }
    }

    fn note(&mut self, took: Duration, now: Instant) {
        if self.times.len() < MOST_TIMES {
            self.times.push(took);
        }
        if now.saturating_duration_since(self.window) < WINDOW || self.times.len() < FEWEST_ANSWERS {
            return;
        }
        let middle = self.times.len() / 2;
        let median = *self.times.select_nth_unstable(middle).1;
        self.times.clear();
        self.window = now;
        self.set_limit(median);
    }

    fn set_limit(&mut self, median: Duration) {
        self.calm = self.calm.min(median);
        let good = self.good_time.max(self.calm * 2);
        if median <= good {
            self.limit = (self.limit + self.limit / 8).min(MOST);
        } else if self.limit > LEAST {
            // In proportion: what queues is what is beyond the good time. Not all at once, for a disk may have stalled once.
            let open = u128::try_from(self.limit.min(self.calls.max(1))).unwrap_or(u128::MAX);
            let fitting = open.saturating_mul(good.as_micros()) / median.as_micros().max(1);
            self.limit = usize::try_from(fitting).unwrap_or(self.limit).max(self.limit / 3).max(LEAST);
        } else {
            // So few cannot be a queue of their own: calls take that long here now, a slow disk for example.
            self.calm = (self.calm + self.calm / 10).max(Duration::from_micros(100));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(id: &str) -> TenantId {
        TenantId::parse(id).unwrap()
    }

    fn open(now: Instant) -> Open {
        Arc::into_inner(Load::new(Duration::from_millis(12), now)).unwrap().0.into_inner().unwrap()
    }

    /// Lets a server that takes a while for each call be asked for more than it can do, for some windows.
    fn drive(open: &mut Open, each: Duration, slowest: Duration, windows: u32, now: &mut Instant) {
        let asked = tenant("north");
        for _ in 0..windows * 20 {
            while open.enter(&asked).is_ok() {}
            // What is open is worked off one after the other, and the last waits for all.
            let took = (each * u32::try_from(open.calls).unwrap()).max(slowest);
            *now += WINDOW / 16;
            open.note(took, *now);
            for _ in 0..open.calls {
                open.leave(&asked);
            }
        }
    }

    #[test]
    fn the_limit_falls_to_what_is_answered_in_good_time_and_rises_again() {
        let mut now = Instant::now();
        let mut open = open(now);
        drive(&mut open, Duration::from_micros(60), Duration::ZERO, 60, &mut now);
        let in_good_time = 12_000 / 60;
        assert!((in_good_time * 7 / 10..=in_good_time * 12 / 10).contains(&open.limit), "{}", open.limit);
        drive(&mut open, Duration::from_micros(1), Duration::ZERO, 80, &mut now);
        assert_eq!(open.limit, MOST);
    }

    #[test]
    fn a_slow_disk_is_no_queue() {
        let mut now = Instant::now();
        let mut open = open(now);
        drive(&mut open, Duration::from_micros(1), Duration::from_millis(40), 100, &mut now);
        assert!(open.limit > MOST / 2, "{} while each commit takes 40 ms whatever is open", open.limit);
    }

    #[test]
    fn who_has_most_open_is_refused_first() {
        let (north, south) = (tenant("north"), tenant("south"));
        let mut open = open(Instant::now());
        open.limit = LEAST;
        while open.enter(&north).is_ok() {}
        assert_eq!(open.calls, LEAST);
        open.enter(&south).unwrap();
        assert!(open.enter(&north).is_err());
        while open.enter(&south).is_ok() {}
        assert_eq!(open.calls, LEAST + LEAST / 2, "its share, and no more");
        for _ in 0..LEAST {
            open.leave(&north);
        }
        assert_eq!(open.by_tenant.len(), 1, "who has nothing open takes no memory");
    }
}
