//! Frames that cost the sender nothing.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{
    NAME,
    arena::Arena,
    frames::{
        Attacker, CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, RST_STREAM, SETTINGS, WINDOW_UPDATE,
        call_headers, frame, literal,
    },
    streams::HEALTH,
};
use crate::cli::{
    Failure,
    torture::{
        Run, figure,
        promise::{Bound, Promise},
    },
};

/// How many frames are sent at a time.
const AT_A_TIME: usize = 512;
/// The share of a core that a flood may take, in percent: one that goes on must be cut off.
const SHARE: Bound = Bound::AtMost(20.0);
/// How much of a flood may be taken on one connection, in MiB; what the operating system keeps meanwhile is among it.
const MOST_MIB: Bound = Bound::AtMost(32.0);
/// How long the server is given to answer.
const SETTLE: Duration = Duration::from_secs(2);
/// The largest frame that a server takes when it says nothing else.
const MAX_FRAME: usize = 16_384;

pub(super) async fn pings(arena: &mut Arena, run: &mut Run) -> Result<(), Failure> {
    flood(arena, run, "ping-flood", frame(PING, 0, 0, &[7; 8])).await
}

pub(super) async fn settings(arena: &mut Arena, run: &mut Run) -> Result<(), Failure> {
    flood(arena, run, "settings-flood", frame(SETTINGS, 0, 0, &[])).await
}

/// Sends a frame as fast as it is taken, and connects anew whenever the connection is closed.
async fn flood(arena: &mut Arena, run: &mut Run, name: &str, one: Vec<u8>) -> Result<(), Failure> {
    let (address, length) = (arena.address(), run.length);
    let attack = async move {
        let (begun, burst) = (Instant::now(), one.repeat(AT_A_TIME));
        let (mut sent, mut connections) = (0_usize, 0_usize);
        while begun.elapsed() < length {
            let mut attacker = Attacker::begin(address, &[]).await?;
            connections += 1;
            while begun.elapsed() < length && !attacker.said().over() && attacker.send(&burst).await.is_ok() {
                sent += AT_A_TIME;
            }
        }
        Ok((figure(sent * one.len()) / f64::from(1 << 20), figure(sent) / length.as_secs_f64(), connections))
    };
    let (sent_mib, rate, connections) = arena.beside_with_cpu(run, name, SHARE, attack).await?;
    let most = Promise::count(NAME, format!("{name}: MiB taken before a connection is closed"), MOST_MIB);
    run.board.add(most.decimals(1), sent_mib / figure(connections));
    run.board.add(Promise::told(NAME, format!("{name}: frames taken a second"), 0), rate);
    run.board.add(Promise::told(NAME, format!("{name}: connections used up"), 0), figure(connections));
    Ok(())
}

/// Headers that go on and on.
pub(super) async fn continuations(arena: &mut Arena, run: &mut Run) -> Result<(), Failure> {
    const FRAMES: usize = 10_000;
    let (address, headers) = (arena.address(), arena.headers()?);
    let attack = async move {
        let mut attacker = Attacker::begin(address, &[]).await?;
        let mut junk = Vec::new();
        literal("x-junk", &"x".repeat(1_000), &mut junk);
        let mut sent = attacker.send(&frame(HEADERS, 0, 1, &headers)).await.is_ok();
        for _ in 0..FRAMES {
            sent = sent && !attacker.said().over() && attacker.send(&frame(CONTINUATION, 0, 1, &junk)).await.is_ok();
        }
        Ok(attacker.wait_until(SETTLE, |said| said.closed.is_some()).await)
    };
    let closed = arena.beside_with_memory(run, "continuation-flood", 8.0, attack).await?;
    let kept = Promise::count(NAME, "continuation-flood: connections kept", Bound::AtMost(0.0));
    run.board.add(kept, figure(u8::from(!closed)));
    Ok(())
}

/// A call with four times as many headers as are allowed.
pub(super) async fn header_list(arena: &mut Arena, run: &mut Run) -> Result<(), Failure> {
    let (address, mut headers, score) = (arena.address(), arena.headers()?, arena.scores().next());
    for number in 0..64 {
        literal(&format!("x-junk-{number}"), &"x".repeat(1_000), &mut headers);
    }
    let attack = async move {
        let mut attacker = Attacker::begin(address, &[]).await?;
        let mut bytes = Vec::new();
        let count = headers.len().div_ceil(MAX_FRAME);
        for (at, part) in headers.chunks(MAX_FRAME).enumerate() {
            let last = if at + 1 == count { END_HEADERS } else { 0 };
            bytes.extend(frame(if at == 0 { HEADERS } else { CONTINUATION }, last, 1, part));
        }
        bytes.extend(frame(DATA, END_STREAM, 1, &score));
        // A server that has refused already may have closed.
        let _ = attacker.send(&bytes).await;
        attacker.wait_until(SETTLE, |said| said.over() || said.ended.contains(&1)).await;
        Ok(attacker.said().accepted.len())
    };
    let (accepted, _) = arena.beside(run, "header-list", attack).await?;
    run.board.add(Promise::count(NAME, "header-list: calls answered", Bound::AtMost(0.0)), figure(accepted));
    Ok(())
}

/// A connection that does one of several hostile things, is held for a while, and is cut: a part of a mixture that goes on.
pub(in crate::cli::torture) async fn hostile_connection(address: SocketAddr, turn: usize, held: Duration) {
    // What fails was refused, and that is all right.
    let _ = hostile(address, turn, held).await;
}

async fn hostile(address: SocketAddr, turn: usize, held: Duration) -> std::io::Result<()> {
    let headers = call_headers(HEALTH, None);
    let mut attacker =
        if turn % 6 < 2 { Attacker::connect(address).await? } else { Attacker::begin(address, &[]).await? };
    match turn % 6 {
        // Nothing is said at all.
        0 => {}
        // Another protocol.
        1 => attacker.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await?,
        // A call is begun and never ended.
        2 => attacker.send(&frame(HEADERS, END_HEADERS, 1, &headers)).await?,
        // Calls are cancelled at once.
        3 => {
            for stream in (1..40).step_by(2) {
                let call = frame(HEADERS, END_HEADERS, stream, &headers);
                attacker.send(&[call, frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()).await?;
            }
        }
        // The rules of flow control are broken.
        4 => {
            let call = frame(HEADERS, END_HEADERS, 1, &headers);
            attacker.send(&[call, frame(WINDOW_UPDATE, 0, 1, &0x7fff_ffff_u32.to_be_bytes())].concat()).await?;
        }
        // A thousand pings.
        _ => attacker.send(&frame(PING, 0, 0, &[7; 8]).repeat(1_000)).await?,
    }
    sleep(held).await;
    Ok(())
}
