//! The open loop: independent callers, who do not wait for each other.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use tokio::{sync::mpsc, time::timeout};

use super::{
    alarm::Alarm,
    calls::{Calls, PATIENCE_SECONDS},
    connections::Connections,
    round::{Answer, Outcome, Round},
};
use crate::cli::{Failure, load::cores::Spent};

/// How long the generator sleeps at least: waking costs more than sending, and so little lateness shows in no figure.
const SHORTEST_SLEEP: Duration = Duration::from_micros(100);

/// Ends an open loop from outside.
#[derive(Debug, Clone, Default)]
pub(in crate::cli::torture) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// No call is due any more.
    pub(in crate::cli::torture) fn now(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn told(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Calls at a mean rate a second, in a Poisson process as independent callers make one, for so long or until it is stopped;
/// then waits for the answers. `seed` decides the gaps.
pub(in crate::cli::torture) async fn open_loop(
    connections: Arc<Connections>,
    calls: Calls,
    rate: f64,
    length: Duration,
    stop: Stop,
    seed: u64,
) -> Result<Round, Failure> {
    let (mut alarm, mut random) = (Alarm::new()?, ChaCha8Rng::seed_from_u64(seed));
    let (answered, mut answers) = mpsc::unbounded_channel();
    let (begun, spent) = (Instant::now(), Spent::now()?);
    let (mut due, mut turn) = (gap(&mut random, rate), 0);
    while due < length && !stop.told() {
        let now = begun.elapsed();
        while due <= now && due < length {
            send(&connections, &calls, turn, (begun, due), &answered);
            turn += 1;
            due += gap(&mut random, rate);
        }
        let wake = due.min(length).max(begun.elapsed() + SHORTEST_SLEEP);
        alarm.sleep(wake.saturating_sub(begun.elapsed())).await?;
    }
    let (length, busy) = (begun.elapsed(), Spent::now()?.process_since(spent));
    drop(answered);
    let mut all = Vec::with_capacity(turn);
    while let Some(answer) = answers.recv().await {
        all.push(answer);
    }
    Ok(Round::new(all, length, busy))
}

/// Sends the call of a turn, and has its answer noted.
fn send(
    connections: &Connections,
    calls: &Calls,
    turn: usize,
    (begun, due): (Instant, Duration),
    answered: &mpsc::UnboundedSender<Answer>,
) {
    let (request, body) = calls.request(turn);
    let sent = connections.send(turn, request, body);
    let lateness = begun.elapsed().saturating_sub(due);
    let answered = answered.clone();
    let note = move |outcome| {
        let ended = begun.elapsed();
        // Nobody listens only when the round was given up.
        let _ = answered.send(Answer { latency: ended.saturating_sub(due), lateness, ended, outcome });
    };
    match sent {
        Err(outcome) => note(outcome),
        Ok(reply) => {
            let patience = Duration::from_secs(PATIENCE_SECONDS).saturating_sub(lateness);
            tokio::spawn(async move { note(timeout(patience, reply.outcome()).await.unwrap_or(Outcome::Late)) });
        }
    }
}

/// The time to the next call of a Poisson process: exponentially distributed.
fn gap(random: &mut ChaCha8Rng, rate: f64) -> Duration {
    // 53 random bits, and never 0, of which there is no logarithm.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let uniform = ((random.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
    Duration::from_secs_f64(-uniform.ln() / rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_have_the_mean_and_the_spread_of_independent_callers() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let gaps: Vec<f64> = (0..100_000).map(|_| gap(&mut random, 1_000.0).as_secs_f64() * 1e3).collect();
        let mean = gaps.iter().sum::<f64>() / 1e5;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / 1e5;
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
        assert!((variance - 1.0).abs() < 0.05, "{variance}");
    }
}
