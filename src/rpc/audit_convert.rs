//! Changes on record, to and from the domain.

use super::{
    parse::{optional_time, proto_time, tenant_or_all},
    proto::tenant as proto,
};
use crate::{
    domain::{
        audit::AuditEntry,
        ids::TenantId,
        page::PageSize,
        refusal::{Refusal, Violations},
        text,
    },
    ops::{AuditQuery, PageToken},
};

/// A message as whose changes to list, and which.
pub(super) fn query(
    from: &proto::ListAuditEntriesRequest,
) -> (Result<Option<TenantId>, Refusal>, Result<AuditQuery, Refusal>) {
    let mut violations = Violations::default();
    let start = optional_time("start_time", from.start_time, &mut violations);
    let end = optional_time("end_time", from.end_time, &mut violations);
    if let (Some(start), Some(end)) = (start, end)
        && end < start
    {
        violations.add("end_time", "must not be before start_time");
    }
    let action = match from.action.as_str() {
        "" => None,
        action => violations.take("action", text::name(action).map(|()| action.to_owned())),
    };
    let token = match from.page_token.as_str() {
        "" => None,
        token => violations.take("page_token", PageToken::parse(token)),
    };
    let size = violations.take("page_size", PageSize::parse(from.page_size));
    let query = match size {
        Some(size) if violations.is_empty() => Ok(AuditQuery { action, start, end, size, token }),
        _ => Err(Refusal::Invalid(violations)),
    };
    (tenant_or_all("parent", &from.parent), query)
}

/// An entry as the contract has it.
pub(super) fn entry(from: AuditEntry) -> proto::AuditEntry {
    proto::AuditEntry {
        sequence: from.sequence,
        change_time: Some(proto_time(from.at)),
        tenant: format!("tenants/{}", from.tenant),
        action: from.action,
        target: from.target,
        by_tenant: format!("tenants/{}", from.by_tenant),
        kid: from.kid,
        actor: from.actor,
        before_json: from.before_json.unwrap_or_default(),
        after_json: from.after_json,
    }
}
