//! The page of metrics: what was done is on it, whoever makes names up gets no series, and it is there when it is needed.

use std::time::Duration;

use riskport::{
    config::SettingsSource,
    rpc::proto::credit::{ScoreCreditRequest, StreamScoreCreditRequest},
};
use tokio::net::TcpStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use super::page::{Page, get};
use crate::support::{
    World, applicant,
    platform::{Platform, new_key, token},
    wire,
};

async fn watched(world: &World) -> Platform {
    let settings = SettingsSource { metrics_listen: Some("127.0.0.1:0".parse().unwrap()), ..SettingsSource::default() };
    Platform::start_with(world, settings).await
}

async fn page(platform: &Platform) -> Page {
    Page::read(platform.metrics.unwrap()).await
}

on_both!(what_was_done_is_on_the_page, async |world| {
    let platform = watched(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut credit = platform.credit(&bank).await;
    for at in 0..5 {
        credit.score_credit(applicant::request(&format!("score-{at}"), at)).await.unwrap();
    }
    credit.score_credit(ScoreCreditRequest::default()).await.unwrap_err();
    let path = "/riskport.credit.v1.CreditScoreService/ScoreCredit";
    let stranger = wire::send(&platform.channel().await, path, &[], wire::frame(&[])).await;
    assert_eq!(stranger.code(), Code::Unauthenticated);

    let page = page(&platform).await;
    assert_eq!(page.credit_calls("ScoreCredit", "OK"), 5.0);
    assert_eq!(page.credit_calls("ScoreCredit", "INVALID_ARGUMENT"), 1.0);
    assert_eq!(page.credit_calls("ScoreCredit", "UNAUTHENTICATED"), 1.0);
    let method = "method=\"riskport.credit.v1.CreditScoreService/ScoreCredit\"";
    assert_eq!(page.value(&format!("call_seconds_count{{{method}}}")), 7.0);
    assert_eq!(page.value(&format!("call_seconds_bucket{{{method},le=\"+Inf\"}}")), 7.0);
    assert!(page.value(&format!("call_seconds_sum{{{method}}}")) > 0.0);
    assert_eq!(page.value(&format!("calls_in_flight{{{method}}}")), 0.0);
    assert_eq!(page.value("refusals_total{reason=\"INVALID_FIELDS\"}"), 1.0);
    assert_eq!(page.value("refusals_total{reason=\"UNAUTHENTICATED\"}"), 1.0);
    assert_eq!(page.value("tenant_decisions_total{tenant=\"north-bank\"}"), 5.0);
    assert_eq!(page.value("tenant_refusals_total{tenant=\"north-bank\"}"), 1.0);
    assert_eq!(page.value("commit_rows_sum"), 5.0);
    assert_eq!(page.value("commit_seconds_count"), page.value("commit_rows_count"));
    assert!(page.value("cache_lookups_total{cache=\"tokens\",result=\"hit\"}") >= 5.0);
    assert!(page.value("cache_lookups_total{cache=\"models\",result=\"miss\"}") >= 1.0);
    assert!(page.value("connections_open") >= 1.0);
    assert!(page.value("connections_accepted_total") >= page.value("connections_open"));
    assert!(page.value("state_entries{kind=\"tokens\"}") >= 1.0 && page.has("state_entries{kind=\"events\"}"));
    assert_eq!(page.value("store_up"), 1.0);
    assert_eq!(page.value("behaviour_lease_held"), 1.0);
    assert!(page.value("writer_queue_limit") > 0.0 && page.has("writer_queue_depth"));
    assert!(page.has("decisions_uncounted") && page.value("decisions_uncounted") <= 5.0);
    assert!(page.value("process_resident_memory_bytes") > 1e6 && page.value("process_open_fds") > 3.0);
    assert!(page.value("process_cpu_seconds_total") > 0.0 && page.value("process_start_time_seconds") > 1.7e9);
    assert_eq!(page.count("build_info"), 1);
    platform.stop().await;
});

#[tokio::test]
async fn streams_count_while_they_are_open_and_by_how_they_end() {
    let world = World::sqlite();
    let platform = watched(&world).await;
    let bank = platform.onboard("north-bank").await;
    let (items, receiver) = tokio::sync::mpsc::channel(1);
    let mut credit = platform.credit(&bank).await;
    let mut answers = credit.stream_score_credit(ReceiverStream::new(receiver)).await.unwrap().into_inner();
    let request = applicant::request("item", 0);
    items.send(StreamScoreCreditRequest { request: Some(request) }).await.unwrap();
    answers.message().await.unwrap().unwrap();
    let open = page(&platform).await;
    assert_eq!((open.value("streams_open"), open.credit_calls("StreamScoreCredit", "OK")), (1.0, 0.0));
    drop(items);
    assert!(answers.message().await.unwrap().is_none());
    let ended = page(&platform).await;
    assert_eq!((ended.value("streams_open"), ended.credit_calls("StreamScoreCredit", "OK")), (0.0, 1.0));
    assert_eq!(ended.value("tenant_decisions_total{tenant=\"north-bank\"}"), 1.0);

    // One whose client goes away has been cancelled.
    let watch = HealthCheckRequest { service: String::new() };
    let mut health = HealthClient::new(platform.channel().await).watch(watch).await.unwrap().into_inner();
    health.message().await.unwrap().unwrap();
    drop(health);
    while page(&platform).await.value("calls_total{method=\"grpc.health.v1.Health/Watch\",code=\"CANCELLED\"}") == 0.0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    platform.stop().await;
}

#[tokio::test]
async fn what_a_quota_refuses_is_counted_for_its_tenant() {
    let world = World::sqlite();
    let platform = watched(&world).await;
    let bank = platform.onboard_with("slow-bank", 1, new_key()).await;
    let mut credit = platform.credit(&bank).await;
    let mut refused = 0.0;
    for at in 0..10 {
        let answer = credit.score_credit(applicant::request(&format!("score-{at}"), at)).await;
        refused += f64::from(u8::from(answer.is_err_and(|status| status.code() == Code::ResourceExhausted)));
    }
    assert!(refused >= 1.0);
    let page = page(&platform).await;
    assert_eq!(page.value("quota_refusals_total"), refused);
    assert_eq!(page.value("tenant_refusals_total{tenant=\"slow-bank\"}"), refused);
    assert_eq!(page.value("refusals_total{reason=\"REQUEST_RATE_EXCEEDED\"}"), refused);
    platform.stop().await;
}

/// Every series costs memory here and in Prometheus: nobody may make them up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_made_up_methods_makes_one_series() {
    let world = World::sqlite();
    let platform = watched(&world).await;
    let bank = platform.onboard("north-bank").await;
    let bearer = format!("Bearer {}", token(&bank, None));
    let channel = platform.channel().await;
    let before = page(&platform).await;
    for at in 0..1_000 {
        let headers: &[(&str, &str)] = if at % 2 == 0 { &[] } else { &[("authorization", &bearer)] };
        let path = format!("/riskport.credit.v1.CreditScoreService/MadeUp{at}");
        let reply = wire::send(&channel, &path, headers, wire::frame(&[])).await;
        assert!(matches!(reply.code(), Code::Unauthenticated | Code::Unimplemented), "{reply:?}");
    }
    let after = page(&platform).await;
    assert_eq!(after.value("calls_total{method=\"_unknown\",code=\"UNAUTHENTICATED\"}"), 500.0);
    assert_eq!(after.value("calls_total{method=\"_unknown\",code=\"UNIMPLEMENTED\"}"), 500.0);
    assert_eq!(after.count("calls_total"), before.count("calls_total") + 2);
    assert!(!after.text.contains("MadeUp"));
    platform.stop().await;
}

#[tokio::test]
async fn two_servers_in_one_process_have_nothing_in_common() {
    let (one, other) = (World::sqlite(), World::sqlite());
    let (one, other) = (watched(&one).await, watched(&other).await);
    let bank = one.onboard("north-bank").await;
    one.credit(&bank).await.score_credit(applicant::request("score", 0)).await.unwrap();
    assert_eq!(page(&one).await.credit_calls("ScoreCredit", "OK"), 1.0);
    let page = page(&other).await;
    assert_eq!((page.credit_calls("ScoreCredit", "OK"), page.value("commit_rows_sum")), (0.0, 0.0));
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn readers_that_say_nothing_keep_nobody_out_for_long() {
    let world = World::sqlite();
    let platform = watched(&world).await;
    let address = platform.metrics.unwrap();
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    assert_eq!(get(address, "/healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(get(address, "/readyz").await, (200, "ok\n".to_owned()));
    assert_eq!(get(address, "/").await.0, 404);
    platform.stop().await;
}

#[tokio::test]
async fn nothing_listens_unless_it_is_asked_for() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    assert_eq!(platform.metrics, None);
    platform.stop().await;
}
