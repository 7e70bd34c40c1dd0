//! Messages that become far more than they are.

use std::{sync::Arc, time::Duration};

use super::{
    NAME,
    arena::Arena,
    frames::{Attacker, DATA, END_HEADERS, END_STREAM, HEADERS, frame, literal},
};
use crate::{
    cli::{
        Failure,
        load::applicants::Message,
        torture::{
            Run, figure,
            generator::{CREDIT_SCORE, Calls, Connections, each_once},
            promise::{Bound, Promise},
        },
    },
    rpc::MAX_MESSAGE_BYTES,
};

const CREATE_POLICY: &str = "/riskport.fraud.v1.FraudPolicyService/CreatePolicyVersion";
/// How often each is sent.
const TIMES: usize = 5;
/// The size of the messages: the largest, with room for the id.
const BYTES: usize = MAX_MESSAGE_BYTES - 64;
/// The most memory that a hostile message may take, in MiB.
const MEMORY_MIB: f64 = 32.0;
/// How long the server is given to answer.
const SETTLE: Duration = Duration::from_secs(2);

/// Messages of 256 KiB that are made of the smallest parts there are, one after the other.
pub(super) async fn crowded(arena: &mut Arena, run: &mut Run) -> Result<(), Failure> {
    for (name, path, message) in [
        ("empty map entries", CREDIT_SCORE, field(4, &field(1, &[]).repeat(BYTES / 2))),
        ("map entries", CREDIT_SCORE, field(4, &map_entries())),
        ("lists of nothing", CREDIT_SCORE, list_of_values()),
        ("empty rules", CREATE_POLICY, field(2, &field(5, &[]).repeat(BYTES / 2))),
    ] {
        let address = arena.address();
        let bearers = [arena.attacker.bearer.clone()];
        let calls = Calls::new(address, path, bearers, vec![Message(message)], run.site.ids())?;
        let attack = async move {
            let connections = Arc::new(Connections::open(address, 1).await?);
            let mut slowest = 0.0_f64;
            for _ in 0..TIMES {
                slowest = slowest.max(each_once(Arc::clone(&connections), calls.clone(), 1).await?.slowest_ms());
            }
            Ok(slowest)
        };
        let name = format!("crowded, {name}");
        let slowest = arena.beside_with_memory(run, &name, MEMORY_MIB, attack).await?;
        run.board.add(Promise::timing(NAME, format!("{name}: slowest, ms"), Bound::AtMost(30.0), 1), slowest);
    }
    Ok(())
}

/// Bytes that are zeros a thousand times over, for a server that reads what is compressed.
pub(super) async fn gzip_bomb(arena: &mut Arena, run: &mut Run) -> Result<(), Failure> {
    let (address, mut headers) = (arena.address(), arena.headers()?);
    literal("grpc-encoding", "gzip", &mut headers);
    let bomb = gzip_of_zeros(64 << 20);
    let compressed = [&[1], u32::try_from(bomb.len())?.to_be_bytes().as_slice(), &bomb].concat();
    let attack = async move {
        let mut attacker = Attacker::begin(address, &[]).await?;
        let mut bytes = frame(HEADERS, END_HEADERS, 1, &headers);
        let mut parts = compressed.chunks(16_384).peekable();
        while let Some(part) = parts.next() {
            bytes.extend(frame(DATA, if parts.peek().is_none() { END_STREAM } else { 0 }, 1, part));
        }
        let _ = attacker.send(&bytes).await;
        attacker.wait_until(SETTLE, |said| said.over() || said.ended.contains(&1)).await;
        Ok(attacker.said().accepted.len())
    };
    let accepted = arena.beside_with_memory(run, "gzip-bomb", MEMORY_MIB, attack).await?;
    run.board.add(Promise::count(NAME, "gzip-bomb: calls answered", Bound::AtMost(0.0)), figure(accepted));
    Ok(())
}

/// A field of a message with bytes in it.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    prost::encoding::encode_varint(content.len() as u64, &mut bytes);
    bytes.extend_from_slice(content);
    bytes
}

/// As many entries of a map as fit, each under a key of its own, each with an empty value.
fn map_entries() -> Vec<u8> {
    let entry = |number: usize| field(1, &[field(1, format!("{number:x}").as_bytes()), field(2, &[])].concat());
    let mut bytes = Vec::new();
    for number in 0.. {
        let entry = entry(number);
        if bytes.len() + entry.len() > BYTES {
            break;
        }
        bytes.extend(entry);
    }
    bytes
}

/// One feature that is a list of as many values as fit, each of nothing.
fn list_of_values() -> Vec<u8> {
    let list = field(1, &[]).repeat(BYTES / 2 - 16);
    let value = field(6, &list);
    field(4, &field(1, &[field(1, b"a"), field(2, &value)].concat()))
}

/// A gzip file (RFC 1952) of so many zeros, in one block of deflate's fixed code (RFC 1951): a zero, then copies of it,
/// 258 at a time.
fn gzip_of_zeros(count: usize) -> Vec<u8> {
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let copies = (count - 1) / 258;
    let (mut bits, mut held) = (0_u32, 0_u32);
    let mut put = |file: &mut Vec<u8>, value: u32, length: u32| {
        bits |= value << held;
        held += length;
        while held >= 8 {
            file.push(bits.to_le_bytes()[0]);
            bits >>= 8;
            held -= 8;
        }
    };
    // The last block, of the fixed code; then the literal 0, 8 bits of 00110000 with the highest first.
    put(&mut file, 0b011, 3);
    put(&mut file, u32::from(0b0011_0000_u8.reverse_bits()), 8);
    for _ in 0..copies {
        // The length 258 is 11000101, its distance of 1 is 00000.
        put(&mut file, u32::from(0b1100_0101_u8.reverse_bits()), 8);
        put(&mut file, 0, 5);
    }
    // The end of the block, 7 zeros, and what fills its last byte.
    put(&mut file, 0, 14);
    // Nobody gets as far as the checksum: the length is enough.
    file.extend_from_slice(&[0; 4]);
    file.extend_from_slice(&u32::try_from(copies * 258 + 1).unwrap_or(u32::MAX).to_le_bytes());
    file
}
