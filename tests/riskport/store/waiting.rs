//! Waiting has an end: a full queue refuses at once, and an id that another process holds is given up.

use riskport::domain::refusal::{Limit, Refusal};

use crate::support::{
    World, begin, poll_once,
    samples::{decision, uuid},
};

/// What the writer's queue holds, as its module says.
const QUEUE: usize = 4_096;

on_both!(a_full_queue_refuses_and_loses_nothing, one_thread, async |world| {
    let (_, writer, _task) = world.open_writer().await;
    let accepted: Vec<_> = (0..QUEUE).map(|n| begin(writer.record(decision("north", &format!("r{n}"))))).collect();
    for _ in 0..100 {
        let refusal = match poll_once(&mut Box::pin(writer.record(decision("north", "one-more")))) {
            std::task::Poll::Ready(Err(refusal)) => refusal,
            other => panic!("{other:?}"),
        };
        let Refusal::Exhausted { limit: Limit::Load, retry_after: Some(_) } = refusal else { panic!("{refusal:?}") };
    }
    for one in accepted {
        assert!(!one.await.unwrap().replayed);
    }
    // Once it has drained, whoever was refused gets in.
    assert!(!writer.record(decision("north", "one-more")).await.unwrap().replayed);
    let there = world.raw().await.integer("SELECT COUNT(*) FROM decisions").await;
    assert_eq!(there, i64::try_from(QUEUE + 1).unwrap());
});

/// Another process that has taken request ids and has not committed: it may be slow, stopped or cut off.
async fn hold(world: &World, requests: &[&str]) -> crate::support::raw::Raw {
    let mut raw = world.raw().await;
    raw.execute("BEGIN").await;
    for request in requests {
        let id = uuid();
        let sql = format!(r"INSERT INTO idempotency VALUES ('north', 'credit_score', '{request}', '{id}', '\x00')");
        raw.execute(&sql).await;
    }
    raw
}

#[tokio::test]
async fn many_ids_that_another_process_holds_do_not_hold_up_the_rest() {
    let Some(world) = World::postgres().await else { return };
    let (_, writer, _task) = world.open_writer().await;
    let ids: Vec<_> = (0..60).map(|n| format!("held-{n}")).collect();
    let _other = hold(&world, &ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let started = std::time::Instant::now();
    let held: Vec<_> = ids.iter().map(|id| begin(writer.record(decision("north", id)))).collect();
    let neighbour = begin(writer.record(decision("south", "r1")));
    assert!(!neighbour.await.unwrap().replayed);
    for one in held {
        assert_eq!(one.await, Err(Refusal::StillRunning));
    }
    // If each of them waited for its own lock timeout it would be 30 s.
    assert!(started.elapsed().as_secs() < 15, "waited {:?}", started.elapsed());
    world.end().await;
}

#[tokio::test]
async fn an_id_that_another_process_holds_is_given_up() {
    let Some(world) = World::postgres().await else { return };
    let (_, writer, _task) = world.open_writer().await;
    let mut other = hold(&world, &["held"]).await;
    let started = std::time::Instant::now();
    let held = begin(writer.record(decision("north", "held")));
    let neighbours: Vec<_> = (0..20).map(|n| begin(writer.record(decision("south", &format!("r{n}"))))).collect();
    assert_eq!(held.await, Err(Refusal::StillRunning));
    for one in neighbours {
        assert!(!one.await.unwrap().replayed);
    }
    // Far more than the lock timeout twice: a bound that only a missing timeout passes.
    assert!(started.elapsed().as_secs() < 5, "waited {:?}", started.elapsed());
    // The other process gave it up after all, so a repeat decides.
    other.execute("ROLLBACK").await;
    assert!(!writer.record(decision("north", "held")).await.unwrap().replayed);
    world.end().await;
}
