//! Every call that changes something leaves a row on record, and no other call does: every method of the contract is of one
//! class, and each that changes something is called for real.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use prost_reflect::DynamicMessage;
use riskport::{cli::key_file::TokenClaims, clock::Clock};
use serde_json::{Value, json};
use tonic::{Code, transport::Channel};

use super::{
    audit_steps::{STEPS, Step, file},
    json_body,
};
use crate::{
    inputs::cases,
    support::{
        descriptors,
        platform::{Partner, Platform},
        raw::Raw,
        wire,
    },
};

/// What a method does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// It changes nothing.
    Reads,
    /// It decides, or reports what became of something: that is no change of how the platform works, and stands with its key, its
    /// actor and its time in a table of its own (`decisions`, `credit_outcomes`, `fraud_log`, `quote_acceptances`).
    Decides,
    /// It changes how the platform works, for one tenant or more.
    Changes,
}

use Class::{Changes, Decides, Reads};

const CLASSES: &[(&str, Class)] = &[
    ("ServerLive", Reads),
    ("ServerReady", Reads),
    ("ModelReady", Reads),
    ("ServerMetadata", Reads),
    ("ModelMetadata", Reads),
    ("ModelInfer", Decides),
    ("ScoreCredit", Decides),
    ("StreamScoreCredit", Decides),
    ("ReportCreditOutcome", Decides),
    ("StreamReportCreditOutcome", Decides),
    ("GetDecision", Reads),
    ("ListDecisions", Reads),
    ("CheckFraud", Decides),
    ("StreamCheckFraud", Decides),
    ("ReportFraudOutcome", Decides),
    ("StreamReportFraudOutcome", Decides),
    ("RecordEvents", Decides),
    ("ExportFeatures", Reads),
    ("CreatePolicyVersion", Changes),
    ("ActivatePolicyVersion", Changes),
    ("RetirePolicy", Changes),
    ("GetPolicyVersion", Reads),
    ("ListPolicyVersions", Reads),
    ("CreateList", Changes),
    ("ListLists", Reads),
    ("ChangeListEntries", Changes),
    ("CheckListEntry", Reads),
    ("DeleteList", Changes),
    ("BacktestPolicy", Reads),
    ("ListFeatures", Reads),
    ("CreateRatePlanVersion", Changes),
    ("ActivateRatePlanVersion", Changes),
    ("RetireRatePlan", Changes),
    ("GetRatePlanVersion", Reads),
    ("ListRatePlanVersions", Reads),
    ("QuotePrice", Decides),
    ("StreamQuotePrice", Decides),
    ("PreviewPrice", Reads),
    ("GetQuote", Reads),
    ("AcceptQuote", Decides),
    ("UploadModel", Changes),
    ("ValidateModelVersion", Changes),
    ("ListModels", Reads),
    ("GetModel", Reads),
    ("ListModelVersions", Reads),
    ("PromoteModelVersion", Changes),
    ("RollbackModel", Changes),
    ("SetModelTraffic", Changes),
    ("RetireModelVersion", Changes),
    ("GrantModel", Changes),
    ("RevokeModel", Changes),
    ("EvaluateRisk", Decides),
    ("StreamEvaluateRisk", Decides),
    ("GetModelReport", Reads),
    ("WatchModel", Reads),
    ("RecalibrateModel", Changes),
    ("CreateTenant", Changes),
    ("GetTenant", Reads),
    ("ListTenants", Reads),
    ("UpdateTenant", Changes),
    ("SuspendTenant", Changes),
    ("ResumeTenant", Changes),
    ("AddKey", Changes),
    ("ListKeys", Reads),
    ("RevokeKey", Changes),
    ("GetUsage", Reads),
    ("ListUsage", Reads),
    ("ListAuditEntries", Reads),
];

fn class(method: &str) -> Class {
    CLASSES.iter().find(|(name, _)| *name == method).unwrap_or_else(|| panic!("say in CLASSES what {method} does")).1
}

#[test]
fn every_method_is_of_a_class_and_every_change_is_tried() {
    let methods: Vec<String> = descriptors::methods().iter().map(|method| method.name().to_owned()).collect();
    for method in &methods {
        let tried = STEPS.iter().any(|step| step.method == *method);
        assert_eq!(tried, class(method) == Changes, "{method}");
    }
    for (name, _) in CLASSES {
        assert!(methods.iter().any(|method| method == name), "{name} is not in the contract");
    }
}

/// A token of a partner for whom somebody acts.
fn acting(partner: &Partner) -> String {
    let claims = TokenClaims {
        tenant: &partner.id,
        audience: "riskport",
        actor: Some("clerk 7"),
        scope: None,
        now: Clock.now(),
        lifetime: Duration::from_mins(10),
        certificate: None,
    };
    partner.key.sign(&claims).unwrap()
}

