//! Tenants' lists: keyed hashes of what is listed.
//!
//! Every change of a list gives it a new revision, and the entries that it touched carry it: whoever holds a list as it was
//! at one revision reads only what changed since.

use serde_json::json;
use sqlx::FromRow;

use crate::{
    domain::{
        audit::ChangeBy,
        fraud::{EntityKey, EntityKind, EntryChange, EntryState, FraudList, ListId},
        ids::TenantId,
        refusal::{Limit, Refusal},
        time::Timestamp,
    },
    store::{
        Store, StoreError,
        audit::{Change, in_change},
    },
};

/// The most lists of a tenant, and the most entries of one.
const MAX_LISTS: i64 = 64;
const MAX_ENTRIES: i64 = 200_000;

statements! {
    COUNT_LISTS = "SELECT COUNT(*) FROM fraud_lists WHERE tenant_id = $1";
    RECORD_LIST = "INSERT INTO fraud_lists (tenant_id, list_id, entity, display_name, entries, revision, created_us)
        VALUES ($1, $2, $3, $4, 0, 0, $5) ON CONFLICT DO NOTHING";
    FIND_LIST = "SELECT list_id, entity, display_name, entries, revision, created_us FROM fraud_lists
        WHERE tenant_id = $1 AND list_id = $2";
    LIST_LISTS = "SELECT list_id, entity, display_name, entries, revision, created_us FROM fraud_lists
        WHERE tenant_id = $1 ORDER BY list_id";
    UPDATE_LIST = "UPDATE fraud_lists SET entries = $3, revision = $4 WHERE tenant_id = $1 AND list_id = $2";
    DELETE_LIST = "DELETE FROM fraud_lists WHERE tenant_id = $1 AND list_id = $2";
    DELETE_ENTRIES = "DELETE FROM fraud_list_entries WHERE tenant_id = $1 AND list_id = $2";
    IS_LISTED = "SELECT 1 FROM fraud_list_entries WHERE tenant_id = $1 AND list_id = $2 AND entry = $3 AND removed = 0";
    PUT_ENTRY = "INSERT INTO fraud_list_entries (tenant_id, list_id, entry, expires_us, removed, revision)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, list_id, entry)
        DO UPDATE SET expires_us = excluded.expires_us, removed = excluded.removed, revision = excluded.revision";
    CHANGED_ENTRIES = "SELECT entry, expires_us, removed FROM fraud_list_entries
        WHERE tenant_id = $1 AND list_id = $2 AND revision > $3 AND revision <= $4";
}

#[derive(FromRow)]
struct Row {
    list_id: String,
    entity: String,
    display_name: String,
    entries: i64,
    revision: i64,
    created_us: i64,
}

impl TryFrom<Row> for FraudList {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: ListId::parse(&row.list_id).map_err(|_| StoreError::unreadable("list_id"))?,
            kind: EntityKind::from_name(&row.entity).ok_or_else(|| StoreError::unreadable("entity"))?,
            display_name: row.display_name,
            entries: row.entries,
            revision: row.revision,
            created: Timestamp::from_micros(row.created_us),
        })
    }
}

