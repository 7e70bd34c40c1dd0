//! Who may call what: every method needs a scope, and the scope is looked at before the message.

use std::sync::Arc;

use tonic::Code;

use crate::support::{
    World,
    by_path::{ByPath, methods},
    platform::{PARTNER_SCOPES, Partner, Platform, new_key, token},
};

/// The scopes of partners, in the order of `PARTNER_SCOPES`.
const PARTNER: &[&str] = &[
    "credit.score",
    "credit.report",
    "decision.read",
    "tenant.self",
    "risk.evaluate",
    "model.read",
    "model.manage",
    "model.promote",
    "fraud.check",
    "fraud.report",
    "fraud.backfill",
    "fraud.policy",
    "fraud.export",
    "pricing.quote",
    "pricing.plan",
];
/// The scopes that only the operator's own keys have.
const OPERATOR: &[&str] = &["operator.tenants", "operator.keys", "operator.models", "operator.usage", "operator.audit"];
/// The scopes that the operator's own keys have as partners' have them: for the platform's models and rate plans.
const OF_BOTH: &[&str] = &["model.read", "model.manage", "model.promote", "pricing.plan"];

/// Every method, and the scopes of which it needs one.
const NEEDS: &[(&str, &[&str])] = &[
    ("/inference.GRPCInferenceService/ServerLive", &["risk.evaluate"]),
    ("/inference.GRPCInferenceService/ServerReady", &["risk.evaluate"]),
    ("/inference.GRPCInferenceService/ModelReady", &["risk.evaluate"]),
    ("/inference.GRPCInferenceService/ServerMetadata", &["risk.evaluate"]),
    ("/inference.GRPCInferenceService/ModelMetadata", &["risk.evaluate"]),
    ("/inference.GRPCInferenceService/ModelInfer", &["risk.evaluate"]),
    ("/riskport.credit.v1.CreditScoreService/ScoreCredit", &["credit.score"]),
    ("/riskport.credit.v1.CreditScoreService/StreamScoreCredit", &["credit.score"]),
    ("/riskport.credit.v1.CreditScoreService/ReportCreditOutcome", &["credit.report"]),
    ("/riskport.credit.v1.CreditScoreService/StreamReportCreditOutcome", &["credit.report"]),
    ("/riskport.decision.v1.DecisionService/GetDecision", &["decision.read"]),
    ("/riskport.decision.v1.DecisionService/ListDecisions", &["decision.read"]),
    ("/riskport.fraud.v1.FraudCheckService/CheckFraud", &["fraud.check"]),
    ("/riskport.fraud.v1.FraudCheckService/StreamCheckFraud", &["fraud.check"]),
    ("/riskport.fraud.v1.FraudCheckService/ReportFraudOutcome", &["fraud.report"]),
    ("/riskport.fraud.v1.FraudCheckService/StreamReportFraudOutcome", &["fraud.report"]),
    ("/riskport.fraud.v1.FraudCheckService/RecordEvents", &["fraud.backfill"]),
    ("/riskport.fraud.v1.FraudCheckService/ExportFeatures", &["fraud.export"]),
    ("/riskport.fraud.v1.FraudPolicyService/CreatePolicyVersion", &["fraud.policy"]),
    ("/riskport.fraud.v1.FraudPolicyService/ActivatePolicyVersion", &["fraud.policy"]),
    ("/riskport.fraud.v1.FraudPolicyService/RetirePolicy", &["fraud.policy"]),
    ("/riskport.fraud.v1.FraudPolicyService/GetPolicyVersion", &["fraud.policy"]),
    ("/riskport.fraud.v1.FraudPolicyService/ListPolicyVersions", &["fraud.policy"]),
    ("/riskport.fraud.v1.FraudPolicyService/CreateList", &["fraud.policy"]),
    ("/riskport.fraud.v1.FraudPolicyService/ListLists", &["fraud.policy"]),
    ("/riskport.fraud.v1.FraudPolicyService/ChangeListEntries", &["fraud.policy"]),
    ("/riskport.fraud.v1.FraudPolicyService/CheckListEntry", &["fraud.policy"]),
    ("/riskport.fraud.v1.FraudPolicyService/DeleteList", &["fraud.policy"]),
    ("/riskport.fraud.v1.FraudPolicyService/BacktestPolicy", &["fraud.policy"]),
    ("/riskport.fraud.v1.FraudPolicyService/ListFeatures", &["fraud.policy"]),
    ("/riskport.pricing.v1.PricingService/CreateRatePlanVersion", &["pricing.plan"]),
    ("/riskport.pricing.v1.PricingService/ActivateRatePlanVersion", &["pricing.plan"]),
    ("/riskport.pricing.v1.PricingService/RetireRatePlan", &["pricing.plan"]),
    ("/riskport.pricing.v1.PricingService/GetRatePlanVersion", &["pricing.plan"]),
    ("/riskport.pricing.v1.PricingService/ListRatePlanVersions", &["pricing.plan"]),
    ("/riskport.pricing.v1.PricingService/QuotePrice", &["pricing.quote"]),
    ("/riskport.pricing.v1.PricingService/StreamQuotePrice", &["pricing.quote"]),
    ("/riskport.pricing.v1.PricingService/PreviewPrice", &["pricing.plan"]),
    ("/riskport.pricing.v1.PricingService/GetQuote", &["pricing.quote"]),
    ("/riskport.pricing.v1.PricingService/AcceptQuote", &["pricing.quote"]),
    ("/riskport.risk.v1.RiskModelService/UploadModel", &["model.manage"]),
    ("/riskport.risk.v1.RiskModelService/ValidateModelVersion", &["model.manage"]),
    ("/riskport.risk.v1.RiskModelService/ListModels", &["model.read"]),
    ("/riskport.risk.v1.RiskModelService/GetModel", &["model.read"]),
    ("/riskport.risk.v1.RiskModelService/ListModelVersions", &["model.read"]),
    ("/riskport.risk.v1.RiskModelService/PromoteModelVersion", &["model.promote"]),
    ("/riskport.risk.v1.RiskModelService/RollbackModel", &["model.promote"]),
    ("/riskport.risk.v1.RiskModelService/SetModelTraffic", &["model.promote"]),
    ("/riskport.risk.v1.RiskModelService/RetireModelVersion", &["model.promote"]),
    ("/riskport.risk.v1.RiskModelService/GrantModel", &["operator.models"]),
    ("/riskport.risk.v1.RiskModelService/RevokeModel", &["operator.models"]),
    ("/riskport.risk.v1.RiskModelService/EvaluateRisk", &["risk.evaluate"]),
    ("/riskport.risk.v1.RiskModelService/StreamEvaluateRisk", &["risk.evaluate"]),
    ("/riskport.risk.v1.RiskModelService/GetModelReport", &["model.read"]),
    ("/riskport.risk.v1.RiskModelService/WatchModel", &["model.read"]),
    ("/riskport.risk.v1.RiskModelService/RecalibrateModel", &["model.manage"]),
    ("/riskport.tenant.v1.TenantService/CreateTenant", &["operator.tenants"]),
    ("/riskport.tenant.v1.TenantService/GetTenant", &["operator.tenants", "tenant.self"]),
    ("/riskport.tenant.v1.TenantService/ListTenants", &["operator.tenants"]),
    ("/riskport.tenant.v1.TenantService/UpdateTenant", &["operator.tenants"]),
    ("/riskport.tenant.v1.TenantService/SuspendTenant", &["operator.tenants"]),
    ("/riskport.tenant.v1.TenantService/ResumeTenant", &["operator.tenants"]),
    ("/riskport.tenant.v1.TenantService/AddKey", &["operator.keys", "tenant.self"]),
    ("/riskport.tenant.v1.TenantService/ListKeys", &["operator.keys", "tenant.self"]),
    ("/riskport.tenant.v1.TenantService/RevokeKey", &["operator.keys", "tenant.self"]),
    ("/riskport.tenant.v1.TenantService/GetUsage", &["operator.usage", "tenant.self"]),
    ("/riskport.tenant.v1.TenantService/ListUsage", &["operator.usage", "tenant.self"]),
    ("/riskport.tenant.v1.TenantService/ListAuditEntries", &["operator.audit", "tenant.self"]),
];

