//! Creates a partner tenant.

use super::App;
use crate::{
    auth::{Permit, mark},
    domain::{
        ids::TenantId,
        quota::QuotaSet,
        refusal::Refusal,
        scope::ScopeSet,
        tenant::{RequestRate, Tenant, TenantMode, TenantState},
        zone::TimeZone,
    },
};

/// What a new tenant is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTenant {
    /// Its id.
    pub id: TenantId,
    /// Its name for people.
    pub display_name: String,
    /// The ceiling of what its keys may do.
    pub scopes: ScopeSet,
    /// Its requests a second.
    pub rate: RequestRate,
    /// Its other quotas.
    pub quotas: QuotaSet,
    /// Whether its models need four eyes.
    pub four_eyes: bool,
    /// Whether what it does counts, and what tells its time.
    pub mode: TenantMode,
    /// Where events happen that do not say it.
    pub time_zone: TimeZone,
}

/// Creates a tenant, with the key its data will be sealed under.
///
/// # Errors
/// Already exists, when the id is taken.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn create_tenant(
    app: &App,
    permit: &Permit<mark::OperatorTenants>,
    new: NewTenant,
) -> Result<Tenant, Refusal> {
    let by = app.change_by(permit.caller(), "create_tenant");
    let tenant = Tenant {
        id: new.id,
        display_name: new.display_name,
        state: TenantState::Active,
        scopes: new.scopes,
        rate: new.rate,
        quotas: new.quotas,
        four_eyes: new.four_eyes,
        mode: new.mode,
        time_zone: new.time_zone,
        created: by.at,
        updated: by.at,
    };
    let (_, wrapped) = app.master.new_tenant_key(&tenant.id, app.new_id().to_string())?;
    if !app.store.record_tenant(&tenant, &wrapped, &by).await? {
        return Err(Refusal::AlreadyExists("tenant"));
    }
    app.directory.changed(&tenant.id);
    Ok(tenant)
}
