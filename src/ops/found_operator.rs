//! Founds the operator's own tenant with its first key: the one change that no token can allow, for none is good yet.
//! Whoever can write the database and read the master key may do it, once.

use thiserror::Error;

use super::App;
use crate::{
    auth::PublicKey,
    domain::{
        audit::ChangeBy,
        ids::TenantId,
        key::Key,
        quota::QuotaSet,
        refusal::Refusal,
        scope::ScopeSet,
        tenant::{RequestRate, Tenant, TenantMode, TenantState},
        zone::TimeZone,
    },
    store::AddKey,
};

/// Why the operator was not founded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FoundError {
    /// There is a good operator key.
    #[error("there is an operator key already: add others through it, with `riskport tenant add-key operator`")]
    Exists,
    /// The store did not do it.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Creates the operator's own tenant, if it is not there, and gives it its first key.
///
/// # Errors
/// When it has a key already, or the database does not do it.
pub async fn found_operator(app: &App, public: PublicKey) -> Result<Key, FoundError> {
    let by = ChangeBy {
        tenant: TenantId::operator(),
        kid: public.kid.clone(),
        actor: "command line".to_owned(),
        at: app.now(),
        action: "found_operator",
    };
    let tenant = Tenant {
        id: TenantId::operator(),
        display_name: "Platform operator".to_owned(),
        state: TenantState::Active,
        scopes: ScopeSet::operator(),
        rate: RequestRate::DEFAULT,
        quotas: QuotaSet::default(),
        four_eyes: false,
        mode: TenantMode::Live,
        time_zone: TimeZone::utc(),
        created: by.at,
        updated: by.at,
    };
    let key_id = app.new_id().to_string();
    let (_, wrapped) = app.master.new_tenant_key(&tenant.id, key_id)?;
    app.store.record_tenant(&tenant, &wrapped, &by).await.map_err(Refusal::from)?;
    if !app.store.list_keys(&tenant.id).await.map_err(Refusal::from)?.is_empty() {
        return Err(FoundError::Exists);
    }
    let key = Key {
        tenant: tenant.id,
        kid: public.kid,
        algorithm: public.algorithm,
        jwk: public.jwk,
        scopes: ScopeSet::operator(),
        display_name: "first operator key".to_owned(),
        created: by.at,
        revoked: None,
    };
    match app.store.add_key(&key, &by).await.map_err(Refusal::from)? {
        AddKey::Added => Ok(key),
        AddKey::Exists | AddKey::TooMany | AddKey::NoTenant => Err(FoundError::Exists),
    }
}
