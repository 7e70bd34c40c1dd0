//! The whole path: a profile, a model with it, decisions, outcomes, and the report.

use std::{cmp::Ordering, fmt::Write, path::Path};

use riskport::rpc::proto::credit::ScoreCreditRequest;
use serde_json::Value;

use super::{ANALYST, challenger, file, page, request, score};
use crate::support::command::{Caller, folder, printed, run, served, text};

const CLIENTS: usize = 120;
/// How many of them are of the segment.
const OF_SEGMENT: usize = 30;

fn group(at: usize) -> &'static str {
    if at.is_multiple_of(2) { "north" } else { "south" }
}

fn is_bad(at: usize) -> bool {
    at.is_multiple_of(5)
}

fn is_approved(at: usize) -> bool {
    if at.is_multiple_of(2) { !at.is_multiple_of(20) } else { at.is_multiple_of(3) }
}

fn tagged(at: usize) -> ScoreCreditRequest {
    let segment = if at < OF_SEGMENT { "branch-7" } else { "branch-8" };
    ScoreCreditRequest { segment: segment.to_owned(), group: group(at).to_owned(), ..request(at, "own-card") }
}

/// How often a bad one has the lower score, by every pair.
fn auc(scores: &[i32]) -> f64 {
    let of = |bad| (0..scores.len()).filter(move |at| is_bad(*at) == bad).map(|at| scores[at]);
    let (mut won, mut pairs) = (0.0, 0.0);
    for good in of(false) {
        for bad in of(true) {
            pairs += 1.0;
            won += match good.cmp(&bad) {
                Ordering::Greater => 1.0,
                Ordering::Equal => 0.5,
                Ordering::Less => 0.0,
            };
        }
    }
    won / pairs
}

fn close(value: &Value, expected: f64) {
    assert!((value.as_f64().unwrap() - expected).abs() < 1e-9, "{value} is not {expected}");
}

/// The share approved of a group.
fn approved(name: &str) -> f64 {
    let of: Vec<usize> = (0..CLIENTS).filter(|at| group(*at) == name).collect();
    let approved = of.iter().filter(|at| is_approved(**at)).count();
    f64::from(u32::try_from(approved).unwrap()) / f64::from(u32::try_from(of.len()).unwrap())
}

/// Profiles a model, serves it, and puts it in charge.
fn serve_own_card(bank: &Caller, folder: &Path) {
    let manifest = folder.join("profiled.toml").display().to_string();
    let (model, training) = (challenger("model.txt"), challenger("reference.csv"));
    let told = printed(&[
        "model",
        "profile",
        &model,
        "--manifest",
        &challenger("manifest.toml"),
        "--training",
        &training,
        "--out",
        &manifest,
    ]);
    assert!(told.starts_with("200 training rows"), "{told}");
    assert!(told.contains("they are no features: expected"), "{told}");
    let pushed = bank.prints(&[
        "model",
        "push",
        &model,
        "--model",
        "own-card",
        "--manifest",
        &manifest,
        "--reference",
        &training,
    ]);
    assert!(pushed.contains("own-card/1 is validated"), "{pushed}");
    bank.prints(&["model", "promote", "own-card/1"]);
}

