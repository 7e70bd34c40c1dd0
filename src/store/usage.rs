//! Reading what tenants used. The decision writer adds to it (`commit`), in the transaction of the decisions that it counts.

use super::{Store, StoreError};
use crate::domain::{
    decision::{DecisionKind, Environment},
    ids::{TenantId, WriterId},
    monitor::Day,
    page::{Page, PageSize},
    usage::{UsageFilter, UsageRow, Used},
};

statements! {
    USAGE_OF_ONE = "SELECT tenant_id, day, kind, environment, CAST(SUM(decisions) AS BIGINT) AS decisions,
        CAST(SUM(billable_units) AS BIGINT) AS billable_units
        FROM usage WHERE tenant_id = $1 AND day >= $2 AND day < $3
        GROUP BY tenant_id, day, kind, environment ORDER BY day, kind, environment";
    /// Of one day: what a writer decided, and what the others did.
    DECISIONS_OF_DAY = "SELECT CAST(COALESCE(SUM(CASE WHEN writer_id = $3 THEN decisions ELSE 0 END), 0) AS BIGINT),
        CAST(COALESCE(SUM(CASE WHEN writer_id = $3 THEN 0 ELSE decisions END), 0) AS BIGINT)
        FROM usage WHERE tenant_id = $1 AND day = $2";
    /// Of the tenants from `$1` to `$2`, after a row.
    LIST_USAGE_BY_DAY = "SELECT tenant_id, day, kind, environment, CAST(SUM(decisions) AS BIGINT) AS decisions,
        CAST(SUM(billable_units) AS BIGINT) AS billable_units
        FROM usage WHERE tenant_id >= $1 AND tenant_id <= $2 AND day >= $3 AND day < $4
          AND (tenant_id, day, kind, environment) > ($5, $6, $7, $8)
        GROUP BY tenant_id, day, kind, environment ORDER BY tenant_id, day, kind, environment LIMIT $9";
    /// The same over all days: `$6` is not needed, and has every row come after it.
    LIST_USAGE = "SELECT tenant_id, CAST(0 AS BIGINT) AS day, kind, environment,
        CAST(SUM(decisions) AS BIGINT) AS decisions, CAST(SUM(billable_units) AS BIGINT) AS billable_units
        FROM usage WHERE tenant_id >= $1 AND tenant_id <= $2 AND day >= $3 AND day < $4 AND day >= $6
          AND (tenant_id, kind, environment) > ($5, $7, $8)
        GROUP BY tenant_id, kind, environment ORDER BY tenant_id, kind, environment LIMIT $9";
}

/// Sorts after every id of a tenant.
const AFTER_ALL: &str = "~";

/// The row after which a page begins: tenant, day, kind and environment as the database has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageCursor {
    /// Whose row.
    pub tenant: String,
    /// The number of its day; 0 in a list of totals.
    pub day: i64,
    /// Its kind.
    pub kind: String,
    /// Its environment.
    pub environment: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    tenant_id: String,
    day: i64,
    kind: String,
    environment: String,
    decisions: i64,
    billable_units: i64,
}

impl Row {
    fn read(self, by_day: bool) -> Result<UsageRow, StoreError> {
        let unreadable = StoreError::unreadable;
        Ok(UsageRow {
            tenant: TenantId::parse(&self.tenant_id).map_err(|_| unreadable("tenant_id"))?,
            day: by_day.then_some(Day::from_number(self.day)),
            kind: DecisionKind::from_name(&self.kind).ok_or_else(|| unreadable("kind"))?,
            environment: Environment::from_name(&self.environment).ok_or_else(|| unreadable("environment"))?,
            used: Used { decisions: self.decisions, billable_units: self.billable_units },
        })
    }
}

impl Store {
    /// Lists what a tenant used from one day to before another, by day, kind and environment.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn usage_of(&self, tenant: &TenantId, days: (Day, Day)) -> Result<Vec<UsageRow>, StoreError> {
        let rows: Vec<Row> = on_pool!(self, pool => {
            sqlx::query_as(USAGE_OF_ONE)
                .bind(tenant.as_str())
                .bind(days.0.number())
                .bind(days.1.number())
                .fetch_all(pool)
                .await?
        });
        rows.into_iter().map(|row| row.read(true)).collect()
    }

    /// Counts a tenant's decisions of one day: a writer's own, and those of the others.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn decisions_of_day(
        &self,
        tenant: &TenantId,
        day: Day,
        writer: &WriterId,
    ) -> Result<(i64, i64), StoreError> {
        Ok(on_pool!(self, pool => {
            sqlx::query_as(DECISIONS_OF_DAY)
                .bind(tenant.as_str())
                .bind(day.number())
                .bind(writer.as_str())
                .fetch_one(pool)
                .await?
        }))
    }

    /// Lists what tenants used, by tenant, day (unless in all), kind and environment, from the row after `after`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_usage(
        &self,
        filter: &UsageFilter,
        after: Option<&UsageCursor>,
        size: PageSize,
    ) -> Result<Page<UsageRow, UsageCursor>, StoreError> {
        let statement = if filter.by_day { LIST_USAGE_BY_DAY } else { LIST_USAGE };
        let one = filter.tenant.as_ref().map(TenantId::as_str);
        let rows: Vec<Row> = on_pool!(self, pool => {
            sqlx::query_as(statement)
                .bind(one.unwrap_or_default())
                .bind(one.unwrap_or(AFTER_ALL))
                .bind(filter.days.0.number())
                .bind(filter.days.1.number())
                .bind(after.map_or("", |row| row.tenant.as_str()))
                .bind(after.filter(|_| filter.by_day).map_or(i64::MIN, |row| row.day))
                .bind(after.map_or("", |row| row.kind.as_str()))
                .bind(after.map_or("", |row| row.environment.as_str()))
                .bind(i64::from(size.get()) + 1)
                .fetch_all(pool)
                .await?
        });
        let most = usize::try_from(size.get()).unwrap_or(0);
        let next = rows.get(most.saturating_sub(1)).filter(|_| rows.len() > most).map(|last| UsageCursor {
            tenant: last.tenant_id.clone(),
            day: last.day,
            kind: last.kind.clone(),
            environment: last.environment.clone(),
        });
        let items = rows.into_iter().take(most).map(|row| row.read(filter.by_day)).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }
}
