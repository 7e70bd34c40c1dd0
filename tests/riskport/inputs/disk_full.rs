//! Row 40: the disk is full. A small file system in memory stands for it, which only root may mount.

use std::time::{Duration, Instant};

use prost::Message;
use riskport::{rpc::proto::risk::ModelKind, store::Database};
use tonic::{Code, transport::Channel};

use crate::{
    fraud::asked,
    models::{Upload, promote, question},
    pricing::asked::loan_to,
    support::{
        World, applicant, descriptors,
        platform::{Platform, token},
        small_disk::SmallDisk,
        wire::{self, Reply},
    },
};

/// How soon after there is room again everything must be answered.
const RECOVERY: Duration = Duration::from_secs(5);
/// So many of each kind must be refused before the disk counts as full.
const REFUSED: usize = 3;
/// So many of each kind are decided before it is.
const EARLY: usize = 5;

/// A kind of decision: its method, and a request under an id.
struct Kind {
    method: &'static str,
    request: fn(&str, usize) -> Vec<u8>,
}

const KINDS: [Kind; 4] = [
    Kind { method: "ScoreCredit", request: |id, at| applicant::request(id, at).encode_to_vec() },
    Kind {
        method: "EvaluateRisk",
        request: |id, at| question(id, "stump", &format!("client-{at}"), None).encode_to_vec(),
    },
    Kind { method: "QuotePrice", request: |id, at| loan_to(id, "consumer-loan", at).encode_to_vec() },
    // Its time is fixed, so that a repeat asks for the same.
    Kind { method: "CheckFraud", request: |id, at| asked::check(id, at).encode_to_vec() },
];

/// What was asked, and what was answered if it was.
#[derive(Default)]
struct Asked {
    acknowledged: Vec<(String, Vec<u8>, Vec<u8>)>,
    refused: Vec<(String, Vec<u8>)>,
}

/// Asks before the disk is full.
async fn ask(channel: &Channel, token: &str, kind: &Kind) -> Asked {
    let path = descriptors::path(&descriptors::method(kind.method));
    let mut asked = Asked::default();
    for at in 0..EARLY {
        let request = (kind.request)(&format!("full-{at}"), at);
        let reply = wire::call_bytes(channel, &path, token, &request).await;
        asked.acknowledged.push((path.clone(), request, reply.message().to_vec()));
    }
    asked
}

async fn ask_until_full(channel: &Channel, token: &str, kind: &Kind, asked: &mut Asked) {
    let path = descriptors::path(&descriptors::method(kind.method));
    for at in EARLY..200 {
        let request = (kind.request)(&format!("full-{at}"), at);
        let reply = wire::call_bytes(channel, &path, token, &request).await;
        match reply.code() {
            Code::Ok => asked.acknowledged.push((path.clone(), request, reply.message().to_vec())),
            Code::Unavailable => {
                // What is known of entities is made again after a commit that failed.
                let reasons = ["UNAVAILABLE", "FRAUD_STATE_REBUILDING", "FRAUD_STATE_ELSEWHERE"];
                assert!(reasons.contains(&&*reply.reason()), "{}: {:?}", kind.method, reply.status);
                asked.refused.push((path.clone(), request));
            }
            code => panic!("{}: {code:?}: {:?}", kind.method, reply.status),
        }
        if asked.refused.len() == REFUSED {
            return;
        }
    }
    panic!("the disk never was full for {}; {} were acknowledged", kind.method, asked.acknowledged.len());
}

/// What a client does that is told to come back.
async fn until_answered(channel: &Channel, path: &str, token: &str, request: &[u8]) -> Reply {
    let begun = Instant::now();
    loop {
        let reply = wire::call_bytes(channel, path, token, request).await;
        if reply.code() == Code::Ok {
            return reply;
        }
        assert_eq!(reply.code(), Code::Unavailable, "{path}: {:?}", reply.status);
        assert!(begun.elapsed() < RECOVERY, "{path}: not answered {RECOVERY:?} after there was room again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_14_for_each_kind_of_decision_and_nothing_is_lost_or_broken() {
    let Some(disk) = SmallDisk::mount() else { return };
    let world = World::of(Database::Sqlite(disk.path().join("riskport.db")));
    let platform = Platform::start(&world).await;
    let bank = platform.onboard_replaying("north-bank").await;
    let mut models = platform.models(&bank).await;
    Upload::stump("stump", ModelKind::Generic, 1.0, -1.0).send(&mut models).await.unwrap();
    promote(&mut models, "stump", 1).await.unwrap();
    let (channel, token) = (platform.channel().await, token(&bank, None));
    let mut asked = Vec::new();
    for kind in &KINDS {
        asked.push(ask(&channel, &token, kind).await);
    }
    disk.fill();
    for (kind, asked) in KINDS.iter().zip(&mut asked) {
        ask_until_full(&channel, &token, kind, asked).await;
    }

    disk.make_room();
    for (path, request) in asked.iter().flat_map(|asked| &asked.refused) {
        until_answered(&channel, path, &token, request).await;
    }
    for (path, request, message) in asked.iter().flat_map(|asked| &asked.acknowledged) {
        let stored = until_answered(&channel, path, &token, request).await;
        assert!(stored.replayed() && stored.message() == message, "{path}: an acknowledged decision was lost");
    }
    platform.stop().await;
    let mut raw = world.raw().await;
    let count = |asked: &Asked| i64::try_from(asked.acknowledged.len() + asked.refused.len()).unwrap();
    let all: i64 = asked.iter().map(count).sum();
    assert_eq!(raw.integer("SELECT COUNT(*) FROM decisions").await, all);
    assert_eq!(raw.integer("SELECT COUNT(*) FROM decision_inputs").await, all);
    assert_eq!(raw.integer("SELECT COUNT(*) FROM fraud_log").await, count(&asked[3]));
    assert_eq!(raw.integer("SELECT MAX(place) FROM fraud_log").await, count(&asked[3]), "the log has a gap");
    assert_eq!(raw.texts("PRAGMA integrity_check").await, ["ok"]);
    raw.close().await;
    println!(
        "{:?} acknowledged while the disk was full, 0 lost",
        asked.iter().map(|asked| asked.acknowledged.len()).collect::<Vec<_>>()
    );
}
