//! A soak: half load with a few hostile calls among it, for as long as one likes. Nothing may grow.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use http::HeaderValue;
use tokio::{task::JoinHandle, time::sleep};

use super::{
    Run,
    attacks::hostile_connection,
    figure,
    generator::{CREDIT_SCORE, Calls, Connections, Outcome, Stop, closed_loop, open_loop},
    mib,
    onboarding::{AMPLE_RATE, Wanted},
    overload::slope_a_minute,
    promise::{Bound, Promise},
    world::World,
};
use crate::cli::{
    Failure,
    load::{
        applicants::{self, Message},
        cores::Core,
    },
};

pub(super) const NAME: &str = "soak";
const TENANTS: usize = 20;
const IN_FLIGHT: usize = 4;
/// The load as a share of the capacity, and how much of it is hostile.
const LOAD: f64 = 0.5;
const HOSTILE: f64 = 0.01;
/// How often a hostile connection is made, and how long it is held.
const PACE: Duration = Duration::from_millis(200);
const HELD: Duration = Duration::from_secs(1);
/// How often memory and files are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// What a bearer is whose signature nobody made.
const FORGED: &str = "Bearer eyJhbGciOiJFZERTQSIsImtpZCI6ImsifQ.eyJpc3MiOiJub2JvZHkifQ.AAAA";

pub(super) async fn run(run: &mut Run, length: Duration) -> Result<(), Failure> {
    let world = run.site.world().await?;
    world.raise_operator().await?;
    let wanted = Wanted { prefix: "soak", count: TENANTS, rate: AMPLE_RATE, entitled: false };
    let bearers: Vec<HeaderValue> = world.onboard(wanted).await?.0.into_iter().map(|one| one.bearer).collect();
    let calls = |bearers: Vec<HeaderValue>, messages| {
        Calls::new(world.address(), CREDIT_SCORE, bearers, messages, run.site.ids())
    };
    let honest = calls(bearers.clone(), applicants::messages()?)?;
    let forged = calls(vec![HeaderValue::from_static(FORGED)], applicants::messages()?)?;
    // What follows the id is no field of any message.
    let malformed = calls(bearers, vec![Message(vec![0xff; 40])])?;
    let connections = Arc::new(run.core.spawn(Connections::open(world.address(), TENANTS)).await??);
    let seeking = closed_loop(Arc::clone(&connections), honest.clone(), IN_FLIGHT, run.length);
    let rate = run.core.spawn(seeking).await??.capacity()? * LOAD;
    eprintln!("  {rate:.0}/s for {} s, {:.0} % of it hostile", length.as_secs(), HOSTILE * 100.0);

    let open = |calls, share: f64, seed| {
        let connections = Arc::clone(&connections);
        run.core.spawn(open_loop(connections, calls, rate * share, length, Stop::default(), seed))
    };
    let attackers = Core::start("torture-attackers", run.site.cores.client)?;
    let hostile = attackers.spawn(hostile_connections(world.address(), length));
    let others = [open(forged, HOSTILE / 2.0, 2), open(malformed, HOSTILE / 2.0, 3)];
    let honest = open(honest, 1.0 - HOSTILE, 1);
    let seen = watch(&world, &honest).await;
    let round = honest.await??;
    for other in others {
        let refused = other.await??;
        let answered = Promise::count(NAME, "hostile calls answered", Bound::AtMost(0.0));
        run.board.add(answered, figure(refused.count(Outcome::Accepted)));
    }
    let made = hostile.await??;
    eprintln!("  {}; {made} hostile connections", round.describe());
    let unanswered = Promise::count(NAME, "honest calls answered, %", Bound::AtLeast(99.9)).decimals(2);
    run.board.add(unanswered, round.success_percent());
    run.board.add(Promise::told(NAME, "p99, ms", 2), round.p99_ms(Outcome::Accepted).unwrap_or(f64::INFINITY));
    let memory: Vec<(f64, f64)> = seen.iter().map(|look| (look.at, look.memory)).collect();
    let slope = Promise::timing(NAME, "memory slope, MiB/10 min", Bound::AtMost(1.0), 2);
    run.board.add(slope, slope_a_minute(&memory) * 10.0);
    run.board.add(Promise::told(NAME, "memory at the end, MiB", 0), memory.last().map_or(0.0, |(_, memory)| *memory));
    run.board.add(Promise::timing(NAME, "files more at the end", Bound::AtMost(5.0), 0), files_grown(&seen));
    run.tell_generator(NAME, "overall", &round);
    Ok(())
}

/// What the server had at a time.
struct Look {
    /// In seconds.
    at: f64,
    /// In MiB.
    memory: f64,
    files: f64,
}

async fn watch<T>(world: &World, task: &JoinHandle<T>) -> Vec<Look> {
    let (begun, mut seen) = (Instant::now(), Vec::new());
    while !task.is_finished() {
        let (memory, files) = (mib(world.process.resident_bytes()), figure(world.process.open_files()));
        seen.push(Look { at: begun.elapsed().as_secs_f64(), memory, files });
        sleep(LOOK).await;
    }
    seen
}

/// How many more files were open at most in the last third than in the one before it: connections come and go.
fn files_grown(seen: &[Look]) -> f64 {
    let third = seen.len() / 3;
    let most = |looks: &[Look]| looks.iter().map(|look| look.files).fold(0.0, f64::max);
    most(&seen[2 * third..]) - most(&seen[third..2 * third])
}

/// Makes hostile connections of all kinds in turn, and tells how many.
async fn hostile_connections(address: SocketAddr, length: Duration) -> Result<usize, Failure> {
    let (begun, mut made) = (Instant::now(), 0);
    while begun.elapsed() < length {
        tokio::spawn(hostile_connection(address, made, HELD));
        made += 1;
        sleep(PACE).await;
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_compared_by_thirds() {
        let look = |files: u32| Look { at: 0.0, memory: 0.0, files: f64::from(files) };
        let seen: Vec<Look> = [90, 10, 12, 14, 11, 20].map(look).into_iter().collect();
        assert!((files_grown(&seen) - 6.0).abs() < 1e-9);
    }
}
