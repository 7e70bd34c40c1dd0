//! Quotas of what is stored and of single calls: each at its edge, changed, and nobody else's.

use riskport::rpc::proto::tenant::{GetTenantRequest, Quotas, Tenant, UpdateTenantRequest};
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::{audit_steps::file, json_body};
use crate::{
    auth::refused,
    support::{
        World, descriptors,
        platform::{Partner, Platform, new_key, token},
        wire::{self, Reply},
    },
};

/// Sets the quotas of a tenant that the paths name.
pub async fn set(platform: &Platform, tenant: &str, quotas: Quotas, paths: &[&str]) -> Result<Quotas, Status> {
    let tenant = Tenant { name: format!("tenants/{tenant}"), quotas: Some(quotas), ..Tenant::default() };
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    let request = UpdateTenantRequest { tenant: Some(tenant), update_mask: Some(prost_types::FieldMask { paths }) };
    let changed = platform.tenants().await.update_tenant(request).await?;
    Ok(changed.into_inner().tenant.unwrap().quotas.unwrap())
}

/// Sets all quotas of a tenant.
pub async fn set_all(platform: &Platform, tenant: &str, quotas: Quotas) {
    assert_eq!(set(platform, tenant, quotas, &["quotas"]).await.unwrap(), quotas);
}

/// Calls a method with messages in JSON.
pub async fn call(platform: &Platform, by: &Partner, method: &str, messages: Value) -> Reply {
    let path = descriptors::path(&descriptors::method(method));
    wire::call_body(&platform.channel().await, &path, &token(by, None), json_body(method, &messages)).await
}

/// That a quota was met: its reason, its subject, and whether waiting helps.
pub fn assert_met(reply: &Reply, reason: &str, subject: &str, waits: bool) {
    assert_eq!((reply.code(), &*reply.reason()), (Code::ResourceExhausted, reason), "{:?}", reply.status);
    let details = reply.status.get_error_details();
    assert_eq!(details.quota_failure().unwrap().violations[0].subject, subject);
    assert_eq!(details.retry_info().is_some(), waits, "{reason}");
}

on_both!(quotas_are_set_one_by_one_and_stay, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let asked = Quotas { decisions_per_day: 7, max_keys: 3, burst_requests: 9, ..Quotas::default() };
    // What the mask does not name stays as it was.
    let paths = ["quotas.decisions_per_day", "quotas.max_keys"];
    let held = set(&platform, "north-bank", asked, &paths).await.unwrap();
    assert_eq!(held, Quotas { burst_requests: 0, ..asked });
    let request = GetTenantRequest { name: "tenants/north-bank".to_owned() };
    let mut own =
        riskport::rpc::proto::tenant::tenant_service_client::TenantServiceClient::new(platform.signed(&bank).await);
    assert_eq!(own.get_tenant(request).await.unwrap().into_inner().tenant.unwrap().quotas, Some(held));
    // 0 is the default again; what is out of its range is refused as a whole.
    let held = set(&platform, "north-bank", Quotas::default(), &["quotas.max_keys"]).await.unwrap();
    assert_eq!(held, Quotas { decisions_per_day: 7, ..Quotas::default() });
    let wrong = Quotas { max_keys: 65, decisions_per_day: -1, max_models: 5, ..Quotas::default() };
    let answer = set(&platform, "north-bank", wrong, &["quotas"]).await;
    assert_eq!(refused(answer), (Code::InvalidArgument, "INVALID_FIELDS".to_owned()));
    let changes = world.raw().await.texts("SELECT after_json FROM audit ORDER BY seq DESC LIMIT 1").await;
    let after: Value = serde_json::from_str(&changes[0]).unwrap();
    assert_eq!(after["quotas"], json!({ "decisions_per_day": 7 }));
    platform.stop().await;
});

fn key(n: u8) -> Value {
    let key: Value = serde_json::from_str(&new_key().jwk()).unwrap();
    let jwk = json!({ "kty": key["kty"], "crv": key["crv"], "x": key["x"], "kid": format!("k{n}") }).to_string();
    json!([{ "parent": "tenants/north-bank", "scopes": ["SCOPE_CREDIT_SCORE"], "jwk": jwk }])
}

