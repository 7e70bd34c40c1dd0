//! The torture, as a person runs it, in its short form: what is counted must be right on any machine. Times are not looked at.

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

use crate::support::command::{folder, refused, text};

/// What each promise came to, in every round, by its name.
type Figures = BTreeMap<String, Vec<f64>>;

/// Runs scenarios, and tells their figures. Whether a promise was missed is for each test to say.
fn torture(arguments: &[&str]) -> Figures {
    let folder = folder();
    let file = folder.path().join("figures.json");
    let output = Command::new(env!("CARGO_BIN_EXE_riskport"))
        .args(["torture", "--short", "--json", file.to_str().unwrap()])
        .args(arguments)
        .env_clear()
        .output()
        .unwrap();
    let errors = text(&output.stderr);
    let written = std::fs::read_to_string(&file).unwrap_or_else(|_| panic!("{errors}"));
    let figures: Value = serde_json::from_str(&written).unwrap();
    let missed = figures["promises"]
        .as_array()
        .unwrap()
        .iter()
        .any(|one| one["row"]["kind"] == "count" && one["verdict"] == "missed");
    assert_eq!(output.status.success(), !missed, "the exit code says otherwise than the figures: {errors}");
    let row = |one: &Value| {
        let rounds =
            one["row"]["rounds"].as_array().unwrap().iter().map(|figure| figure.as_f64().unwrap_or(f64::INFINITY));
        (one["row"]["name"].as_str().unwrap().to_owned(), rounds.collect())
    };
    figures["promises"].as_array().unwrap().iter().map(row).collect()
}

/// The only figure of a promise.
fn figure(figures: &Figures, name: &str) -> f64 {
    let found = figures.get(name).unwrap_or_else(|| panic!("no {name:?} among {:?}", figures.keys()));
    assert_eq!(found.len(), 1, "{name}");
    found[0]
}

fn assert_nothing(figures: &Figures, names: &[&str]) {
    for name in names {
        assert!(figure(figures, name) == 0.0, "{name}: {}", figure(figures, name));
    }
}

#[test]
fn a_noisy_neighbour_costs_nobody_else_a_call() {
    let figures = torture(&["neighbour"]);
    assert_nothing(&figures, &["quiet tenant's calls not answered", "noise neither answered nor RESOURCE_EXHAUSTED"]);
    let let_in = figure(&figures, "noise let in, as a multiple of its quota");
    assert!(let_in <= 1.05, "{let_in}");
}

#[test]
fn an_overload_loses_nothing_that_was_acknowledged() {
    let figures = torture(&["overload"]);
    assert_nothing(&figures, &["acknowledged decisions lost"]);
    let offered = figure(&figures, "offered at 3, as a multiple of it");
    assert!(offered > 2.0, "it was no overload: {offered}");
}

#[test]
fn many_tenants_are_all_answered() {
    let figures = torture(&["tenants"]);
    assert_nothing(&figures, &["not answered with 1", "not answered with 5", "not answered with 20"]);
    // Each product of each of three groups.
    assert_eq!(figures["first calls not answered"], [0.0; 6]);
}

#[test]
fn attacks_leave_the_victim_alone_and_are_bounded() {
    let figures = torture(&["attacks"]);
    let victims: Vec<_> = figures.iter().filter(|(name, _)| name.ends_with("victim answered, %")).collect();
    assert!(victims.len() >= 8, "{victims:?}");
    assert!(victims.iter().all(|(_, success)| success[0] >= 99.9), "{victims:?}");
    assert_nothing(
        &figures,
        &[
            "made-you-reset: connections kept",
            "header-list: calls answered",
            "victim's acknowledged decisions lost",
            "drips: prefaces left after 10 s",
            "drips: headers left after 10 s",
            "drips: bodies left after 10 s",
        ],
    );
    assert!(figure(&figures, "made-you-reset: resets before GOAWAY") <= 1_100.0);
    assert!(figure(&figures, "many-streams: in flight on a connection") <= 100.0);
    let decided = figure(&figures, "rapid-reset: decided, as a multiple of the quota");
    assert!(decided <= 2.0, "{decided}");
}

#[test]
fn what_cannot_be_done_is_said_in_one_line() {
    let errors = refused(&["torture", "attacks", "--short", "--only", "no such thing"]);
    assert!(errors.contains("rapid-reset"), "{errors}");
    let errors = refused(&["torture", "overload", "--short", "--data-dir", "/nowhere/at/all"]);
    assert!(errors.lines().last().unwrap_or_default().contains("/nowhere/at/all"), "{errors}");
}
