//! What came of a round.

use std::{collections::BTreeMap, time::Duration};

use crate::cli::Failure;

/// gRPC's OK, RESOURCE_EXHAUSTED and DEADLINE_EXCEEDED.
const OK: u8 = 0;
const DEADLINE_EXCEEDED: u8 = 4;
const RESOURCE_EXHAUSTED: u8 = 8;

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cli::torture) enum Outcome {
    /// It was answered.
    Accepted,
    /// It was refused with RESOURCE_EXHAUSTED, as a server that cannot take it must.
    Refused,
    /// It was not answered in time.
    Late,
    /// It ended with another code.
    Failed(u8),
    /// Its connection or its stream broke.
    Broken,
}

impl Outcome {
    pub(super) const fn of_code(code: u8) -> Self {
        match code {
            OK => Self::Accepted,
            RESOURCE_EXHAUSTED => Self::Refused,
            DEADLINE_EXCEEDED => Self::Late,
            other => Self::Failed(other),
        }
    }

    fn describe(self) -> String {
        match self {
            Self::Accepted => "answered".to_owned(),
            Self::Refused => "refused".to_owned(),
            Self::Late => "too late".to_owned(),
            Self::Failed(code) => format!("code {code}"),
            Self::Broken => "broken off".to_owned(),
        }
    }
}

/// One call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    /// From when it was due to when its answer had ended.
    pub latency: Duration,
    /// From when it was due to when it was sent.
    pub lateness: Duration,
    /// From the begin of the round to when its answer had ended.
    pub ended: Duration,
    pub outcome: Outcome,
}

/// What came of one round.
#[derive(Debug)]
pub(in crate::cli::torture) struct Round {
    /// Sorted by latency.
    answers: Vec<Answer>,
    length: Duration,
    /// What the whole process spent, of a core, while the round was.
    busy: Duration,
}

impl Round {
    pub(super) fn new(mut answers: Vec<Answer>, length: Duration, busy: Duration) -> Self {
        answers.sort_unstable_by_key(|answer| answer.latency);
        Self { answers, length, busy }
    }

    /// How many calls there were.
    pub(in crate::cli::torture) fn calls(&self) -> usize {
        self.answers.len()
    }

    /// How many calls became that.
    pub(in crate::cli::torture) fn count(&self, outcome: Outcome) -> usize {
        self.answers.iter().filter(|answer| answer.outcome == outcome).count()
    }

    /// How many were neither answered nor refused as they should be.
    pub(in crate::cli::torture) fn failed(&self) -> usize {
        self.calls() - self.count(Outcome::Accepted) - self.count(Outcome::Refused)
    }

    /// The share of calls that were answered, in percent.
    pub(in crate::cli::torture) fn success_percent(&self) -> f64 {
        float(self.count(Outcome::Accepted)) / float(self.calls().max(1)) * 100.0
    }

    /// Calls that were answered while the round was, a second. What is answered after it was held back.
    pub(in crate::cli::torture) fn goodput(&self) -> f64 {
        let within = |answer: &&Answer| answer.outcome == Outcome::Accepted && answer.ended <= self.length;
        float(self.answers.iter().filter(within).count()) / self.length.as_secs_f64()
    }

    /// The goodput of a closed loop: what the server can do.
    ///
    /// # Errors
    /// When nothing was answered: there is nothing then to hold other loads against.
    pub(in crate::cli::torture) fn capacity(&self) -> Result<f64, Failure> {
        let goodput = self.goodput();
        if goodput > 0.0 {
            return Ok(goodput);
        }
        Err(Failure::new(format!("the server answered nothing while its capacity was sought: {}", self.describe())))
    }

    /// Calls a second, whatever became of them.
    pub(in crate::cli::torture) fn rate(&self) -> f64 {
        float(self.calls()) / self.length.as_secs_f64()
    }

    /// The latency that 99 of a hundred calls with an outcome did not exceed, in milliseconds (the nearest rank); nothing
    /// when there was none.
    pub(in crate::cli::torture) fn p99_ms(&self, outcome: Outcome) -> Option<f64> {
        let of_outcome: Vec<Duration> =
            self.answers.iter().filter(|answer| answer.outcome == outcome).map(|answer| answer.latency).collect();
        percentile(&of_outcome, 99)
    }

