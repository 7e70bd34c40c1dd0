//! Rows 29 to 34, from the case files: every wrong field is named, all at once, and no value comes back.

use std::collections::BTreeSet;

use prost::Message;
use prost_reflect::{DynamicMessage, Kind, ReflectMessage, Value};
use riskport::rpc::proto::common::ItemError;
use tonic::{Code, transport::Channel};

use super::{
    cases::{self, Case},
    token_for,
};
use crate::support::{
    World, descriptors,
    platform::{Platform, token},
    wire,
};

/// What every bad value holds where it can, and no answer may.
const CANARIES: [&str; 3] = ["kanarie", "Kanarie", "771977"];

#[tokio::test]
async fn every_wrong_field_is_named_at_once_and_no_value_comes_back() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let channel = platform.channel().await;
    let mut rows = BTreeSet::new();
    for method in cases::read() {
        let descriptor = descriptors::method(&method.name);
        let (path, token) = (descriptors::path(&descriptor), token_for(&descriptor, &platform, &bank));
        for case in &method.cases {
            rows.insert(case.row);
            let spoiled = method.spoiled(case);
            // What a stream answers item by item it refuses item by item.
            if descriptor.output().get_field_by_name("error").is_some() {
                check_item(&channel, &token, &method.name, spoiled, case).await;
                continue;
            }
            let reply = wire::call_body(&channel, &path, &token, method.body(&spoiled)).await;
            let what = format!("{}, row {}, {:?}: {:?}", method.name, case.row, case.violated, reply.status);
            assert_eq!((reply.code(), reply.reason().as_str()), (Code::InvalidArgument, "INVALID_FIELDS"), "{what}");
            assert_eq!(reply.violated(), case.violated, "{what}");
            assert!(reply.messages.is_empty(), "{what}");
            assert!(CANARIES.iter().all(|canary| !reply.mentions(canary)), "{what}");
            if let Some(stream) = stream_of(&method.name) {
                check_as_item(&channel, &token, stream, spoiled, case).await;
            }
        }
        // The message is fine but for what a case changes; last, for it takes its request id.
        let valid = wire::call_body(&channel, &path, &token, method.valid()).await;
        assert_ne!(valid.code(), Code::InvalidArgument, "{}: {:?}", method.name, valid.violated());
    }
    assert_eq!(rows.into_iter().collect::<Vec<_>>(), [29, 30, 31, 32, 33, 34]);
    platform.stop().await;
}

/// The stream with which a unary call shares what it is asked.
fn stream_of(unary: &str) -> Option<&'static str> {
    match unary {
        "ScoreCredit" => Some("StreamScoreCredit"),
        "EvaluateRisk" => Some("StreamEvaluateRisk"),
        "CheckFraud" => Some("StreamCheckFraud"),
        "ReportCreditOutcome" => Some("StreamReportCreditOutcome"),
        "ReportFraudOutcome" => Some("StreamReportFraudOutcome"),
        "QuotePrice" => Some("StreamQuotePrice"),
        _ => None,
    }
}

/// What is wrong as a unary call is wrong in the same way as an item of a stream.
async fn check_as_item(channel: &Channel, token: &str, stream: &str, request: Vec<u8>, case: &Case) {
    let mut item = DynamicMessage::new(descriptors::method(stream).input());
    let field = item.descriptor().get_field_by_name("request").unwrap();
    let Kind::Message(inner) = field.kind() else { panic!("{field:?}") };
    item.set_field(&field, Value::Message(DynamicMessage::decode(inner, request.as_slice()).unwrap()));
    check_item(channel, token, stream, item.encode_to_vec(), case).await;
}

async fn check_item(channel: &Channel, token: &str, stream: &str, item: Vec<u8>, case: &Case) {
    let method = descriptors::method(stream);
    let reply = wire::call_bytes(channel, &descriptors::path(&method), token, &item).await;
    assert_eq!(reply.code(), Code::Ok, "a bad item must not end its stream: {case:?}");
    let sent = DynamicMessage::decode(method.input(), item.as_slice()).unwrap();
    let sent = sent.get_field_by_name("request").unwrap();
    let sent = sent.as_message().unwrap().get_field_by_name("request_id").unwrap().into_owned();
    let answer = DynamicMessage::decode(method.output(), reply.message()).unwrap();
    assert_eq!(*answer.get_field_by_name("request_id").unwrap(), sent, "an item is known by its id as it came");
    assert!(answer.has_field_by_name("error"), "{case:?}: {answer:?}");
    let error = answer.get_field_by_name("error").unwrap();
    let error: ItemError = error.as_message().unwrap().transcode_to().unwrap();
    let ItemError { code, reason, violations, message, retry_after_ms } = error;
    assert_eq!((code, reason.as_str(), retry_after_ms), (Code::InvalidArgument as i32, "INVALID_FIELDS", 0));
    let mut violated: Vec<String> = violations.iter().map(|one| one.field.clone()).collect();
    violated.sort_unstable();
    assert_eq!(violated, case.violated);
    let text = format!("{violations:?} {message}");
    assert!(CANARIES.iter().all(|canary| !text.contains(canary)), "{text}");
}

#[test]
fn no_method_is_without_cases() {
    let written: BTreeSet<String> = cases::read().into_iter().map(|method| method.name).collect();
    let there: BTreeSet<String> = descriptors::methods().iter().map(|method| method.name().to_owned()).collect();
    assert_eq!(written, there);
}

#[tokio::test]
async fn nothing_is_decided_on_bad_input() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let channel = platform.channel().await;
    let mut raw = world.raw().await;
    for (before, name) in (0_i64..).zip(["ScoreCredit", "EvaluateRisk", "CheckFraud", "QuotePrice"]) {
        let method = cases::read().into_iter().find(|method| method.name == name).unwrap();
        let path = descriptors::path(&descriptors::method(name));
        for case in &method.cases {
            wire::call_bytes(&channel, &path, &token(&bank, None), &method.spoiled(case)).await;
        }
        assert_eq!(raw.integer("SELECT COUNT(*) FROM decisions").await, before);
        // An id that was only ever refused is still free.
        let good = wire::call_body(&channel, &path, &token(&bank, None), method.valid()).await;
        assert!(good.code() == Code::Ok && !good.replayed(), "{:?}", good.status);
    }
    platform.stop().await;
}
