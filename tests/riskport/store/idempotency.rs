//! One request id leads to one decision of a tenant, and a repeat gets its reply byte for byte.

use riskport::domain::{
    decision::{NewDecision, Recorded},
    refusal::{Obstacle, Refusal},
};

use crate::support::samples::{decision, payload};

const REUSED: Refusal = Refusal::Precondition(Obstacle::RequestIdReused);

on_both!(a_repeat_gets_the_first_reply, async |world| {
    let (store, writer, _task) = world.open_writer().await;
    let first = decision("north", "r1");
    let answer = writer.record(first.clone()).await.unwrap();
    assert_eq!(answer, Recorded { reply: first.reply.clone(), replayed: false });
    for _ in 0..3 {
        // A repeat was decided anew, so its id, reply and seal differ; none of that may get through.
        let repeat = decision("north", "r1");
        let answer = writer.record(repeat.clone()).await.unwrap();
        assert_eq!(answer, Recorded { reply: first.reply.clone(), replayed: true });
        assert_eq!(store.find_decision(&repeat.tenant, &repeat.id).await.unwrap(), None);
        assert_eq!(store.find_inputs(&repeat.tenant, &repeat.id).await.unwrap(), None);
    }
});

on_both!(another_payload_under_a_used_id_is_refused, async |world| {
    let (_, writer, _task) = world.open_writer().await;
    let first = decision("north", "r1");
    writer.record(first.clone()).await.unwrap();
    let other = NewDecision { payload_hmac: payload("other"), ..decision("north", "r1") };
    assert_eq!(writer.record(other).await, Err(REUSED));
    // The refused one has not taken the first one's place.
    let repeat = writer.record(decision("north", "r1")).await.unwrap();
    assert_eq!(repeat, Recorded { reply: first.reply, replayed: true });
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM decisions").await, 1);
});

on_both!(a_repeat_finds_the_first_reply_after_a_restart, async |world| {
    let first = decision("north", "r1");
    let (store, writer, task) = world.open_writer().await;
    writer.record(first.clone()).await.unwrap();
    drop(writer);
    task.finish().await;
    store.close().await;

    let (_, writer, _task) = world.open_writer().await;
    let repeat = writer.record(decision("north", "r1")).await.unwrap();
    assert_eq!(repeat, Recorded { reply: first.reply, replayed: true });
    let other = NewDecision { payload_hmac: payload("other"), ..decision("north", "r1") };
    assert_eq!(writer.record(other).await, Err(REUSED));
    // The new process has an order of its own, which begins at 1.
    writer.record(decision("north", "r2")).await.unwrap();
    let mut raw = world.raw().await;
    assert_eq!(raw.integers("SELECT seq FROM decisions ORDER BY decision_id").await, [1, 1]);
    assert_eq!(raw.integer("SELECT COUNT(DISTINCT writer_id) FROM decisions").await, 2);
});

on_both!(one_id_in_two_tenants_is_two_decisions, async |world| {
    let (store, writer, _task) = world.open_writer().await;
    for tenant in ["north", "south"] {
        let new = decision(tenant, "r1");
        let answer = writer.record(new.clone()).await.unwrap();
        assert_eq!(answer, Recorded { reply: new.reply.clone(), replayed: false });
        assert!(store.find_decision(&new.tenant, &new.id).await.unwrap().is_some());
    }
});

on_both!(repeats_in_one_batch_get_the_first_reply, one_thread, async |world| {
    use crate::support::begin;

    let (_, writer, _task) = world.open_writer().await;
    let same: Vec<_> = (0..8).map(|_| decision("north", "r1")).collect();
    let other = NewDecision { payload_hmac: payload("other"), ..decision("north", "r1") };
    let waiting: Vec<_> = same.iter().map(|new| begin(writer.record(new.clone()))).collect();
    let refused = begin(writer.record(other));
    let mut answers = Vec::new();
    for one in waiting {
        answers.push(one.await.unwrap());
    }
    // Which of the eight came first is the writer's choice; the ninth asked for something else.
    assert_eq!(refused.await, Err(REUSED));
    let firsts: Vec<_> = answers.iter().filter(|answer| !answer.replayed).collect();
    assert_eq!(firsts.len(), 1);
    assert!(answers.iter().all(|answer| answer.reply == firsts[0].reply));
    assert!(same.iter().any(|new| new.reply == firsts[0].reply));
});
