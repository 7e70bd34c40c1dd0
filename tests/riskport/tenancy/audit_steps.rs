//! A step for each change, in an order in which each can be taken: what is called with what, and what it must leave on record.

use super::audit_walk::encoded;

/// A call that changes something.
pub struct Step {
    pub method: &'static str,
    /// Whether the operator makes it; else the partner.
    pub by_operator: bool,
    /// The messages as a list in JSON; `@stump` stands for a file, in bytes and in its length.
    pub messages: &'static str,
    /// Whose thing it changes, and which.
    pub tenant: &'static str,
    pub target: &'static str,
    /// Whether the thing was there before.
    pub has_before: bool,
}

/// A file of one tree: a higher income is a lower risk.
const STUMP: &str = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\n\
    objective=binary sigmoid:1\nfeature_names=income age\nfeature_infos=[0:100] [18:99]\ntree_sizes=1\n\nTree=0\n\
    num_leaves=2\nnum_cat=0\nsplit_feature=0\nthreshold=50\ndecision_type=10\nleft_child=-1\nright_child=-2\n\
    leaf_value=0.5 LOW\nleaf_count=10 10\ninternal_count=20\nis_linear=0\n\nend of trees\n";

/// Messages with the files in them.
pub fn file(messages: &str) -> String {
    let mut filled = messages.to_owned();
    for (name, low) in [("first", "-1.5"), ("second", "-1.6")] {
        let stump = STUMP.replace("LOW", low);
        filled = filled
            .replace(&format!("@{name}_bytes"), &stump.len().to_string())
            .replace(&format!("@{name}"), &encoded(stump.as_bytes()));
    }
    let features = r#"[{"name": "income", "type": "FEATURE_TYPE_NUMBER", "missing": "MISSING_POLICY_ACCEPT"},
        {"name": "age", "type": "FEATURE_TYPE_NUMBER", "missing": "MISSING_POLICY_ACCEPT"}]"#;
    let manifest = format!(r#"{{"title": "A stump", "kind": "MODEL_KIND_GENERIC", "features": {features}}}"#);
    let rows = r#"[{"features": {"income": 10, "age": 40}, "expected": 0.6224593312018546}]"#;
    filled.replace("@manifest", &manifest).replace("@rows", rows)
}

const fn step(
    method: &'static str,
    messages: &'static str,
    tenant: &'static str,
    target: &'static str,
    has_before: bool,
) -> Step {
    Step { method, by_operator: false, messages, tenant, target, has_before }
}

const fn own(method: &'static str, messages: &'static str, target: &'static str, has_before: bool) -> Step {
    step(method, messages, "north-bank", target, has_before)
}

const fn operators(
    method: &'static str,
    messages: &'static str,
    tenant: &'static str,
    target: &'static str,
    has_before: bool,
) -> Step {
    Step { by_operator: true, ..step(method, messages, tenant, target, has_before) }
}

const UPLOAD: &str = r#"[{"header": {"model": "models/stumps", "manifest": @manifest, "file_bytes": @first_bytes}},
    {"chunk": "@first"}, {"reference_rows": {"rows": @rows}}]"#;
const UPLOAD_DRAFT: &str = r#"[{"header": {"model": "models/stumps", "manifest": @manifest, "file_bytes": @second_bytes}},
    {"chunk": "@second"}]"#;
const UPLOAD_PLATFORMS: &str = r#"[{"header": {"model": "models/of-all", "manifest": @manifest, "file_bytes": @first_bytes}}, {"chunk": "@first"}]"#;
const KEY: &str = r#"[{"parent": "tenants/north-bank", "scopes": ["SCOPE_CREDIT_SCORE"], "jwk":
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"k2\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"}]"#;
const POLICY: &str = r#"[{"policy": "fraudPolicies/shop", "spec": {"scenes": ["SCENE_PAYMENT"],
    "thresholds": {"challenge": 600, "review": 750, "deny": 900}, "rules": [{"id": "large", "condition":
    "event.amount_minor > 100000", "outcome": "FRAUD_DECISION_REVIEW", "reason_code": "LARGE", "sentence_en": "Large."}]}}]"#;
const PLAN: &str = r#"[{"plan": "ratePlans/loans", "spec": {"title": "Cover", "currency": "CNY", "validity_seconds": 60,
    "risk": {"kind": 1, "model": "models/card-behaviour", "max_age_seconds": 60},
    "insurance": {"cover_minor": 100000, "period_months": 12, "floor_minor": 1, "cap_minor": 1000,
      "frequency": {"shape": 2, "knots": [{"risk": "0", "value": "0.01"}, {"risk": "0.5", "value": "0.02"}]},
      "severity": {"shape": 1, "knots": [{"risk": "0", "value": "3000"}]}}}}]"#;

