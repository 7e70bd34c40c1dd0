//! The server under attack, its victim, and its attackers.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::sleep;

use super::{
    NAME,
    frames::{call_headers, message},
};
use crate::cli::{
    Failure,
    load::{
        applicants::{self, Message},
        cores::Core,
    },
    torture::{
        Run, figure,
        generator::{CREDIT_SCORE, Calls, Connections, Outcome, Round, Stop, open_loop},
        mib,
        onboarding::{AMPLE_RATE, Partner, Wanted},
        promise::{Bound, Promise},
        world::World,
    },
};

/// How often the victim calls, a second.
const VICTIM_RATE: f64 = 50.0;
/// How long the victim calls before an attack begins and after it has ended.
const MARGIN: Duration = Duration::from_millis(500);
/// No attack takes longer.
const LONGEST: Duration = Duration::from_mins(5);
/// The quota of the attacker that has a small one, in requests a second.
pub(super) const SMALL_RATE: i32 = 100;

/// Whole requests for scores, each under an id that was never used.
#[derive(Clone)]
pub(super) struct Scores {
    message: Arc<Message>,
    ids: Arc<AtomicU64>,
}

impl Scores {
    /// The next, in gRPC's frame.
    pub(super) fn next(&self) -> Vec<u8> {
        message(&self.message.under(self.ids.fetch_add(1, Ordering::Relaxed)))
    }
}

/// The server under attack.
pub(super) struct Arena {
    pub world: World,
    victim: Partner,
    /// A partner whose calls go wrong, with an ample quota.
    pub attacker: Partner,
    /// One with a quota of [`SMALL_RATE`].
    pub limited: Partner,
    /// The attackers' own thread, on the generator's core: they must not hold up the victim within the generator.
    attackers: Core,
    scores: Scores,
    /// How many of the victim's calls were answered.
    acknowledged: usize,
}

impl Arena {
    pub(super) async fn open(run: &Run) -> Result<Self, Failure> {
        let world = run.site.world().await?;
        world.raise_operator().await?;
        let one = |prefix, rate| Wanted { prefix, count: 1, rate, entitled: false };
        let victim = world.onboard(one("victim", AMPLE_RATE)).await?.0.remove(0);
        let attacker = world.onboard(one("attacker", AMPLE_RATE)).await?.0.remove(0);
        let limited = world.onboard(one("limited", SMALL_RATE)).await?.0.remove(0);
        let attackers = Core::start("torture-attackers", run.site.cores.client)?;
        let message = Arc::new(applicants::messages()?.remove(0));
        let scores = Scores { message, ids: Arc::clone(run.site.ids()) };
        let mut arena = Self { world, victim, attacker, limited, attackers, scores, acknowledged: 0 };
        // To warm up.
        arena.alone(run, run.length).await?;
        Ok(arena)
    }

    /// Ends it all, and counts what is stored of what the victim was told.
    pub(super) async fn close(mut self, run: &mut Run) -> Result<(), Failure> {
        self.world.restart(None).await?;
        let stored = self.world.stored(&self.victim).await?;
        let lost = Promise::count(NAME, "victim's acknowledged decisions lost", Bound::AtMost(0.0));
        run.board.add(lost, figure(self.acknowledged.saturating_sub(stored)));
        Ok(())
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.world.address()
    }

    /// The headers of a score by the attacker.
    pub(super) fn headers(&self) -> Result<Vec<u8>, Failure> {
        Self::headers_of(&self.attacker)
    }

    /// The headers of a score by a partner.
    pub(super) fn headers_of(partner: &Partner) -> Result<Vec<u8>, Failure> {
        Ok(call_headers(CREDIT_SCORE, Some(partner.bearer.to_str()?)))
    }

    /// Requests for scores.
    pub(super) fn scores(&self) -> Scores {
        self.scores.clone()
    }