fn needs(path: &str) -> &'static [&'static str] {
    NEEDS.iter().find(|(known, _)| *known == path).unwrap_or_else(|| panic!("say in NEEDS what {path} needs")).1
}

/// A token of the operator's first key that asks for some scopes.
fn operator_token(platform: &Platform, scope: &str) -> String {
    token(&Partner { id: "operator".to_owned(), key: Arc::clone(&platform.operator) }, Some(scope))
}

async fn assert_missing(wire: &ByPath, token: &str, path: &str, asked: &str) {
    let answer = wire.call_as(token, path, Vec::new()).await;
    assert!(answer.is(Code::PermissionDenied, "SCOPE_MISSING"), "{path} with {asked:?}: {answer:?}");
}

#[test]
fn every_method_says_what_it_needs() {
    let methods = methods();
    for path in &methods {
        assert!(!needs(path).is_empty());
    }
    for (path, _) in NEEDS {
        assert!(methods.iter().any(|known| known == path), "{path} is not in the contract");
    }
}

on_both!(a_method_is_refused_without_its_scope_and_not_with_it, async |world| {
    let platform = Platform::start(world).await;
    let wire = ByPath::connect(platform.address).await;
    let bank = platform.onboard("north-bank").await;
    for path in methods() {
        let others: Vec<&str> = PARTNER.iter().copied().filter(|scope| !needs(&path).contains(scope)).collect();
        for asked in [others.join(" ").as_str(), "", "email", "CREDIT.SCORE", "credit", "credit.score,tenant.self"] {
            assert_missing(&wire, &token(&bank, Some(asked)), &path, asked).await;
        }
        for scope in needs(&path) {
            let allowed =
                if OPERATOR.contains(scope) { operator_token(&platform, scope) } else { token(&bank, Some(scope)) };
            let answer = wire.call_as(&allowed, &path, Vec::new()).await;
            let past = [Code::Ok, Code::InvalidArgument].contains(&answer.code);
            assert!(past, "{path} with {scope}: {answer:?}");
        }
    }
    platform.stop().await;
});

