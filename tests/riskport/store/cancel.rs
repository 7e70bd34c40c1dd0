//! A call that is dropped in the middle can neither lose nor poison a write.

use std::{collections::HashSet, future::Future, sync::Arc, time::Duration};

use riskport::store::{Database, DecisionWriter, RecordOutcome};
use tokio::task::JoinSet;

use super::outcomes::outcome;
use crate::support::{
    begin,
    samples::{by, decision, kid, payload, tenant, wrapped_key, writer_id},
    times,
};

/// When a call is given up, as a number of 0-15: after a few turns of the scheduler when it is small, and after
/// milliseconds when it is large. Nothing: never.
type Patience = Option<u32>;

/// Runs a call to its end, or drops it somewhere in the middle.
async fn with_patience<T>(patience: Patience, call: impl Future<Output = T>) -> Option<T> {
    let Some(patience) = patience else { return Some(call.await) };
    let tired = async {
        if patience > 9 {
            tokio::time::sleep(Duration::from_millis(1 << (patience - 10))).await;
        } else {
            for _ in 1..1_u32 << patience {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::select! {
        biased;
        done = call => Some(done),
        () = tired => None,
    }
}

/// Every third call is patient, whatever the machine is busy with; the others are at random, the same in every run.
fn patience(seed: u8) -> impl Iterator<Item = Patience> {
    let mut state = u64::from(seed);
    let random = std::iter::repeat_with(move || {
        // Knuth's linear congruential generator; its high bits are good enough here.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((state >> 33) % 16).unwrap()
    });
    random.enumerate().map(|(n, random)| (n % 3 != 0).then_some(random))
}

/// Whether something becomes true; it is given far more time than it can need.
async fn in_the_end(mut is_so: impl AsyncFnMut() -> bool) -> bool {
    for _ in 0..500 {
        if is_so().await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

/// Calls of each of ten callers, unless `RISKPORT_TEST_DROPS` asks for more in all.
const DROPS: usize = 1_500;

on_both!(a_dropped_record_loses_nothing, async |world| {
    let each = times("RISKPORT_TEST_DROPS", DROPS) / 10;
    let id = writer_id();
    let (writer, task) = DecisionWriter::start(world.open_narrow().await, id.clone(), Arc::default());
    let mut callers = JoinSet::new();
    for caller in 0..10_u8 {
        let writer = writer.clone();
        callers.spawn(async move {
            let mut acknowledged = Vec::new();
            for (n, patience) in patience(caller).take(each).enumerate() {
                let new = decision("north", &format!("r{caller}-{n}"));
                let decision_id = new.id.clone();
                if let Some(answer) = with_patience(patience, writer.record(new)).await {
                    assert!(!answer.unwrap().replayed);
                    acknowledged.push(decision_id.as_str().to_owned());
                }
            }
            acknowledged
        });
    }
    let acknowledged = callers.join_all().await.concat();
    let all = 10 * each;
    assert!((all / 3..all).contains(&acknowledged.len()), "{} of {all} ran to their end", acknowledged.len());

    // The writer still works, and on another connection all that was acknowledged is there at once.
    writer.record(decision("north", "last")).await.unwrap();
    let mut raw = world.raw().await;
    let there: HashSet<String> = raw.texts("SELECT decision_id FROM decisions").await.into_iter().collect();
    assert!(acknowledged.iter().all(|id| there.contains(id)), "an acknowledged decision is missing");
    // A dropped call had handed over its decision, so that one is there too in the end, and once.
    drop(writer);
    task.finish().await;
    let seqs = raw.integers(&format!("SELECT seq FROM decisions WHERE writer_id = '{id}' ORDER BY seq")).await;
    assert!(seqs.iter().copied().eq(1..=i64::try_from(all).unwrap() + 1), "{} are there", seqs.len());
    println!("{all} calls, {} ran to their end, 0 missing", acknowledged.len());
});

on_both!(a_dropped_change_loses_nothing, async |world| {
    let store = world.open_narrow().await;
    let (writer, _task) = DecisionWriter::start(store.clone(), writer_id(), Arc::default());
    let each = times("RISKPORT_TEST_DROPS", DROPS) / 30;
    let about = decision("north", "r1");
    writer.record(about.clone()).await.unwrap();
    let mut callers = JoinSet::new();
    for caller in 0..8_u8 {
        let (store, about) = (store.clone(), about.clone());
        callers.spawn(async move {
            let (mut tenants, mut reports) = (0, 0);
            for (n, patience) in patience(caller).take(each).enumerate() {
                let (new, by) = (tenant(&format!("bank-{caller}-{n}")), by(1, "create_tenant"));
                if let Some(done) = with_patience(patience, store.record_tenant(&new, &wrapped_key("dk"), &by)).await {
                    assert_eq!(done, Ok(true));
                    tenants += 1;
                }
                let (request, kid) = (format!("o{caller}-{n}"), kid("k1"));
                let new = outcome(&request, &about.id, 1);
                let reporting = store.record_outcome(&about.tenant, &new, payload(&request), &kid, "");
                if let Some(done) = with_patience(patience, reporting).await {
                    assert_eq!(done, Ok(RecordOutcome::Recorded));
                    reports += 1;
                }
            }
            (tenants, reports)
        });
    }
    let (tenants, reports) =
        callers.join_all().await.into_iter().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    let patient = i64::try_from(8 * (each / 3)).unwrap();
    assert!(tenants >= patient && reports >= patient, "{tenants} and {reports} ran to their end");

    // A connection that a dropped call left in a transaction would swallow what comes later.
    let mut raw = world.raw().await;
    if let Database::Postgres(_) = world.database {
        let open = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = CURRENT_DATABASE()
            AND state LIKE 'idle in transaction%' AND pid <> PG_BACKEND_PID()";
        assert!(in_the_end(async || raw.integer(open).await == 0).await, "a connection stays in a transaction");
    }
    // Whatever connection the store uses now, what it acknowledges is committed.
    for n in 0..40 {
        let new = tenant(&format!("later-{n}"));
        assert!(store.record_tenant(&new, &wrapped_key("dk"), &by(2, "create_tenant")).await.unwrap());
    }
    let later = raw.integer("SELECT COUNT(*) FROM tenants WHERE tenant_id LIKE 'later-%'").await;
    assert_eq!(later, 40, "an acknowledged tenant is missing");
    // Dropped ones run to their end detached, so there may be more than were acknowledged.
    assert!(raw.integer("SELECT COUNT(*) FROM tenants").await >= tenants + 40, "an acknowledged tenant is missing");
    assert!(raw.integer("SELECT COUNT(*) FROM credit_outcomes").await >= reports, "an acknowledged report is missing");
    let unrecorded = "SELECT COUNT(*) FROM tenants WHERE 'tenants/' || tenant_id NOT IN (SELECT target FROM audit)";
    assert_eq!(raw.integer(unrecorded).await, 0, "a tenant is there without its audit row");
});

on_both!(a_change_that_was_begun_runs_to_its_end, one_thread, async |world| {
    let store = world.open().await;
    let (new, key, by) = (tenant("north"), wrapped_key("dk"), by(1, "create_tenant"));
    drop(begin(store.record_tenant(&new, &key, &by)));
    assert!(in_the_end(async || store.find_tenant(&new.id).await.unwrap().is_some()).await, "it went with its caller");
    assert_eq!(store.count_changes().await.unwrap(), 1);
});
