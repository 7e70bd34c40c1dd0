//! Overload: far more calls than can be answered. What is taken must still be answered soon, and what is not taken must be
//! told at once.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Run, figure,
    generator::{CREDIT_SCORE, Calls, Connections, Outcome, Round, Stop, closed_loop, open_loop},
    mib,
    onboarding::{AMPLE_RATE, Wanted},
    promise::{Bound, Promise},
    world::World,
};
use crate::cli::{Failure, load::applicants};

pub(super) const NAME: &str = "overload";
/// As many tenants, each with a connection of its own.
const TENANTS: usize = 100;
/// Calls in flight on each connection while the capacity is sought.
const IN_FLIGHT: usize = 2;
/// How much longer the overload is than the other measurements.
const LONGER: u32 = 6;
/// How often the memory is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// The overload, as a multiple of the capacity, and the load it is held against.
const OVER: f64 = 3.0;
const USUAL: f64 = 0.7;

pub(super) async fn run(run: &mut Run) -> Result<(), Failure> {
    let world = run.site.world().await?;
    world.raise_operator().await?;
    let tenants = if run.short { TENANTS / 5 } else { TENANTS };
    let wanted = Wanted { prefix: "overload", count: tenants, rate: AMPLE_RATE, entitled: false };
    let (partners, _) = world.onboard(wanted).await?;
    let bearers = partners.iter().map(|partner| partner.bearer.clone());
    let calls = Calls::new(world.address(), CREDIT_SCORE, bearers, applicants::messages()?, run.site.ids())?;
    let connections = Arc::new(run.core.spawn(Connections::open(world.address(), tenants)).await??);
    let mut acknowledged = 0;
    // To warm up: caches, the statements of the database, the allocator.
    acknowledged += capacity(run, &connections, &calls).await?.count(Outcome::Accepted);
    for number in 1..=run.rounds {
        acknowledged += one_round(run, &world, &connections, &calls, number).await?;
    }
    let mut stored = 0;
    for partner in &partners {
        stored += world.stored(partner).await?;
    }
    let lost = acknowledged.saturating_sub(stored);
    run.board.add(Promise::count(NAME, "acknowledged decisions lost", Bound::AtMost(0.0)), figure(lost));
    Ok(())
}

async fn capacity(run: &Run, connections: &Arc<Connections>, calls: &Calls) -> Result<Round, Failure> {
    run.core.spawn(closed_loop(Arc::clone(connections), calls.clone(), IN_FLIGHT, run.length)).await?
}

/// Seeks the capacity, loads it as usual, overloads it; everything is compared within the round. Tells how many decisions
/// were acknowledged.
async fn one_round(
    run: &mut Run,
    world: &World,
    connections: &Arc<Connections>,
    calls: &Calls,
    number: u32,
) -> Result<usize, Failure> {
    let closed = capacity(run, connections, calls).await?;
    let capacity = closed.capacity()?;
    let open = |share: f64, length: Duration| {
        let (connections, calls) = (Arc::clone(connections), calls.clone());
        run.core.spawn(open_loop(connections, calls, capacity * share, length, Stop::default(), u64::from(number)))
    };
    let usual = open(USUAL, run.length).await??;
    let longer = run.length * if run.short { 2 } else { LONGER };
    let overload = open(OVER, longer);
    let memory = resident_until(world, &overload).await;
    let over = overload.await??;
    eprintln!(
        "  round {number}: {capacity:.0}/s of capacity; at 0.7: {}; at 3: {} ({} connections lost so far)",
        usual.describe(),
        over.describe(),
        connections.lost()
    );
    tell(run, capacity, &usual, &over);
    run.board.add(Promise::timing(NAME, "memory slope at 3, MiB/min", Bound::AtMost(8.0), 1), slope_a_minute(&memory));
    Ok([&closed, &usual, &over].iter().map(|round| round.count(Outcome::Accepted)).sum())
}

fn tell(run: &mut Run, capacity: f64, usual: &Round, over: &Round) {
    let mut timing = |name: &str, bound, decimals, figure: f64| {
        run.board.add(Promise::timing(NAME, name, bound, decimals), figure);
    };
    timing("capacity, requests/s", Bound::Told, 0, capacity);
    timing("offered at 3, as a multiple of it", Bound::Told, 2, over.rate() / capacity);
    timing("goodput at 3, % of capacity", Bound::AtLeast(80.0), 0, over.goodput() / capacity * 100.0);
    let p99 = |round: &Round, outcome| round.p99_ms(outcome).unwrap_or(f64::INFINITY);
    timing("accepted p99 at 0.7, ms", Bound::Told, 1, p99(usual, Outcome::Accepted));
    timing("accepted p99 at 3, ms", Bound::Told, 1, p99(over, Outcome::Accepted));
    let ratio = p99(over, Outcome::Accepted) / p99(usual, Outcome::Accepted);
    timing("accepted p99 at 3, as a multiple of that at 0.7", Bound::AtMost(2.0), 2, ratio);
    if let Some(refused) = over.p99_ms(Outcome::Refused) {
        timing("refused p99 at 3, ms", Bound::AtMost(10.0), 1, refused);
    }
    let failed =
        |when| Promise::count(NAME, format!("neither answered nor RESOURCE_EXHAUSTED at {when}"), Bound::AtMost(0.0));
    run.board.add(failed("0.7"), figure(usual.failed()));
    run.board.add(failed("3"), figure(over.failed()));
    run.tell_generator(NAME, "at 0.7", usual);
    run.tell_generator(NAME, "at 3", over);
    run.board.add(Promise::told(NAME, "generator's CPU a call at 3, µs", 1), over.micros_a_call());
}

/// The server's memory by time, in seconds and MiB, until a task has ended.
pub(super) async fn resident_until<T>(world: &World, task: &tokio::task::JoinHandle<T>) -> Vec<(f64, f64)> {
    let (begun, mut seen) = (Instant::now(), Vec::new());
    while !task.is_finished() {
        seen.push((begun.elapsed().as_secs_f64(), mib(world.process.resident_bytes())));
        tokio::time::sleep(LOOK).await;
    }
    seen
}

/// The slope of memory by the method of least squares, in MiB a minute; the first third, in which it warms up, is left out.
pub(super) fn slope_a_minute(seen: &[(f64, f64)]) -> f64 {
    let settled = &seen[seen.len() / 3..];
    let count = figure(settled.len());
    let (mean_at, mean) = (
        settled.iter().map(|(at, _)| at).sum::<f64>() / count,
        settled.iter().map(|(_, memory)| memory).sum::<f64>() / count,
    );
    let spread: f64 = settled.iter().map(|(at, _)| (at - mean_at).powi(2)).sum();
    let together: f64 = settled.iter().map(|(at, memory)| (at - mean_at) * (memory - mean)).sum();
    if spread > 0.0 { together / spread * 60.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_of_what_comes_after_the_warm_up() {
        let mut seen: Vec<(f64, f64)> = (0..30).map(|at| (f64::from(at), f64::from(at) * 50.0)).collect();
        seen.extend((30..90).map(|at| (f64::from(at), 1_500.0 + f64::from(at) * 0.1)));
        assert!((slope_a_minute(&seen) - 6.0).abs() < 1e-6);
        assert!(slope_a_minute(&[(0.0, 1.0)]).abs() < 1e-9);
    }
}
