//! Lists tenants.

use super::App;
use crate::{
    auth::{Permit, mark},
    domain::{
        ids::TenantId,
        page::{Page, PageSize},
        refusal::Refusal,
        tenant::Tenant,
    },
};

/// Lists tenants by id, from the one after `after`.
///
/// # Errors
/// Unavailable, when the database does not answer.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list_tenants(
    app: &App,
    _permit: &Permit<mark::OperatorTenants>,
    after: Option<&TenantId>,
    size: PageSize,
) -> Result<Page<Tenant, TenantId>, Refusal> {
    Ok(app.store.list_tenants(after, size).await?)
}
