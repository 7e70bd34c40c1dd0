//! Lists the keys of a tenant.

use super::App;
use crate::{
    auth::{TenantPermit, mark},
    domain::{key::Key, refusal::Refusal},
};

/// Lists all keys of the tenant that the permit is for, oldest first.
///
/// # Errors
/// Not found, when there is no such tenant.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list_keys(app: &App, permit: &TenantPermit<mark::OperatorKeys>) -> Result<Vec<Key>, Refusal> {
    if app.store.find_tenant(permit.target()).await?.is_none() {
        return Err(Refusal::NotFound("tenant"));
    }
    Ok(app.store.list_keys(permit.target()).await?)
}