    /// Has the victim call for so long with nobody beside it.
    pub(super) async fn alone(&mut self, run: &Run, length: Duration) -> Result<Round, Failure> {
        let round = run.core.spawn(self.calling(run, Stop::default(), length).await?).await??;
        self.acknowledged += round.count(Outcome::Accepted);
        Ok(round)
    }

    /// Runs an attack with the victim beside it, and tells how the victim did; gives what came of the attack.
    pub(super) async fn beside<T: Send + 'static>(
        &mut self,
        run: &mut Run,
        attack: &str,
        attacking: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<(T, Round), Failure> {
        let stop = Stop::default();
        let victim = run.core.spawn(self.calling(run, stop.clone(), LONGEST).await?);
        sleep(MARGIN).await;
        let attacked = self.attackers.spawn(attacking).await;
        sleep(MARGIN).await;
        stop.now();
        let round = victim.await??;
        let attacked = attacked??;
        self.acknowledged += round.count(Outcome::Accepted);
        let success = Promise::count(NAME, format!("{attack}: victim answered, %"), Bound::AtLeast(99.9)).decimals(1);
        run.board.add(success, round.success_percent());
        let p99 = round.p99_ms(Outcome::Accepted).unwrap_or(f64::INFINITY);
        run.board.add(Promise::timing(NAME, format!("{attack}: victim p99, ms"), Bound::AtMost(100.0), 1), p99);
        run.tell_generator(NAME, "beside attacks", &round);
        if round.failed() + round.count(Outcome::Refused) > 0 {
            eprintln!("    the victim: {}", round.describe());
        }
        Ok((attacked, round))
    }

    async fn calling(
        &self,
        run: &Run,
        stop: Stop,
        length: Duration,
    ) -> Result<impl Future<Output = Result<Round, Failure>> + Send + 'static, Failure> {
        let bearers = [self.victim.bearer.clone()];
        let calls = Calls::new(self.address(), CREDIT_SCORE, bearers, applicants::messages()?, run.site.ids())?;
        let connections = Arc::new(run.core.spawn(Connections::open(self.address(), 1)).await??);
        Ok(open_loop(connections, calls, VICTIM_RATE, length, stop, 50))
    }

    /// Runs an attack as [`Self::beside`] does, and tells the most that the server's memory grew meanwhile.
    pub(super) async fn beside_with_memory<T: Send + 'static>(
        &mut self,
        run: &mut Run,
        attack: &str,
        most_mib: f64,
        attacking: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        let before = self.world.process.resident_bytes();
        self.world.process.forget_peak();
        let (attacked, _) = self.beside(run, attack, attacking).await?;
        let grown = self.world.process.peak_bytes().saturating_sub(before);
        let memory = Promise::timing(NAME, format!("{attack}: memory grew by, MiB"), Bound::AtMost(most_mib), 1);
        run.board.add(memory, mib(grown));
        Ok(attacked)
    }

    /// Runs an attack as [`Self::beside`] does, and tells what share of a core the server spent on it beyond what the victim
    /// costs it, in percent, held against a bound.
    pub(super) async fn beside_with_cpu<T: Send + 'static>(
        &mut self,
        run: &mut Run,
        attack: &str,
        bound: Bound,
        attacking: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        let share =
            |spent: Duration, begun: std::time::Instant| spent.as_secs_f64() / begun.elapsed().as_secs_f64() * 100.0;
        let (begun, before) = (std::time::Instant::now(), self.world.process.spent());
        self.alone(run, run.length).await?;
        let alone = share(self.world.process.spent().saturating_sub(before), begun);
        let (begun, before) = (std::time::Instant::now(), self.world.process.spent());
        let (attacked, _) = self.beside(run, attack, attacking).await?;
        let beside = share(self.world.process.spent().saturating_sub(before), begun);
        run.board.add(
            Promise::timing(NAME, format!("{attack}: server's core beyond the victim, %"), bound, 1),
            (beside - alone).max(0.0),
        );
        Ok(attacked)
    }
}