impl Store {
    /// Makes an empty list.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn record_list(
        &self,
        tenant: &TenantId,
        list: &FraudList,
        by: &ChangeBy,
    ) -> Result<Result<(), Refusal>, StoreError> {
        let (tenant, list) = (tenant.clone(), list.clone());
        in_change!(self, by, tx => {
            let count: i64 = sqlx::query_scalar(COUNT_LISTS).bind(tenant.as_str()).fetch_one(&mut *tx).await?;
            if count >= MAX_LISTS {
                return Ok(Err(Refusal::Exhausted { limit: Limit::Lists, retry_after: None }));
            }
            let recorded = sqlx::query(RECORD_LIST)
                .bind(tenant.as_str())
                .bind(list.id.as_str())
                .bind(list.kind.name())
                .bind(list.display_name.as_str())
                .bind(list.created.micros())
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if recorded == 0 {
                return Ok(Err(Refusal::AlreadyExists("list")));
            }
            let after = json!({ "entity": list.kind.name(), "display_name": list.display_name });
            let change = Change { tenant, target: target(&list.id), before: None, after };
            (Ok(()), Some(change))
        })
    }

    /// Changes some entries, all or none, and tells what the list is then.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn change_list_entries(
        &self,
        tenant: &TenantId,
        list: &ListId,
        changes: Vec<EntryChange>,
        by: &ChangeBy,
    ) -> Result<Result<FraudList, Refusal>, StoreError> {
        let (tenant, list) = (tenant.clone(), list.clone());
        in_change!(self, by, tx => {
            let row: Option<Row> =
                sqlx::query_as(FIND_LIST).bind(tenant.as_str()).bind(list.as_str()).fetch_optional(&mut *tx).await?;
            let Some(row) = row else { return Ok(Err(Refusal::NotFound("list"))) };
            let mut stored = FraudList::try_from(row)?;
            let before = json!({ "entries": stored.entries, "revision": stored.revision });
            stored.revision += 1;
            for change in &changes {
                let entry = change.entry.to_bytes().to_vec();
                let listed = sqlx::query(IS_LISTED)
                    .bind(tenant.as_str())
                    .bind(list.as_str())
                    .bind(entry.clone())
                    .fetch_optional(&mut *tx)
                    .await?
                    .is_some();
                let (expires, removed) = match change.to {
                    EntryState::Listed(expires) => (expires.map(Timestamp::micros), false),
                    EntryState::Removed if !listed => continue,
                    EntryState::Removed => (None, true),
                };
                stored.entries += i64::from(!removed) - i64::from(listed);
                sqlx::query(PUT_ENTRY)
                    .bind(tenant.as_str())
                    .bind(list.as_str())
                    .bind(entry)
                    .bind(expires)
                    .bind(i64::from(removed))
                    .bind(stored.revision)
                    .execute(&mut *tx)
                    .await?;
            }
            if stored.entries > MAX_ENTRIES {
                return Ok(Err(Refusal::Exhausted { limit: Limit::Lists, retry_after: None }));
            }
            sqlx::query(UPDATE_LIST)
                .bind(tenant.as_str())
                .bind(list.as_str())
                .bind(stored.entries)
                .bind(stored.revision)
                .execute(&mut *tx)
                .await?;
            let after = json!({ "entries": stored.entries, "revision": stored.revision });
            let change = Change { tenant, target: target(&list), before: Some(before), after };
            (Ok(stored), Some(change))
        })
    }

    /// Removes a list with its entries.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn delete_list(
        &self,
        tenant: &TenantId,
        list: &ListId,
        by: &ChangeBy,
    ) -> Result<Result<(), Refusal>, StoreError> {
        let (tenant, list) = (tenant.clone(), list.clone());
        in_change!(self, by, tx => {
            let deleted = sqlx::query(DELETE_LIST)
                .bind(tenant.as_str())
                .bind(list.as_str())
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if deleted == 0 {
                return Ok(Err(Refusal::NotFound("list")));
            }
            sqlx::query(DELETE_ENTRIES).bind(tenant.as_str()).bind(list.as_str()).execute(&mut *tx).await?;
            let before = Some(json!({ "deleted": false }));
            let change = Change { tenant, target: target(&list), before, after: json!({ "deleted": true }) };
            (Ok(()), Some(change))
        })
    }

    /// Finds a list.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_list(&self, tenant: &TenantId, list: &ListId) -> Result<Option<FraudList>, StoreError> {
        let row: Option<Row> = on_pool!(self, pool => {
            sqlx::query_as(FIND_LIST).bind(tenant.as_str()).bind(list.as_str()).fetch_optional(pool).await?
        });
        row.map(FraudList::try_from).transpose()
    }

    /// Lists the lists: there are few.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_lists(&self, tenant: &TenantId) -> Result<Vec<FraudList>, StoreError> {
        let rows: Vec<Row> =
            on_pool!(self, pool => sqlx::query_as(LIST_LISTS).bind(tenant.as_str()).fetch_all(pool).await?);
        rows.into_iter().map(FraudList::try_from).collect()
    }

    /// What changed in a list after one revision, up to another.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_changed_entries(
        &self,
        tenant: &TenantId,
        list: &ListId,
        after: i64,
        until: i64,
    ) -> Result<Vec<EntryChange>, StoreError> {
        let rows: Vec<(Vec<u8>, Option<i64>, i64)> = on_pool!(self, pool => {
            sqlx::query_as(CHANGED_ENTRIES)
                .bind(tenant.as_str())
                .bind(list.as_str())
                .bind(after)
                .bind(until)
                .fetch_all(pool)
                .await?
        });
        let change = |(entry, expires, removed): (Vec<u8>, Option<i64>, i64)| {
            let entry = entry.try_into().map_err(|_| StoreError::unreadable("entry"))?;
            let listed = EntryState::Listed(expires.map(Timestamp::from_micros));
            let to = if removed == 0 { listed } else { EntryState::Removed };
            Ok(EntryChange { entry: EntityKey::from_bytes(entry), to })
        };
        rows.into_iter().map(change).collect()
    }
}

fn target(list: &ListId) -> String {
    format!("fraudLists/{list}")
}