    /// From the begin of the round to when the last answer had ended, in seconds.
    pub(in crate::cli::torture) fn span_seconds(&self) -> f64 {
        self.answers.iter().map(|answer| answer.ended).max().unwrap_or(self.length).as_secs_f64()
    }

    /// The longest that any call took, in milliseconds.
    pub(in crate::cli::torture) fn slowest_ms(&self) -> f64 {
        self.answers.last().map_or(0.0, |answer| answer.latency.as_secs_f64() * 1e3)
    }

    /// How late the generator itself was with the 99th of a hundred calls, in milliseconds.
    pub(in crate::cli::torture) fn lateness_p99_ms(&self) -> f64 {
        let mut lateness: Vec<Duration> = self.answers.iter().map(|answer| answer.lateness).collect();
        lateness.sort_unstable();
        percentile(&lateness, 99).unwrap_or_default()
    }

    /// The share of its core that the generator used, in percent.
    pub(in crate::cli::torture) fn busy_percent(&self) -> f64 {
        self.busy.as_secs_f64() / self.length.as_secs_f64() * 100.0
    }

    /// What the generator spent on a call, in microseconds.
    pub(in crate::cli::torture) fn micros_a_call(&self) -> f64 {
        self.busy.as_secs_f64() * 1e6 / float(self.calls().max(1))
    }

    /// How many calls became what, for a person.
    pub(in crate::cli::torture) fn describe(&self) -> String {
        let mut counts: BTreeMap<Outcome, usize> = BTreeMap::new();
        for answer in &self.answers {
            *counts.entry(answer.outcome).or_default() += 1;
        }
        let counts: Vec<String> =
            counts.iter().map(|(outcome, count)| format!("{count} {}", outcome.describe())).collect();
        counts.join(", ")
    }
}

/// The duration that so many of a hundred did not exceed, in milliseconds, of sorted ones.
fn percentile(sorted: &[Duration], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).map(|duration| duration.as_secs_f64() * 1e3)
}

#[expect(clippy::cast_precision_loss, reason = "a round has fewer than 2^52 calls")]
const fn float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(millis: u64, code: u8) -> Answer {
        let latency = Duration::from_millis(millis);
        Answer { latency, lateness: latency / 10, ended: latency * 20, outcome: Outcome::of_code(code) }
    }

    #[test]
    fn a_round_tells_answered_from_refused_and_from_failed() {
        let mut answers: Vec<Answer> = (1..=200).map(|millis| answer(201 - millis, 0)).collect();
        answers.extend([answer(1, 8), answer(2, 8), answer(9, 4), answer(9, 14)]);
        answers.push(Answer { outcome: Outcome::Broken, ..answer(1, 0) });
        let round = Round::new(answers, Duration::from_secs(2), Duration::from_millis(500));
        assert_eq!((round.calls(), round.count(Outcome::Refused), round.failed()), (205, 2, 3));
        // Those of more than 100 ms ended after the round.
        assert!((round.goodput() - 50.0).abs() < 1e-9);
        assert!((round.busy_percent() - 25.0).abs() < 1e-9);
        assert!((round.micros_a_call() - 500_000.0 / 205.0).abs() < 1e-6);
        assert_eq!(round.p99_ms(Outcome::Accepted), Some(198.0));
        assert_eq!(round.p99_ms(Outcome::Refused), Some(2.0));
        assert_eq!(round.p99_ms(Outcome::Failed(3)), None);
        assert!(round.capacity().is_ok_and(|capacity| capacity > 0.0));
        let none = Round::new(vec![answer(9, 14)], Duration::from_secs(1), Duration::ZERO);
        assert!(none.capacity().is_err_and(|failure| failure.to_string().ends_with("1 code 14")));
        assert_eq!(round.describe(), "200 answered, 2 refused, 1 too late, 1 code 14, 1 broken off");
    }
}
