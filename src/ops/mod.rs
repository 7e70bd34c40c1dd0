//! The use cases, one a file: plain async functions over [`App`], each asking for the permit it needs.
//!
//! Knows no gRPC: valid input comes in, a refusal or a result goes out.

mod accept_quote;
mod add_key;
mod app;
mod authenticate;
mod back_up;
mod backtest;
mod behaviour;
mod check_fraud;
mod create_tenant;
mod day_quota;
mod decide;
mod evaluate_risk;
mod export_features;
mod figures;
mod found_operator;
mod fraud_answer;
mod fraud_event;
mod fraud_lists;
mod fraud_policies;
mod get_decision;
mod get_tenant;
mod infer;
mod inspect_database;
mod lease_watch;
mod list_audit_entries;
mod list_decisions;
mod list_keys;
mod list_tenants;
mod model_grants;
mod model_traffic;
mod monitor;
mod page_token;
mod publish_built_in;
mod quote_price;
mod quote_risk;
mod rate_plans;
mod read_models;
mod record_events;
mod replay_log;
mod report_credit_outcome;
mod report_fraud_outcome;
mod revoke_key;
mod score_credit;
mod served_model;
mod served_plan;
mod served_policy;
mod take_entry;
mod update_tenant;
mod upload_model;
mod usage;
mod validate_model_version;

pub use accept_quote::{StoredQuote, accept_quote, get_quote};
pub use add_key::{NewKey, add_key};
pub use app::{App, AppError, MAX_INFERENCES};
pub use authenticate::{authenticate, recheck};
pub use back_up::{BackUp, BackUpError};
pub use backtest::{Backtest, BacktestReport, DecisionChange, Performance, RuleCount, backtest_policy};
pub use check_fraud::{CheckedFraud, catalogue_digest, check_fraud};
pub use create_tenant::{NewTenant, create_tenant};
pub use decide::Turn;
pub use evaluate_risk::evaluate_risk;
pub use export_features::{ExportColumns, ExportedEvent, FeatureExport, export_features};
pub use found_operator::{FoundError, found_operator};
pub use fraud_answer::{FraudAnswer, IdentityCheck, Relations, Scored};
pub use fraud_lists::{
    ListChange, change_list_entries, check_list_entry, create_list, delete_list, get_list, hash_changes, list_lists,
};
pub use fraud_policies::{
    activate_policy_version, condition_faults, create_policy_version, get_policy_version, list_policy_versions,
    retire_policy,
};
pub use get_decision::{FullDecision, get_decision};
pub use get_tenant::get_tenant;
pub use infer::{InferencePlace, infer, served_champion, tensor_misfits};
pub use inspect_database::{DatabaseFacts, OpenedKeys, inspect_database};
pub use list_audit_entries::{AuditQuery, list_audit_entries};
pub use list_decisions::{DecisionQuery, list_decisions};
pub use list_keys::list_keys;
pub use list_tenants::list_tenants;
pub use model_grants::{grant_model, revoke_model};
pub use model_traffic::{promote_model_version, retire_model_version, rollback_model, set_model_traffic};
pub use monitor::{
    GroupResult, KnownTags, ModelReport, NextAlarms, PairAgreement, ReadScore, Recalibrated, Recalibration,
    ReportQuery, VersionComparison, get_model_report, keep_counting, recalibrate_model, watch_model,
};
pub use page_token::PageToken;
pub use quote_price::{Priced, Quoted, preview_price, price_misfits, quote_price};
pub use quote_risk::ReadRisk;
pub use rate_plans::{
    activate_rate_plan_version, create_rate_plan_version, get_rate_plan_version, list_rate_plan_versions,
    rate_plan_faults, retire_rate_plan,
};
pub use read_models::{get_model, list_model_versions, list_models};
pub use record_events::{HistoryRecorder, RecordedHistory};
pub use replay_log::Period;
pub use report_credit_outcome::report_credit_outcome;
pub use report_fraud_outcome::{ReportedOutcome, TakenReport, report_fraud_outcome};
pub use revoke_key::revoke_key;
pub use score_credit::{feature_misfits, score_credit};
pub use update_tenant::update_tenant;
pub use upload_model::{ModelUpload, ReferenceRows, upload_model};
pub use usage::{TenantUsage, get_usage, list_usage};
pub use validate_model_version::validate_model_version;

pub use crate::store::{Content, Copied, HeldLease, Inspected, Integrity, Migrations, PostgresFacts};
