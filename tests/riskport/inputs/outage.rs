//! Row 40: the database is away. No call is answered as done that is not, and afterwards a repeat decides exactly once.

use riskport::store::Database;
use tokio::task::JoinSet;
use tonic::Code;
use tonic_types::StatusExt;

use super::{cases, token_for};
use crate::support::{
    World, applicant, descriptors,
    platform::{Platform, token},
    postgres,
    wire::{self, Reply},
};

fn assert_unavailable(reply: &Reply, what: &str) {
    assert_eq!(
        (reply.code(), reply.reason().as_str()),
        (Code::Unavailable, "UNAVAILABLE"),
        "{what}: {:?}",
        reply.status
    );
    assert!(reply.messages.is_empty(), "{what}");
    assert!(reply.status.get_error_details().retry_info().is_some(), "{what}: no word of when to try again");
}

fn score_path() -> String {
    descriptors::path(&descriptors::method("ScoreCredit"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_that_takes_no_connections_is_14_for_every_method() {
    let Some(world) = World::postgres().await else { return };
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let (channel, partner) = (platform.channel().await, token(&bank, None));
    let before = wire::call(&channel, &score_path(), &partner, &applicant::request("before", 0)).await;

    let Database::Postgres(url) = &world.database else { panic!("not PostgreSQL") };
    postgres::shut_out(url).await;
    // A stream says it of each item; the server says that it lives, and that it is not ready; the catalogue is in the program.
    let other = [
        "StreamScoreCredit",
        "StreamEvaluateRisk",
        "StreamCheckFraud",
        "StreamReportCreditOutcome",
        "StreamReportFraudOutcome",
        "StreamQuotePrice",
        "ServerLive",
        "ServerReady",
        "ServerMetadata",
        "ListFeatures",
    ];
    for method in cases::read().iter().filter(|method| !other.contains(&method.name.as_str())) {
        let descriptor = descriptors::method(&method.name);
        let (path, token) = (descriptors::path(&descriptor), token_for(&descriptor, &platform, &bank));
        let reply = wire::call_body(&channel, &path, &token, method.valid()).await;
        assert_unavailable(&reply, &method.name);
    }
    let during = applicant::request("during", 0);
    assert_unavailable(&wire::call(&channel, &score_path(), &partner, &during).await, "during");

    postgres::let_in(url).await;
    let after = wire::call(&channel, &score_path(), &partner, &during).await;
    assert!(after.code() == Code::Ok && !after.replayed(), "{:?}", after.status);
    let again = wire::call(&channel, &score_path(), &partner, &applicant::request("before", 0)).await;
    assert!(again.replayed() && again.message() == before.message());
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM decisions").await, 2);
    platform.stop().await;
    world.end().await;
}

/// Every connection is cut again and again under load: whatever was acknowledged is there once, and what was refused is
/// there once after a repeat.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_under_load_lose_and_double_nothing() {
    const CALLERS: usize = 4;
    const EACH: usize = 60;
    let Some(world) = World::postgres().await else { return };
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let Database::Postgres(url) = &world.database else { panic!("not PostgreSQL") };
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let (channel, token, url) = (platform.channel().await, token(&bank, None), url.clone());
        callers.spawn(async move {
            let (mut cut_off, mut acknowledged) = (0, Vec::new());
            for at in 0..EACH {
                let request = applicant::request(&format!("caller-{caller}-{at}"), at);
                if at % 10 == caller {
                    postgres::cut_connections(&url).await;
                }
                let reply = loop {
                    let reply = wire::call(&channel, &score_path(), &token, &request).await;
                    match reply.code() {
                        Code::Ok => break reply,
                        _ => assert_unavailable(&reply, &request.request_id),
                    }
                    cut_off += 1;
                };
                acknowledged.push((request, reply.message().to_vec()));
            }
            (cut_off, acknowledged)
        });
    }
    let done = callers.join_all().await;
    assert!(done.iter().any(|(cut_off, _)| *cut_off > 0), "no call ever met a cut connection");
    let (channel, token) = (platform.channel().await, token(&bank, None));
    for (request, acknowledged) in done.iter().flat_map(|(_, acknowledged)| acknowledged) {
        let stored = wire::call(&channel, &score_path(), &token, request).await;
        assert!(stored.replayed() && stored.message() == acknowledged, "{}", request.request_id);
    }
    let (mut raw, all) = (world.raw().await, i64::try_from(CALLERS * EACH).unwrap());
    assert_eq!(raw.integer("SELECT COUNT(*) FROM decisions").await, all);
    assert_eq!(raw.integer("SELECT COUNT(*) FROM decision_inputs").await, all);
    assert_eq!(raw.integer("SELECT MAX(seq) FROM decisions").await, all, "the commit order has gaps");
    platform.stop().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_that_another_process_holds_for_too_long_is_14() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let (channel, token) = (platform.channel().await, token(&bank, None));
    let request = applicant::request("held", 0);
    let mut lock = world.raw().await;
    lock.hold_commits().await;
    assert_unavailable(&wire::call(&channel, &score_path(), &token, &request).await, "held");
    lock.release().await;
    let after = wire::call(&channel, &score_path(), &token, &request).await;
    assert!(after.code() == Code::Ok && !after.replayed(), "{:?}", after.status);
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM decisions").await, 1);
    platform.stop().await;
}
