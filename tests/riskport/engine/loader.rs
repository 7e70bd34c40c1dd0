//! Broken scorecard files: each rule of the loader, and what it says.

use riskport::engine::{LoadError, Scorecard};
use serde_json::{Value, json};

use super::{SHOP, json as parse};

/// A change to the shop's scorecard (where, to what), the part that is blamed and how the rule begins.
type Case = (&'static str, Value, &'static str, &'static str);

fn broken() -> Vec<Case> {
    let scaling = "base_odds, pdo and the calibration's slope must be above 0";
    let bands = "must be named, fall from best to worst";
    let named = "its name and reason code must be";
    let missing = "it must have one attribute for missing values";
    let fit = "its attributes do not fit its type";
    let sentence = "its reason must have a sentence";
    let target = "must have a definition and a horizon";
    let million = "it has more than 256 attributes, or more than a million points";
    vec![
        ("/format", json!("riskport.scorecard/2"), "format", "must be riskport.scorecard/1"),
        ("/product", json!("fraud"), "product", "must be credit"),
        ("/version", json!(0), "version", "must be at least 1"),
        ("/title", json!(""), "title", "must have 1 to 200"),
        ("/model", json!("Shop"), "model", "must be lower-case"),
        ("/model", json!("a/b"), "model", "must be lower-case"),
        ("/scaling/base_odds", json!(0), "scaling", scaling),
        ("/scaling/base_odds", json!(1e-300), "scaling", scaling),
        ("/scaling/pdo", json!(-40), "scaling", scaling),
        ("/scaling/pdo", json!(1.7e308), "scaling", scaling),
        ("/calibration/slope", json!(0), "scaling", scaling),
        ("/scaling/base_score", json!(1e300), "scaling", "base_score and"),
        ("/calibration/intercept", json!(-1e300), "scaling", "base_score and"),
        ("/scaling/min_score", json!(700), "scaling", "min_score must be below"),
        ("/scaling/max_score", json!(1_000_001), "scaling", "min_score must be below"),
        ("/scaling/min_score", json!(i32::MIN), "scaling", "min_score must be below"),
        ("/base_points", json!(1_000_001), "base_points", "must be at most a million"),
        ("/base_points", json!(i32::MIN), "base_points", "must be at most a million"),
        ("/target/definition", json!(""), "target", target),
        ("/target/definition", json!("a\u{0}b"), "target", target),
        ("/target/horizon_months", json!(0), "target", target),
        ("/bands", json!([]), "bands", bands),
        ("/bands/0/min_score", json!(400), "bands", bands),
        ("/bands/2/min_score", json!(101), "bands", bands),
        ("/bands/1/band", json!("so so"), "bands", bands),
        ("/characteristics", json!([]), "characteristics", "must be 1 to 256"),
        ("/characteristics/1/name", json!("age_of_account"), "age_of_account", "its name or reason code stands twice"),
        ("/characteristics/1/reason/code", json!("ACCOUNT_AGE"), "channel", "its name or reason code stands twice"),
        ("/characteristics/0/name", json!("age of account"), "age of account", named),
        ("/characteristics/0/name", json!("x".repeat(65)), &*"x".repeat(65).leak(), named),
        ("/characteristics/0/reason/code", json!(""), "age_of_account", named),
        ("/characteristics/0/reason/code", json!("young"), "age_of_account", "its reason code must be in capitals"),
        (
            "/characteristics/0/reason/code",
            json!("AGE_MISSING"),
            "age_of_account",
            "its reason code must be in capitals",
        ),
        ("/characteristics/0/reason/en", json!(""), "age_of_account", sentence),
        ("/characteristics/0/reason/zh", json!("长".repeat(301)), "age_of_account", sentence),
        ("/characteristics/0/attributes/0/points", json!(1_000_001), "age_of_account", million),
        ("/characteristics/0/attributes/0/points", json!(i32::MIN), "age_of_account", million),
        ("/characteristics/0/attributes", json!(vec![json!({"points": 1}); 257]), "age_of_account", million),
        ("/characteristics/0/missing", json!("refuse"), "age_of_account", missing),
        ("/characteristics/2/missing", json!("attribute"), "paid_before", missing),
        ("/characteristics/0/attributes/2", json!({"missing": true, "points": 1}), "age_of_account", missing),
        ("/characteristics/0/min", json!(9e99), "age_of_account", fit),
        ("/characteristics/4/min", json!(2), "returns", "its min must not be above its max"),
        ("/characteristics/2/attributes", json!([]), "paid_before", "it has no attributes"),
        ("/characteristics/0/attributes/3/below", json!(3), "age_of_account", "its attribute for missing values"),
        ("/characteristics/1/attributes/2/values", json!(["fax"]), "channel", "its attribute for missing values"),
        // A number's bounds must rise within its range, and only the last attribute has none.
        ("/characteristics/0/attributes/1/below", json!(6), "age_of_account", fit),
        ("/characteristics/0/attributes/0/below", json!(0), "age_of_account", fit),
        ("/characteristics/4/attributes/0/below", json!(1.5), "returns", fit),
        ("/characteristics/0/attributes/2/below", json!(99), "age_of_account", fit),
        ("/characteristics/0/attributes/0/below", json!(null), "age_of_account", fit),
        ("/characteristics/0/attributes/0/values", json!(["app"]), "age_of_account", fit),
        ("/characteristics/0/attributes", json!([{"missing": true, "points": 1}]), "age_of_account", fit),
        // Each of a category's attributes has values of its own.
        ("/characteristics/1/attributes/0/below", json!(1), "channel", fit),
        ("/characteristics/1/attributes/0/values", json!([]), "channel", fit),
        ("/characteristics/1/attributes/0/values", json!(["app", "phone"]), "channel", fit),
        ("/characteristics/1/attributes/0/values", json!(["a\u{0}"]), "channel", fit),
        ("/characteristics/1/attributes", json!([{"missing": true, "points": 1}]), "channel", fit),
        // A flag has an attribute for false and one for true.
        ("/characteristics/2/attributes/0/values", json!(["false"]), "paid_before", fit),
        ("/characteristics/2/attributes/0/values", json!(["yes"]), "paid_before", fit),
        ("/characteristics/2/attributes/0/below", json!(1), "paid_before", fit),
        ("/characteristics/2/attributes/1", json!({"missing": false, "points": 1}), "paid_before", fit),
    ]
}

/// The shop's scorecard with one part replaced, or added where it was not.
fn changed(at: &str, to: Value) -> String {
    let mut file = parse(SHOP);
    let (parent, member) = at.rsplit_once('/').unwrap();
    match file.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[member.parse::<usize>().unwrap()] = to,
        object => object[member] = to,
    }
    file.to_string()
}

