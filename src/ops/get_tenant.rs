//! Reads one tenant.

use super::App;
use crate::{
    auth::{TenantPermit, mark},
    domain::{refusal::Refusal, tenant::Tenant},
};

/// Reads the tenant that the permit is for.
///
/// # Errors
/// Not found.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn get_tenant(app: &App, permit: &TenantPermit<mark::OperatorTenants>) -> Result<Tenant, Refusal> {
    app.store.find_tenant(permit.target()).await?.ok_or(Refusal::NotFound("tenant"))
}
