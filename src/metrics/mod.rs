//! What the server counts of itself, and the page that shows it.
//!
//! Nothing is registered globally: an `App` holds its [`Metrics`], and the page is put together from them when somebody asks
//! ([`Page`]). Counting never waits: it is additions to atomics, and a look into a map that hardly ever changes. What is a
//! state rather than a count is read when the page is made ([`Figures`]), so that nothing must be kept up to date.
//!
//! No label holds what a caller makes up: methods are those of the contract, reasons those of the program, and only so many
//! tenants have series of their own.
//!
//! What would be told of too often, in the log, is counted as well ([`Occasional`]).

mod caches;
mod calls;
mod commits;
mod connections;
mod figures;
mod histogram;
mod occasional;
mod page;
mod process;
mod refusals;
mod tenants;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

pub use caches::{CacheCounts, Lookups};
pub use calls::{CallCounts, CountedCall, Method, MethodCounts};
pub use commits::CommitCounts;
pub use connections::{ConnectionCounts, OpenConnection};
pub use figures::{Figures, PoolFigures};
pub use histogram::Histogram;
pub use occasional::Occasional;
pub use page::{CONTENT_TYPE, Page};
pub use process::Process;
pub use refusals::RefusalCounts;
pub use tenants::{MAX_TENANTS, TenantCounts};

use crate::domain::{fraud::Scene, ids::TenantId};

/// What one server counts, beside its calls by method.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Connections of clients.
    pub connections: ConnectionCounts,
    /// Commits of the decision writer.
    pub commits: CommitCounts,
    /// Look-ups in caches.
    pub caches: CacheCounts,
    /// Decisions and refusals by tenant.
    pub tenants: TenantCounts,
    /// Refusals by reason.
    pub refusals: RefusalCounts,
    over_quota: AtomicU64,
    /// By [`Scene::number`].
    truncated: [AtomicU64; Scene::STANDARD.len() + 1],
}

impl Metrics {
    /// Counts a call, or an item of a stream, that its tenant's quota did not let in.
    pub fn over_quota(&self, tenant: &TenantId) {
        self.over_quota.fetch_add(1, Relaxed);
        self.tenants.refused(tenant);
    }

    /// Counts a decision on features that a limit cut. All scenes of partners' own count as one.
    pub fn truncated(&self, scene: &Scene) {
        if let Some(count) = self.truncated.get(usize::from(scene.number())) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// Counts a decision that is on disk.
    pub fn decided(&self, tenant: &TenantId) {
        self.tenants.decided(tenant);
    }

    /// Puts everything that was counted on a page.
    pub fn show(&self, page: &mut Page) {
        self.refusals.show(page);
        let over_quota =
            page.counter("quota_refusals", "Calls and items of streams that a tenant's quota did not let in.");
        over_quota.add(&[], self.over_quota.load(Relaxed));
        self.connections.show(page);
        self.commits.show(page);
        self.caches.show(page);
        let truncated = page.counter("features_truncated", "Fraud decisions on features that a limit cut, by scene.");
        let scenes = Scene::STANDARD.iter().map(ToString::to_string).chain(["custom".to_owned()]);
        for (scene, count) in scenes.zip(&self.truncated) {
            truncated.add(&[("scene", &scene)], count.load(Relaxed));
        }
        self.tenants.show(page);
    }
}
