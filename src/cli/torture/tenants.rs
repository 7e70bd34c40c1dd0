//! One tenant against thousands: the same load must be answered as fast, whoever it comes from.

use std::{sync::Arc, time::Duration};

use http::HeaderValue;
use prost::Message as _;

use super::{
    Run, figure,
    generator::{
        CREDIT_SCORE, Calls, Connections, FRAUD_CHECK, Outcome, Round, Stop, closed_loop, each_once, open_loop,
    },
    onboarding::{AMPLE_RATE, MODEL, Partner, Wanted},
    promise::{Bound, Promise},
    world::World,
};
use crate::{
    cli::{
        Failure,
        load::applicants::{self, Message},
    },
    clock::Clock,
    rpc::proto::{
        common::Money,
        fraud::{CheckFraudRequest, Entities, FraudEvent, Scene},
    },
};

pub(super) const NAME: &str = "tenants";
/// How many tenants there are, the smallest number first: the others are held against it.
const SIZES: [usize; 3] = [1, 1_000, 10_000];
const SHORT_SIZES: [usize; 3] = [1, 5, 20];
/// Connections, over which all tenants' calls are spread.
const CONNECTIONS: usize = 64;
/// Calls in flight on each while the capacity is sought.
const IN_FLIGHT: usize = 2;
/// Calls in flight over all connections while every tenant calls once: fewer than are ever refused.
const FIRST_IN_FLIGHT: usize = 16;
/// The load, as a share of what is answered with most tenants, whose decisions share no page on the disk: so that none is near its
/// limit.
const LOAD: f64 = 0.5;

/// As many tenants as share the load, on a server that has no others; on PostgreSQL, whose database all share, on one that
/// has as many as the largest group.
struct Group {
    size: usize,
    world: Arc<World>,
    connections: Arc<Connections>,
    calls: Calls,
}

pub(super) async fn run(run: &mut Run) -> Result<(), Failure> {
    let sizes = if run.short { SHORT_SIZES } else { SIZES };
    let mut groups = Vec::new();
    if run.site.database_url.is_some() {
        let (world, partners) = onboarded(run, sizes[2]).await?;
        for size in sizes {
            groups.push(Group::open(run, &world, &partners[..size]).await?);
        }
    } else {
        for size in sizes {
            let (world, partners) = onboarded(run, size).await?;
            groups.push(Group::open(run, &world, &partners).await?);
        }
        let memory: Vec<f64> = groups.iter().map(|group| figure(group.world.process.resident_bytes())).collect();
        for (group, of_group) in groups.iter().zip(&memory).skip(1) {
            let each = (of_group - memory[0]) / figure(group.size - 1) / 1_024.0;
            run.board.add(Promise::told(NAME, format!("memory a tenant, of {}, KiB", group.size), 1), each);
        }
    }
    let Some(most) = groups.last() else { return Err(Failure::new("there are no tenants")) };
    let seeking = closed_loop(Arc::clone(&most.connections), most.calls.clone(), IN_FLIGHT, run.length);
    let capacity = run.core.spawn(seeking).await??.capacity()?;
    run.board.add(Promise::told(NAME, "load, requests/s", 0), capacity * LOAD);
    for number in 0..run.rounds {
        one_round(run, &groups, capacity * LOAD, number).await?;
    }
    Ok(())
}

/// Loads each group for a while, another one first in each round.
async fn one_round(run: &mut Run, groups: &[Group], rate: f64, number: u32) -> Result<(), Failure> {
    let mut rounds: Vec<Option<Round>> = groups.iter().map(|_| None).collect();
    for turn in 0..groups.len() {
        let at = (turn + usize::try_from(number)?) % groups.len();
        let (connections, calls) = (Arc::clone(&groups[at].connections), groups[at].calls.clone());
        // The same gaps for all groups of a round.
        let loading = open_loop(connections, calls, rate, run.length, Stop::default(), u64::from(number));
        let before = groups[at].world.process.spent();
        let round = run.core.spawn(loading).await??;
        let spent = groups[at].world.process.spent().saturating_sub(before);
        let each = Promise::told(NAME, format!("server's CPU a call with {}, µs", groups[at].size), 1);
        run.board.add(each, spent.as_secs_f64() * 1e6 / figure(round.calls().max(1)));
        rounds[at] = Some(round);
    }
    let p99 = |round: &Round| round.p99_ms(Outcome::Accepted).unwrap_or(f64::INFINITY);
    let mut alone = f64::NAN;
    for (group, round) in groups.iter().zip(rounds.iter().flatten()) {
        let size = group.size;
        run.board.add(Promise::told(NAME, format!("p99 with {size}, ms"), 2), p99(round));
        if size == groups[0].size {
            alone = p99(round);
        } else {
            let ratio = Promise::timing(NAME, format!("p99 with {size}, of that with 1"), Bound::AtMost(1.2), 2);
            run.board.add(ratio, p99(round) / alone);
        }
        let unanswered = Promise::count(NAME, format!("not answered with {size}"), Bound::AtMost(0.0));
        run.board.add(unanswered, figure(round.calls() - round.count(Outcome::Accepted)));
        run.tell_generator(NAME, &format!("with {size}"), round);
        eprintln!("  round {}, {size}: {}", number + 1, round.describe());
    }
    Ok(())
}