on_both!(a_bank_watches_its_model_from_the_command_line, async |world| {
    let folder = folder();
    let (_process, bank) = served(world, folder.path(), &ANALYST).await;
    serve_own_card(&bank, folder.path());
    let none = bank.prints(&["report", "own-card"]);
    assert!(none.contains("made no decision in this period"), "{none}");

    let answers = score(&bank, (0..CLIENTS).map(tagged).collect()).await;
    let mut csv = "observed,decision,defaulted,action\n".to_owned();
    for (at, answer) in answers.iter().enumerate() {
        let action = if is_approved(at) { "approved" } else { "refused" };
        writeln!(csv, "2024-02-01,{},{},{action}", answer.decision, is_bad(at)).unwrap();
    }
    let csv = file(folder.path(), "outcomes.csv", &csv);
    let row = |name: &str| bank.line(&["outcomes", "credit", &csv], name)[1].clone();
    assert_eq!(row("stored"), "120");
    // Once more: everything is there already.
    assert_eq!((row("stored"), row("repeated")), ("0".to_owned(), "120".to_owned()));

    let (json, html) = (folder.path().join("r.json"), folder.path().join("r.html"));
    let (json_name, html_name) = (json.to_str().unwrap(), html.to_str().unwrap());
    let told = bank.prints(&["report", "own-card", "--json", json_name, "--html", html_name]);
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!(
        (&report["decisions"], &report["labelled"], &report["bad"]),
        (&"120".into(), &"120".into(), &"24".into())
    );
    let scores: Vec<i32> = answers.iter().map(|one| one.score - one.clamp_points).collect();
    let expected = auc(&scores);
    close(&report["discrimination"]["auc"]["value"], expected);
    assert!(told.contains(&format!("{expected:.3} [")), "{expected} is not in\n{told}");
    let ratio = approved("south") / approved("north");
    let south = report["groups"].as_array().unwrap().iter().find(|one| one["group"] == "south").unwrap();
    close(&south["impact_ratio"]["value"], ratio);
    assert!(told.contains(&format!("{ratio:.3} [")) && told.contains("below four fifths"), "{told}");
    assert_eq!(report["score_drift"]["reference"], "DRIFT_REFERENCE_TRAINING");
    assert_eq!(report["score_drift"]["reference_rows"], "200");
    assert!(told.contains("Drift against 200 training rows"), "{told}");
    assert!(told.lines().count() <= 75, "a wall of {} lines:\n{told}", told.lines().count());
    let features = |text: &str| text.lines().filter(|line| line.trim_start().starts_with("payment_amount_")).count();
    assert!(features(&told) < 6 && features(&bank.prints(&["report", "own-card", "--all"])) == 6, "{told}");

    let page = std::fs::read_to_string(&html).unwrap();
    page::assert_whole(&page);
    for part in ["How own-card/1 has done", "below four fifths", "payment_amount_6: now, and training"] {
        assert!(page.contains(part), "no {part:?} in the page");
    }
    assert!(page.contains(&format!("{expected:.3} [")));

    tells_parts(&bank, folder.path());
});

/// A segment, a period without decisions, a baseline, and what is refused.
fn tells_parts(bank: &Caller, folder: &Path) {
    let of_segment: Value =
        serde_json::from_str(&bank.prints(&["report", "own-card/1", "--segment", "branch-7", "--json", "-"])).unwrap();
    assert_eq!(
        (&of_segment["decisions"], &of_segment["segment"]),
        (&OF_SEGMENT.to_string().into(), &"branch-7".into())
    );
    let early = bank.prints(&["report", "own-card", "--from", "2020-01-01", "--to", "2020-02-01"]);
    assert!(early.contains("2020-01-01 to 2020-01-31 (31 days, UTC)"), "{early}");
    assert!(early.contains("made no decision in this period"), "{early}");
    let baseline = ["report", "own-card", "--baseline-from", "2020-01-01", "--baseline-to", "2120-01-01"];
    let refused = bank.is_refused(&baseline);
    assert!(refused.contains("baseline_end_time"), "{refused}");
    let refused = bank.is_refused(&["report", "own-card", "--cutoff", "1.5"]);
    assert!(refused.contains("cutoff must be"), "{refused}");
    assert!(bank.is_refused(&["report", "no-such"]).contains("NotFound"));
    let nowhere = folder.join("none").join("r.html").display().to_string();
    assert!(bank.is_refused(&["report", "own-card", "--html", &nowhere]).contains("cannot write"));
    let output = run(&["report", "--help"], "");
    assert!(text(&output.stdout).contains("Examples:"));
}
