//! Alarms, as a person follows them.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use riskport::rpc::proto::credit::ScoreCreditRequest;

use super::{ANALYST, request, score};
use crate::support::command::{command, folder, served};

/// A window of decisions.
const WINDOW: usize = 2_000;

on_both!(an_alarm_is_followed_and_reported, async |world| {
    let folder = folder();
    let (_process, bank) = served(world, folder.path(), &ANALYST).await;
    // One client over and over: nothing is as it was in training.
    let same = |at| ScoreCreditRequest { request_id: format!("same-{at}"), ..request(0, "card-behaviour") };
    score(&bank, (0..WINDOW).map(same).collect()).await;

    let mut following = command(&bank.arguments(&["report", "card-behaviour", "--watch"]));
    let mut following = following.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
    let lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let line = lines.map(Result::unwrap).find(|line| line.contains("scores: PSI"));
    following.kill().unwrap();
    following.wait().unwrap();
    let line = line.unwrap();
    assert!(line.contains("card-behaviour/1") && line.contains("window 1"), "{line}");

    let told = bank.prints(&["report", "card-behaviour"]);
    let at = |part: &str| told.find(part).unwrap_or_else(|| panic!("no {part:?} in:\n{told}"));
    assert!(at("Alarms") < at("Drift against 21,000 training rows"), "alarms come first:\n{told}");
    assert!(told.contains("scores (PSI)") || told.contains("earlier ones: --all"), "{told}");
});
