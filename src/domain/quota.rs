//! Quotas: what a tenant may use at most. The operator sets them; what it does not set has a default.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use super::{fraud::MAX_RULES, inference::MAX_ROWS};

/// A quota, beside requests a second ([`RequestRate`](super::tenant::RequestRate)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// Requests that may come at once.
    BurstRequests,
    /// Decisions on one day of UTC, repeats of a request not among them.
    DecisionsPerDay,
    /// Streams that are open at once in one process.
    ConcurrentStreams,
    /// Rows of one call of `ModelInfer`.
    InferenceRows,
    /// Changes of one call of `ChangeListEntries`.
    ListChanges,
    /// Models.
    Models,
    /// Versions of one model.
    ModelVersions,
    /// Fraud policies.
    Policies,
    /// Rules of one policy.
    PolicyRules,
    /// Entries of one list.
    ListEntries,
    /// Good keys.
    Keys,
}

/// How many quotas there are.
const COUNT: usize = 11;

impl Quota {
    /// Every quota, in the order of the contract.
    pub const ALL: [Self; COUNT] = [
        Self::BurstRequests,
        Self::DecisionsPerDay,
        Self::ConcurrentStreams,
        Self::InferenceRows,
        Self::ListChanges,
        Self::Models,
        Self::ModelVersions,
        Self::Policies,
        Self::PolicyRules,
        Self::ListEntries,
        Self::Keys,
    ];

    /// The name in the contract, the database and the record of changes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BurstRequests => "burst_requests",
            Self::DecisionsPerDay => "decisions_per_day",
            Self::ConcurrentStreams => "concurrent_streams",
            Self::InferenceRows => "inference_rows",
            Self::ListChanges => "list_changes",
            Self::Models => "max_models",
            Self::ModelVersions => "max_model_versions",
            Self::Policies => "max_policies",
            Self::PolicyRules => "max_policy_rules",
            Self::ListEntries => "max_list_entries",
            Self::Keys => "max_keys",
        }
    }

    /// What holds when the operator sets nothing; nothing where there is no limit then, or where another quota says it.
    #[must_use]
    pub const fn usual(self) -> Option<i64> {
        match self {
            Self::BurstRequests | Self::DecisionsPerDay | Self::ListChanges => None,
            Self::ConcurrentStreams => Some(256),
            Self::InferenceRows => Some(ROWS),
            Self::Models => Some(100),
            Self::ModelVersions => Some(1_000),
            Self::Policies => Some(32),
            Self::PolicyRules => Some(RULES),
            Self::ListEntries => Some(200_000),
            Self::Keys => Some(16),
        }
    }

    /// The most that can be set.
    #[must_use]
    pub const fn most(self) -> i64 {
        match self {
            Self::DecisionsPerDay => 1_000_000_000_000,
            Self::BurstRequests | Self::ListChanges | Self::ListEntries => 1_000_000,
            Self::ConcurrentStreams | Self::ModelVersions => 10_000,
            Self::InferenceRows => ROWS,
            Self::Models => 1_000,
            Self::Policies => 256,
            Self::PolicyRules => RULES,
            Self::Keys => 64,
        }
    }
}

/// What one call and one policy may have in any case.
#[expect(clippy::cast_possible_wrap, reason = "both are small")]
const ROWS: i64 = MAX_ROWS as i64;
#[expect(clippy::cast_possible_wrap, reason = "both are small")]
const RULES: i64 = MAX_RULES as i64;

/// The quotas of a tenant as the operator set them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QuotaSet([i64; COUNT]);

impl QuotaSet {
    /// What was set; 0 for the default.
    #[must_use]
    pub const fn set(&self, quota: Quota) -> i64 {
        self.0[quota as usize]
    }

    /// These quotas with one of them changed.
    ///
    /// # Errors
    /// One sentence that says the range.
    pub fn with(mut self, quota: Quota, value: i64) -> Result<Self, String> {
        if (0..=quota.most()).contains(&value) {
            self.0[quota as usize] = value;
            Ok(self)
        } else {
            Err(format!("must be 0 to {}", quota.most()))
        }
    }

    /// What holds; nothing where there is no limit, or where another quota says it.
    #[must_use]
    pub const fn limit(&self, quota: Quota) -> Option<i64> {
        match self.set(quota) {
            0 => quota.usual(),
            set => Some(set),
        }
    }

    /// Whether so many are more than may be.
    #[must_use]
    pub const fn is_exceeded(&self, quota: Quota, by: i64) -> bool {
        matches!(self.limit(quota), Some(limit) if by > limit)
    }
}

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
    fn each_quota_has_a_place_of_its_own() {
        let mut quotas = QuotaSet::default();
        for (quota, value) in Quota::ALL.into_iter().zip(1..) {
            quotas = quotas.with(quota, value).unwrap();
        }
        for (quota, value) in Quota::ALL.into_iter().zip(1..) {
            assert_eq!((quotas.set(quota), quotas.limit(quota)), (value, Some(value)), "{}", quota.name());
            assert!(quota.usual().is_none_or(|usual| (1..=quota.most()).contains(&usual)), "{}", quota.name());
            assert!(quotas.with(quota, -1).is_err() && quotas.with(quota, quota.most() + 1).is_err());
        }
        assert_eq!(QuotaSet::default().limit(Quota::Keys), Some(16));
        assert!(!QuotaSet::default().is_exceeded(Quota::DecisionsPerDay, i64::MAX));
    }

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
