//! Connections that take their time.

use std::time::{Duration, Instant};

use tokio::time::{sleep, sleep_until};

use super::{
    NAME,
    arena::Arena,
    frames::{Attacker, DATA, END_HEADERS, HEADERS, PREFACE, SETTINGS, frame},
};
use crate::cli::{
    Failure,
    torture::{
        Run, figure,
        generator::{Connections, Outcome, Round},
        promise::{Bound, Promise},
    },
};

/// When drips must be gone, how long they go on, and how often each says something.
const LIMIT: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(15);
const PACE: Duration = Duration::from_millis(500);

/// Connections that say nothing at all. They must be gone within six seconds.
pub(super) async fn silent(arena: &mut Arena, run: &mut Run) -> Result<(), Failure> {
    const LIMIT: Duration = Duration::from_secs(6);
    let (address, count) = (arena.address(), if run.short { 50 } else { 200 });
    let attack = async move {
        let begun = Instant::now();
        let mut attackers = Vec::new();
        for _ in 0..count {
            attackers.push(Attacker::connect(address).await?);
        }
        sleep(LIMIT.saturating_sub(begun.elapsed())).await;
        let closed = attackers.iter().filter_map(|attacker| attacker.said().closed);
        let last = closed.clone().map(|at| at - begun).max().unwrap_or_default();
        Ok((attackers.len() - closed.count(), last))
    };
    let ((left, last), _) = arena.beside(run, "silent", attack).await?;
    run.board.add(Promise::count(NAME, "silent: left after 6 s", Bound::AtMost(0.0)), figure(left));
    run.board.add(Promise::told(NAME, "silent: the last gone after, s", 1), last.as_secs_f64());
    Ok(())
}

/// What a drip says, one piece at a time.
#[derive(Debug, Clone, Copy)]
enum Drip {
    /// The preface of HTTP/2.
    Preface,
    /// The headers of a call.
    Headers,
    /// The body of a call.
    Body,
}

impl Drip {
    const ALL: [Self; 3] = [Self::Preface, Self::Headers, Self::Body];

    const fn name(self) -> &'static str {
        match self {
            Self::Preface => "prefaces",
            Self::Headers => "headers",
            Self::Body => "bodies",
        }
    }

    /// What is said at once, and what drips after it.
    fn script(self, headers: &[u8], score: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
        let begin = [PREFACE, &frame(SETTINGS, 0, 0, &[]), &frame(SETTINGS, 1, 0, &[])].concat();
        let bytes = |bytes: &[u8]| bytes.iter().map(|byte| vec![*byte]).collect();
        match self {
            Self::Preface => (Vec::new(), bytes(&begin)),
            Self::Headers => (begin, bytes(&frame(HEADERS, END_HEADERS, 1, headers))),
            Self::Body => {
                let drops = score.iter().map(|byte| frame(DATA, 0, 1, &[*byte])).collect();
                ([begin, frame(HEADERS, END_HEADERS, 1, headers)].concat(), drops)
            }
        }
    }
}

/// A connection that drips, what it has not said yet, and when it was seen gone.
struct Dripping {
    attacker: Attacker,
    drops: std::vec::IntoIter<Vec<u8>>,
    gone: Option<Duration>,
}

impl Dripping {
    /// Says the next piece, unless the server has let go of it.
    async fn drip(&mut self, begun: Instant) {
        if self.gone.is_none() && gone(&self.attacker) {
            self.gone = Some(begun.elapsed());
        }
        if self.gone.is_none()
            && let Some(drop) = self.drops.next()
        {
            let _ = self.attacker.send(&drop).await;
        }
    }
}

/// Connections that say one byte every half second. They must be gone within ten seconds, and the victim must hardly feel
/// them.
pub(super) async fn drips(arena: &mut Arena, run: &mut Run) -> Result<(), Failure> {
    let each = if run.short { 20 } else { 167 };
    let alone = arena.alone(run, if run.short { run.length } else { LIMIT }).await?;
    let (address, headers, score) = (arena.address(), arena.headers()?, arena.scores().next());
    let attack = async move {
        let (begun, mut dripping) = (Instant::now(), Vec::new());
        for drip in Drip::ALL {
            let (at_once, drops) = drip.script(&headers, &score);
            for _ in 0..each {
                let mut attacker = Attacker::connect(address).await?;
                let _ = attacker.send(&at_once).await;
                dripping.push(Dripping { attacker, drops: drops.clone().into_iter(), gone: None });
            }
        }
        let mut next = tokio::time::Instant::now();
        while begun.elapsed() < PATIENCE && dripping.iter().any(|one| one.gone.is_none()) {
            for one in &mut dripping {
                one.drip(begun).await;
            }
            next += PACE;
            sleep_until(next).await;
        }
        Ok(dripping.into_iter().map(|one| one.gone).collect::<Vec<_>>())
    };
    let (gone, beside) = arena.beside(run, "drips", attack).await?;
    for (drip, gone) in Drip::ALL.into_iter().zip(gone.chunks(each)) {
        let name = drip.name();
        let left = gone.iter().filter(|gone| gone.is_none_or(|gone| gone > LIMIT)).count();
        run.board.add(Promise::count(NAME, format!("drips: {name} left after 10 s"), Bound::AtMost(0.0)), figure(left));
        let last = gone.iter().map(|gone| gone.map_or(f64::INFINITY, |gone| gone.as_secs_f64())).fold(0.0, f64::max);
        run.board.add(Promise::told(NAME, format!("drips: the last of {name} gone after, s"), 1), last);
    }
    let p99 = |round: &Round| round.p99_ms(Outcome::Accepted).unwrap_or(f64::INFINITY);
    let ratio = Promise::timing(NAME, "drips: victim p99, as a multiple of that alone", Bound::AtMost(1.2), 2);
    run.board.add(ratio, p99(&beside) / p99(&alone));
    Ok(())
}

/// Whether a connection is closed, or its only call has ended.
fn gone(attacker: &Attacker) -> bool {
    let said = attacker.said();
    said.closed.is_some() || said.ended.contains(&1)
}

/// More connections than the server may have files: it must wait for one to end without wasting the processor, and then go on.
pub(super) async fn files(arena: &mut Arena, run: &mut Run) -> Result<(), Failure> {
    const ROOM: usize = 32;
    const LIMIT: Duration = Duration::from_secs(5);
    let open = arena.world.process.open_files();
    arena.world.restart(Some(u64::try_from(open + ROOM)?)).await?;
    let (address, length) = (arena.address(), run.length);
    let attack = async move {
        let mut attackers = Vec::new();
        for _ in 0..3 * ROOM {
            attackers.push(Attacker::begin(address, &[]).await?);
        }
        sleep(length).await;
        drop(attackers);
        let again = tokio::time::timeout(LIMIT, Connections::open(address, 1)).await;
        Ok(again.is_ok_and(|opened| opened.is_ok()))
    };
    let again = arena.beside_with_cpu(run, "files", Bound::AtMost(5.0), attack).await?;
    let refused = Promise::count(NAME, "files: connections refused when there is room again", Bound::AtMost(0.0));
    run.board.add(refused, figure(u8::from(!again)));
    arena.world.restart(None).await?;
    Ok(())
}