/// Onboards tenants on a server, each with a model and a policy, and starts it again with them.
async fn onboarded(run: &mut Run, size: usize) -> Result<(Arc<World>, Vec<Partner>), Failure> {
    let mut world = run.site.world().await?;
    world.raise_operator().await?;
    world.publish_model().await?;
    let wanted = Wanted { prefix: "tenants", count: size, rate: AMPLE_RATE, entitled: true };
    let (partners, took) = world.onboard(wanted).await?;
    let seconds = took.as_secs_f64();
    eprintln!("  onboarded {size} tenants in {seconds:.1} s, {:.0}/s, each by 5 calls", figure(size) / seconds);
    run.board.add(Promise::told(NAME, format!("onboarding {size}, s"), 1), seconds);
    world.restart(None).await?;
    let calls = scores(run, &world, &partners[..1])?;
    let address = world.address();
    let answering = async move { each_once(Arc::new(Connections::open(address, 1).await?), calls, 1).await };
    run.core.spawn(answering).await??;
    let answered = world.process.started.elapsed();
    world.checks_fraud().await?;
    let checking = world.process.started.elapsed();
    let mut started = |what: &str, took: Duration| {
        run.board.add(Promise::told(NAME, format!("start with {size}, until {what}, s"), 2), took.as_secs_f64());
    };
    started("a score is answered", answered);
    started("events are checked", checking);
    Ok((Arc::new(world), partners))
}

fn scores(run: &Run, world: &World, partners: &[Partner]) -> Result<Calls, Failure> {
    Calls::new(world.address(), CREDIT_SCORE, bearers(partners), applicants::messages_for(MODEL)?, run.site.ids())
}

/// Bearers that no table of headers keeps: a connection that carries thousands of tenants could keep few, and one that
/// carries a single tenant must not be cheaper for that.
fn bearers(partners: &[Partner]) -> Vec<HeaderValue> {
    let unkept = |partner: &Partner| {
        let mut bearer = partner.bearer.clone();
        bearer.set_sensitive(true);
        bearer
    };
    partners.iter().map(unkept).collect()
}

impl Group {
    /// Connects, and has each tenant call each product once, so that all that is kept of it is there.
    async fn open(run: &mut Run, world: &Arc<World>, partners: &[Partner]) -> Result<Self, Failure> {
        let connections = Arc::new(run.core.spawn(Connections::open(world.address(), CONNECTIONS)).await??);
        let calls = scores(run, world, partners)?;
        let checks = Calls::new(world.address(), FRAUD_CHECK, bearers(partners), vec![event()], run.site.ids())?;
        for calls in [calls.clone(), checks] {
            let once = each_once(Arc::clone(&connections), calls, FIRST_IN_FLIGHT);
            let round = run.core.spawn(once).await??;
            let first = Promise::count(NAME, "first calls not answered", Bound::AtMost(0.0));
            run.board.add(first, figure(round.calls() - round.count(Outcome::Accepted)));
        }
        Ok(Self { size: partners.len(), world: Arc::clone(world), connections, calls })
    }
}

/// A payment to check.
fn event() -> Message {
    let event = FraudEvent {
        scene: Scene::Payment as i32,
        event_time: Some(prost_types::Timestamp { seconds: Clock.now().seconds(), nanos: 0 }),
        amount: Some(Money { currency_code: "CNY".to_owned(), amount_minor: 12_800 }),
        entities: Some(Entities { account: "client-1".to_owned(), card: "card-1".to_owned(), ..Entities::default() }),
        ..FraudEvent::default()
    };
    Message(CheckFraudRequest { event: Some(event), ..CheckFraudRequest::default() }.encode_to_vec())
}
