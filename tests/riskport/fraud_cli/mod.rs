//! `riskport policy`, `list`, `check-fraud` and `report-fraud`, as a person runs them: the built program beside a real
//! server.

mod faults;
mod lists;
mod path;

use std::path::Path;

use riskport::rpc::proto::tenant::Scope;

use crate::support::command::Caller;

/// What an analyst's key may do.
const ANALYST: [Scope; 3] = [Scope::FraudPolicy, Scope::FraudCheck, Scope::FraudReport];

/// The policy that comes with the program.
fn bundled() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/fraud/policy.toml").display().to_string()
}

/// A file of a test.
fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// Makes the lists that the policy names.
fn make_lists(bank: &Caller) {
    for (list, kind) in [("trusted_accounts", "account"), ("stolen_cards", "card"), ("blocked_devices", "device")] {
        let made = bank.prints(&["list", "create", list, "--entity", kind]);
        assert!(made.contains(&format!("entity.{kind} in lists.{list}")), "{made}");
    }
}

/// A policy of one rule.
fn policy(scenes: &str, condition: &str) -> String {
    format!(
        "scenes = [{scenes}]\n[thresholds]\nchallenge = 600\nreview = 750\ndeny = 900\n[[rules]]\nid = \"only\"\n\
         condition = \"\"\"{condition}\"\"\"\noutcome = \"REVIEW\"\nreason_code = \"ONLY\"\nen = \"Only this.\"\n"
    )
}
