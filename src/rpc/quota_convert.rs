//! Quotas, to and from the domain.

use super::proto::tenant as proto;
use crate::domain::{
    quota::{Quota, QuotaSet},
    refusal::Violations,
};

/// The quota that a path of a mask names.
pub(super) fn of_path(path: &str) -> Option<Quota> {
    let name = path.strip_prefix("quotas.")?;
    Quota::ALL.into_iter().find(|quota| quota.name() == name)
}

/// What a message asks of a quota.
pub(super) const fn asked(from: &proto::Quotas, quota: Quota) -> i64 {
    match quota {
        Quota::BurstRequests => from.burst_requests,
        Quota::DecisionsPerDay => from.decisions_per_day,
        Quota::ConcurrentStreams => from.concurrent_streams,
        Quota::InferenceRows => from.inference_rows,
        Quota::ListChanges => from.list_changes,
        Quota::Models => from.max_models,
        Quota::ModelVersions => from.max_model_versions,
        Quota::Policies => from.max_policies,
        Quota::PolicyRules => from.max_policy_rules,
        Quota::ListEntries => from.max_list_entries,
        Quota::Keys => from.max_keys,
    }
}

/// Notes which of some quotas are out of their range.
pub(super) fn check(quotas: &[(Quota, i64)], violations: &mut Violations) {
    for (quota, value) in quotas {
        violations.take(&format!("tenant.quotas.{}", quota.name()), QuotaSet::default().with(*quota, *value));
    }
}

/// A message as the quotas of a tenant; what is out of its range is noted.
pub(super) fn quotas(from: &proto::Quotas, violations: &mut Violations) -> QuotaSet {
    let each = Quota::ALL.map(|quota| (quota, asked(from, quota)));
    check(&each, violations);
    each.into_iter().fold(QuotaSet::default(), |set, (quota, value)| set.with(quota, value).unwrap_or(set))
}

/// Quotas as the contract has them.
pub(super) fn message(from: &QuotaSet) -> proto::Quotas {
    proto::Quotas {
        burst_requests: from.set(Quota::BurstRequests),
        decisions_per_day: from.set(Quota::DecisionsPerDay),
        concurrent_streams: from.set(Quota::ConcurrentStreams),
        inference_rows: from.set(Quota::InferenceRows),
        list_changes: from.set(Quota::ListChanges),
        max_models: from.set(Quota::Models),
        max_model_versions: from.set(Quota::ModelVersions),
        max_policies: from.set(Quota::Policies),
        max_policy_rules: from.set(Quota::PolicyRules),
        max_list_entries: from.set(Quota::ListEntries),
        max_keys: from.set(Quota::Keys),
    }
}
