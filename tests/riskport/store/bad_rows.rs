//! A row that the database refuses fails alone: its neighbours in the batch are another tenant's.

use riskport::domain::{
    decision::{NewDecision, Recorded},
    refusal::Refusal,
};

use crate::support::{
    World, begin,
    samples::{decision, writer_id},
};

/// Commits one batch in which `bad` stands between good ones, and checks that it alone fails.
async fn check_alone(world: &World, before: Option<NewDecision>, bad: NewDecision) {
    let id = writer_id();
    let (writer, task) = world.open_writer_as(&id).await;
    let mut good = Vec::from_iter(before.clone());
    if let Some(before) = before {
        writer.record(before).await.unwrap();
    }
    let neighbours: Vec<_> = (0..8).map(|n| decision("south", &format!("r{n}"))).collect();
    good.extend(neighbours.clone());
    let (left, right) = neighbours.split_at(4);
    let left: Vec<_> = left.iter().map(|new| (new, begin(writer.record(new.clone())))).collect();
    let refused = begin(writer.record(bad.clone()));
    let right: Vec<_> = right.iter().map(|new| (new, begin(writer.record(new.clone())))).collect();
    for (new, waiting) in left.into_iter().chain(right) {
        assert_eq!(waiting.await.unwrap(), Recorded { reply: new.reply.clone(), replayed: false });
    }
    assert_eq!(refused.await, Err(Refusal::Internal));

    // The next batch goes on where the good ones ended, and the bad one's request id is still free.
    let mended = NewDecision { tenant: bad.tenant, request_id: bad.request_id, ..decision("north", "any") };
    writer.record(mended.clone()).await.unwrap();
    good.push(mended);
    drop(writer);
    task.finish().await;
    let mut raw = world.raw().await;
    let there = raw.texts("SELECT decision_id FROM decisions ORDER BY seq").await;
    assert_eq!(there, good.iter().map(|new| new.id.as_str()).collect::<Vec<_>>());
    let seqs = raw.integers(&format!("SELECT seq FROM decisions WHERE writer_id = '{id}' ORDER BY seq")).await;
    assert_eq!(seqs, (1..=i64::try_from(good.len()).unwrap()).collect::<Vec<_>>());
    let count = i64::try_from(good.len()).unwrap();
    for table in ["decision_inputs", "idempotency"] {
        assert_eq!(raw.integer(&format!("SELECT COUNT(*) FROM {table}")).await, count, "{table}");
    }
}

on_both!(an_id_that_is_taken_fails_alone, one_thread, async |world| {
    let first = decision("north", "r1");
    let bad = NewDecision { id: first.id.clone(), ..decision("north", "r2") };
    check_alone(world, Some(first), bad).await;
});

on_both!(one_id_twice_in_a_batch_fails_the_second, one_thread, async |world| {
    let (_, writer, _task) = world.open_writer().await;
    let first = decision("north", "r1");
    let second = NewDecision { id: first.id.clone(), ..decision("north", "r2") };
    let third = decision("south", "r1");
    let waiting = [&first, &second, &third].map(|new| begin(writer.record(new.clone())));
    let [first_answer, second_answer, third_answer] = waiting;
    assert!(first_answer.await.is_ok());
    assert_eq!(second_answer.await, Err(Refusal::Internal));
    assert!(third_answer.await.is_ok());
    assert_eq!(world.raw().await.integers("SELECT seq FROM decisions ORDER BY seq").await, [1, 2]);
});

on_both!(a_place_that_a_lost_commit_took_is_passed_over, async |world| {
    let (_, writer, task) = world.open_writer().await;
    writer.record(decision("north", "r1")).await.unwrap();
    // The writer's connection broke while it committed, and the commit arrived after the writer had asked for its place.
    let columns =
        "tenant_id, writer_id, kind, request_id, kid, actor, subject_hmac, purpose, environment, billable_units,
        decided_us, model_id, model_version, model_digest, engine_version, traffic_role, reply, input_commitment";
    let late =
        format!("INSERT INTO decisions (decision_id, seq, {columns}) SELECT 'late', 2, {columns} FROM decisions");
    world.raw().await.execute(&late).await;
    for request in ["r2", "r3"] {
        assert!(!writer.record(decision("north", request)).await.unwrap().replayed);
    }
    drop(writer);
    task.finish().await;
    assert_eq!(world.raw().await.integers("SELECT seq FROM decisions ORDER BY seq").await, [1, 2, 3, 4]);
});

// Text with U+0000 is refused at the door; PostgreSQL would refuse it as well, and SQLite would not.
#[tokio::test]
async fn a_zero_byte_in_text_fails_alone_on_postgres() {
    let Some(world) = World::postgres().await else { return };
    let bad = NewDecision { purpose: "a\0b".to_owned(), ..decision("north", "r1") };
    check_alone(&world, None, bad).await;
    world.end().await;
}