/// Every change, each in its turn.
pub const STEPS: &[Step] = &[
    operators(
        "CreateTenant",
        r#"[{"tenant_id": "east-bank", "tenant": {"display_name": "East"}}]"#,
        "east-bank",
        "tenants/east-bank",
        false,
    ),
    operators(
        "UpdateTenant",
        r#"[{"tenant": {"name": "tenants/east-bank", "four_eyes": true}, "update_mask": "fourEyes"}]"#,
        "east-bank",
        "tenants/east-bank",
        true,
    ),
    operators("SuspendTenant", r#"[{"name": "tenants/east-bank"}]"#, "east-bank", "tenants/east-bank", true),
    operators("ResumeTenant", r#"[{"name": "tenants/east-bank"}]"#, "east-bank", "tenants/east-bank", true),
    own("AddKey", KEY, "tenants/north-bank/keys/k2", false),
    operators(
        "RevokeKey",
        r#"[{"name": "tenants/north-bank/keys/k2"}]"#,
        "north-bank",
        "tenants/north-bank/keys/k2",
        true,
    ),
    own(
        "CreateList",
        r#"[{"list": {"name": "fraudLists/stolen", "entity": "ENTITY_KIND_CARD"}}]"#,
        "fraudLists/stolen",
        false,
    ),
    own(
        "ChangeListEntries",
        r#"[{"list": "fraudLists/stolen", "add": {"value": "kanarie-1"}}, {"add": {"value": "kanarie-2"}}]"#,
        "fraudLists/stolen",
        true,
    ),
    own("DeleteList", r#"[{"name": "fraudLists/stolen"}]"#, "fraudLists/stolen", true),
    own("CreatePolicyVersion", POLICY, "fraudPolicies/shop/versions/1", false),
    own(
        "ActivatePolicyVersion",
        r#"[{"name": "fraudPolicies/shop/versions/1"}]"#,
        "fraudPolicies/shop/versions/1",
        false,
    ),
    own("RetirePolicy", r#"[{"policy": "fraudPolicies/shop"}]"#, "fraudPolicies/shop/versions/1", true),
    own("CreateRatePlanVersion", PLAN, "ratePlans/loans/versions/1", false),
    own("ActivateRatePlanVersion", r#"[{"name": "ratePlans/loans/versions/1"}]"#, "ratePlans/loans/versions/1", false),
    own("RetireRatePlan", r#"[{"plan": "ratePlans/loans"}]"#, "ratePlans/loans/versions/1", true),
    own("UploadModel", UPLOAD, "tenants/north-bank/models/stumps/versions/1", false),
    own("UploadModel", UPLOAD_DRAFT, "tenants/north-bank/models/stumps/versions/2", false),
    own(
        "ValidateModelVersion",
        r#"[{"name": "models/stumps/versions/2", "rows": @rows}]"#,
        "tenants/north-bank/models/stumps",
        true,
    ),
    own("PromoteModelVersion", r#"[{"name": "models/stumps/versions/2"}]"#, "tenants/north-bank/models/stumps", true),
    own(
        "SetModelTraffic",
        r#"[{"model": "models/stumps", "challenger_version": 1, "challenger_percent": 5}]"#,
        "tenants/north-bank/models/stumps",
        true,
    ),
    own("SetModelTraffic", r#"[{"model": "models/stumps"}]"#, "tenants/north-bank/models/stumps", true),
    own("PromoteModelVersion", r#"[{"name": "models/stumps/versions/1"}]"#, "tenants/north-bank/models/stumps", true),
    own("RollbackModel", r#"[{"model": "models/stumps"}]"#, "tenants/north-bank/models/stumps", true),
    own(
        "RecalibrateModel",
        r#"[{"name": "models/stumps/versions/2", "method": "CALIBRATION_METHOD_INTERCEPT"}]"#,
        "tenants/north-bank/models/stumps/versions/3",
        false,
    ),
    own("RetireModelVersion", r#"[{"name": "models/stumps/versions/1"}]"#, "tenants/north-bank/models/stumps", true),
    operators("UploadModel", UPLOAD_PLATFORMS, "operator", "tenants/operator/models/of-all/versions/1", false),
    operators(
        "GrantModel",
        r#"[{"model": "models/of-all", "tenant": "tenants/north-bank"}]"#,
        "north-bank",
        "tenants/operator/models/of-all",
        true,
    ),
    operators(
        "RevokeModel",
        r#"[{"model": "models/of-all", "tenant": "tenants/north-bank"}]"#,
        "north-bank",
        "tenants/operator/models/of-all",
        true,
    ),
];