#[tokio::test]
async fn a_partner_that_claims_to_be_the_operator_is_none() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let wire = ByPath::connect(platform.address).await;
    let bank = platform.onboard("north-bank").await;
    for path in methods().into_iter().filter(|path| needs(path).iter().any(|scope| OPERATOR.contains(scope))) {
        let all = OPERATOR.join(" ");
        for asked in OPERATOR.iter().copied().chain([all.as_str(), "operator.keys credit.score"]) {
            assert_missing(&wire, &token(&bank, Some(asked)), &path, asked).await;
        }
        if !needs(&path).contains(&"tenant.self") {
            assert_missing(&wire, &token(&bank, None), &path, "everything").await;
        }
    }
    platform.stop().await;
}

on_both!(no_key_has_more_than_its_tenant_may_have, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    // As if somebody had got into the database: the ceiling still holds.
    let mut raw = world.raw().await;
    let operators = OPERATOR.join(" ");
    raw.execute(&format!("UPDATE caller_keys SET scopes = '{operators}' WHERE tenant_id = 'north-bank'")).await;
    let platform = platform.restart().await;
    let wire = ByPath::connect(platform.address).await;
    for path in methods() {
        assert_missing(&wire, &token(&bank, None), &path, "everything").await;
    }
    platform.stop().await;
});

#[tokio::test]
async fn the_operator_manages_and_never_decides() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let wire = ByPath::connect(platform.address).await;
    let asked = PARTNER.join(" ") + " " + &OPERATOR.join(" ");
    for path in methods() {
        let managed = needs(&path).iter().any(|scope| OPERATOR.contains(scope) || OF_BOTH.contains(scope));
        if managed {
            // The platform's models are the operator's own: it may do with them what partners may with theirs.
            let answer = wire.call_as(&operator_token(&platform, &asked), &path, Vec::new()).await;
            assert_ne!(answer.code, Code::PermissionDenied, "{path}: {answer:?}");
        } else {
            assert_missing(&wire, &operator_token(&platform, &asked), &path, &asked).await;
        }
    }
    platform.stop().await;
}

#[tokio::test]
async fn a_key_does_what_it_was_granted_whatever_its_tokens_ask() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let wire = ByPath::connect(platform.address).await;
    platform.onboard("north-bank").await;
    assert_eq!(PARTNER.len(), PARTNER_SCOPES.len());
    for (name, scope) in PARTNER.iter().copied().zip(PARTNER_SCOPES) {
        let narrow = Partner { id: "north-bank".to_owned(), key: new_key() };
        platform.add_key(&narrow, &[scope]).await;
        for asked in [None, Some(PARTNER.join(" ") + " " + &OPERATOR.join(" "))] {
            for path in methods().into_iter().filter(|path| !needs(path).contains(&name)) {
                assert_missing(&wire, &token(&narrow, asked.as_deref()), &path, name).await;
            }
        }
    }
    platform.stop().await;
}
