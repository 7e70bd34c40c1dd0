//! Tenants' lists.

use serde_json::json;
use sqlx::FromRow;

use super::policies::{LIST_ACTIVE, Row as PolicyRow};
use crate::{
    domain::{
        audit::ChangeBy,
        fraud::{EntityKind, FraudList, ListId, PolicyVersionName},
        ids::TenantId,
        refusal::{Limit, Refusal},
        time::Timestamp,
    },
    store::{
        Store, StoreError,
        audit::{Change, in_change},
    },
};

/// The most lists of a tenant.
const MAX_LISTS: i64 = 64;

statements! {
    COUNT_LISTS = "SELECT COUNT(*) FROM fraud_lists WHERE tenant_id = $1";
    RECORD_LIST = "INSERT INTO fraud_lists (tenant_id, list_id, entity, display_name, entries, revision, created_us)
        VALUES ($1, $2, $3, $4, 0, 0, $5) ON CONFLICT DO NOTHING";
    FIND_LIST = "SELECT list_id, entity, display_name, entries, revision, created_us FROM fraud_lists
        WHERE tenant_id = $1 AND list_id = $2";
    LIST_LISTS = "SELECT list_id, entity, display_name, entries, revision, created_us FROM fraud_lists
        WHERE tenant_id = $1 ORDER BY list_id";
    DELETE_LIST = "DELETE FROM fraud_lists WHERE tenant_id = $1 AND list_id = $2";
    DELETE_ENTRIES = "DELETE FROM fraud_list_entries WHERE tenant_id = $1 AND list_id = $2";
}

#[derive(FromRow)]
pub(super) struct Row {
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

    /// Removes a list with its entries, if the policies in charge are still those of which the caller knows that they do not
    /// name it.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn delete_list(
        &self,
        tenant: &TenantId,
        list: &ListId,
        in_charge: &[PolicyVersionName],
        by: &ChangeBy,
    ) -> Result<Result<(), Refusal>, StoreError> {
        let (tenant, list, in_charge) = (tenant.clone(), list.clone(), in_charge.to_vec());
        in_change!(self, by, tx => {
            let rows: Vec<PolicyRow> = sqlx::query_as(LIST_ACTIVE).bind(tenant.as_str()).fetch_all(&mut *tx).await?;
            let now = rows.iter().map(PolicyRow::name).collect::<Result<Vec<_>, _>>()?;
            if now != in_charge {
                return Ok(Err(Refusal::StillRunning));
            }
            let row: Option<Row> =
                sqlx::query_as(FIND_LIST).bind(tenant.as_str()).bind(list.as_str()).fetch_optional(&mut *tx).await?;
            let Some(row) = row else { return Ok(Err(Refusal::NotFound("list"))) };
            let gone = FraudList::try_from(row)?;
            sqlx::query(DELETE_LIST).bind(tenant.as_str()).bind(list.as_str()).execute(&mut *tx).await?;
            sqlx::query(DELETE_ENTRIES).bind(tenant.as_str()).bind(list.as_str()).execute(&mut *tx).await?;
            let before = json!({
                "entity": gone.kind.name(),
                "display_name": gone.display_name,
                "entries": gone.entries,
                "deleted": false,
            });
            let after = json!({ "deleted": true });
            let change = Change { tenant, target: target(&list), before: Some(before), after };
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
}

pub(super) fn target(list: &ListId) -> String {
    format!("fraudLists/{list}")
}
