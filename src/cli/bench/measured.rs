//! What came of a round, as figures.

use std::time::Duration;

/// What came of one round.
pub(super) struct Measured {
    /// From sending a request to its reply, shortest first.
    pub latencies: Vec<Duration>,
    /// Of all replies.
    pub reply_bytes: usize,
    pub elapsed: Duration,
    pub server_cpu: Duration,
    pub client_cpu: Duration,
}

impl Measured {
    /// How many calls were answered.
    pub(super) fn calls(&self) -> usize {
        self.latencies.len()
    }

    /// The mean size of a reply in bytes.
    pub(super) fn mean_reply_bytes(&self) -> usize {
        self.reply_bytes / self.calls().max(1)
    }

    /// Calls a second.
    pub(super) fn per_second(&self) -> f64 {
        self.count() / self.elapsed.as_secs_f64()
    }

    /// The latency that so many of a hundred calls did not exceed, in milliseconds (the nearest rank).
    pub(super) fn percentile_ms(&self, percent: usize) -> f64 {
        let rank = (self.calls() * percent).div_ceil(100);
        self.latencies.get(rank.saturating_sub(1)).map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    }

    /// A time of processors as microseconds a call.
    pub(super) fn micros_a_call(&self, spent: Duration) -> f64 {
        spent.as_secs_f64() * 1e6 / self.count()
    }

    /// A time of one processor as a share of the round, in percent.
    pub(super) fn percent_of_round(&self, spent: Duration) -> f64 {
        spent.as_secs_f64() / self.elapsed.as_secs_f64() * 100.0
    }

    #[expect(clippy::cast_precision_loss, reason = "a round has fewer than 2^52 calls")]
    fn count(&self) -> f64 {
        self.calls() as f64
    }
}