fn policy(id: &str, rules: usize) -> Value {
    let rule = |at: usize| {
        json!({ "id": format!("r{at}"), "condition": "true", "outcome": "FRAUD_DECISION_REVIEW",
                "reason_code": "ALWAYS", "sentence_en": "Always." })
    };
    let thresholds = json!({ "challenge": 600, "review": 750, "deny": 900 });
    let rules: Vec<Value> = (0..rules).map(rule).collect();
    json!([{ "policy": format!("fraudPolicies/{id}"), "spec": { "thresholds": thresholds, "rules": rules } }])
}

fn entries(list: &str, from: usize, count: usize) -> Value {
    let one = |at: usize| json!({ "list": format!("fraudLists/{list}"), "add": { "value": format!("card-{at}") } });
    (from..from + count).map(one).collect()
}

/// An upload of a model, of which there are two files.
fn upload(model: &str, which: &str) -> Value {
    let messages = r#"[{"header": {"model": "models/MODEL", "manifest": @manifest, "file_bytes": @WHICH_bytes}}, {"chunk": "@WHICH"}]"#;
    serde_json::from_str(&file(&messages.replace("MODEL", model).replace("WHICH", which))).unwrap()
}

on_both!(what_is_stored_is_limited_at_the_edge, async |world| {
    let platform = Platform::start(world).await;
    let (bank, other) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let quotas = Quotas {
        max_models: 1,
        max_model_versions: 1,
        max_policies: 1,
        max_policy_rules: 2,
        max_list_entries: 5,
        list_changes: 2,
        max_keys: 2,
        ..Quotas::default()
    };
    set_all(&platform, "north-bank", quotas).await;
    let list = json!([{ "list": { "name": "fraudLists/stolen", "entity": "ENTITY_KIND_CARD" } }]);
    // Each call that is within the quota, and the next, that is not.
    for (method, within, beyond, reason, subject) in [
        ("UploadModel", upload("one", "first"), upload("two", "first"), "TOO_MANY_MODELS", "tenant:models"),
        ("CreateList", list.clone(), Value::Null, "", ""),
        (
            "ChangeListEntries",
            entries("stolen", 0, 2),
            entries("stolen", 2, 3),
            "TOO_MANY_LIST_CHANGES",
            "tenant:list_changes",
        ),
        ("CreatePolicyVersion", policy("one", 2), policy("two", 1), "TOO_MANY_POLICIES", "tenant:policies"),
        ("AddKey", key(2), key(3), "TOO_MANY_KEYS", "tenant:keys"),
    ] {
        let taken = call(&platform, &bank, method, within).await;
        assert_eq!(taken.code(), Code::Ok, "{method}: {:?}", taken.status);
        if beyond != Value::Null {
            assert_met(&call(&platform, &bank, method, beyond).await, reason, subject, false);
        }
    }
    // Of three changes the two before the one that was too many stay.
    assert_eq!(world.raw().await.integer("SELECT entries FROM fraud_lists").await, 4);
    let more = call(&platform, &bank, "ChangeListEntries", entries("stolen", 4, 1)).await;
    assert_eq!(more.code(), Code::Ok, "{:?}", more.status);
    let full = call(&platform, &bank, "ChangeListEntries", entries("stolen", 5, 1)).await;
    assert_met(&full, "TOO_MANY_LISTED", "tenant:list_entries", false);
    let versions = call(&platform, &bank, "UploadModel", upload("one", "second")).await;
    assert_met(&versions, "TOO_MANY_MODELS", "tenant:model_versions", false);
    let rules = call(&platform, &bank, "CreatePolicyVersion", policy("one", 3)).await;
    assert_met(&rules, "TOO_MANY_RULES", "tenant:policy_rules", false);
    // A smaller quota takes nothing away, and leaves the way down open.
    set_all(&platform, "north-bank", Quotas { max_list_entries: 1, ..quotas }).await;
    let remove = json!([{ "list": "fraudLists/stolen", "remove": "card-0" }]);
    assert_eq!(call(&platform, &bank, "ChangeListEntries", remove).await.code(), Code::Ok);
    assert_eq!(world.raw().await.integer("SELECT entries FROM fraud_lists").await, 4);
    // A larger one lets more in, and another tenant never had any.
    set_all(&platform, "north-bank", Quotas { max_models: 2, max_model_versions: 2, ..quotas }).await;
    assert_eq!(call(&platform, &bank, "UploadModel", upload("two", "first")).await.code(), Code::Ok);
    assert_eq!(call(&platform, &bank, "UploadModel", upload("one", "second")).await.code(), Code::Ok);
    assert_eq!(call(&platform, &other, "CreateList", list).await.code(), Code::Ok);
    assert_eq!(call(&platform, &other, "ChangeListEntries", entries("stolen", 0, 9)).await.code(), Code::Ok);
    assert_eq!(call(&platform, &other, "CreatePolicyVersion", policy("one", 9)).await.code(), Code::Ok);
    platform.stop().await;
});

