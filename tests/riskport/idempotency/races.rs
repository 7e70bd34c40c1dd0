//! Many callers, one id.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use prost::Message;
use riskport::rpc::proto::credit::credit_score_service_client::CreditScoreServiceClient;
use tokio::{sync::Barrier, task::JoinSet};
use tonic::{Code, transport::Channel};

use super::score;
use crate::support::{
    World, applicant,
    platform::{Platform, token},
    process::Process,
    times,
    wire::Reply,
};

const RACERS: usize = 32;
/// Keys that are raced for at the same time.
const AT_ONCE: usize = 5;

/// What a client does that is told to try again.
async fn score_until_answered(channel: &Channel, token: &str, request_id: &str) -> Reply {
    let request = applicant::request(request_id, 0);
    for _ in 0..50 {
        let reply = score(channel, token, &request).await;
        if !matches!(reply.code(), Code::Aborted | Code::Unavailable) {
            return reply;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{request_id} was never answered");
}

/// Lets all racers go at once for one id, and holds their answers against each other.
async fn race(channels: Vec<Channel>, token: String, request_id: String) {
    let start = Arc::new(Barrier::new(RACERS));
    let mut racers = JoinSet::new();
    for racer in 0..RACERS {
        let (channel, start) = (channels[racer % channels.len()].clone(), Arc::clone(&start));
        let (token, request_id) = (token.clone(), request_id.clone());
        racers.spawn(async move {
            start.wait().await;
            score_until_answered(&channel, &token, &request_id).await
        });
    }
    let replies = racers.join_all().await;
    let first = replies[0].message();
    assert!(replies.iter().all(|reply| reply.message() == first), "{request_id}: answers differ");
    let new = replies.iter().filter(|reply| !reply.replayed()).count();
    assert_eq!(new, 1, "{request_id}: {new} answers were new");
}

async fn race_for(keys: usize, channels: &[Channel], token: &str) {
    for group in 0..keys / AT_ONCE {
        let mut races = JoinSet::new();
        for key in 0..AT_ONCE {
            let id = format!("key-{}", group * AT_ONCE + key);
            races.spawn(race(channels.to_vec(), token.to_owned(), id));
        }
        races.join_all().await;
    }
}

async fn assert_one_row_a_key(world: &World, keys: usize) {
    let (mut raw, keys) = (world.raw().await, i64::try_from(keys).unwrap());
    for table in ["decisions", "idempotency", "decision_inputs"] {
        assert_eq!(raw.integer(&format!("SELECT COUNT(*) FROM {table}")).await, keys, "{table}");
    }
    assert_eq!(raw.integer("SELECT COUNT(DISTINCT request_id) FROM decisions").await, keys);
    // Places in the commit order are taken without gaps, whoever lost a race.
    for writer in raw.texts("SELECT DISTINCT writer_id FROM decisions").await {
        let seqs = format!("SELECT seq FROM decisions WHERE writer_id = '{writer}' ORDER BY seq");
        let seqs = raw.integers(&seqs).await;
        assert!(seqs.iter().copied().eq(1..=i64::try_from(seqs.len()).unwrap()), "{seqs:?}");
    }
}

/// Ids that are raced for, unless `RISKPORT_TEST_RACES` asks for more.
const KEYS: usize = 100;

on_both!(of_32_racers_for_each_id_one_decides, async |world| {
    let keys = times("RISKPORT_TEST_RACES", KEYS);
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let channels = [platform.channel().await, platform.channel().await, platform.channel().await];
    race_for(keys, &channels, &token(&bank, None)).await;
    assert_one_row_a_key(world, keys).await;
    println!("{keys} ids, {RACERS} racers each, 0 decided twice");
    platform.stop().await;
});

/// What racers were answered, by id, and how many were not.
#[derive(Default)]
struct Answers {
    replies: BTreeMap<String, Vec<Vec<u8>>>,
    unanswered: usize,
}

/// Lets all racers go for one id, until they are answered or the server is gone.
async fn race_until_killed(channels: Vec<Channel>, token: String, id: String, answers: Arc<Mutex<Answers>>) {
    let mut racers = JoinSet::new();
    for racer in 0..RACERS {
        let (credit, answers) = (channels[racer % channels.len()].clone(), Arc::clone(&answers));
        let (id, mut request) = (id.clone(), tonic::Request::new(applicant::request(&id, 0)));
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        racers.spawn(async move {
            let answer = CreditScoreServiceClient::new(credit).score_credit(request).await;
            let mut answers = answers.lock().unwrap();
            match answer {
                Ok(reply) => answers.replies.entry(id).or_default().push(reply.into_inner().encode_to_vec()),
                Err(_) => answers.unanswered += 1,
            }
        });
    }
    racers.join_all().await;
}

on_both!(what_racers_were_answered_before_a_kill_they_are_answered_after_it, async |world| {
    let keys = times("RISKPORT_TEST_RACES", KEYS) / 2;
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (folder, token) = (platform.stop().await, token(&bank, None));
    let master_key = folder.path().join("master.key");
    let answers = Arc::new(Mutex::new(Answers::default()));
    for group in 0..keys / AT_ONCE {
        let process = Process::start(&world.database, &master_key);
        let channels = [connect(&process).await, connect(&process).await];
        let before = answers.lock().unwrap().replies.len();
        let mut races = JoinSet::new();
        for id in (0..AT_ONCE).map(|key| format!("key-{}", group * AT_ONCE + key)) {
            races.spawn(race_until_killed(channels.to_vec(), token.clone(), id, Arc::clone(&answers)));
        }
        // In the middle of them: when the first are answered.
        while answers.lock().unwrap().replies.len() == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        process.kill();
        races.join_all().await;
    }
    let answers = std::mem::take(&mut *answers.lock().unwrap());
    assert!(answers.unanswered > 0, "no kill was in the middle of anything");
    let process = Process::start(&world.database, &master_key);
    let channel = connect(&process).await;
    for id in (0..keys).map(|key| format!("key-{key}")) {
        let reply = score_until_answered(&channel, &token, &id).await;
        let replies = answers.replies.get(&id).map(Vec::as_slice).unwrap_or_default();
        assert!(replies.iter().all(|before| before == reply.message()), "{id} got another answer");
        assert!(reply.replayed() || replies.is_empty(), "{id} was lost");
    }
    assert_one_row_a_key(world, keys).await;
    println!("{keys} ids, {} answered and {} racers not before a kill", answers.replies.len(), answers.unanswered);
});

async fn connect(process: &Process) -> Channel {
    Channel::from_shared(process.url.clone()).unwrap().connect().await.unwrap()
}

on_both!(two_servers_on_one_database_decide_once, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let other = platform.beside().await;
    let channels = [platform.channel().await, other.channel().await];
    race_for(20, &channels, &token(&bank, None)).await;
    assert_one_row_a_key(world, 20).await;
    other.stop().await;
    platform.stop().await;
});
