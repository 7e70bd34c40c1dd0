//! Row 38: the client's deadline passes while the database makes a call wait.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tonic::Code;

use super::{cases, token_for};
use crate::support::{
    World, applicant, descriptors,
    platform::{Platform, is_postgres, token},
    wire::{self, Reply},
};

/// Well below the half second after which PostgreSQL gives up waiting for a lock.
const TIMEOUT: Duration = Duration::from_millis(100);
/// How late an answer may be on a machine that does other things too.
const LATE: Duration = Duration::from_secs(2);
/// How often a slow machine may miss the time between the deadline and the end of PostgreSQL's patience, or be late with
/// an answer that waits for nothing.
const TRIES: usize = 10;

/// Readers of SQLite never wait for a writer. A report waits where there are decisions to count, and here are none.
const READERS: &[&str] = &[
    "GetDecision",
    "ListDecisions",
    "ExportFeatures",
    // They find no such version.
    "ActivatePolicyVersion",
    "GetPolicyVersion",
    "ListPolicyVersions",
    "ListLists",
    // They find no such list.
    "ChangeListEntries",
    "CheckListEntry",
    "DeleteList",
    "BacktestPolicy",
    "ListFeatures",
    "ServerLive",
    "ServerReady",
    "ModelReady",
    "ServerMetadata",
    "ModelMetadata",
    "GetRatePlanVersion",
    "ListRatePlanVersions",
    "PreviewPrice",
    "GetQuote",
    // It finds no such quote.
    "AcceptQuote",
    // It finds no version to hold against the rows.
    "ValidateModelVersion",
    "ListModels",
    "GetModel",
    "ListModelVersions",
    "GetModelReport",
    "WatchModel",
    // It finds no version of the caller's own.
    "RecalibrateModel",
    "GetTenant",
    "ListTenants",
    "ListKeys",
    "GetUsage",
    "ListUsage",
    "ListAuditEntries",
];

async fn call_with_timeout(address: SocketAddr, path: &str, token: &str, body: Vec<u8>) -> (Reply, Duration) {
    let headers =
        [("authorization", &*format!("Bearer {token}")), ("grpc-timeout", &format!("{}m", TIMEOUT.as_millis()))];
    let begun = Instant::now();
    let reply = wire::send_plainly(address, path, &headers, body).await;
    (reply, begun.elapsed())
}

fn assert_deadline(reply: &Reply, took: Duration, what: &str) {
    assert_eq!((reply.code(), reply.reason().as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"), "{what}");
    assert!(took >= TIMEOUT && took < TIMEOUT + LATE, "{what}: {took:?}");
}

on_both!(a_score_that_is_late_is_4_and_is_made_all_the_same, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (channel, token) = (platform.channel().await, token(&bank, None));
    let path = descriptors::path(&descriptors::method("ScoreCredit"));
    wire::call(&channel, &path, &token, &applicant::request("warm", 0)).await.message();
    let mut found = false;
    for at in 0..TRIES {
        let request = applicant::request(&format!("late-{at}"), 0);
        let body = wire::frame(&prost::Message::encode_to_vec(&request));
        let mut lock = world.raw().await;
        lock.hold_commits().await;
        let (late, took) = call_with_timeout(platform.address, &path, &token, body).await;
        assert_deadline(&late, took, "ScoreCredit");
        lock.release().await;
        // The writer takes decisions in order, so this one waits for the one before.
        let again = wire::call(&channel, &path, &token, &request).await;
        let rows = format!("SELECT COUNT(*) FROM decisions WHERE request_id = 'late-{at}'");
        assert_eq!(world.raw().await.integer(&rows).await, 1);
        assert!(!again.message().is_empty());
        found = again.replayed();
        if found {
            break;
        }
    }
    assert!(found, "no decision was made after its caller had gone");
    platform.stop().await;
});

on_both!(every_call_that_the_database_keeps_waiting_is_4, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut lock = world.raw().await;
    let never_waits = |name: &str| !is_postgres(&world.database) && READERS.contains(&name);
    let mut methods = cases::read();
    // They come first: what is late may be made all the same, and then there is something for them to count or to change.
    methods.sort_by_key(|method| !never_waits(&method.name));
    let unknown: Vec<_> = READERS.iter().filter(|name| !methods.iter().any(|method| method.name == **name)).collect();
    assert!(unknown.is_empty(), "no methods: {unknown:?}");
    for method in methods {
        let descriptor = descriptors::method(&method.name);
        let (path, token) = (descriptors::path(&descriptor), token_for(&descriptor, &platform, &bank));
        let never_waits = never_waits(&method.name);
        let mut answered = false;
        for _ in 0..if never_waits { TRIES } else { 1 } {
            hold_everything(world, &mut lock).await;
            let (reply, took) = call_with_timeout(platform.address, &path, &token, method.valid()).await;
            lock.release().await;
            answered = reply.code() != Code::DeadlineExceeded;
            if answered {
                break;
            }
            assert_deadline(&reply, took, &method.name);
        }
        assert_eq!(answered, never_waits, "{}", method.name);
    }
    platform.stop().await;
});

/// Keeps every statement waiting, as far as the database lets another connection do that.
async fn hold_everything(world: &World, lock: &mut crate::support::raw::Raw) {
    if is_postgres(&world.database) {
        lock.execute(
            "BEGIN; LOCK TABLE tenants, caller_keys, data_keys, decisions, decision_inputs, idempotency,
             credit_outcomes, audit, audit_head, models, model_versions, model_files, model_grants,
             shadow_results, fraud_log, fraud_lease, fraud_policies, fraud_lists, fraud_list_entries,
             rate_plans, quote_acceptances, usage IN ACCESS EXCLUSIVE MODE",
        )
        .await;
    } else {
        lock.hold_commits().await;
    }
}
