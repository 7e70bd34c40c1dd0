//! Counts by tenant, of a bounded number of tenants.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use super::page::Page;
use crate::domain::ids::TenantId;

/// The most tenants that have series of their own: each costs two, here and in whatever reads the page.
pub const MAX_TENANTS: usize = 2_000;
/// The label of all tenants beyond that. No tenant can have it for an id.
const OTHERS: &str = "_other";

/// What is counted of a tenant.
#[derive(Debug, Default)]
struct Counts {
    decisions: AtomicU64,
    refusals: AtomicU64,
}

/// Counts of the tenants that were seen first, and of all others as one.
#[derive(Debug, Default)]
pub struct TenantCounts {
    tenants: RwLock<HashMap<TenantId, Arc<Counts>>>,
    others: Arc<Counts>,
}

impl TenantCounts {
    /// Counts a decision that is on disk.
    pub fn decided(&self, tenant: &TenantId) {
        self.of(tenant).decisions.fetch_add(1, Relaxed);
    }

    /// Counts a call that was refused.
    pub fn refused(&self, tenant: &TenantId) {
        self.of(tenant).refusals.fetch_add(1, Relaxed);
    }

    fn of(&self, tenant: &TenantId) -> Arc<Counts> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(counts) = tenants.get(tenant) {
            return Arc::clone(counts);
        }
        if tenants.len() >= MAX_TENANTS {
            return Arc::clone(&self.others);
        }
        drop(tenants);
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        if tenants.len() >= MAX_TENANTS && !tenants.contains_key(tenant) {
            return Arc::clone(&self.others);
        }
        Arc::clone(tenants.entry(tenant.clone()).or_default())
    }

    pub(super) fn show(&self, page: &mut Page) {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = tenants.iter().map(|(tenant, counts)| (tenant.as_str(), counts)).collect();
        all.sort_unstable_by_key(|(tenant, _)| *tenant);
        all.push((OTHERS, &self.others));
        let decisions = page.counter("tenant_decisions", "Decisions on disk, by tenant.");
        for (tenant, counts) in &all {
            decisions.add(&[("tenant", tenant)], counts.decisions.load(Relaxed));
        }
        let refusals =
            page.counter("tenant_refusals", "Calls that were refused after the caller was known, by tenant.");
        for (tenant, counts) in &all {
            refusals.add(&[("tenant", tenant)], counts.refusals.load(Relaxed));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_beyond_the_bound_are_counted_as_one() {
        let counts = TenantCounts::default();
        let tenant = |number: usize| TenantId::parse(&format!("bank-{number}")).unwrap();
        for number in 0..MAX_TENANTS + 1_000 {
            counts.decided(&tenant(number));
        }
        counts.decided(&tenant(7));
        let mut page = Page::default();
        counts.show(&mut page);
        let text = page.text().unwrap();
        let lines: Vec<_> = text.lines().filter(|line| line.starts_with("riskport_tenant_decisions_total{")).collect();
        assert_eq!(lines.len(), MAX_TENANTS + 1);
        assert!(text.contains("riskport_tenant_decisions_total{tenant=\"_other\"} 1000\n"), "{text}");
        assert!(text.contains("riskport_tenant_decisions_total{tenant=\"bank-7\"} 2\n"), "{text}");
    }
}