on_both!(the_rows_of_one_call_are_limited_and_a_repeat_is_answered, async |world| {
    let platform = Platform::start(world).await;
    let (bank, other) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let rows = |id: &str, rows: usize| {
        let limits = json!({ "name": "credit_limit", "datatype": "FP64", "shape": [rows],
            "contents": { "fp64_contents": vec![50_000.0; rows] } });
        let status = json!({ "name": "repayment_status_1", "datatype": "INT32", "shape": [rows],
            "contents": { "int_contents": vec![0; rows] } });
        json!([{ "model_name": "card-behaviour", "id": id, "inputs": [limits, status] }])
    };
    assert_eq!(call(&platform, &bank, "ModelInfer", rows("before", 40)).await.code(), Code::Ok);
    set_all(&platform, "north-bank", Quotas { inference_rows: 20, ..Quotas::default() }).await;
    assert_eq!(call(&platform, &bank, "ModelInfer", rows("fits", 20)).await.code(), Code::Ok);
    for many in [21, 200] {
        let reply = call(&platform, &bank, "ModelInfer", rows("too-many", many)).await;
        assert_met(&reply, "TOO_MANY_ROWS", "tenant:inference_rows", false);
    }
    assert!(call(&platform, &bank, "ModelInfer", rows("before", 40)).await.replayed());
    assert_eq!(call(&platform, &other, "ModelInfer", rows("other", 200)).await.code(), Code::Ok);
    platform.stop().await;
});

#[tokio::test]
async fn a_burst_is_what_its_quota_says_and_answers_tell_what_is_left() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard_with("north-bank", 1, new_key()).await;
    set_all(&platform, "north-bank", Quotas { burst_requests: 30, ..Quotas::default() }).await;
    let left = |reply: &Reply| {
        let left = reply.metadata.get("riskport-quota-remaining").unwrap().to_str().unwrap();
        left.parse::<i64>().unwrap()
    };
    let request = json!([{}]);
    let first = call(&platform, &bank, "ListDecisions", request.clone()).await;
    assert_eq!((first.code(), left(&first)), (Code::Ok, 29));
    // Of a stream, its head tells it.
    let stream = call(&platform, &bank, "StreamScoreCredit", json!([])).await;
    assert!((27..=29).contains(&left(&stream)), "{}", left(&stream));
    assert!(first.metadata.get("riskport-decisions-remaining").is_none());
    let mut last = left(&stream);
    let refused = loop {
        let reply = call(&platform, &bank, "ListDecisions", request.clone()).await;
        if reply.code() != Code::Ok {
            break reply;
        }
        // One comes back a second.
        assert!(left(&reply) <= last, "{} after {last}", left(&reply));
        last = left(&reply);
    };
    assert_met(&refused, "REQUEST_RATE_EXCEEDED", "tenant:requests_per_second", true);
    assert_eq!(last, 0);
    platform.stop().await;
}