async fn call(channel: &Channel, by: &Partner, method: &str, body: Vec<u8>) -> wire::Reply {
    wire::call_body(channel, &descriptors::path(&descriptors::method(method)), &acting(by), body).await
}

/// `CreateTenant` as the audit has it.
fn snake(method: &str) -> String {
    let mut name = String::new();
    for one in method.chars() {
        if one.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(one.to_ascii_lowercase());
    }
    name
}

async fn rows(raw: &mut Raw) -> i64 {
    raw.integer("SELECT COUNT(*) FROM audit").await
}

/// Takes a step, and looks at the row that it leaves.
async fn take(channel: &Channel, raw: &mut Raw, (bank, operator): (&Partner, &Partner), step: &Step) {
    let (by, before) = (if step.by_operator { operator } else { bank }, rows(raw).await);
    let messages: Value = serde_json::from_str(&file(step.messages)).unwrap();
    let reply = call(channel, by, step.method, json_body(step.method, &messages)).await;
    assert_eq!(reply.code(), Code::Ok, "{}: {:?}", step.method, reply.status);
    assert_eq!(rows(raw).await, before + 1, "{} left no row, or more than one", step.method);
    let newest = |columns: &str| format!("SELECT {columns} FROM audit ORDER BY seq DESC LIMIT 1");
    let who = raw
        .texts(&newest(
            "by_tenant_id || ' ' || by_kid || ' ' || by_actor || ', ' || action || ', ' || tenant_id || ' ' || target",
        ))
        .await;
    let kid = by.key.public.kid.as_str();
    let expected = format!("{} {kid} clerk 7, {}, {} {}", by.id, snake(step.method), step.tenant, step.target);
    assert_eq!(who, [expected]);
    let read = |text: &String| serde_json::from_str::<Value>(text).unwrap();
    let was = raw.texts(&newest("COALESCE(before_json, 'null')")).await.first().map(read).unwrap();
    let is = raw.texts(&newest("after_json")).await.first().map(read).unwrap();
    assert_eq!(was.is_object(), step.has_before, "{}: {was}", step.method);
    assert!(is.as_object().is_some_and(|is| !is.is_empty()) && was != is, "{}: {is}", step.method);
}

/// Scores clients by the model of the steps, and reports what became of them: a calibration needs some.
async fn outcomes(channel: &Channel, bank: &Partner) {
    for at in 0..24 {
        let features = json!({ "income": if at % 2 == 0 { 10 } else { 90 }, "age": 40 });
        let (id, model) = (format!("kanarie-{at}"), "models/stumps");
        let question = json!([{ "request_id": id, "subject": id, "model": model, "features": features }]);
        let reply = call(channel, bank, "EvaluateRisk", json_body("EvaluateRisk", &question)).await;
        let answer = DynamicMessage::decode(descriptors::method("EvaluateRisk").output(), reply.message()).unwrap();
        let decision = answer.get_field_by_name("decision").unwrap().as_str().unwrap().to_owned();
        let performance = json!({ "defaulted": at % 4 < 2 });
        let observed = "2026-01-01T00:00:00Z";
        let report =
            json!([{ "request_id": id, "decision": decision, "performance": performance, "observe_time": observed }]);
        let reply = call(channel, bank, "ReportCreditOutcome", json_body("ReportCreditOutcome", &report)).await;
        assert_eq!(reply.code(), Code::Ok, "{:?}", reply.status);
    }
}

on_both!(each_change_leaves_a_row_and_nothing_else_does, async |world| {
    let platform = Platform::start(world).await;
    let (bank, operator) = (platform.onboard("north-bank").await, platform.operator());
    let (channel, mut raw) = (platform.channel().await, world.raw().await);
    for step in STEPS {
        if step.method == "RecalibrateModel" {
            let before = rows(&mut raw).await;
            outcomes(&channel, &bank).await;
            assert_eq!(rows(&mut raw).await, before);
        }
        take(&channel, &mut raw, (&bank, &operator), step).await;
    }
    // What only reads, decides or reports leaves no row; and what is on record holds nothing of an applicant, nor what a list holds.
    let before = rows(&mut raw).await;
    for method in cases::read().into_iter().filter(|method| class(&method.name) != Changes) {
        let of_operator = descriptors::method(&method.name).parent_service().name() == "TenantService";
        call(&channel, if of_operator { &operator } else { &bank }, &method.name, method.valid()).await;
        assert_eq!(rows(&mut raw).await, before, "{} left a row", method.name);
    }
    let text = "SELECT by_actor || target || COALESCE(before_json, '') || after_json FROM audit";
    for row in raw.texts(text).await {
        assert!(!row.contains("kanarie"), "{row}");
    }
    platform.stop().await;
});

/// What stands for the bytes of a file in a message of JSON.
pub fn encoded(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
