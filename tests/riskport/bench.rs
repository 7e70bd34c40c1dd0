//! The bench, as a person runs it.

use std::process::{Command, Output};

fn bench(options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_riskport"))
        .args(["bench", "--rounds", "1", "--seconds", "1", "--connections", "2", "--in-flight", "4"])
        .args(options)
        .output()
        .unwrap()
}

/// How fast it was depends on the machine, and is not looked at.
#[test]
fn every_decision_that_the_bench_was_answered_is_stored() {
    let output = bench(&[]);
    let (printed, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{errors}");
    let line = printed.lines().find(|line| line.starts_with("decisions")).expect("a line about decisions");
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, acknowledged, "acknowledged", "=", stored, "stored"] = words[..] else { panic!("{line}") };
    assert_eq!(acknowledged, stored);
    assert_ne!(stored, "0");
    for figure in ["requests/s", "p50", "p99", "server CPU", "echo", "ScoreCredit"] {
        assert!(printed.contains(figure), "{figure} is missing: {printed}");
    }
}

#[test]
fn what_a_policy_costs_is_told_in_money() {
    let output = bench(&["--rpc", "quote", "--core-hour-yuan", "3600"]);
    let (printed, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{errors}");
    let line = printed.lines().find(|line| line.starts_with("a policy")).expect("a line about a policy");
    let words: Vec<&str> = line.split_whitespace().collect();
    let number = |word: &str| words[words.iter().position(|one| *one == word).unwrap() - 1].parse::<f64>().unwrap();
    // At a yuan a core-second the yuan are the microseconds by a million; the latter are told with one place.
    assert!((number("yuan,") - number("µs") / 1e6).abs() < 1e-7, "{line}");
    let stored = printed.lines().find(|line| line.starts_with("decisions")).expect("a line about decisions");
    assert!(stored.contains("acknowledged ="), "{stored}");
}

#[test]
fn a_bench_that_cannot_run_says_why_in_one_line() {
    let output = bench(&["--data-dir", "/nowhere/at/all"]);
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr);
    let last = errors.lines().last().unwrap_or_default();
    assert!(last.starts_with("riskport: ") && last.contains("/nowhere/at/all"), "{errors}");
}
