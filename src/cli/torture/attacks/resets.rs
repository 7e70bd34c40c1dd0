//! Streams that are reset as soon as the server has begun to work for them.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{
    NAME,
    arena::{Arena, SMALL_RATE},
    frames::{Attacker, DATA, END_HEADERS, END_STREAM, HEADERS, RST_STREAM, WINDOW_UPDATE, frame},
    streams::stream_ids,
};
use crate::cli::{
    Failure,
    torture::{
        Run, figure,
        promise::{Bound, Promise},
    },
};

/// Streams that the server is to be made to reset.
const TO_RESET: u32 = 5_000;
/// How many are sent at a time.
const AT_A_TIME: usize = 50;
/// A pace that a limit on bursts does not see.
const PACE: Duration = Duration::from_millis(10);
/// How long the server is given to say what it thinks of it.
const SETTLE: Duration = Duration::from_secs(1);
/// CANCEL (RFC 9113, section 7).
const CANCEL: [u8; 4] = 8_u32.to_be_bytes();
/// The most that a window may grow by at once: more than there is room for.
const OVERFLOW: [u8; 4] = 0x7fff_ffff_u32.to_be_bytes();

/// Breaks the rules of flow control on each stream, so that the server resets it while its handler runs.
pub(super) async fn made_you(arena: &mut Arena, run: &mut Run) -> Result<(), Failure> {
    let (address, headers) = (arena.address(), arena.headers()?);
    let attack = async move {
        let mut attacker = Attacker::begin(address, &[]).await?;
        for (at, stream) in stream_ids(TO_RESET).enumerate() {
            let call = frame(HEADERS, END_HEADERS, stream, &headers);
            let bytes = [call, frame(WINDOW_UPDATE, 0, stream, &OVERFLOW)].concat();
            if attacker.send(&bytes).await.is_err() || attacker.said().over() {
                break;
            }
            // As many as may be open at once, so that none is refused for that.
            if (at + 1) % AT_A_TIME == 0 {
                let reset = u64::try_from(at + 1)?;
                attacker.wait_until(SETTLE, |said| said.over() || said.resets >= reset).await;
            }
        }
        attacker.wait_until(SETTLE, |said| said.closed.is_some()).await;
        let said = attacker.said();
        Ok((said.resets, said.over()))
    };
    let ((resets, over), _) = arena.beside(run, "made-you-reset", attack).await?;
    let kept = Promise::count(NAME, "made-you-reset: connections kept", Bound::AtMost(0.0));
    run.board.add(kept, figure(u8::from(!over)));
    let most = Promise::count(NAME, "made-you-reset: resets before GOAWAY", Bound::AtMost(1_100.0));
    run.board.add(most, figure(resets));
    Ok(())
}

/// Sends fifty whole calls every ten milliseconds and cancels them ten milliseconds later, when their handlers have begun: so no
/// limit on streams that are reset unseen holds it up. A connection that is closed is made anew. What the tenant's quota lets in
/// may be decided, and no more.
pub(super) async fn rapid(arena: &mut Arena, run: &mut Run) -> Result<(), Failure> {
    let (address, headers) = (arena.address(), Arena::headers_of(&arena.limited)?);
    let (length, scores) = (run.length, arena.scores());
    let before = arena.world.stored(&arena.limited).await?;
    let attack = async move {
        let begun = Instant::now();
        let (mut sent, mut connections) = (0_usize, 0_usize);
        while begun.elapsed() < length {
            let mut attacker = Attacker::begin(address, &[]).await?;
            connections += 1;
            let mut streams = stream_ids(u32::MAX / 4);
            let mut begun_before: Vec<u32> = Vec::new();
            while begun.elapsed() < length && !attacker.said().over() {
                let mut bytes = Vec::new();
                for stream in begun_before.drain(..) {
                    bytes.extend(frame(RST_STREAM, 0, stream, &CANCEL));
                }
                for stream in streams.by_ref().take(AT_A_TIME) {
                    bytes.extend(frame(HEADERS, END_HEADERS, stream, &headers));
                    bytes.extend(frame(DATA, END_STREAM, stream, &scores.next()));
                    begun_before.push(stream);
                }
                sent += begun_before.len();
                if attacker.send(&bytes).await.is_err() {
                    break;
                }
                sleep(PACE).await;
            }
        }
        sleep(SETTLE).await;
        Ok((sent, connections))
    };
    let ((sent, connections), _) = arena.beside(run, "rapid-reset", attack).await?;
    let decided = arena.world.stored(&arena.limited).await?.saturating_sub(before);
    let allowed = f64::from(SMALL_RATE) * length.as_secs_f64();
    let starts =
        Promise::count(NAME, "rapid-reset: decided, as a multiple of the quota", Bound::AtMost(2.0)).decimals(2);
    run.board.add(starts, figure(decided) / allowed);
    run.board.add(Promise::told(NAME, "rapid-reset: calls sent", 0), figure(sent));
    run.board.add(Promise::told(NAME, "rapid-reset: connections used up", 0), figure(connections));
    Ok(())
}
