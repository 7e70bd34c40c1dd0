//! Changes a tenant: its profile, and whether it may call.

use super::App;
use crate::{
    auth::{Permit, mark},
    domain::{
        ids::TenantId,
        refusal::{Obstacle, Refusal},
        tenant::{Tenant, TenantChange, TenantState},
    },
};

/// Changes a tenant's profile, or suspends or resumes it; `action` is what the audit calls it.
///
/// # Errors
/// Not found; a precondition, when the operator's own tenant is to be suspended or its scopes changed: nobody would be
/// left to undo it.
pub async fn update_tenant(
    app: &App,
    permit: &Permit<mark::OperatorTenants>,
    tenant: &TenantId,
    change: &TenantChange,
    state: Option<TenantState>,
    action: &'static str,
) -> Result<Tenant, Refusal> {
    if tenant.is_operator() && (state == Some(TenantState::Suspended) || change.scopes.is_some()) {
        return Err(Refusal::Precondition(Obstacle::OperatorTenant));
    }
    let by = app.change_by(permit.caller(), action);
    let updated = app.store.update_tenant(tenant, change, state, &by).await?.ok_or(Refusal::NotFound("tenant"))?;
    app.directory.changed(tenant);
    Ok(updated)
}
