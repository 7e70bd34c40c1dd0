//! What tenants used: decisions by day, kind and environment.

use super::{
    decision::{DecisionKind, Environment},
    ids::TenantId,
    monitor::Day,
};

/// The most days of one question.
pub const MAX_USAGE_DAYS: i64 = 366;

/// How much was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// Decisions on disk.
    pub decisions: i64,
    /// What they are billed as; a decision for several rows is one of each.
    pub billable_units: i64,
}

impl Used {
    /// Adds what was used elsewhere.
    pub fn add(&mut self, other: Self) {
        self.decisions = self.decisions.saturating_add(other.decisions);
        self.billable_units = self.billable_units.saturating_add(other.billable_units);
    }
}

/// What a tenant used of one kind, on one day or over a span of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// Whose it is.
    pub tenant: TenantId,
    /// The day of UTC; nothing when it is a total over the days asked for.
    pub day: Option<Day>,
    /// What was decided.
    pub kind: DecisionKind,
    /// Whether it counts.
    pub environment: Environment,
    /// How much.
    pub used: Used,
}

/// Which usage to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageFilter {
    /// One tenant's only; nothing for everybody's.
    pub tenant: Option<TenantId>,
    /// From this day to before that day.
    pub days: (Day, Day),
    /// Whether each day has rows of its own.
    pub by_day: bool,
}
