//! Row 36: the same id is being decided elsewhere for longer than a call waits.
//!
//! Only PostgreSQL can be so: there another transaction can hold one key. SQLite has one writer at a time, so whoever
//! waits for another process there waits for the whole file, and that is row 40.

use prost::Message;
use prost_types::Timestamp;
use riskport::rpc::proto::{
    credit::{
        CreditAction, ReportCreditOutcomeRequest, ScoreCreditResponse, StreamScoreCreditRequest,
        StreamScoreCreditResponse, stream_score_credit_response::Result as Item,
    },
    tenant::SuspendTenantRequest,
};
use tonic::Code;
use tonic_types::StatusExt;

use crate::support::{
    World, applicant, descriptors,
    platform::{Partner, Platform, token},
    wire::{self, Reply},
};

fn path(method: &str) -> String {
    descriptors::path(&descriptors::method(method))
}

fn assert_still_running(reply: &Reply) {
    assert_eq!((reply.code(), reply.reason().as_str()), (Code::Aborted, "REQUEST_STILL_RUNNING"));
    assert!(reply.status.get_error_details().retry_info().is_some(), "no word of when to try again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_that_is_held_elsewhere_is_10_and_its_neighbours_are_decided() {
    let Some(world) = World::postgres().await else { return };
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let (channel, token, score) = (platform.channel().await, token(&bank, None), path("ScoreCredit"));
    let mut elsewhere = world.raw().await;
    elsewhere
        .execute(
            "BEGIN; INSERT INTO idempotency (tenant_id, kind, request_id, decision_id, payload_hmac)
             VALUES ('north-bank', 'credit_score', 'held', 'not-committed', '\\x00')",
        )
        .await;

    let (held_request, free_request) = (applicant::request("held", 0), applicant::request("free", 1));
    let held = wire::call(&channel, &score, &token, &held_request);
    let free = wire::call(&channel, &score, &token, &free_request);
    let (held, free) = tokio::join!(held, free);
    assert_still_running(&held);
    assert_eq!(free.code(), Code::Ok, "{:?}", free.status);

    let item = StreamScoreCreditRequest { request: Some(applicant::request("held", 0)) };
    let answer = wire::call(&channel, &path("StreamScoreCredit"), &token, &item).await;
    let answer = StreamScoreCreditResponse::decode(answer.message()).unwrap();
    let Some(Item::Error(error)) = answer.result else { panic!("{answer:?}") };
    assert_eq!((error.code, error.reason.as_str()), (Code::Aborted as i32, "REQUEST_STILL_RUNNING"));
    assert!(error.retry_after_ms > 0);

    elsewhere.release().await;
    let again = wire::call(&channel, &score, &token, &applicant::request("held", 0)).await;
    assert!(again.code() == Code::Ok && !again.replayed());
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM decisions").await, 2);
    platform.stop().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_or_a_tenant_that_is_held_elsewhere_is_10() {
    let Some(world) = World::postgres().await else { return };
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let (channel, partner) = (platform.channel().await, token(&bank, None));
    let scored = wire::call(&channel, &path("ScoreCredit"), &partner, &applicant::request("first", 0)).await;
    let report = ReportCreditOutcomeRequest {
        request_id: "held".to_owned(),
        decision: ScoreCreditResponse::decode(scored.message()).unwrap().decision,
        action: CreditAction::Approved as i32,
        observe_time: Some(Timestamp { seconds: 1_700_000_000, nanos: 0 }),
        ..ReportCreditOutcomeRequest::default()
    };
    let mut elsewhere = world.raw().await;
    elsewhere
        .execute(
            "BEGIN; INSERT INTO credit_outcomes (tenant_id, decision_id, outcome_id, request_id, payload_hmac,
               override_reason, observed_us, reported_us, kid, actor)
             VALUES ('north-bank', 'd', 'o', 'held', '\\x00', '', 0, 0, 'k', '');
             SELECT * FROM audit_head FOR UPDATE",
        )
        .await;
    assert_still_running(&wire::call(&channel, &path("ReportCreditOutcome"), &partner, &report).await);
    let operator = Partner { id: "operator".to_owned(), key: platform.operator.clone() };
    let suspend = SuspendTenantRequest { name: "tenants/north-bank".to_owned() };
    let held = wire::call(&channel, &path("SuspendTenant"), &token(&operator, None), &suspend).await;
    assert_still_running(&held);

    elsewhere.release().await;
    let reported = wire::call(&channel, &path("ReportCreditOutcome"), &partner, &report).await;
    assert_eq!(reported.code(), Code::Ok, "{:?}", reported.status);
    platform.stop().await;
    world.end().await;
}
