//! The closed loop: so many callers, each of whom waits for its answer. It finds what a server can do.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{task::JoinSet, time::timeout};

use super::{
    calls::{Calls, PATIENCE_SECONDS},
    connections::Connections,
    round::{Answer, Outcome, Round},
};
use crate::cli::{Failure, load::cores::Spent};

/// How long a caller that was refused waits, as it was asked to.
const BACK_OFF: Duration = Duration::from_millis(100);

/// Calls with so many in flight on each connection, for so long.
pub(in crate::cli::torture) async fn closed_loop(
    connections: Arc<Connections>,
    calls: Calls,
    in_flight: usize,
    length: Duration,
) -> Result<Round, Failure> {
    let callers = connections.count() * in_flight;
    let (begun, spent) = (Instant::now(), Spent::now()?);
    let answers = many(callers, move |caller, answers| {
        let (connections, calls) = (Arc::clone(&connections), calls.clone());
        async move {
            let (mut answers, mut turn) = (answers, caller);
            while begun.elapsed() < length {
                answers.push(one(&connections, &calls, turn, begun).await);
                turn += callers;
            }
            answers
        }
    });
    let answers = answers.await?;
    let (elapsed, spent) = (begun.elapsed(), Spent::now()?.process_since(spent));
    Ok(Round::new(answers, elapsed, spent))
}

/// Has every tenant call once, with so many calls in flight.
pub(in crate::cli::torture) async fn each_once(
    connections: Arc<Connections>,
    calls: Calls,
    in_flight: usize,
) -> Result<Round, Failure> {
    let (begun, spent) = (Instant::now(), Spent::now()?);
    let next = Arc::new(AtomicUsize::new(0));
    let answers = many(in_flight, move |_, answers| {
        let (connections, calls, next) = (Arc::clone(&connections), calls.clone(), Arc::clone(&next));
        async move {
            let mut answers = answers;
            loop {
                let turn = next.fetch_add(1, Ordering::Relaxed);
                if turn >= calls.callers() {
                    return answers;
                }
                answers.push(one(&connections, &calls, turn, begun).await);
            }
        }
    });
    let answers = answers.await?;
    let (elapsed, spent) = (begun.elapsed(), Spent::now()?.process_since(spent));
    Ok(Round::new(answers, elapsed, spent))
}

/// Runs so many callers beside each other, and puts their answers together.
async fn many<F>(callers: usize, caller: impl Fn(usize, Vec<Answer>) -> F) -> Result<Vec<Answer>, Failure>
where
    F: Future<Output = Vec<Answer>> + Send + 'static,
{
    let mut running: JoinSet<Vec<Answer>> = (0..callers).map(|number| caller(number, Vec::new())).collect();
    let mut all = Vec::new();
    while let Some(answers) = running.join_next().await {
        all.extend(answers?);
    }
    Ok(all)
}

async fn one(connections: &Connections, calls: &Calls, turn: usize, begun: Instant) -> Answer {
    let (request, body) = calls.request(turn);
    let sent = Instant::now();
    let outcome = match connections.send(turn, request, body) {
        Err(outcome) => outcome,
        Ok(reply) => {
            let patience = Duration::from_secs(PATIENCE_SECONDS);
            timeout(patience, reply.outcome()).await.unwrap_or(Outcome::Late)
        }
    };
    let (latency, ended) = (sent.elapsed(), begun.elapsed());
    if outcome != Outcome::Accepted {
        tokio::time::sleep(BACK_OFF).await;
    }
    Answer { latency, lateness: Duration::ZERO, ended, outcome }
}
