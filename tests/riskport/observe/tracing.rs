//! Traces: what a call is made of, whose trace it belongs to, and that no collector can hold a call up.

use opentelemetry_proto::tonic::trace::v1::Span;
use riskport::rpc::proto::credit::{StreamScoreCreditRequest, credit_score_service_client::CreditScoreServiceClient};
use tokio_stream::iter;
use tonic::{Code, Request, metadata::MetadataValue, transport::Channel};

use super::{
    collector::{Collector, attribute, stalled},
    serving::Serving,
};
use crate::{
    fraud::asked,
    support::{World, applicant, platform::token, wire},
};

const SCORE: &str = "/riskport.credit.v1.CreditScoreService/ScoreCredit";
const CHECK: &str = "/riskport.fraud.v1.FraudCheckService/CheckFraud";
/// A caller's own trace, and span in it.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// A server that sends its traces to a collector.
async fn traced(world: &World, collector: &Collector, ratio: &str) -> Serving {
    let options = ["--log", "error", "--otlp-endpoint", &collector.endpoint(), "--otlp-sample-ratio", ratio];
    Serving::start(world, &options).await
}

/// Scores somebody, with a `traceparent` or without.
async fn score(serving: &Serving, channel: &Channel, id: &str, traceparent: Option<&str>) {
    let bearer = format!("Bearer {}", token(&serving.bank, None));
    let mut headers = vec![("authorization", bearer.as_str())];
    headers.extend(traceparent.map(|value| ("traceparent", value)));
    let message = prost::Message::encode_to_vec(&applicant::request(id, 0));
    let reply = wire::send(channel, SCORE, &headers, wire::frame(&message)).await;
    assert_eq!(reply.code(), Code::Ok, "{reply:?}");
}

fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

fn hex(bytes: &[u8]) -> String {
    riskport::vault::hex(bytes)
}

