//! The log as JSON: every line is an object, and what a call caused names the call.

use serde_json::Value;
use tonic::Code;

use super::serving::Serving;
use crate::support::{World, applicant, platform::token, wire};

const SCORE: &str = "/riskport.credit.v1.CreditScoreService/ScoreCredit";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Every line as an object with what each must have.
pub fn lines(log: &str) -> Vec<Value> {
    let parse = |line: &str| {
        let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        let text = |name: &str| object[name].as_str().unwrap_or_else(|| panic!("no {name}: {line}")).to_owned();
        assert!(text("timestamp").parse::<jiff::Timestamp>().is_ok(), "{line}");
        assert!(["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].contains(&text("level").as_str()), "{line}");
        assert!(!text("target").is_empty() && object["call_id"].is_string() == object["method"].is_string(), "{line}");
        object
    };
    log.lines().map(parse).collect()
}

async fn score(serving: &Serving, id: &str, traceparent: Option<&str>) -> (wire::Reply, String) {
    let bearer = format!("Bearer {}", token(&serving.bank, None));
    let mut headers = vec![("authorization", bearer.as_str())];
    headers.extend(traceparent.map(|value| ("traceparent", value)));
    let message = wire::frame(&prost::Message::encode_to_vec(&applicant::request(id, 0)));
    let reply = wire::send(&serving.channel().await, SCORE, &headers, message).await;
    let call_id = reply.metadata["riskport-call-id"].to_str().unwrap().to_owned();
    (reply, call_id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_is_json_and_a_call_that_failed_or_took_long_is_found_by_its_id() {
    let world = World::sqlite();
    let serving = Serving::start(&world, &["--log", "info", "--log-json"]).await;
    let (good, good_id) = score(&serving, "good", None).await;
    assert_eq!(good.code(), Code::Ok);

    // For longer than SQLite waits: the store does not answer. For a little less: the call is slow.
    let mut lock = world.raw().await;
    lock.hold_commits().await;
    let (failed, failed_id) = score(&serving, "held", Some(&format!("00-{TRACE}-00f067aa0ba902b7-01"))).await;
    assert_eq!(failed.code(), Code::Unavailable);
    let slow = {
        let waiting = score(&serving, "slow", None);
        let releasing = async {
            tokio::time::sleep(std::time::Duration::from_millis(1_300)).await;
            lock.release().await;
        };
        tokio::join!(waiting, releasing).0
    };
    assert_eq!(slow.0.code(), Code::Ok);
    let (status, log) = serving.stop().await;
    assert!(status.success());

    let lines = lines(&log);
    let of = |id: &str| lines.iter().filter(|line| line["call_id"] == id).collect::<Vec<_>>();
    assert!(of(&good_id).is_empty(), "a call that went well is not worth a line: {log}");
    let told = of(&failed_id);
    let line = told.iter().find(|line| line["message"] == "a call failed").unwrap_or_else(|| panic!("{log}"));
    assert_eq!((&line["level"], &line["method"]), (&"WARN".into(), &SCORE[1..].into()));
    assert_eq!((&line["trace_id"], &line["fields"]["reason"]), (&TRACE.into(), &"UNAVAILABLE".into()));
    assert!(told.iter().any(|line| line["level"] == "ERROR" && line["fields"]["cause"].is_string()), "no cause: {log}");
    let told = of(&slow.1);
    assert!(told.iter().any(|line| line["message"] == "a call was slow" && line["level"] == "WARN"), "{log}");
    assert!(told.iter().all(|line| line["trace_id"].is_null()), "{log}");
    assert!(lines.iter().any(|line| line["message"] == "stopped"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_is_json_with_everything_logged_too() {
    let world = World::sqlite();
    let serving = Serving::start(&world, &["--log", "trace", "--log-json"]).await;
    score(&serving, "good", None).await;
    let refused = wire::send(&serving.channel().await, SCORE, &[("authorization", "Bearer x")], wire::frame(&[])).await;
    let id = refused.metadata["riskport-call-id"].to_str().unwrap();
    let (_, log) = serving.stop().await;
    let lines = lines(&log);
    assert!(lines.iter().any(|line| line["call_id"] == id && line["message"] == "a token was refused"), "{log}");
    let loud = |line: &&Value| !line["target"].as_str().unwrap().starts_with("riskport");
    assert!(lines.iter().filter(loud).all(|line| line["level"] != "DEBUG" && line["level"] != "TRACE"), "{log}");
}
