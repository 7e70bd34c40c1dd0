//! Revokes a key.

use super::App;
use crate::{
    auth::{TenantPermit, mark},
    domain::{
        ids::Kid,
        key::Key,
        refusal::{Obstacle, Refusal},
    },
    store::RevokeKey,
};

/// Revokes a key of the tenant that the permit is for.
///
/// # Errors
/// Not found; a precondition, when it is the last good key of the operator's own tenant with all operator scopes.
pub async fn revoke_key(app: &App, permit: &TenantPermit<mark::OperatorKeys>, kid: &Kid) -> Result<Key, Refusal> {
    let by = app.change_by(permit.caller(), "revoke_key");
    match app.store.revoke_key(permit.target(), kid, &by).await? {
        RevokeKey::Revoked(key) => {
            app.directory.changed(permit.target());
            Ok(key)
        }
        RevokeKey::NoKey => Err(Refusal::NotFound("key")),
        RevokeKey::LastOperatorKey => Err(Refusal::Precondition(Obstacle::LastOperatorKey)),
    }
}
