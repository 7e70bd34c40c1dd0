//! What is wrong with a policy or an event is told by rule and place; a reader that goes away surprises nobody.

use std::process::Stdio;

use super::{ANALYST, bundled, file, policy};
use crate::support::command::{command, folder, refused, served, text};

/// A policy with most of what can be wrong.
const BAD: &str = r#"
scenes = ["payment"]
[thresholds]
challenge = 700
review = 600
deny = 2000
[[rules]]
id = "Burst"
condition = "f.card_cout_10m >= 5"
outcome = "deny"
reason_code = "burst"
en = ""
[[rules]]
id = "two"
condition = """
event.amount_minor > 1000 &&
    event.currency == 5"""
outcome = "REVIEW"
reason_code = "TWO"
en = "Two."
zh = "二"
priority = 5000
"#;

const TOLD: &str = "riskport: FILE cannot be used, 8 faults:
  thresholds.deny: must be 0 to 1001
  thresholds: must not fall from challenge to review to deny
  rule 1 (Burst), id: must be 1 to 64 of lower-case letters, digits and -
  rule 1 (Burst), reason_code: must be 1 to 64 of capital letters, digits and _
  rule 1 (Burst), en: must have 1 to 200 characters
  rule 2 (two), priority: must be 0 to 1000
  rule 1 (Burst), condition: line 1, column 1: f.card_cout_10m is unknown: the nearest name is f.card_count_10m
      f.card_cout_10m >= 5
      ^
  rule 2 (two), condition: line 2, column 23: right of '==' is an int: expected a string, as on the left
          event.currency == 5
                            ^
find the features that there are: riskport policy features --like TEXT
";

on_both!(every_fault_of_a_policy_is_told_by_rule_and_place, async |world| {
    let folder = folder();
    let (_process, bank) = served(world, folder.path(), &ANALYST).await;
    let bad = file(folder.path(), "bad.toml", BAD);
    for asked in [&["policy", "check", &bad][..], &["policy", "push", &bad, "--policy", "payments"]] {
        assert_eq!(bank.is_refused(asked), TOLD.replace("FILE", &bad));
    }
    // Nothing of it was stored.
    assert!(bank.prints(&["policy", "show", "payments"]).contains("no policy payments"));
    let lists = bank.is_refused(&["policy", "check", &bundled()]);
    let first = "rule 1 (trusted-account), condition: line 1, column 19: lists.trusted_accounts is unknown
      entity.account in lists.trusted_accounts
                        ^
";
    assert!(lists.contains("3 faults") && lists.contains(first) && lists.contains("riskport list create"), "{lists}");
    let own = file(folder.path(), "own.toml", &policy("'payment'", "true"));
    let own = bank.is_refused(&["policy", "push", &own, "--policy", "platform"]);
    assert!(own.contains("policy: must not be platform"), "{own}");

    for (event, told) in [
        (r#"{"event": {"scene": "signin"}}"#, "SCENE_SIGNIN"),
        (r#"{"event": {"entities": {"acount": "x"}}}"#, "unrecognized field name 'acount'"),
        (r#"{"scene": "login"}"#, "unrecognized field name 'scene'"),
        (r#"{"request_id": "x"}"#, "it has no \"event\""),
        ("scene: login", "expected value at line 1"),
        (r#"{"event": {"scene": "login"}}"#, "event.entities must have at least one entity"),
    ] {
        let event = file(folder.path(), "event.json", event);
        let wrong = bank.is_refused(&["check-fraud", &event]);
        assert!(wrong.contains(told), "{wrong}");
    }
    // Without a time an event is of now, and never twice the same.
    let event = r#"{"request_id": "once", "event": {"scene": "login", "entities": {"account": "client-1"}}}"#;
    let event = file(folder.path(), "event.json", event);
    bank.prints(&["check-fraud", &event]);
    let again = bank.is_refused(&["check-fraud", &event]);
    assert!(again.contains("used for a request with other content") && again.contains("event_time"), "{again}");
    assert!(bank.is_refused(&["report-fraud", "never-seen", "--label", "fraud"]).contains("NotFound"));
});

#[test]
fn what_is_no_policy_is_told_before_a_server_is_asked() {
    let folder = folder();
    let good = policy("'payment'", "true");
    for (from, to, told) in [
        ("REVIEW", "block", "\"block\" is not one of allow, challenge, review, deny"),
        ("'payment'", "'pay'", "there is no scene pay: expected payment, login,"),
        ("'payment'", "'x-mine'", "the scene x-mine belongs in custom_scenes"),
        ("en =", "sentence =", "unknown field `sentence`, expected one of `id`, `condition`"),
        ("deny = 900\n", "", "missing field `deny`"),
        ("deny = 900", "deny = 'high'", "invalid type: string \"high\", expected i32"),
        ("\"only\"", "only", "is no policy: TOML parse error at line 7"),
    ] {
        assert!(good.contains(from), "{from}");
        let bad = file(folder.path(), "bad.toml", &good.replacen(from, to, 1));
        // Nobody listens there.
        let wrong = refused(&["policy", "check", &bad, "--server", "http://127.0.0.1:9"]);
        assert!(wrong.contains("bad.toml is no policy: ") && wrong.contains(told), "{wrong}");
    }
    let good = file(folder.path(), "good.toml", &good);
    assert!(refused(&["policy", "check", &good]).contains("--key"), "what is right goes on to the server");
    assert!(refused(&["policy", "check", "none.toml"]).contains("cannot read the policy none.toml"));
    assert!(refused(&["policy", "activate", "payments"]).contains("NAME/VERSION"));
}

on_both!(a_reader_that_goes_away_surprises_nobody, async |world| {
    let folder = folder();
    let (_process, bank) = served(world, folder.path(), &ANALYST).await;
    let many = bank.prints(&["policy", "features", "--like", "card_count"]);
    assert!(many.contains("card_count_{1m,10m,1h,24h,7d,30d}") && many.ends_with("7 of 581 features\n"), "{many}");
    let overview = bank.prints(&["policy", "features"]);
    assert!(overview.lines().count() < 30 && overview.contains("--like TEXT"), "{overview}");
    let mut reading = command(&bank.arguments(&["policy", "features", "--all"]));
    let mut reading = reading.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(reading.stdout.take());
    let ended = reading.wait_with_output().unwrap();
    assert_eq!(text(&ended.stderr), "riskport: cannot print: Broken pipe (os error 32)\n");
    assert_eq!(ended.status.code(), Some(1));
});
