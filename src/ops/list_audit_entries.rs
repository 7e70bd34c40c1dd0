//! Lists changes, newest first.

use super::{App, page_token::PageToken, usage::check_tenant};
use crate::{
    auth::{ReadPermit, mark},
    domain::{
        audit::{AuditEntry, AuditFilter},
        ids::TenantId,
        page::PageSize,
        refusal::Refusal,
        time::Timestamp,
    },
};

/// Which changes to list, beside whose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditQuery {
    /// Of one action.
    pub action: Option<String>,
    /// Made at or after this time.
    pub start: Option<Timestamp>,
    /// Made before this time.
    pub end: Option<Timestamp>,
    /// How many at most.
    pub size: PageSize,
    /// Where to go on; nothing for the first page.
    pub token: Option<PageToken>,
}

/// Lists the changes of what the permit is for, and gives the token of the next page, which is empty after the last. A partner
/// learns that the operator changed something of its own, and not by which key.
///
/// # Errors
/// Not found; invalid, when the token is not one that the same filters gave.
pub async fn list_audit_entries(
    app: &App,
    permit: &ReadPermit<mark::OperatorAudit>,
    query: AuditQuery,
) -> Result<(Vec<AuditEntry>, String), Refusal> {
    check_tenant(app, permit.target()).await?;
    let AuditQuery { action, start, end, size, token } = query;
    let filter = AuditFilter { tenant: permit.target().cloned(), action, start, end };
    let micros = |time: Option<Timestamp>| time.map_or(String::new(), |time| time.micros().to_string());
    let (start, end) = (micros(filter.start), micros(filter.end));
    let (whose, action) = (filter.tenant.as_ref().map_or("", TenantId::as_str), filter.action.as_deref());
    let filters = [whose, action.unwrap_or_default(), start.as_str(), end.as_str()].map(str::as_bytes);
    let before = token.map(|token| token.place(&filters, |place| place.parse().ok())).transpose()?;
    let page = app.store.list_audit_entries(&filter, before, size).await?;
    let next = page.next.map_or(String::new(), |last: i64| PageToken::write(&filters, &last.to_string()));
    let seen = |entry: AuditEntry| if permit.is_operators() { entry } else { entry.for_partner() };
    Ok((page.items.into_iter().map(seen).collect(), next))
}
