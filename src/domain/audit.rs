//! The record of a change by an operator or a partner.

use super::{
    ids::{Kid, TenantId},
    time::Timestamp,
};

/// Who changed something, when, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeBy {
    /// The tenant whose key the change was made with.
    pub tenant: TenantId,
    /// That key.
    pub kid: Kid,
    /// `sub` of the token: who or what acted; may be empty.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// What was done: the name of the RPC in snake case.
    pub action: &'static str,
}

/// A change as it is on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place in the order of all changes.
    pub sequence: i64,
    /// When.
    pub at: Timestamp,
    /// Whose thing was changed.
    pub tenant: TenantId,
    /// What was done: mostly the name of the RPC in snake case.
    pub action: String,
    /// The resource name of the thing.
    pub target: String,
    /// The tenant whose key the change was made with.
    pub by_tenant: TenantId,
    /// That key; empty for those who may not know it.
    pub kid: String,
    /// Who or what acted; may be empty.
    pub actor: String,
    /// What the thing was, in JSON; nothing when it was new.
    pub before_json: Option<String>,
    /// What it is since, in JSON.
    pub after_json: String,
}

impl AuditEntry {
    /// The entry as a partner reads it: that the operator acted, and not who of the operator's.
    #[must_use]
    pub fn for_partner(mut self) -> Self {
        if self.by_tenant.is_operator() {
            self.kid.clear();
            self.actor.clear();
        }
        self
    }
}

/// Which changes to list. All that is there must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Of one tenant's things.
    pub tenant: Option<TenantId>,
    /// Of one action.
    pub action: Option<String>,
    /// Made at or after this time.
    pub start: Option<Timestamp>,
    /// Made before this time.
    pub end: Option<Timestamp>,
}
