//! A policy is switched under load: no call fails, and every decision is by the version that it names.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use prost::Message;
use riskport::rpc::proto::fraud::{CheckFraudRequest, CheckFraudResponse, FraudDecision};
use tokio::task::JoinSet;

use super::ruled::{activate, codes, create, plain, rule, spec, version_name};
use crate::support::platform::{Platform, is_postgres};

const CALLERS: usize = 6;
const VERSIONS: i64 = 4;
const SWITCHES: usize = 20;
const BETWEEN: Duration = Duration::from_millis(120);

/// Digest and reason code of each version, by its name.
type Made = BTreeMap<String, (String, String)>;

fn assert_made_by(made: &Made, answer: &CheckFraudResponse) {
    let (digest, code) = &made[&answer.policy_version];
    assert_eq!(&answer.policy_digest, digest);
    assert_eq!(codes(answer), [code], "{}", answer.policy_version);
    assert_eq!(answer.rules.iter().map(|hit| &hit.reason_code).collect::<Vec<_>>(), [code]);
    assert_eq!(answer.decision(), FraudDecision::Review);
}

on_both!(no_check_fails_and_every_decision_is_by_the_version_it_names, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut policies = platform.policies(&bank).await;
    let mut made = Made::new();
    for version in 1..=VERSIONS {
        let stored =
            create(&mut policies, "shop", spec(&[rule(&format!("v-{version}"), "true", FraudDecision::Review)]));
        let stored = stored.await.unwrap();
        made.insert(stored.name, (stored.digest, format!("V_{version}")));
    }
    activate(&mut policies, &version_name("shop", 1)).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let (mut client, done, made) = (platform.fraud(&bank).await, Arc::clone(&done), made.clone());
        callers.spawn(async move {
            let (mut answers, mut switches, mut last) = (0, 0, String::new());
            while !done.load(Ordering::Relaxed) {
                let mut request: CheckFraudRequest = plain(&format!("c{caller}-{answers}"));
                request.event.as_mut().unwrap().entities.as_mut().unwrap().account = format!("account-{answers}");
                let answer = client.check_fraud(request).await.unwrap().into_inner();
                assert_made_by(&made, &answer);
                switches += usize::from(last != answer.policy_version);
                last = answer.policy_version;
                answers += 1;
            }
            (answers, switches)
        });
    }
    let mut checks = platform.fraud(&bank).await;
    for (switch, version) in (0..SWITCHES).zip((1..=VERSIONS).cycle().skip(1)) {
        tokio::time::sleep(BETWEEN).await;
        let name = version_name("shop", version);
        activate(&mut policies, &name).await.unwrap();
        // What is asked after a switch was answered is decided by the version that it put in charge.
        let answer = checks.check_fraud(plain(&format!("after-{switch}"))).await.unwrap().into_inner();
        assert_eq!(answer.policy_version, name);
        assert_made_by(&made, &answer);
    }
    tokio::time::sleep(BETWEEN).await;
    done.store(true, Ordering::Relaxed);
    let told = callers.join_all().await;
    assert!(told.iter().all(|(_, switches)| *switches >= 5), "a caller hardly saw a switch: {told:?}");
    let answered = told.iter().map(|(answers, _)| answers).sum::<usize>() + SWITCHES;

    // What is on disk says the same as what was answered.
    let mut raw = world.raw().await;
    assert_eq!(raw.integer("SELECT COUNT(*) FROM decisions").await, i64::try_from(answered).unwrap());
    let hex = if is_postgres(&world.database) { "ENCODE(reply, 'hex')" } else { "HEX(reply)" };
    let mut by_version: BTreeMap<String, usize> = BTreeMap::new();
    for row in raw.texts(&format!("SELECT policy_digest || ' ' || {hex} FROM decisions")).await {
        let (digest, reply) = row.split_once(' ').unwrap();
        let bytes = (0..reply.len()).step_by(2).map(|at| u8::from_str_radix(&reply[at..at + 2], 16).unwrap());
        let reply = CheckFraudResponse::decode(bytes.collect::<Vec<_>>().as_slice()).unwrap();
        assert_made_by(&made, &reply);
        assert_eq!(digest, made[&reply.policy_version].0);
        *by_version.entry(reply.policy_version).or_default() += 1;
    }
    assert_eq!(by_version.len(), made.len());
    let switches = raw.integer("SELECT COUNT(*) FROM audit WHERE action = 'activate_policy_version'").await;
    assert_eq!(switches, i64::try_from(SWITCHES).unwrap() + 1);
    println!(
        "{:?}: {CALLERS} callers, {answered} decisions, 0 failed, {SWITCHES} switches, {by_version:?}",
        world.database
    );
    platform.stop().await;
});
