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
