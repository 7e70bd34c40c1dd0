//! Registers a public key of a tenant.

use super::App;
use crate::{
    auth::{PublicKey, TenantPermit, mark},
    domain::{
        key::Key,
        refusal::{Denial, Limit, Refusal, Violations},
        scope::ScopeSet,
        tenant,
    },
    store::AddKey,
};

/// A key to register.
pub struct NewKey {
    /// The public key.
    pub public: PublicKey,
    /// What it may be used for.
    pub scopes: ScopeSet,
    /// Its name for people; may be empty.
    pub display_name: String,
}

/// Registers a key. Nobody gives more than there is: for its own tenant, a caller gives at most its own scopes; the
/// operator gives another tenant at most that tenant's ceiling.
///
/// # Errors
/// Invalid, when a scope is never for that kind of tenant; denied, when a scope is more than the caller or the tenant
/// has; not found, already exists, or exhausted, when the tenant has its fill of keys.
pub async fn add_key(app: &App, permit: &TenantPermit<mark::OperatorKeys>, new: NewKey) -> Result<Key, Refusal> {
    let (caller, target) = (permit.caller(), permit.target());
    tenant::check_ceiling(target, new.scopes).map_err(|rule| Violations::one("scopes", rule))?;
    let owner = app.store.find_tenant(target).await?.ok_or(Refusal::NotFound("tenant"))?;
    let grantable = if caller.tenant() == target { caller.scopes().intersect(owner.scopes) } else { owner.scopes };
    if !new.scopes.is_subset_of(grantable) {
        return Err(Refusal::Denied(Denial::ScopeNotGrantable));
    }
    let by = app.change_by(caller, "add_key");
    let key = Key {
        tenant: target.clone(),
        kid: new.public.kid,
        algorithm: new.public.algorithm,
        jwk: new.public.jwk,
        scopes: new.scopes,
        display_name: new.display_name,
        created: by.at,
        revoked: None,
    };
    match app.store.add_key(&key, &by).await? {
        AddKey::Added => {
            app.directory.changed(target);
            Ok(key)
        }
        AddKey::Exists => Err(Refusal::AlreadyExists("key")),
        AddKey::TooMany => Err(Refusal::Exhausted { limit: Limit::Keys, retry_after: None }),
        AddKey::NoTenant => Err(Refusal::NotFound("tenant")),
    }
}
