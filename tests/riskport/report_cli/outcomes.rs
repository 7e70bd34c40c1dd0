//! Outcomes in bulk: what is wrong with a file, and what a server refuses of it.

use std::{fmt::Write, path::Path};

use riskport::rpc::proto::tenant::Scope;

use super::{ANALYST, file, request, score};
use crate::support::command::{Caller, folder, run, served, text};

/// What is said of a file before a server is asked: nobody listens there.
fn wrong(what: &str, path: &str) -> String {
    let output = run(&["outcomes", what, path, "--server", "http://127.0.0.1:9"], "");
    assert!(!output.status.success());
    text(&output.stderr)
}

fn write(folder: &Path, content: &str) -> String {
    file(folder, "rows.csv", content)
}

#[test]
fn every_wrong_cell_is_told_by_line_and_column_before_anything_is_sent() {
    let folder = folder();
    let decision = "0193e4d4-7c00-7000-8000-000000000000";
    let path = write(
        folder.path(),
        &format!(
            "decision,observed,action,override_reason,defaulted,days_past_due,amount_minor,currency,request_id\n\
             x,yesterday,sold,why,maybe,-1,1.5,,a b\n\n\
             {decision},2026-01-01,overridden-refused,,,,,,\n\
             {decision},2026-01-01,,,,,,,\n\
             {decision},2026-01-01,approved,why,,3,,,\n\
             {decision},2026-01-01,approved,,true,,5,twd,\n\
             {decision},2026-01-01,approved,,true,,,TWD,\n\
             {decision},2026-01-01\n"
        ),
    );
    let told = wrong("credit", &path);
    for part in [
        "line 2, decision: must be",
        "line 2, request_id: must be",
        "line 2, observed: must be a day",
        "line 2, action: must be approved, refused, overridden_approved, overridden_refused",
        "line 2, defaulted: must be true or false",
        "line 2, days_past_due: must be 0 to 36500",
        "line 2, amount_minor: must be a whole number",
        "line 4, override_reason: is required",
        "line 5, defaulted: is required when there is no action",
        "line 6, override_reason: must be empty",
        "line 6, days_past_due: needs `defaulted`",
        "line 7, currency: must be three upper-case letters",
        "line 8, amount_minor: is required with a currency",
        "line 9: has 2 cells, and the header 9",
    ] {
        assert!(told.contains(part), "no {part:?} in:\n{told}");
    }
    assert!(told.contains("nothing of it was sent") && !told.contains("cannot reach"), "{told}");
    for (content, expected) in [
        ("", "is empty"),
        ("decision,observed,outcome\n", "has a column \"outcome\""),
        ("decision,action\n", "has no column observed"),
        ("decision,observed,decision\n", "has the column decision twice"),
        ("decision,observed\n", "has no rows"),
    ] {
        let told = wrong("credit", &write(folder.path(), content));
        assert!(told.contains(expected), "{content:?}: {told}");
    }
    let fraud = "event,known,label,action\ne-1,2026-01-01,fraud,\ne-1,2026-01-02,good,sent\ne-2,2026-01-01,,\n";
    let told = wrong("fraud", &write(folder.path(), fraud));
    for part in [
        "line 3, label: must be fraud, genuine, charge_back, unsure",
        "line 3, action: must be challenge_passed",
        "line 3, event: stands on line 2 already",
        "line 4, label: is required",
    ] {
        assert!(told.contains(part), "no {part:?} in:\n{told}");
    }
}

/// How many rows had which end.
fn ends(bank: &Caller, arguments: &[&str]) -> (Vec<Vec<String>>, bool) {
    let output = run(&bank.arguments(arguments), "");
    let told = text(&output.stdout);
    let rows = told.lines().skip(1).map(|line| line.split_whitespace().map(str::to_owned).collect());
    (rows.collect(), output.status.success())
}

on_both!(a_refused_row_stops_no_other_and_is_written_down, async |world| {
    let folder = folder();
    let (_process, bank) = served(world, folder.path(), &ANALYST).await;
    let answers = score(&bank, (0..3).map(|at| request(at, "card-behaviour")).collect()).await;
    let mut content = "decision,observed,action,override_reason,request_id\n".to_owned();
    for answer in &answers {
        // With the id alone, and a reason that holds what CSV is made of.
        let id = answer.decision.trim_start_matches("decisions/");
        writeln!(content, "{id},2024-02-01T08:00:00+08:00,overridden-approved,\"a, \"\"guarantor\"\"\",").unwrap();
    }
    content += "decisions/0193e4d4-7c00-7000-8000-000000000000,2024-02-01,approved,,mine\n";
    let path = write(folder.path(), &content);
    let refused = folder.path().join("refused.csv");
    let (rows, success) = ends(&bank, &["outcomes", "credit", &path, "--refused", refused.to_str().unwrap()]);
    assert!(!success, "a refusal is a failure");
    assert_eq!((rows[0][1].as_str(), rows[1][1].as_str()), ("3", "0"));
    assert_eq!(rows[2][..5], ["refused", "NOT_FOUND", "1", "line", "5:"]);
    let written = std::fs::read_to_string(&refused).unwrap();
    assert_eq!(
        written,
        "decision,observed,action,override_reason,request_id,line,reason,message\n\
         decisions/0193e4d4-7c00-7000-8000-000000000000,2024-02-01,approved,,mine,5,NOT_FOUND,no such decision\n"
    );
    // A corrected row is another report; those that stand as they were are not.
    let corrected = write(folder.path(), &content.replacen("overridden-approved", "overridden-refused", 1));
    let (rows, _) = ends(&bank, &["outcomes", "credit", &corrected]);
    assert_eq!((rows[0][1].as_str(), rows[1][1].as_str()), ("1", "2"));
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM credit_outcomes").await, 4);
});

on_both!(labels_of_events_are_reported_once, async |world| {
    let folder = folder();
    let (_process, bank) = served(world, folder.path(), &[Scope::FraudCheck, Scope::FraudReport]).await;
    for at in 0..3 {
        let event = format!(
            "{{\"request_id\": \"e-{at}\", \"event\": {{\"scene\": \"login\", \"entities\": {{\"account\": \"a-{at}\"}}}}}}"
        );
        bank.prints_of(&["check-fraud", "-"], &event);
    }
    let content =
        "event,known,label,action\ne-0,2024-02-01,fraud,blocked\ne-1,2024-02-01,genuine,\ne-2,2024-02-01,,released\n";
    let path = write(folder.path(), content);
    let (rows, success) = ends(&bank, &["outcomes", "fraud", &path]);
    assert!(success && rows[0][1] == "3" && rows[1][1] == "0", "{rows:?}");
    let (rows, success) = ends(&bank, &["outcomes", "fraud", &path]);
    assert!(success && rows[0][1] == "0" && rows[1][1] == "3", "{rows:?}");
    let unknown = write(folder.path(), &content.replace("e-1", "e-9"));
    let (rows, success) = ends(&bank, &["outcomes", "fraud", &unknown]);
    assert!(!success && rows[1][1] == "2" && rows[2][1] == "NOT_FOUND", "{rows:?}");
});
