//! Reading a tenant's log of events and outcomes. Only the decision writer adds to it.

use crate::{
    domain::{
        fraud::{EntryKind, StoredLogEntry},
        ids::{RequestId, TenantId},
        time::Timestamp,
    },
    store::{Store, StoreError},
};

statements! {
    LAST_PLACE = "SELECT COALESCE(MAX(place), 0) FROM fraud_log WHERE tenant_id = $1";
    FIND_ENTRY = "SELECT place, payload_hmac, occurred_us FROM fraud_log
        WHERE tenant_id = $1 AND entry = $2 AND request_id = $3";
    FIND_TIME_OF_ENTRY = "SELECT occurred_us FROM fraud_log WHERE tenant_id = $1 AND place = $2";
    FIND_LAST_EVENT = "SELECT occurred_us FROM fraud_log
        WHERE tenant_id = $1 AND entry = 'event' ORDER BY place DESC LIMIT 1";
    /// Places have no gaps, so that a range of them is a page. By a limit alone PostgreSQL, which knows nothing yet of a table
    /// that was just filled, sorted the whole rest of the log for each page.
    LIST_ENTRIES = "SELECT place, entry, request_id, key_id, sealed FROM fraud_log
        WHERE tenant_id = $1 AND place > $2 AND place <= $2 + $3 ORDER BY place";
    LIST_OUTCOMES = "SELECT place, entry, request_id, key_id, sealed FROM fraud_log
        WHERE tenant_id = $1 AND place > $2 AND entry = 'outcome' ORDER BY place LIMIT $3";
    LIST_LOGGING_TENANTS = "SELECT tenant_id FROM tenants t WHERE EXISTS
        (SELECT 1 FROM fraud_log l WHERE l.tenant_id = t.tenant_id) ORDER BY tenant_id";
}

/// An entry that is in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundEntry {
    /// Its place.
    pub place: i64,
    /// Keyed hash of what was sent.
    pub payload_hmac: Vec<u8>,
    /// When an event happened; from when on an outcome counts.
    pub occurred: Timestamp,
}

impl Store {
    /// The last place that is taken in a tenant's log; 0 when it is empty.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_log_place(&self, tenant: &TenantId) -> Result<i64, StoreError> {
        Ok(on_pool!(self, pool => sqlx::query_scalar(LAST_PLACE).bind(tenant.as_str()).fetch_one(pool).await?))
    }

    /// Finds an entry by the partner's id of it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_log_entry(
        &self,
        tenant: &TenantId,
        kind: EntryKind,
        request_id: &RequestId,
    ) -> Result<Option<FoundEntry>, StoreError> {
        let row: Option<(i64, Vec<u8>, i64)> = on_pool!(self, pool => {
            sqlx::query_as(FIND_ENTRY)
                .bind(tenant.as_str())
                .bind(kind.name())
                .bind(request_id.as_str())
                .fetch_optional(pool)
                .await?
        });
        Ok(row.map(|(place, payload_hmac, occurred)| FoundEntry {
            place,
            payload_hmac,
            occurred: Timestamp::from_micros(occurred),
        }))
    }

    /// When the entry at a place happened, or from when on it counts.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_time_of_entry(&self, tenant: &TenantId, place: i64) -> Result<Option<Timestamp>, StoreError> {
        let occurred: Option<i64> = on_pool!(self, pool => {
            sqlx::query_scalar(FIND_TIME_OF_ENTRY).bind(tenant.as_str()).bind(place).fetch_optional(pool).await?
        });
        Ok(occurred.map(Timestamp::from_micros))
    }

    /// When the last event happened.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_last_event(&self, tenant: &TenantId) -> Result<Option<Timestamp>, StoreError> {
        let occurred: Option<i64> = on_pool!(self, pool => {
            sqlx::query_scalar(FIND_LAST_EVENT).bind(tenant.as_str()).fetch_optional(pool).await?
        });
        Ok(occurred.map(Timestamp::from_micros))
    }

    /// Lists the entries after a place, at most `limit`, in order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_log_entries(
        &self,
        tenant: &TenantId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<StoredLogEntry>, StoreError> {
        self.list_log(LIST_ENTRIES, tenant, after, limit).await
    }

    /// Lists the outcomes after a place, at most `limit`, in order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_log_outcomes(
        &self,
        tenant: &TenantId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<StoredLogEntry>, StoreError> {
        self.list_log(LIST_OUTCOMES, tenant, after, limit).await
    }

    async fn list_log(
        &self,
        statement: &'static str,
        tenant: &TenantId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<StoredLogEntry>, StoreError> {
        let rows: Vec<(i64, String, String, String, Vec<u8>)> = on_pool!(self, pool => {
            sqlx::query_as(statement).bind(tenant.as_str()).bind(after).bind(limit).fetch_all(pool).await?
        });
        let entry = |(place, kind, request_id, key_id, sealed): (i64, String, String, String, Vec<u8>)| {
            let kind = EntryKind::from_name(&kind).ok_or_else(|| StoreError::unreadable("entry"))?;
            Ok(StoredLogEntry { place, kind, request_id, key_id, sealed })
        };
        rows.into_iter().map(entry).collect()
    }

    /// Lists the tenants whose log is not empty.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_logging_tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let ids: Vec<String> = on_pool!(self, pool => sqlx::query_scalar(LIST_LOGGING_TENANTS).fetch_all(pool).await?);
        let parse = |id: String| TenantId::parse(&id).map_err(|_| StoreError::unreadable("tenant_id"));
        ids.into_iter().map(parse).collect()
    }
}
