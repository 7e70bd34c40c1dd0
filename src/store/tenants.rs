//! Tenants, and the wrapped keys that their data is sealed under.

use serde_json::{Map, Value, json};

use super::{
    Store, StoreError,
    audit::{Change, in_change},
};
use crate::{
    domain::{
        audit::ChangeBy,
        ids::TenantId,
        page::{Page, PageSize},
        quota::{Quota, QuotaSet},
        scope::ScopeSet,
        tenant::{RequestRate, Tenant, TenantChange, TenantMode, TenantState},
        time::Timestamp,
        zone::TimeZone,
    },
    vault::WrappedKey,
};

/// Quotas, in the order of [`Quota::ALL`].
macro_rules! quota_columns {
    () => {
        "burst_requests, decisions_per_day, concurrent_streams, inference_rows, list_changes, max_models, \
         max_model_versions, max_policies, max_policy_rules, max_list_entries, max_keys"
    };
}

macro_rules! select_tenants {
    ($rest:literal) => {
        concat!(
            "SELECT tenant_id, display_name, state, scopes, requests_per_second, four_eyes, mode, time_zone, created_us, ",
            "updated_us, ",
            quota_columns!(),
            " FROM tenants ",
            $rest
        )
    };
}

statements! {
    RECORD_TENANT = concat!(
        "INSERT INTO tenants
         (tenant_id, display_name, state, scopes, requests_per_second, four_eyes, mode, time_zone, created_us, updated_us, ",
        quota_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
         ON CONFLICT DO NOTHING"
    );
    RECORD_DATA_KEY = "INSERT INTO data_keys (tenant_id, key_id, wrapped, created_us) VALUES ($1, $2, $3, $4)";
    FIND_TENANT = select_tenants!("WHERE tenant_id = $1");
    FIND_QUOTAS = concat!("SELECT ", quota_columns!(), " FROM tenants WHERE tenant_id = $1");
    LIST_TENANTS = select_tenants!("WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2");
    UPDATE_TENANT = "UPDATE tenants SET display_name = $2, state = $3, scopes = $4, requests_per_second = $5,
        four_eyes = $6, time_zone = $7, updated_us = $8, burst_requests = $9, decisions_per_day = $10,
        concurrent_streams = $11, inference_rows = $12, list_changes = $13, max_models = $14, max_model_versions = $15,
        max_policies = $16, max_policy_rules = $17, max_list_entries = $18, max_keys = $19 WHERE tenant_id = $1";
    FIND_NEWEST_DATA_KEY = "SELECT key_id, wrapped FROM data_keys WHERE tenant_id = $1
        ORDER BY created_us DESC, key_id DESC LIMIT 1";
    FIND_DATA_KEY = "SELECT key_id, wrapped FROM data_keys WHERE tenant_id = $1 AND key_id = $2";
}

#[derive(sqlx::FromRow)]
pub(super) struct TenantRow {
    tenant_id: String,
    display_name: String,
    state: String,
    scopes: String,
    requests_per_second: i64,
    four_eyes: i64,
    mode: String,
    time_zone: String,
    created_us: i64,
    updated_us: i64,
    #[sqlx(flatten)]
    quotas: QuotaRow,
}

/// Quotas as the database has them; those of a tenant that is not there are all at their defaults.
#[derive(Debug, Default, sqlx::FromRow)]
pub(super) struct QuotaRow {
    burst_requests: i64,
    decisions_per_day: i64,
    concurrent_streams: i64,
    inference_rows: i64,
    list_changes: i64,
    max_models: i64,
    max_model_versions: i64,
    max_policies: i64,
    max_policy_rules: i64,
    max_list_entries: i64,
    max_keys: i64,
}

impl TryFrom<QuotaRow> for QuotaSet {
    type Error = StoreError;

    fn try_from(row: QuotaRow) -> Result<Self, StoreError> {
        let value = |quota: Quota| match quota {
            Quota::BurstRequests => row.burst_requests,
            Quota::DecisionsPerDay => row.decisions_per_day,
            Quota::ConcurrentStreams => row.concurrent_streams,
            Quota::InferenceRows => row.inference_rows,
            Quota::ListChanges => row.list_changes,
            Quota::Models => row.max_models,
            Quota::ModelVersions => row.max_model_versions,
            Quota::Policies => row.max_policies,
            Quota::PolicyRules => row.max_policy_rules,
            Quota::ListEntries => row.max_list_entries,
            Quota::Keys => row.max_keys,
        };
        let read = |set: Self, quota: Quota| set.with(quota, value(quota)).map_err(|_| StoreError::unreadable("quota"));
        Quota::ALL.into_iter().try_fold(Self::default(), read)
    }
}

/// What a tenant may have at most, as it is now: read by a change, it stays so until the change commits.
macro_rules! quotas_of {
    ($connection:expr, $tenant:expr) => {{
        let row: Option<$crate::store::tenants::QuotaRow> = sqlx::query_as($crate::store::tenants::FIND_QUOTAS)
            .bind($tenant.as_str())
            .fetch_optional($connection)
            .await?;
        $crate::domain::quota::QuotaSet::try_from(row.unwrap_or_default())?
    }};
}
pub(super) use quotas_of;

impl TryFrom<TenantRow> for Tenant {
    type Error = StoreError;

    fn try_from(row: TenantRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: TenantId::parse(&row.tenant_id).map_err(|_| StoreError::unreadable("tenant_id"))?,
            display_name: row.display_name,
            state: TenantState::from_name(&row.state).ok_or_else(|| StoreError::unreadable("state"))?,
            scopes: ScopeSet::from_names(&row.scopes),
            rate: RequestRate::parse(row.requests_per_second)
                .map_err(|_| StoreError::unreadable("requests_per_second"))?,
            quotas: row.quotas.try_into()?,
            four_eyes: row.four_eyes != 0,
            mode: TenantMode::from_name(&row.mode).ok_or_else(|| StoreError::unreadable("mode"))?,
            time_zone: TimeZone::parse(&row.time_zone).map_err(|_| StoreError::unreadable("time_zone"))?,
            created: Timestamp::from_micros(row.created_us),
            updated: Timestamp::from_micros(row.updated_us),
        })
    }
}

