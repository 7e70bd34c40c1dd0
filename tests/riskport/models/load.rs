//! Promoting and rolling back under load: no request fails, and every decision is by the version that it names.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use prost::Message;
use riskport::rpc::proto::risk::{EvaluateRiskResponse, ModelKind};
use tokio::task::JoinSet;

use super::{Upload, evaluate, predicted, promote, question, roll_back};
use crate::support::platform::Platform;

const CALLERS: usize = 8;
const CHANGES: usize = 20;
const BETWEEN: Duration = Duration::from_millis(150);

on_both!(no_request_fails_and_every_decision_is_by_the_version_it_names, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.models(&bank).await;
    let mut made = BTreeMap::new();
    for low in [1.0, 2.0] {
        let version = Upload::stump("stump", ModelKind::Generic, low, -low).send(&mut client).await.unwrap();
        made.insert(version.name, (version.digest, low));
    }
    promote(&mut client, "stump", 1).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let (mut client, done, made) = (platform.models(&bank).await, Arc::clone(&done), made.clone());
        callers.spawn(async move {
            let mut named: BTreeMap<String, usize> = BTreeMap::new();
            let mut switches = 0;
            let mut last = String::new();
            for at in 0.. {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                let income = Some(if at % 2 == 0 { 10.0 } else { 90.0 });
                let request = question(&format!("c{caller}-{at}"), "stump", &format!("client-{at}"), income);
                let answer = evaluate(&mut client, request).await.unwrap();
                let (digest, low) = &made[&answer.model_version];
                assert_eq!(&answer.model_digest, digest);
                assert_eq!(answer.prediction, predicted(*low, -low, income), "{}", answer.model_version);
                switches += usize::from(last != answer.model_version);
                last.clone_from(&answer.model_version);
                *named.entry(answer.model_version).or_default() += 1;
            }
            (named, switches)
        });
    }
    // The first change is a promotion, for a way back; from then on each rolls back to the other.
    for change in 0..CHANGES {
        tokio::time::sleep(BETWEEN).await;
        let model =
            if change == 0 { promote(&mut client, "stump", 2).await } else { roll_back(&mut client, "stump").await };
        let champion = if change % 2 == 0 { 2 } else { 1 };
        assert_eq!(model.unwrap().champion_version, champion);
        // What is asked after a change was answered is decided by the version that it put in charge.
        let answer = evaluate(&mut client, question(&format!("after-{change}"), "stump", "anna", None)).await.unwrap();
        assert_eq!(answer.model_version, format!("models/stump/versions/{champion}"));
    }
    tokio::time::sleep(BETWEEN).await;
    done.store(true, Ordering::Relaxed);
    let told = callers.join_all().await;
    let mut named: BTreeMap<String, usize> = BTreeMap::new();
    for (version, count) in told.iter().flat_map(|(named, _)| named) {
        *named.entry(version.clone()).or_default() += count;
    }
    assert_eq!(named.len(), 2, "{named:?}");
    let answered: usize = named.values().sum::<usize>() + CHANGES;
    assert!(told.iter().all(|(_, switches)| *switches >= 5), "a caller hardly saw a change: {told:?}");

    // What is on disk says the same as what was answered.
    let mut raw = world.raw().await;
    assert_eq!(raw.integer("SELECT COUNT(*) FROM decisions").await, i64::try_from(answered).unwrap());
    let hex =
        if crate::support::platform::is_postgres(&world.database) { "ENCODE(reply, 'hex')" } else { "HEX(reply)" };
    let rows = raw.texts(&format!("SELECT model_version || ' ' || model_digest || ' ' || {hex} FROM decisions")).await;
    for row in rows {
        let parts: Vec<&str> = row.split(' ').collect();
        let reply: Vec<u8> =
            (0..parts[2].len()).step_by(2).map(|at| u8::from_str_radix(&parts[2][at..at + 2], 16).unwrap()).collect();
        let reply = EvaluateRiskResponse::decode(reply.as_slice()).unwrap();
        let (digest, low) = &made[&format!("models/stump/versions/{}", parts[0])];
        assert_eq!((parts[1], &reply.model_digest), (digest.as_str(), digest));
        assert!(reply.model_version.ends_with(&format!("/{}", parts[0])));
        assert!([predicted(*low, -low, None), predicted(*low, -low, Some(90.0))].contains(&reply.prediction));
    }
    let changes = raw
        .texts("SELECT action FROM audit WHERE action LIKE '%model%' AND action <> 'upload_model' ORDER BY seq")
        .await;
    assert_eq!(changes.len(), CHANGES + 1);
    println!(
        "{:?}: {CALLERS} callers, {answered} verdicts, 0 failed, {CHANGES} changes, {} audit rows, by version {named:?}",
        world.database,
        changes.len()
    );
    platform.stop().await;
});
