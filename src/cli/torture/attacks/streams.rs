//! Calls that never end.

use std::time::Duration;

use tokio::time::sleep;

use super::{
    NAME,
    arena::Arena,
    frames::{
        Attacker, DATA, END_HEADERS, END_STREAM, HEADERS, INITIAL_WINDOW_SIZE, call_headers, frame, message, setting,
    },
};
use crate::{
    cli::{
        Failure,
        torture::{
            Run, figure,
            promise::{Bound, Promise},
        },
    },
    rpc::MAX_MESSAGE_BYTES,
};

/// How many streams the server allows on a connection.
const MAX_STREAMS: u32 = 100;
/// How long the server is given to say what it takes and what not.
const SETTLE: Duration = Duration::from_millis(1_500);
/// A method that anybody may call.
pub(super) const HEALTH: &str = "/grpc.health.v1.Health/Check";

/// The first so many stream ids of a client.
pub(super) fn stream_ids(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|number| number * 2 + 1)
}

/// How many of so many streams are still open.
fn open(attacker: &Attacker, streams: u32) -> usize {
    let said = attacker.said();
    if said.closed.is_some() {
        0
    } else {
        usize::try_from(streams).unwrap_or_default().saturating_sub(said.ended.len())
    }
}

/// A thousand calls on one connection, none of which ends by itself.
pub(super) async fn many(arena: &mut Arena, run: &mut Run) -> Result<(), Failure> {
    const STREAMS: u32 = 1_000;
    let (address, headers) = (arena.address(), arena.headers()?);
    let attack = async move {
        let mut attacker = Attacker::begin(address, &[]).await?;
        for stream in stream_ids(STREAMS) {
            if attacker.send(&frame(HEADERS, END_HEADERS, stream, &headers)).await.is_err() {
                break;
            }
        }
        sleep(SETTLE).await;
        Ok(open(&attacker, STREAMS))
    };
    let (left, _) = arena.beside(run, "many-streams", attack).await?;
    let most = Bound::AtMost(f64::from(MAX_STREAMS));
    run.board.add(Promise::count(NAME, "many-streams: in flight on a connection", most), figure(left));
    Ok(())
}

/// Calls that never end, as many as each of many connections allows, by one tenant.
pub(super) async fn held(arena: &mut Arena, run: &mut Run) -> Result<(), Failure> {
    let (address, headers, length) = (arena.address(), arena.headers()?, run.length);
    let connections = if run.short { 10 } else { 60 };
    let attack = async move {
        let attackers = on_each(address, connections, &[], &headers, &[]).await?;
        sleep(length).await;
        Ok(attackers.iter().map(|attacker| open(attacker, MAX_STREAMS)).sum::<usize>())
    };
    let (left, _) = arena.beside(run, "held-streams", attack).await?;
    let what = format!("held-streams: still held, of {}", connections * MAX_STREAMS);
    run.board.add(Promise::told(NAME, what, 0), figure(left));
    Ok(())
}

/// Messages of the largest size announced on thousands of streams, and never sent.
pub(super) async fn prefixes(arena: &mut Arena, run: &mut Run) -> Result<(), Failure> {
    let (address, headers) = (arena.address(), arena.headers()?);
    let announced = [&[0], u32::try_from(MAX_MESSAGE_BYTES)?.to_be_bytes().as_slice()].concat();
    let connections = if run.short { 4 } else { 20 };
    let attack = async move {
        let attackers = on_each(address, connections, &[], &headers, &announced).await?;
        sleep(SETTLE).await;
        drop(attackers);
        Ok(())
    };
    arena.beside_with_memory(run, "prefixes", 64.0, attack).await
}

/// Calls whose answers are never read, half of them by nobody in particular; they must be let go of within ten seconds.
pub(super) async fn stalled(arena: &mut Arena, run: &mut Run) -> Result<(), Failure> {
    const LIMIT: Duration = Duration::from_secs(10);
    let (address, headers) = (arena.address(), arena.headers()?);
    let connections = if run.short { 1 } else { 10 };
    let scores = arena.scores();
    let attack = async move {
        let narrow = setting(INITIAL_WINDOW_SIZE, 0);
        let mut attackers = on_each(address, connections, &narrow, &call_headers(HEALTH, None), &[]).await?;
        for attacker in &mut attackers {
            end_each(attacker, stream_ids(MAX_STREAMS).map(|stream| (stream, message(&[])))).await;
        }
        let mut scoring = on_each(address, connections, &narrow, &headers, &[]).await?;
        for attacker in &mut scoring {
            end_each(attacker, stream_ids(MAX_STREAMS).map(|stream| (stream, scores.next()))).await;
        }
        sleep(LIMIT).await;
        let left = |attackers: &[Attacker]| attackers.iter().map(|one| open(one, MAX_STREAMS)).sum::<usize>();
        Ok((left(&attackers), left(&scoring)))
    };
    let ((health, scores), _) = arena.beside(run, "stalled-readers", attack).await?;
    let held = |whose| Promise::count(NAME, format!("stalled-readers: {whose} held after 10 s"), Bound::AtMost(0.0));
    run.board.add(held("health checks"), figure(health));
    run.board.add(held("scores"), figure(scores));
    Ok(())
}

/// Opens connections, and on each as many calls as it allows, each with the begin of a body.
pub(super) async fn on_each(
    address: std::net::SocketAddr,
    connections: u32,
    settings: &[u8],
    headers: &[u8],
    body: &[u8],
) -> Result<Vec<Attacker>, Failure> {
    let mut attackers = Vec::new();
    for _ in 0..connections {
        let mut attacker = Attacker::begin(address, settings).await?;
        for stream in stream_ids(MAX_STREAMS) {
            let mut bytes = frame(HEADERS, END_HEADERS, stream, headers);
            if !body.is_empty() {
                bytes.extend(frame(DATA, 0, stream, body));
            }
            if attacker.send(&bytes).await.is_err() {
                break;
            }
        }
        attackers.push(attacker);
    }
    Ok(attackers)
}

/// Sends whole messages on streams, and ends them.
async fn end_each(attacker: &mut Attacker, messages: impl Iterator<Item = (u32, Vec<u8>)>) {
    for (stream, message) in messages {
        if attacker.send(&frame(DATA, END_STREAM, stream, &message)).await.is_err() {
            return;
        }
    }
}
