//! Usage, to and from the domain.

use super::{
    decision::proto_kind,
    parse::{known_enum, optional_time, proto_time, tenant_or_all},
    proto::tenant as proto,
    tenant_convert::tenant_id,
};
use crate::{
    domain::{
        decision::Environment,
        ids::TenantId,
        monitor::Day,
        page::PageSize,
        refusal::{Refusal, Violations},
        time::Timestamp,
        usage::{MAX_USAGE_DAYS, UsageRow},
    },
    ops::PageToken,
};

/// The days when nobody says.
const DEFAULT_DAYS: i64 = 30;

/// The tenant whose usage a resource name is of.
pub(super) fn usage_of(name: &str) -> Result<TenantId, Refusal> {
    let form = || Violations::one("name", "must be of the form tenants/{tenant}/usage");
    tenant_id("name", name.strip_suffix("/usage").ok_or_else(form)?)
}

/// The days of a question.
pub(super) fn days(
    start: Option<prost_types::Timestamp>,
    end: Option<prost_types::Timestamp>,
    now: Timestamp,
    violations: &mut Violations,
) -> (Day, Day) {
    let end = optional_time("end_time", end, violations);
    let end = end.map_or_else(|| Day::of(now).plus(1), Day::not_before);
    let start = optional_time("start_time", start, violations);
    let start = start.map_or_else(|| end.plus(-DEFAULT_DAYS), Day::of);
    if violations.is_empty() && (end <= start || end > start.plus(MAX_USAGE_DAYS)) {
        violations.add("end_time", format!("must be after the start, by at most {MAX_USAGE_DAYS} days"));
    }
    (start, end)
}

/// What a list is asked for, beside whose it is to be.
pub(super) struct Listed {
    pub days: (Day, Day),
    pub by_day: bool,
    pub size: PageSize,
    pub token: Option<PageToken>,
}

/// A message as whose usage to list, and what of it.
pub(super) fn listed(
    from: &proto::ListUsageRequest,
    now: Timestamp,
) -> (Result<Option<TenantId>, Refusal>, Result<Listed, Refusal>) {
    let mut violations = Violations::default();
    let days = days(from.start_time, from.end_time, now, &mut violations);
    let grouping = violations.take("grouping", known_enum::<proto::UsageGrouping>(from.grouping));
    let size = violations.take("page_size", PageSize::parse(from.page_size));
    let token = match from.page_token.as_str() {
        "" => None,
        token => violations.take("page_token", PageToken::parse(token)),
    };
    let listed = match (grouping, size) {
        (Some(grouping), Some(size)) if violations.is_empty() => {
            Ok(Listed { days, by_day: grouping != proto::UsageGrouping::Total, size, token })
        }
        _ => Err(Refusal::Invalid(violations)),
    };
    (tenant_or_all("parent", &from.parent), listed)
}

/// Usage as the contract has it.
pub(super) fn usage(from: &UsageRow) -> proto::Usage {
    let environment = match from.environment {
        Environment::Live => proto::Environment::Live,
        Environment::Sandbox => proto::Environment::Sandbox,
    };
    proto::Usage {
        tenant: format!("tenants/{}", from.tenant),
        day: from.day.map(|day| proto_time(day.start())),
        kind: proto_kind(from.kind) as i32,
        environment: environment as i32,
        decisions: from.used.decisions,
        billable_units: from.used.billable_units,
    }
}
