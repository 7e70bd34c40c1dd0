//! The public keys that callers sign their tokens with.

use serde_json::{Value, json};

use super::{
    Store, StoreError,
    audit::{Change, in_change},
    tenants::{FIND_TENANT, TenantRow},
};
use crate::domain::{
    audit::ChangeBy,
    ids::{Kid, TenantId},
    key::{Key, KeyAlgorithm},
    quota::Quota,
    scope::ScopeSet,
    tenant::Tenant,
    time::Timestamp,
};

statements! {
    RECORD_KEY = "INSERT INTO caller_keys
        (tenant_id, kid, algorithm, jwk, scopes, display_name, created_us, revoked_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, NULL) ON CONFLICT DO NOTHING";
    FIND_KEY = "SELECT tenant_id, kid, algorithm, jwk, scopes, display_name, created_us, revoked_us
        FROM caller_keys WHERE tenant_id = $1 AND kid = $2";
    LIST_KEYS = "SELECT tenant_id, kid, algorithm, jwk, scopes, display_name, created_us, revoked_us
        FROM caller_keys WHERE tenant_id = $1 ORDER BY created_us, kid";
    COUNT_GOOD_KEYS = "SELECT COUNT(*) FROM caller_keys WHERE tenant_id = $1 AND revoked_us IS NULL";
    LIST_OTHER_GOOD_SCOPES = "SELECT scopes FROM caller_keys
        WHERE tenant_id = $1 AND kid <> $2 AND revoked_us IS NULL";
    REVOKE_KEY = "UPDATE caller_keys SET revoked_us = $3 WHERE tenant_id = $1 AND kid = $2 AND revoked_us IS NULL";
}

/// What came of adding a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddKey {
    /// It was added.
    Added,
    /// There is a key of that id, good or revoked.
    Exists,
    /// The tenant has as many good keys as it may have.
    TooMany,
    /// There is no such tenant.
    NoTenant,
}

/// What came of revoking a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevokeKey {
    /// It is revoked, now or before.
    Revoked(Key),
    /// There is no such key.
    NoKey,
    /// It is the last good key of the operator's own tenant, or the last that can do all that only the operator can.
    LastOperatorKey,
}

#[derive(sqlx::FromRow)]
struct KeyRow {
    tenant_id: String,
    kid: String,
    algorithm: String,
    jwk: String,
    scopes: String,
    display_name: String,
    created_us: i64,
    revoked_us: Option<i64>,
}

impl TryFrom<KeyRow> for Key {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        Ok(Self {
            tenant: TenantId::parse(&row.tenant_id).map_err(|_| StoreError::unreadable("tenant_id"))?,
            kid: Kid::parse(&row.kid).map_err(|_| StoreError::unreadable("kid"))?,
            algorithm: KeyAlgorithm::from_name(&row.algorithm).ok_or_else(|| StoreError::unreadable("algorithm"))?,
            jwk: row.jwk,
            scopes: ScopeSet::from_names(&row.scopes),
            display_name: row.display_name,
            created: Timestamp::from_micros(row.created_us),
            revoked: row.revoked_us.map(Timestamp::from_micros),
        })
    }
}

impl Store {
    /// Adds a key to its tenant. An id that was ever used stays used, so that a revoked key cannot come back.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn add_key(&self, key: &Key, by: &ChangeBy) -> Result<AddKey, StoreError> {
        let key = key.clone();
        in_change!(self, by, tx => {
            let tenant: Option<TenantRow> =
                sqlx::query_as(FIND_TENANT).bind(key.tenant.as_str()).fetch_optional(&mut *tx).await?;
            let Some(tenant) = tenant else { return Ok(AddKey::NoTenant) };
            let good: i64 =
                sqlx::query_scalar(COUNT_GOOD_KEYS).bind(key.tenant.as_str()).fetch_one(&mut *tx).await?;
            if Tenant::try_from(tenant)?.quotas.is_exceeded(Quota::Keys, good + 1) {
                return Ok(AddKey::TooMany);
            }
            let added = sqlx::query(RECORD_KEY)
                .bind(key.tenant.as_str())
                .bind(key.kid.as_str())
                .bind(key.algorithm.name())
                .bind(&key.jwk)
                .bind(key.scopes.to_string())
                .bind(&key.display_name)
                .bind(key.created.micros())
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if added == 0 {
                return Ok(AddKey::Exists);
            }
            (AddKey::Added, Some(change_of(None, &key)))
        })
    }

    /// Revokes a key. No audit row when it was revoked before.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn revoke_key(&self, tenant: &TenantId, kid: &Kid, by: &ChangeBy) -> Result<RevokeKey, StoreError> {
        let (tenant, kid, at) = (tenant.clone(), kid.clone(), by.at);
        in_change!(self, by, tx => {
            let row: Option<KeyRow> = sqlx::query_as(FIND_KEY)
                .bind(tenant.as_str())
                .bind(kid.as_str())
                .fetch_optional(&mut *tx)
                .await?;
            let Some(row) = row else { return Ok(RevokeKey::NoKey) };
            let before = Key::try_from(row)?;
            if before.revoked.is_some() {
                return Ok(RevokeKey::Revoked(before));
            }
            if tenant.is_operator() {
                let others: Vec<String> = sqlx::query_scalar(LIST_OTHER_GOOD_SCOPES)
                    .bind(tenant.as_str())
                    .bind(kid.as_str())
                    .fetch_all(&mut *tx)
                    .await?;
                let governed = others.iter().any(|scopes| ScopeSet::from_names(scopes).governs());
                if others.is_empty() || (before.scopes.governs() && !governed) {
                    return Ok(RevokeKey::LastOperatorKey);
                }
            }
            sqlx::query(REVOKE_KEY)
                .bind(tenant.as_str())
                .bind(kid.as_str())
                .bind(at.micros())
                .execute(&mut *tx)
                .await?;
            let after = Key { revoked: Some(at), ..before.clone() };
            let change = change_of(Some(&before), &after);
            (RevokeKey::Revoked(after), Some(change))
        })
    }

    /// Lists all keys of a tenant, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_keys(&self, tenant: &TenantId) -> Result<Vec<Key>, StoreError> {
        let rows: Vec<KeyRow> =
            on_pool!(self, pool => sqlx::query_as(LIST_KEYS).bind(tenant.as_str()).fetch_all(pool).await?);
        rows.into_iter().map(Key::try_from).collect()
    }

    /// Finds a key with its tenant, for a token that names both.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_key(&self, tenant: &TenantId, kid: &Kid) -> Result<Option<(Key, Tenant)>, StoreError> {
        let Some(owner) = self.find_tenant(tenant).await? else { return Ok(None) };
        let row: Option<KeyRow> = on_pool!(self, pool => {
            sqlx::query_as(FIND_KEY).bind(tenant.as_str()).bind(kid.as_str()).fetch_optional(pool).await?
        });
        row.map(|row| Ok((Key::try_from(row)?, owner))).transpose()
    }
}

fn change_of(before: Option<&Key>, after: &Key) -> Change {
    Change {
        tenant: after.tenant.clone(),
        target: format!("tenants/{}/keys/{}", after.tenant, after.kid),
        before: before.map(audited),
        after: audited(after),
    }
}

fn audited(key: &Key) -> Value {
    json!({
        "algorithm": key.algorithm.name(),
        "jwk": key.jwk,
        "scopes": key.scopes.to_string(),
        "display_name": key.display_name,
        "revoked": key.revoked.is_some(),
    })
}
