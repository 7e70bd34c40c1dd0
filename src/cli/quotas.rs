//! Quotas of a tenant: as flags, and as a table.

use comfy_table::{CellAlignment, Table};

use super::{money::count, style::Style};
use crate::{domain::quota::Quota, rpc::proto::tenant as proto};

/// What a tenant may use at most; 0 is the default.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct QuotaFlags {
    /// Requests that may come at once [default: those of one second]
    #[arg(long, value_name = "N")]
    burst: Option<i64>,
    /// Decisions on one day of UTC [default: no limit]
    #[arg(long, value_name = "N")]
    decisions_per_day: Option<i64>,
    /// Streams open at once [default: 256]
    #[arg(long, value_name = "N")]
    streams: Option<i64>,
    /// Rows of one `ModelInfer` [default: 10,000]
    #[arg(long, value_name = "N")]
    inference_rows: Option<i64>,
    /// Changes of one `ChangeListEntries` [default: no limit]
    #[arg(long, value_name = "N")]
    list_changes: Option<i64>,
    /// Models [default: 100]
    #[arg(long, value_name = "N")]
    models: Option<i64>,
    /// Versions of one model [default: 1,000]
    #[arg(long, value_name = "N")]
    model_versions: Option<i64>,
    /// Fraud policies [default: 32]
    #[arg(long, value_name = "N")]
    policies: Option<i64>,
    /// Rules of one policy [default: 200]
    #[arg(long, value_name = "N")]
    policy_rules: Option<i64>,
    /// Entries of one list [default: 200,000]
    #[arg(long, value_name = "N")]
    list_entries: Option<i64>,
    /// Good keys [default: 16]
    #[arg(long, value_name = "N")]
    keys: Option<i64>,
}

impl QuotaFlags {
    fn given(&self, quota: Quota) -> Option<i64> {
        match quota {
            Quota::BurstRequests => self.burst,
            Quota::DecisionsPerDay => self.decisions_per_day,
            Quota::ConcurrentStreams => self.streams,
            Quota::InferenceRows => self.inference_rows,
            Quota::ListChanges => self.list_changes,
            Quota::Models => self.models,
            Quota::ModelVersions => self.model_versions,
            Quota::Policies => self.policies,
            Quota::PolicyRules => self.policy_rules,
            Quota::ListEntries => self.list_entries,
            Quota::Keys => self.keys,
        }
    }

    /// The paths of those that were given.
    pub(super) fn paths(&self) -> impl Iterator<Item = String> + '_ {
        let given = Quota::ALL.into_iter().filter(|quota| self.given(*quota).is_some());
        given.map(|quota| format!("quotas.{}", quota.name()))
    }

    /// The message of those that were given; the others are 0.
    pub(super) fn message(&self) -> proto::Quotas {
        let value = |quota| self.given(quota).unwrap_or_default();
        proto::Quotas {
            burst_requests: value(Quota::BurstRequests),
            decisions_per_day: value(Quota::DecisionsPerDay),
            concurrent_streams: value(Quota::ConcurrentStreams),
            inference_rows: value(Quota::InferenceRows),
            list_changes: value(Quota::ListChanges),
            max_models: value(Quota::Models),
            max_model_versions: value(Quota::ModelVersions),
            max_policies: value(Quota::Policies),
            max_policy_rules: value(Quota::PolicyRules),
            max_list_entries: value(Quota::ListEntries),
            max_keys: value(Quota::Keys),
        }
    }
}

fn values(quotas: &proto::Quotas) -> [(Quota, i64); 11] {
    [
        (Quota::BurstRequests, quotas.burst_requests),
        (Quota::DecisionsPerDay, quotas.decisions_per_day),
        (Quota::ConcurrentStreams, quotas.concurrent_streams),
        (Quota::InferenceRows, quotas.inference_rows),
        (Quota::ListChanges, quotas.list_changes),
        (Quota::Models, quotas.max_models),
        (Quota::ModelVersions, quotas.max_model_versions),
        (Quota::Policies, quotas.max_policies),
        (Quota::PolicyRules, quotas.max_policy_rules),
        (Quota::ListEntries, quotas.max_list_entries),
        (Quota::Keys, quotas.max_keys),
    ]
}

/// Those that were set, in one line.
pub(super) fn in_short(quotas: &proto::Quotas) -> String {
    let set = values(quotas).into_iter().filter(|(_, value)| *value != 0);
    set.map(|(quota, value)| format!("{}={value}", quota.name())).collect::<Vec<_>>().join(" ")
}

/// What holds, and what of it is the default.
pub(super) fn table(tenant: &proto::Tenant, style: &Style) -> Table {
    let mut table = style.table(&["QUOTA", "HOLDS", ""]);
    let default = |set: bool| if set { "" } else { "default" };
    table.add_row(["requests_per_second", &count(i64::from(tenant.requests_per_second)), ""]);
    for (quota, value) in values(&tenant.quotas.unwrap_or_default()) {
        let holds = match (value, quota) {
            (0, Quota::BurstRequests) => count(i64::from(tenant.requests_per_second)),
            (0, quota) => quota.usual().map_or("no limit".to_owned(), count),
            (value, _) => count(value),
        };
        table.add_row([quota.name(), &holds, default(value != 0)]);
    }
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
