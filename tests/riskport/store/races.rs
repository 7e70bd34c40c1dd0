//! Many callers, and several processes, on the same request ids: one decision each, and equal replies.

use std::collections::HashMap;

use riskport::{
    domain::{
        decision::{NewDecision, Recorded},
        refusal::Refusal,
    },
    store::DecisionWriter,
};
use tokio::task::JoinSet;

use crate::support::{
    World,
    samples::{decision, writer_id},
};

/// Has every writer record every request id, from a task each, all at once.
async fn race(writers: &[DecisionWriter], racers: usize, keys: usize) -> HashMap<String, Vec<Recorded>> {
    let mut racing = JoinSet::new();
    for racer in 0..racers {
        for key in 0..keys {
            // Every racer goes its own way through the keys, so that batches differ.
            let request = format!("r{}", (key * 7 + racer * 13) % keys);
            let writer = writers[racer % writers.len()].clone();
            racing.spawn(async move {
                let answer = record(&writer, decision("north", &request)).await;
                (request, answer)
            });
        }
    }
    let mut answers: HashMap<String, Vec<Recorded>> = HashMap::new();
    for (request, answer) in racing.join_all().await {
        answers.entry(request).or_default().push(answer);
    }
    answers
}

/// Asks again when told to, as the contract tells a partner to.
async fn record(writer: &DecisionWriter, new: NewDecision) -> Recorded {
    loop {
        match writer.record(new.clone()).await {
            Err(Refusal::StillRunning | Refusal::Unavailable | Refusal::Exhausted { .. }) => {}
            answer => return answer.unwrap(),
        }
    }
}

/// Each key has one first answer, and every other answer is that one again.
fn check(answers: &HashMap<String, Vec<Recorded>>, racers: usize, keys: usize) {
    assert_eq!(answers.len(), keys);
    for (request, answers) in answers {
        assert_eq!(answers.len(), racers, "{request}");
        assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1, "{request}");
        assert!(answers.iter().all(|answer| answer.reply == answers[0].reply), "{request}");
    }
}

async fn count(world: &World, table: &str) -> i64 {
    world.raw().await.integer(&format!("SELECT COUNT(*) FROM {table}")).await
}

on_both!(two_hundred_on_one_id_leave_one_row, async |world| {
    let (_, writer, _task) = world.open_writer().await;
    let answers = race(&[writer], 200, 1).await;
    check(&answers, 200, 1);
    for table in ["decisions", "decision_inputs", "idempotency"] {
        assert_eq!(count(world, table).await, 1, "{table}");
    }
});

on_both!(thirty_two_racers_on_a_hundred_ids_leave_a_hundred_rows, async |world| {
    let (_, writer, _task) = world.open_writer().await;
    let answers = race(&[writer], 32, 100).await;
    check(&answers, 32, 100);
    assert_eq!(count(world, "decisions").await, 100);
});

on_both!(two_processes_on_the_same_ids_leave_one_row_each, async |world| {
    let ids = [writer_id(), writer_id()];
    let (first, first_task) = world.open_writer_as(&ids[0]).await;
    let (second, second_task) = world.open_writer_as(&ids[1]).await;
    let answers = race(&[first, second], 16, 100).await;
    check(&answers, 16, 100);
    first_task.finish().await;
    second_task.finish().await;
    assert_eq!(count(world, "decisions").await, 100);
    let mut both = 0;
    for id in ids {
        let sql = format!("SELECT seq FROM decisions WHERE writer_id = '{id}' ORDER BY seq");
        let seqs = world.raw().await.integers(&sql).await;
        assert_eq!(seqs, (1..=i64::try_from(seqs.len()).unwrap()).collect::<Vec<_>>(), "a gap in a writer's order");
        both += seqs.len();
    }
    assert_eq!(both, 100);
});
