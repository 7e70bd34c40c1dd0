//! The database is away under load: it stands still, it crashes and comes back again and again, its connections are cut.
//! Every reply comes within its deadline, nothing that was acknowledged is lost, and soon after, calls are answered again.

mod cutter;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use cutter::Cutter;
use prost::Message;
use riskport::store::Database;
use tokio::task::JoinSet;
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use crate::support::{
    World, applicant,
    cluster::Cluster,
    platform::{Platform, token_for},
    times,
    wire::{self, Reply, send_plainly},
};

const CALLERS: usize = 4;
/// What each call allows.
const DEADLINE: Duration = Duration::from_millis(1_500);
/// How late a reply may be on a machine that does other things too.
const LATE: Duration = Duration::from_secs(2);
/// How soon after the database is back calls must be answered.
const RECOVERY: Duration = Duration::from_secs(5);
const SCORE: &str = "/riskport.credit.v1.CreditScoreService/ScoreCredit";

/// What callers were told.
#[derive(Default)]
struct Told {
    /// Replies by request, as they were acknowledged.
    acknowledged: Vec<(usize, usize, Vec<u8>)>,
    refused: usize,
    /// The longest that a reply took.
    longest: Duration,
}

impl Told {
    /// Notes a reply, and tells whether it was an answer.
    fn take(&mut self, caller: usize, at: usize, took: Duration, reply: &Reply) -> bool {
        self.longest = self.longest.max(took);
        match reply.code() {
            Code::Ok => self.acknowledged.push((caller, at, reply.message().to_vec())),
            Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted | Code::Aborted => self.refused += 1,
            code => panic!("{code:?}: {:?}", reply.status),
        }
        reply.code() == Code::Ok
    }
}

/// Callers that go on whatever happens, each with the request that it was not answered to.
struct Load {
    address: SocketAddr,
    token: String,
    told: Arc<Mutex<Told>>,
    stop: Arc<AtomicBool>,
    callers: JoinSet<usize>,
}

fn id(caller: usize, at: usize) -> String {
    format!("outage-{caller}-{at}")
}

impl Load {
    fn start(address: SocketAddr, token: String) -> Self {
        let (told, stop, mut callers) = (Arc::<Mutex<Told>>::default(), Arc::<AtomicBool>::default(), JoinSet::new());
        for caller in 0..CALLERS {
            callers.spawn(call(address, token.clone(), caller, Arc::clone(&told), Arc::clone(&stop)));
        }
        Self { address, token, told, stop, callers }
    }

    fn acknowledged(&self) -> usize {
        self.told.lock().unwrap().acknowledged.len()
    }