#[test]
fn every_rule_refuses_what_breaks_it_and_says_where() {
    for (at, to, part, begins) in broken() {
        let text = changed(at, to.clone());
        match Scorecard::load(text.as_bytes()) {
            Err(LoadError::Rule { part: blamed, rule }) => {
                assert_eq!(blamed, part, "{at} = {to}: {rule}");
                assert!(rule.starts_with(begins), "{at} = {to}: {rule}");
            }
            other => panic!("{at} = {to}: {other:?}"),
        }
    }
}

#[test]
fn what_is_no_scorecard_file_at_all_is_refused_by_its_form() {
    let mut nameless = parse(SHOP);
    nameless["characteristics"][0].as_object_mut().unwrap().remove("name");
    let twice = SHOP.replacen("\"version\": 4,", "\"version\": 4, \"version\": 5,", 1);
    let huge = format!("{}{}", SHOP, " ".repeat(1024 * 1024));
    let fractional = changed("/base_points", json!(1.5));
    let too_large = changed("/base_points", json!(3_000_000_000_i64));
    let unknown_type = changed("/characteristics/0/type", json!("script"));
    let forms = ["", "[]", "null", "{", &twice, &huge, &fractional, &too_large, &unknown_type, &nameless.to_string()];
    for text in forms {
        let error = Scorecard::load(text.as_bytes()).unwrap_err();
        assert!(matches!(error, LoadError::Form(_)), "{error:?}");
    }
    let mut not_text = SHOP.replacen('{', r#"{"comment": "?","#, 1).into_bytes();
    not_text[14] = 0x80;
    assert!(matches!(Scorecard::load(&not_text), Err(LoadError::Form(_))), "what is skipped must be text too");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(Scorecard::load(deep.as_bytes()), Err(LoadError::Form(_))));
}

#[test]
fn the_unbroken_file_loads() {
    assert!(Scorecard::load(parse(SHOP).to_string().as_bytes()).is_ok());
}
