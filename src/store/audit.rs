//! The record of changes, and the one row that orders them.

use serde_json::Value;

use super::{Store, StoreError};
use crate::domain::ids::TenantId;

statements! {
    /// Takes the next place in the order of changes, and keeps every other change out until this one is done.
    NEXT_SEQ = "UPDATE audit_head SET seq = seq + 1 WHERE head_id = 1 RETURNING seq";
    LIST_CHANGED = "SELECT DISTINCT tenant_id FROM audit WHERE seq > $1 AND seq <= $2 LIMIT $3";
    HEAD_SEQ = "SELECT seq FROM audit_head WHERE head_id = 1";
    RECORD_CHANGE = "INSERT INTO audit
        (seq, changed_us, by_tenant_id, by_kid, by_actor, action, tenant_id, target, before_json, after_json)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
}

/// From how many tenants on it is not told whose things changed.
const MANY_TENANTS: i64 = 1_000;

/// What a change did to one thing.
pub(super) struct Change {
    /// Whose thing it is.
    pub tenant: TenantId,
    /// The thing's resource name.
    pub target: String,
    /// What it was; nothing when it is new.
    pub before: Option<Value>,
    /// What it is now.
    pub after: Value,
}

/// Runs a change: a transaction that first takes its place in the order of changes, then runs the body, and ends with
/// an audit row. The body gives its result and what it changed; when that is nothing, all is rolled back.
macro_rules! in_change {
    ($store:expr, $by:expr, $tx:ident => $body:expr) => {{
        let by: $crate::domain::audit::ChangeBy = $by.clone();
        in_tx!($store, $tx => {
            let seq: i64 = sqlx::query_scalar($crate::store::audit::NEXT_SEQ).fetch_one(&mut *$tx).await?;
            let (done, change) = $body;
            let Some(change): Option<$crate::store::audit::Change> = change else { return Ok(done) };
            sqlx::query($crate::store::audit::RECORD_CHANGE)
                .bind(seq)
                .bind(by.at.micros())
                .bind(by.tenant.as_str())
                .bind(by.kid.as_str())
                .bind(by.actor.as_str())
                .bind(by.action)
                .bind(change.tenant.as_str())
                .bind(change.target)
                .bind(change.before.map(|before| before.to_string()))
                .bind(change.after.to_string())
                .execute(&mut *$tx)
                .await?;
            done
        })
    }};
}
pub(super) use in_change;

impl Store {
    /// How many changes were ever made: when it grows, what was cached of tenants and keys may be old.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_changes(&self) -> Result<i64, StoreError> {
        Ok(on_pool!(self, pool => sqlx::query_scalar(HEAD_SEQ).fetch_one(pool).await?))
    }

    /// Whose things the changes after the first `known` ones were, of the first `changes`. When those of many tenants changed,
    /// it is told as if the platform had.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_changed(&self, known: i64, changes: i64) -> Result<Vec<TenantId>, StoreError> {
        let tenants: Vec<String> = on_pool!(self, pool => {
            sqlx::query_scalar(LIST_CHANGED).bind(known).bind(changes).bind(MANY_TENANTS).fetch_all(pool).await?
        });
        if i64::try_from(tenants.len()).is_ok_and(|count| count < MANY_TENANTS) {
            let tenants = tenants.iter().map(|tenant| TenantId::parse(tenant));
            return tenants.collect::<Result<_, _>>().map_err(|_| StoreError::unreadable("tenant_id"));
        }
        Ok(vec![TenantId::operator()])
    }
}