impl Store {
    /// Records a tenant with the key its data is sealed under. False when there is a tenant of that id already.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn record_tenant(&self, tenant: &Tenant, key: &WrappedKey, by: &ChangeBy) -> Result<bool, StoreError> {
        let (tenant, key) = (tenant.clone(), key.clone());
        in_change!(self, by, tx => {
            let mut query = sqlx::query(RECORD_TENANT)
                .bind(tenant.id.as_str())
                .bind(&tenant.display_name)
                .bind(tenant.state.name())
                .bind(tenant.scopes.to_string())
                .bind(i64::from(tenant.rate.per_second()))
                .bind(i64::from(tenant.four_eyes))
                .bind(tenant.mode.name())
                .bind(tenant.time_zone.name())
                .bind(tenant.created.micros())
                .bind(tenant.updated.micros());
            for quota in Quota::ALL {
                query = query.bind(tenant.quotas.set(quota));
            }
            let added = query.execute(&mut *tx).await?.rows_affected() == 1;
            if added {
                sqlx::query(RECORD_DATA_KEY)
                    .bind(tenant.id.as_str())
                    .bind(&key.key_id)
                    .bind(&key.wrapped)
                    .bind(tenant.created.micros())
                    .execute(&mut *tx)
                    .await?;
            }
            (added, added.then(|| change_of(None, &tenant)))
        })
    }

    /// Changes a tenant, and tells what it is then. Nothing when there is none; no audit row when nothing changes.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn update_tenant(
        &self,
        tenant: &TenantId,
        change: &TenantChange,
        state: Option<TenantState>,
        by: &ChangeBy,
    ) -> Result<Option<Tenant>, StoreError> {
        let (id, wanted, at) = (tenant.clone(), change.clone(), by.at);
        in_change!(self, by, tx => {
            let row: Option<TenantRow> =
                sqlx::query_as(FIND_TENANT).bind(id.as_str()).fetch_optional(&mut *tx).await?;
            let Some(row) = row else { return Ok(None) };
            let before = Tenant::try_from(row)?;
            let mut after = before.clone();
            after.display_name = wanted.display_name.unwrap_or(after.display_name);
            after.scopes = wanted.scopes.unwrap_or(after.scopes);
            after.rate = wanted.rate.unwrap_or(after.rate);
            for (quota, value) in wanted.quotas {
                after.quotas = after.quotas.with(quota, value).map_err(|_| StoreError::unreadable("quota"))?;
            }
            after.four_eyes = wanted.four_eyes.unwrap_or(after.four_eyes);
            after.time_zone = wanted.time_zone.unwrap_or(after.time_zone);
            after.state = state.unwrap_or(after.state);
            if after == before {
                return Ok(Some(before));
            }
            after.updated = at;
            let mut query = sqlx::query(UPDATE_TENANT)
                .bind(id.as_str())
                .bind(&after.display_name)
                .bind(after.state.name())
                .bind(after.scopes.to_string())
                .bind(i64::from(after.rate.per_second()))
                .bind(i64::from(after.four_eyes))
                .bind(after.time_zone.name())
                .bind(after.updated.micros());
            for quota in Quota::ALL {
                query = query.bind(after.quotas.set(quota));
            }
            query.execute(&mut *tx).await?;
            let change = change_of(Some(&before), &after);
            (Some(after), Some(change))
        })
    }

    /// Finds a tenant.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_tenant(&self, tenant: &TenantId) -> Result<Option<Tenant>, StoreError> {
        let row: Option<TenantRow> =
            on_pool!(self, pool => sqlx::query_as(FIND_TENANT).bind(tenant.as_str()).fetch_optional(pool).await?);
        row.map(Tenant::try_from).transpose()
    }

    /// Lists tenants by id, from the one after `after`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_tenants(
        &self,
        after: Option<&TenantId>,
        size: PageSize,
    ) -> Result<Page<Tenant, TenantId>, StoreError> {
        let after = after.map_or("", TenantId::as_str);
        let rows: Vec<TenantRow> = on_pool!(self, pool => {
            sqlx::query_as(LIST_TENANTS).bind(after).bind(i64::from(size.get()) + 1).fetch_all(pool).await?
        });
        let mut items = rows.into_iter().map(Tenant::try_from).collect::<Result<Vec<_>, _>>()?;
        let more = items.len() > usize::try_from(size.get()).unwrap_or(0);
        if more {
            items.pop();
        }
        let next = items.last().filter(|_| more).map(|last| last.id.clone());
        Ok(Page { items, next })
    }

    /// Finds the key that a tenant's data is sealed under now, or the one of that id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_data_key(
        &self,
        tenant: &TenantId,
        key_id: Option<&str>,
    ) -> Result<Option<WrappedKey>, StoreError> {
        let row: Option<(String, Vec<u8>)> = on_pool!(self, pool => match key_id {
            None => sqlx::query_as(FIND_NEWEST_DATA_KEY).bind(tenant.as_str()).fetch_optional(pool).await?,
            Some(key_id) => {
                sqlx::query_as(FIND_DATA_KEY).bind(tenant.as_str()).bind(key_id).fetch_optional(pool).await?
            }
        });
        Ok(row.map(|(key_id, wrapped)| WrappedKey { key_id, wrapped }))
    }
}

fn change_of(before: Option<&Tenant>, after: &Tenant) -> Change {
    Change {
        tenant: after.id.clone(),
        target: format!("tenants/{}", after.id),
        before: before.map(audited),
        after: audited(after),
    }
}

/// Of quotas those that were set.
fn audited(tenant: &Tenant) -> Value {
    let set = Quota::ALL.into_iter().filter(|quota| tenant.quotas.set(*quota) != 0);
    let quotas: Map<String, Value> =
        set.map(|quota| (quota.name().to_owned(), tenant.quotas.set(quota).into())).collect();
    json!({
        "display_name": tenant.display_name,
        "state": tenant.state.name(),
        "scopes": tenant.scopes.to_string(),
        "requests_per_second": tenant.rate.per_second(),
        "quotas": quotas,
        "four_eyes": tenant.four_eyes,
        "mode": tenant.mode.name(),
        "time_zone": tenant.time_zone.name(),
    })
}
