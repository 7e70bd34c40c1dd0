//! A noisy neighbour: one tenant far beyond its quota, and one within it, who must not feel it.

use std::sync::Arc;

use super::{
    Run, figure,
    generator::{CREDIT_SCORE, Calls, Connections, Outcome, Round, Stop, closed_loop, open_loop},
    onboarding::{AMPLE_RATE, Partner, Wanted},
    promise::{Bound, Promise},
    world::World,
};
use crate::cli::{Failure, load::applicants};

pub(super) const NAME: &str = "neighbour";
/// The connections of each.
const CONNECTIONS: usize = 8;
/// Calls in flight on each while the capacity is sought.
const IN_FLIGHT: usize = 16;
/// The noisy tenant's quota as a share of the capacity, and how many times as much it sends.
const QUOTA: f64 = 0.05;
const BEYOND: f64 = 10.0;
/// The quiet tenant's load as a share of the capacity, the least of it in requests a second, and its quota as a multiple.
const LOAD: f64 = 0.02;
const LEAST_LOAD: f64 = 20.0;
const ROOM: f64 = 3.0;

/// One tenant with its connections.
struct Tenant {
    connections: Arc<Connections>,
    calls: Calls,
    rate: f64,
}

pub(super) async fn run(run: &mut Run) -> Result<(), Failure> {
    let world = run.site.world().await?;
    world.raise_operator().await?;
    let capacity = capacity(run, &world).await?;
    let quota = (capacity * QUOTA).ceil().max(1.0);
    let load = (capacity * LOAD).max(LEAST_LOAD);
    let noisy = Tenant::onboard(run, &world, "noisy", quota, quota * BEYOND).await?;
    let quiet = Tenant::onboard(run, &world, "quiet", load * ROOM, load).await?;
    run.board.add(Promise::told(NAME, "the noisy tenant's quota, requests/s", 0), quota);
    run.board.add(Promise::told(NAME, "the quiet tenant's load, requests/s", 0), load);
    for number in 0..run.rounds {
        // Which comes first alternates.
        let (alone, (beside, din)) = if number % 2 == 0 {
            let alone = quiet.calling(run, number).await?;
            (alone, both(run, &quiet, &noisy, number).await?)
        } else {
            let both = both(run, &quiet, &noisy, number).await?;
            (quiet.calling(run, number).await?, both)
        };
        eprintln!("  round {}: beside it {}; the noise {}", number + 1, beside.describe(), din.describe());
        tell(run, quota, &alone, &beside, &din);
    }
    Ok(())
}

fn tell(run: &mut Run, quota: f64, alone: &Round, beside: &Round, din: &Round) {
    let p99 = |round: &Round| round.p99_ms(Outcome::Accepted).unwrap_or(f64::INFINITY);
    run.board.add(Promise::told(NAME, "quiet tenant's p99 alone, ms", 2), p99(alone));
    run.board.add(Promise::told(NAME, "quiet tenant's p99 beside it, ms", 2), p99(beside));
    let ratio = Promise::timing(NAME, "the second as a multiple of the first", Bound::AtMost(1.2), 2);
    run.board.add(ratio, p99(beside) / p99(alone));
    let unanswered = |round: &Round| figure(round.calls() - round.count(Outcome::Accepted));
    let failed = Promise::count(NAME, "quiet tenant's calls not answered", Bound::AtMost(0.0));
    run.board.add(failed, unanswered(alone) + unanswered(beside));
    // A burst of a second's worth is allowed at the begin; the rest, but for one that is counted or not, is by the quota.
    let by_quota = (figure(din.count(Outcome::Accepted)) - quota - 1.0).max(0.0);
    let let_in = by_quota / quota / din.span_seconds();
    let beyond = Promise::count(NAME, "noise let in, as a multiple of its quota", Bound::AtMost(1.05)).decimals(2);
    run.board.add(beyond, let_in);
    let broken = Promise::count(NAME, "noise neither answered nor RESOURCE_EXHAUSTED", Bound::AtMost(0.0));
    run.board.add(broken, figure(din.failed()));
    run.tell_generator(NAME, "alone", alone);
    run.tell_generator(NAME, "beside it", beside);
}

async fn capacity(run: &Run, world: &World) -> Result<f64, Failure> {
    let probe = onboard(world, "probe", AMPLE_RATE).await?;
    let calls = Calls::new(world.address(), CREDIT_SCORE, [probe.bearer], applicants::messages()?, run.site.ids())?;
    let address = world.address();
    let length = run.length;
    let seeking = async move {
        let connections = Arc::new(Connections::open(address, CONNECTIONS).await?);
        closed_loop(connections, calls, IN_FLIGHT, length).await
    };
    run.core.spawn(seeking).await??.capacity()
}

async fn onboard(world: &World, prefix: &'static str, rate: i32) -> Result<Partner, Failure> {
    Ok(world.onboard(Wanted { prefix, count: 1, rate, entitled: false }).await?.0.remove(0))
}

/// Both at once: what became of the quiet tenant's calls, and of the noise.
async fn both(run: &Run, quiet: &Tenant, noisy: &Tenant, number: u32) -> Result<(Round, Round), Failure> {
    let (quiet, noisy) = tokio::join!(quiet.calling(run, number), noisy.calling(run, number + 1_000));
    Ok((quiet?, noisy?))
}

impl Tenant {
    async fn onboard(run: &Run, world: &World, name: &'static str, quota: f64, rate: f64) -> Result<Self, Failure> {
        #[expect(clippy::cast_possible_truncation, reason = "a quota is far below 2^31")]
        let partner = onboard(world, name, quota as i32).await?;
        let connections = Arc::new(run.core.spawn(Connections::open(world.address(), CONNECTIONS)).await??);
        let messages = applicants::messages()?;
        let calls = Calls::new(world.address(), CREDIT_SCORE, [partner.bearer], messages, run.site.ids())?;
        Ok(Self { connections, calls, rate })
    }

    async fn calling(&self, run: &Run, number: u32) -> Result<Round, Failure> {
        let (connections, calls) = (Arc::clone(&self.connections), self.calls.clone());
        let calling = open_loop(connections, calls, self.rate, run.length, Stop::default(), u64::from(number));
        run.core.spawn(calling).await?
    }
}
