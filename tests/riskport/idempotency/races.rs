//! Many callers, one id.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Barrier, task::JoinSet};
use tonic::{Code, transport::Channel};

use super::score;
use crate::support::{
    World, applicant,
    platform::{Platform, token},
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

on_both!(of_32_racers_for_each_of_100_ids_one_decides, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let channels = [platform.channel().await, platform.channel().await, platform.channel().await];
    race_for(100, &channels, &token(&bank, None)).await;
    assert_one_row_a_key(world, 100).await;
    platform.stop().await;
});

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
