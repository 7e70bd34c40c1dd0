//! HTTP/2 by hand, for what no client library would send (RFC 9113 and, for headers, RFC 7541).

use std::{
    collections::BTreeSet,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinHandle,
    time::{sleep, timeout},
};

pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Types of frames.
pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

/// Flags of frames.
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

/// The setting of how much may be sent on a stream before it is read.
pub(super) const INITIAL_WINDOW_SIZE: u16 = 4;

/// How often it is looked whether a connection has got somewhere.
const LOOK: Duration = Duration::from_millis(5);
/// How long a write may be held up before the attacker gives up pushing.
const WRITE_LIMIT: Duration = Duration::from_secs(2);

/// A frame.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A frame that changes one setting.
pub(super) fn setting(id: u16, value: u32) -> Vec<u8> {
    frame(SETTINGS, 0, 0, &[id.to_be_bytes().as_slice(), &value.to_be_bytes()].concat())
}

/// A message in gRPC's frame.
pub(super) fn message(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&[0], length.as_slice(), bytes].concat()
}

/// The headers of a call, each a literal that the server's table does not keep; the bearer is left out for an open service.
pub(super) fn call_headers(path: &str, bearer: Option<&str>) -> Vec<u8> {
    // `:method: POST` and `:scheme: http` of the static table; `:path` and `:authority` by its names 4 and 1.
    let mut block = vec![0x83, 0x86];
    block.push(0x04);
    text(path, &mut block);
    block.push(0x01);
    text("127.0.0.1", &mut block);
    literal("content-type", "application/grpc", &mut block);
    literal("te", "trailers", &mut block);
    if let Some(bearer) = bearer {
        literal("authorization", bearer, &mut block);
    }
    block
}

/// One header as a literal with a new name.
pub(super) fn literal(name: &str, value: &str, block: &mut Vec<u8>) {
    block.push(0);
    text(name, block);
    text(value, block);
}

/// A text without Huffman's code: its length as an integer with a prefix of 7 bits, and its bytes.
fn text(value: &str, block: &mut Vec<u8>) {
    match u8::try_from(value.len()) {
        Ok(length) if length < 0x7f => block.push(length),
        _ => {
            block.push(0x7f);
            let mut rest = value.len() - 0x7f;
            while rest >= 0x80 {
                block.push(rest.to_le_bytes()[0] | 0x80);
                rest >>= 7;
            }
            block.push(rest.to_le_bytes()[0]);
        }
    }
    block.extend_from_slice(value.as_bytes());
}

/// What a server has said on a connection so far.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub frames: u64,
    /// Streams that the server reset.
    pub resets: u64,
    /// Streams that it answered to the end, or reset.
    pub ended: BTreeSet<u32>,
    /// Streams that were answered with a message: a refusal has none.
    pub accepted: BTreeSet<u32>,
    /// Whether it said GOAWAY: it will take no more calls.
    pub goaway: bool,
    /// When it closed the connection.
    pub closed: Option<Instant>,
}

impl Said {
    /// Whether the server has ended the connection, or said that it will take no more.
    pub(super) fn over(&self) -> bool {
        self.closed.is_some() || self.goaway
    }
}

/// A connection that says what it likes, and listens all the while. It is cut when this is dropped.
pub(super) struct Attacker {
    writer: OwnedWriteHalf,
    said: Arc<Mutex<Said>>,
    reading: JoinHandle<()>,
}

impl Drop for Attacker {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

impl Attacker {
    /// Connects, and says nothing yet.
    pub(super) async fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        let said = Arc::<Mutex<Said>>::default();
        let reading = tokio::spawn(listen(BufReader::with_capacity(64 << 10, reader), Arc::clone(&said)));
        Ok(Self { writer, said, reading })
    }

    /// Connects, and begins as HTTP/2 does, with settings of its own.
    pub(super) async fn begin(address: SocketAddr, settings: &[u8]) -> io::Result<Self> {
        let mut attacker = Self::connect(address).await?;
        let settings = if settings.is_empty() { frame(SETTINGS, 0, 0, &[]) } else { settings.to_owned() };
        attacker.send(&[PREFACE, &settings, &frame(SETTINGS, 1, 0, &[])].concat()).await?;
        Ok(attacker)
    }

    /// Sends bytes. A server that reads nothing for two seconds has had enough of them.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        timeout(WRITE_LIMIT, self.writer.write_all(bytes)).await?
    }

    pub(super) fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something holds of what the server said, for so long at most; tells whether it does.
    pub(super) async fn wait_until(&self, limit: Duration, holds: impl Fn(&Said) -> bool) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < limit {
            if holds(&self.said()) {
                return true;
            }
            sleep(LOOK).await;
        }
        holds(&self.said())
    }
}

async fn listen(mut reader: BufReader<OwnedReadHalf>, said: Arc<Mutex<Said>>) {
    // The end of reading is the end of the connection, however it came.
    let _ = note(&mut reader, &said).await;
    said.lock().unwrap_or_else(PoisonError::into_inner).closed = Some(Instant::now());
}

async fn note(reader: &mut BufReader<OwnedReadHalf>, said: &Mutex<Said>) -> io::Result<()> {
    loop {
        let mut head = [0; 9];
        reader.read_exact(&mut head).await?;
        let [a, b, c, kind, flags, stream @ ..] = head;
        let stream = u32::from_be_bytes(stream) & 0x7fff_ffff;
        let length = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap_or(usize::MAX);
        let mut payload = vec![0; length];
        reader.read_exact(&mut payload).await?;
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        said.frames += 1;
        let ends = flags & END_STREAM != 0 && matches!(kind, DATA | HEADERS);
        match kind {
            RST_STREAM => said.resets += 1,
            GOAWAY => said.goaway = true,
            DATA => {
                said.accepted.insert(stream);
            }
            _ => {}
        }
        if ends || kind == RST_STREAM {
            said.ended.insert(stream);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_headers_are_as_the_protocol_has_them() {
        assert_eq!(frame(RST_STREAM, 0, 5, &8_u32.to_be_bytes()), [0, 0, 4, 3, 0, 0, 0, 0, 5, 0, 0, 0, 8]);
        assert_eq!(setting(INITIAL_WINDOW_SIZE, 0), [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
        let mut block = Vec::new();
        literal("a", &"x".repeat(300), &mut block);
        // 300 = 127 + 173, and 173 = 45 + 128 * 1 (RFC 7541, 5.1).
        assert_eq!(block[..6], [0, 1, b'a', 0x7f, 0x80 | 0x2d, 1]);
        assert_eq!(block.len(), 6 + 300);
    }
}