on_both!(a_call_an_operation_and_its_commit_are_spans_of_the_callers_trace, async |world| {
    let collector = Collector::start().await;
    let serving = traced(world, &collector, "0").await;
    let channel = serving.channel().await;
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    score(&serving, &channel, "traced", Some(&traceparent)).await;
    let spans = collector.wait_for("three spans", |spans| spans.len() >= 3).await;
    let call = named(&spans, "riskport.credit.v1.CreditScoreService/ScoreCredit")[0];
    let (operation, commit) = (named(&spans, "score_credit")[0], named(&spans, "commit")[0]);
    assert!(spans.iter().all(|span| hex(&span.trace_id) == TRACE), "{spans:#?}");
    assert_eq!(hex(&call.parent_span_id), PARENT);
    assert_eq!(operation.parent_span_id, call.span_id);
    assert_eq!(commit.parent_span_id, operation.span_id);
    assert_eq!(spans.len(), 3);
    assert_eq!((call.kind, attribute(call, "rpc.grpc.status_code").as_deref()), (2, Some("0")));
    assert_eq!(attribute(call, "trace_id").as_deref(), Some(TRACE));
    assert_eq!(collector.services(), ["riskport"]);

    // An event goes on to its commit in a task of its own.
    let event = asked::check_now("event", 0);
    let bearer = format!("Bearer {}", token(&serving.bank, None));
    let headers = [("authorization", bearer.as_str()), ("traceparent", &traceparent)];
    let reply = wire::send(&channel, CHECK, &headers, wire::frame(&prost::Message::encode_to_vec(&event))).await;
    assert_eq!(reply.code(), Code::Ok, "{reply:?}");
    let spans = collector.wait_for("six spans", |spans| spans.len() >= 6).await;
    let check = named(&spans, "check_fraud")[0];
    assert!(named(&spans, "commit").iter().any(|commit| commit.parent_span_id == check.span_id), "{spans:#?}");
    assert!(serving.stop().await.0.success());
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_callers_flag_decides_and_where_there_is_none_the_ratio() {
    let world = World::sqlite();
    let collector = Collector::start().await;
    let serving = traced(&world, &collector, "0").await;
    let channel = serving.channel().await;
    for (id, value) in [
        ("unsampled", format!("00-{TRACE}-{PARENT}-00")),
        ("zeros", format!("00-{}-{PARENT}-01", "0".repeat(32))),
        ("capitals", format!("00-{}-{PARENT}-01", TRACE.to_uppercase())),
        ("no-trace", "kanarie".to_owned()),
    ] {
        score(&serving, &channel, id, Some(&value)).await;
    }
    score(&serving, &channel, "silent", None).await;
    score(&serving, &channel, "sampled", Some(&format!("00-{TRACE}-{PARENT}-01"))).await;
    // Spans are sent in the order in which they ended: what was not sampled would have come by now.
    let spans = collector.wait_for("the sampled call", |spans| spans.len() >= 3).await;
    assert_eq!(named(&spans, "score_credit").len(), 1, "{spans:#?}");
    assert!(serving.stop().await.0.success());
    assert_eq!(collector.spans().len(), 3, "{:#?}", collector.spans());

    // With a ratio of 1 each call has a trace, and one whose header cannot be read has a trace of its own.
    let (world, collector) = (World::sqlite(), Collector::start().await);
    let serving = traced(&world, &collector, "1").await;
    let channel = serving.channel().await;
    score(&serving, &channel, "bad", Some(&format!("00-{}-{PARENT}-01", TRACE.to_uppercase()))).await;
    score(&serving, &channel, "none", None).await;
    let spans = collector.wait_for("two calls", |spans| spans.len() >= 6).await;
    let calls = named(&spans, "riskport.credit.v1.CreditScoreService/ScoreCredit");
    assert!(calls.iter().all(|call| call.parent_span_id.is_empty() && hex(&call.trace_id) != TRACE));
    assert_ne!(calls[0].trace_id, calls[1].trace_id);
    // What has not been sent when the process is asked to end still goes out.
    score(&serving, &channel, "last", None).await;
    drop(channel);
    assert!(serving.stop().await.0.success());
    assert_eq!(named(&collector.spans(), "commit").len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_item_of_a_stream_is_an_operation_of_its_call() {
    const ITEMS: usize = 20;
    let world = World::sqlite();
    let collector = Collector::start().await;
    let serving = traced(&world, &collector, "1").await;
    let mut client = CreditScoreServiceClient::new(serving.channel().await);
    let items =
        (0..ITEMS).map(|at| StreamScoreCreditRequest { request: Some(applicant::request(&format!("i-{at}"), at)) });
    let mut request = Request::new(iter(items.collect::<Vec<_>>()));
    let bearer = MetadataValue::try_from(format!("Bearer {}", token(&serving.bank, None))).unwrap();
    request.metadata_mut().insert("authorization", bearer);
    let mut answers = client.stream_score_credit(request).await.unwrap().into_inner();
    while answers.message().await.unwrap().is_some() {}
    let all = collector.wait_for("the stream", |spans| spans.len() > 2 * ITEMS).await;
    let call = named(&all, "riskport.credit.v1.CreditScoreService/StreamScoreCredit")[0];
    let operations = named(&all, "score_credit");
    assert_eq!((operations.len(), named(&all, "commit").len()), (ITEMS, ITEMS));
    assert!(operations.iter().all(|operation| operation.parent_span_id == call.span_id), "{all:#?}");
}

/// Spans that nobody takes are dropped: after the queue has filled up twice over memory does not grow any more, and it is what a
/// server takes and not what a queue could be made to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_never_answers_or_is_not_there_costs_nothing_but_its_spans() {
    const CALLS: usize = 3_000;
    let (silent, holding) = stalled().await;
    let nobody = {
        let (address, gone) = stalled().await;
        gone.abort();
        let _ = gone.await;
        address
    };
    for address in [silent, nobody] {
        let world = World::sqlite();
        let endpoint = format!("http://{address}");
        let serving = Serving::start(&world, &["--log", "warn", "--otlp-endpoint", &endpoint]).await;
        let channel = serving.channel().await;
        let mut resident = Vec::new();
        for part in 0..3 {
            let mut callers = tokio::task::JoinSet::new();
            for caller in 0..10 {
                let (channel, bearer) = (channel.clone(), format!("Bearer {}", token(&serving.bank, None)));
                callers.spawn(async move {
                    for at in 0..CALLS / 10 {
                        let request = applicant::request(&format!("part-{part}-{caller}-{at}"), at);
                        let message = wire::frame(&prost::Message::encode_to_vec(&request));
                        let reply = wire::send(&channel, SCORE, &[("authorization", &bearer)], message).await;
                        assert_eq!(reply.code(), Code::Ok, "{reply:?}");
                    }
                });
            }
            callers.join_all().await;
            resident.push(serving.resident_kib());
        }
        println!("in RAM after each {CALLS} calls: {resident:?} KiB");
        assert!(resident[2] - resident[1] < 6 * 1024, "{address}: memory grows with the spans: {resident:?} KiB");
        assert!(resident[2] < 384 * 1024, "{address}: spans take the memory: {resident:?} KiB");
        drop(channel);
        let (status, log) = serving.stop().await;
        assert!(status.success(), "{status}");
        let complaints = log.lines().filter(|line| line.contains("do not reach the collector")).count();
        assert!(complaints <= 1, "{log}");
    }
    holding.abort();
}
