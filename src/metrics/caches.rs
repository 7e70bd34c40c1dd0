//! Look-ups in caches.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::page::Page;

/// How often a cache had what it was asked for.
#[derive(Debug, Default)]
pub struct Lookups {
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Lookups {
    /// Counts a look-up by whether it found anything. It may well have found that there is no such thing.
    pub fn looked_up(&self, found: bool) {
        let count = if found { &self.hits } else { &self.misses };
        count.fetch_add(1, Relaxed);
    }
}

/// Look-ups by cache.
#[derive(Debug, Default)]
pub struct CacheCounts {
    /// Tokens that were verified.
    pub tokens: Lookups,
    /// Registered keys of callers, for tokens that were not.
    pub keys: Lookups,
    /// Models as they decide.
    pub models: Lookups,
    /// Policies as they decide.
    pub policies: Lookups,
    /// Rate plans as they price.
    pub plans: Lookups,
    /// Keys that tenants' data is sealed under.
    pub data_keys: Lookups,
}

impl CacheCounts {
    pub(super) fn show(&self, page: &mut Page) {
        let family = page.counter("cache_lookups", "Look-ups in a cache, by what came of them.");
        let all = [
            ("tokens", &self.tokens),
            ("keys", &self.keys),
            ("models", &self.models),
            ("policies", &self.policies),
            ("plans", &self.plans),
            ("data_keys", &self.data_keys),
        ];
        for (cache, lookups) in all {
            family.add(&[("cache", cache), ("result", "hit")], lookups.hits.load(Relaxed));
            family.add(&[("cache", cache), ("result", "miss")], lookups.misses.load(Relaxed));
        }
    }
}
