//! Tells what tenants used.

use std::collections::BTreeMap;

use super::{App, page_token::PageToken};
use crate::{
    auth::{ReadPermit, TenantPermit, mark},
    domain::{
        decision::{DecisionKind, Environment},
        ids::TenantId,
        monitor::Day,
        page::PageSize,
        refusal::Refusal,
        usage::{UsageFilter, UsageRow, Used},
    },
    store::UsageCursor,
};

/// What one tenant used: in all, and by day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantUsage {
    /// By kind and environment.
    pub totals: Vec<UsageRow>,
    /// By day, kind and environment.
    pub days: Vec<UsageRow>,
}

/// Tells what one tenant used from one day to before another.
///
/// # Errors
/// Not found.
pub async fn get_usage(
    app: &App,
    permit: &TenantPermit<mark::OperatorUsage>,
    days: (Day, Day),
) -> Result<TenantUsage, Refusal> {
    let tenant = permit.target();
    check_tenant(app, Some(tenant)).await?;
    let days = app.store.usage_of(tenant, days).await?;
    let mut totals: BTreeMap<(DecisionKind, Environment), Used> = BTreeMap::new();
    for row in &days {
        totals.entry((row.kind, row.environment)).or_default().add(row.used);
    }
    let total = |((kind, environment), used)| UsageRow { tenant: tenant.clone(), day: None, kind, environment, used };
    Ok(TenantUsage { totals: totals.into_iter().map(total).collect(), days })
}

/// Lists what tenants used, and gives the token of the next page, which is empty after the last. Whose it is the permit says.
///
/// # Errors
/// Not found; invalid, when the token is not one that the same filter gave.
pub async fn list_usage(
    app: &App,
    permit: &ReadPermit<mark::OperatorUsage>,
    (days, by_day): ((Day, Day), bool),
    size: PageSize,
    token: Option<&PageToken>,
) -> Result<(Vec<UsageRow>, String), Refusal> {
    check_tenant(app, permit.target()).await?;
    let filter = UsageFilter { tenant: permit.target().cloned(), days, by_day };
    let grouping: &[u8] = if by_day { b"day" } else { b"total" };
    let span = format!("{} {}", days.0.number(), days.1.number());
    let whose = permit.target().map_or("", TenantId::as_str);
    let filters = [b"usage", whose.as_bytes(), span.as_bytes(), grouping];
    let after = token.map(|token| token.place(&filters, read_place)).transpose()?;
    let page = app.store.list_usage(&filter, after.as_ref(), size).await?;
    let place = |at: UsageCursor| format!("{}/{}/{}/{}", at.tenant, at.day, at.kind, at.environment);
    let next = page.next.map_or(String::new(), |cursor| PageToken::write(&filters, &place(cursor)));
    Ok((page.items, next))
}

fn read_place(text: &str) -> Option<UsageCursor> {
    let mut parts = text.splitn(4, '/');
    let (tenant, day, kind, environment) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let owned = str::to_owned;
    // What a list has not given may hold what no database takes.
    DecisionKind::from_name(kind).zip(Environment::from_name(environment)).zip(TenantId::parse(tenant).ok())?;
    Some(UsageCursor {
        tenant: owned(tenant),
        day: day.parse().ok()?,
        kind: owned(kind),
        environment: owned(environment),
    })
}

/// A partner's own tenant is there; what an operator names may not be.
pub(super) async fn check_tenant(app: &App, tenant: Option<&TenantId>) -> Result<(), Refusal> {
    match tenant {
        Some(tenant) => app.store.find_tenant(tenant).await?.map(drop).ok_or(Refusal::NotFound("tenant")),
        None => Ok(()),
    }
}
