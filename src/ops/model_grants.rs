//! Says which tenants may use the platform's models.

use super::App;
use crate::{
    auth::{Permit, mark},
    domain::{
        ids::{ModelId, TenantId},
        refusal::Refusal,
    },
};

/// Lets a tenant use a model of the platform.
///
/// # Errors
/// See `RiskModelService.GrantModel` in the contract.
pub async fn grant_model(
    app: &App,
    permit: &Permit<mark::OperatorModels>,
    tenant: &TenantId,
    model: &ModelId,
) -> Result<(), Refusal> {
    let by = app.change_by(permit.caller(), "grant_model");
    app.store.grant_model(tenant, model, &by).await??;
    app.directory.changed(tenant);
    Ok(())
}

/// Takes a model of the platform from a tenant.
///
/// # Errors
/// See `RiskModelService.RevokeModel` in the contract.
pub async fn revoke_model(
    app: &App,
    permit: &Permit<mark::OperatorModels>,
    tenant: &TenantId,
    model: &ModelId,
) -> Result<(), Refusal> {
    let by = app.change_by(permit.caller(), "revoke_model");
    app.store.revoke_model(tenant, model, &by).await??;
    app.directory.changed(tenant);
    Ok(())
}