    /// Waits until calls are answered, and tells how long that took.
    async fn answered_again(&self) -> Duration {
        let (begun, before) = (Instant::now(), self.acknowledged());
        while self.acknowledged() <= before + CALLERS {
            assert!(begun.elapsed() < 6 * RECOVERY, "calls are not answered again");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        begun.elapsed()
    }

    /// Ends the load, and holds what was acknowledged against what is there.
    async fn assert_nothing_lost(self, world: &World, what: &str) {
        self.stop.store(true, Ordering::Relaxed);
        let asked: usize = self.callers.join_all().await.into_iter().sum();
        let told = std::mem::take(&mut *self.told.lock().unwrap());
        println!(
            "{what}: {} acknowledged, {} refused, the longest reply {} ms of {} ms",
            told.acknowledged.len(),
            told.refused,
            told.longest.as_millis(),
            DEADLINE.as_millis()
        );
        assert!(told.refused > 0, "{what}: no call met the outage");
        assert!(told.longest < DEADLINE + LATE, "{what}: a reply took {:?}", told.longest);
        for (caller, at, reply) in &told.acknowledged {
            let body = wire::frame(&applicant::request(&id(*caller, *at), *at).encode_to_vec());
            let authorization = format!("Bearer {}", self.token);
            let again = send_plainly(self.address, SCORE, &[("authorization", &authorization)], body).await;
            assert!(again.replayed() && again.message() == reply, "{what}: {} was lost", id(*caller, *at));
        }
        let mut raw = world.raw().await;
        let rows = raw.integer("SELECT COUNT(*) FROM decisions").await;
        assert!(rows <= i64::try_from(asked).unwrap(), "{what}: {rows} decisions on {asked} requests");
        let ids = raw.integer("SELECT COUNT(DISTINCT request_id) FROM decisions").await;
        assert_eq!(rows, ids, "{what}: a request was decided twice");
        let gaps =
            "SELECT COUNT(*) FROM (SELECT MAX(seq) AS last, COUNT(*) AS n FROM decisions GROUP BY writer_id) AS w
                    WHERE last <> n";
        assert_eq!(raw.integer(gaps).await, 0, "{what}: the commit order has gaps");
    }
}

/// Calls until told to stop, and tells how many requests it made.
async fn call(
    address: SocketAddr,
    token: String,
    caller: usize,
    told: Arc<Mutex<Told>>,
    stop: Arc<AtomicBool>,
) -> usize {
    let (authorization, timeout) = (format!("Bearer {token}"), format!("{}m", DEADLINE.as_millis()));
    let mut at = 0;
    while !stop.load(Ordering::Relaxed) {
        let body = wire::frame(&applicant::request(&id(caller, at), at).encode_to_vec());
        let begun = Instant::now();
        let headers = [("authorization", authorization.as_str()), ("grpc-timeout", &timeout)];
        let reply = send_plainly(address, SCORE, &headers, body).await;
        let took = begun.elapsed();
        at += usize::from(told.lock().unwrap().take(caller, at, took, &reply));
        // A client that is refused at once waits before it tries again.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    at + 1
}

/// A cluster of its own, for only that can be stopped, and a server on it; nothing where there is no PostgreSQL.
async fn platform(name: &str) -> Option<(Cluster, World, Platform, Cutter, Load)> {
    World::postgres().await?;
    let cluster = Cluster::start().unwrap();
    let cutter = Cutter::before(cluster.address()).await;
    // Behind the cutter, and past it to look at what is there.
    let behind = Database::Postgres(format!("postgres://postgres@{}/postgres", cutter.address));
    let platform = Platform::start(&World::of(behind)).await;
    let bank = platform.onboard(name).await;
    let load = Load::start(platform.address, token_for(&bank, Duration::from_mins(50)));
    load.answered_again().await;
    let world = World::of(Database::Postgres(cluster.url()));
    Some((cluster, world, platform, cutter, load))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_stands_still_and_comes_back() {
    let Some((cluster, world, platform, _cutter, load)) = platform("north-bank").await else { return };
    let still = Duration::from_secs(times("RISKPORT_TEST_STILL_SECONDS", 4) as u64);
    let begun = Instant::now();
    cluster.signal("STOP");
    // A load balancer that asks for health sends no more to a server whose database says nothing at all.
    let mut health = HealthClient::new(platform.channel().await);
    let unhealthy = async {
        loop {
            let asked = health.check(HealthCheckRequest::default()).await.unwrap().into_inner();
            if asked.status() != ServingStatus::Serving {
                return begun.elapsed();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let told = tokio::time::timeout(still, unhealthy).await;
    tokio::time::sleep(still.saturating_sub(begun.elapsed())).await;
    cluster.signal("CONT");
    println!("unhealthy after {:?}", told.expect("it says that it serves, and its database stands still"));
    let recovery = load.answered_again().await;
    println!("stood still for {still:?}, answered again after {recovery:?}");
    assert!(recovery < RECOVERY);
    load.assert_nothing_lost(&world, "standing still").await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_crashes_again_and_again() {
    let Some((cluster, world, platform, _cutter, load)) = platform("north-bank").await else { return };
    let crashes = times("RISKPORT_TEST_CRASHES", 3);
    let cluster = Arc::new(cluster);
    let mut slowest = Duration::ZERO;
    for _ in 0..crashes {
        let crashing = Arc::clone(&cluster);
        tokio::task::spawn_blocking(move || crashing.crash_and_restart()).await.unwrap();
        slowest = slowest.max(load.answered_again().await);
    }
    println!("{crashes} crashes, answered again after {slowest:?} at most");
    assert!(slowest < RECOVERY);
    load.assert_nothing_lost(&world, "crashing").await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_held_and_refused() {
    let Some((_cluster, world, platform, cutter, load)) = platform("north-bank").await else { return };
    let cuts = times("RISKPORT_TEST_CUTS", 5);
    let mut slowest = Duration::ZERO;
    for cut in 0..cuts {
        match cut % 3 {
            0 => cutter.cut(),
            1 => cutter.cut_off(Duration::from_millis(700)).await,
            _ => cutter.hold(Duration::from_secs(2)).await,
        }
        slowest = slowest.max(load.answered_again().await);
    }
    println!("{cuts} cuts, answered again after {slowest:?} at most");
    assert!(slowest < RECOVERY);
    load.assert_nothing_lost(&world, "cut connections").await;
    platform.stop().await;
}
