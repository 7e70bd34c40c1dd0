//! How a connection behaves, and when it has to go: one that calls nothing, floods, or does not take its answers holds a place
//! that others need.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use thiserror::Error;
use tokio::time::Instant;

/// How long a connection may take from its first byte to its first whole call.
const FIRST_CALL_LIMIT: Duration = Duration::from_secs(7);
/// How long a connection may have no call open after its last one: gRPC clients connect again by themselves.
const IDLE_LIMIT: Duration = Duration::from_mins(5);
/// The same while places are scarce, for those that never showed a good token and for those that did.
const CROWDED_STRANGER_LIMIT: Duration = Duration::from_secs(5);
const CROWDED_IDLE_LIMIT: Duration = Duration::from_mins(1);
/// How long a client may take nothing of an answer that is there for it.
const STALL_LIMIT: Duration = Duration::from_secs(8);
/// How many bytes a client may send beside what its calls are made of: frames of HTTP/2 have heads, and pings, settings and
/// window updates cost the server time though they ask for nothing. At once, which is more than the heads of as many calls as
/// may be open and the messages of a whole window take before anybody has looked at them; and for each second of the connection.
const SPARE_BYTES: u64 = 8 * 1024 * 1024;
const SPARE_BYTES_A_SECOND: u64 = 2 * 1024;

/// Why a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum Fault {
    /// No whole call in time, or none for long.
    #[error("no call on it")]
    Idle,
    /// An answer was not taken.
    #[error("an answer was not taken in time")]
    Stalled,
    /// A message that came a few bytes at a time.
    #[error("a message dripped")]
    Dripping,
    /// Many bytes that belong to no call.
    #[error("many frames that belong to no call")]
    Flood,
}

/// What was seen of one connection. All of its calls note here what they do.
#[derive(Debug)]
pub(super) struct Conduct {
    opened: Instant,
    /// When a call last began or ended, in milliseconds after the connection was opened.
    last_ms: AtomicU64,
    begun: AtomicU64,
    ended: AtomicU64,
    known: AtomicBool,
    dripping: AtomicBool,
    /// All bytes that came, those that calls are made of, and those that were sent.
    read: AtomicU64,
    useful: AtomicU64,
    /// Since when answers wait for the client, one place an answer.
    waiting: Mutex<Vec<Option<Instant>>>,
}

impl Conduct {
    pub(super) fn new() -> Self {
        Self {
            opened: Instant::now(),
            last_ms: AtomicU64::new(0),
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            known: AtomicBool::new(false),
            dripping: AtomicBool::new(false),
            read: AtomicU64::new(0),
            useful: AtomicU64::new(0),
            waiting: Mutex::new(Vec::new()),
        }
    }

    /// Notes that a call began whose head has so many bytes.
    pub(super) fn begin_call(&self, head_bytes: u64) {
        self.begun.fetch_add(1, Relaxed);
        self.useful.fetch_add(head_bytes, Relaxed);
        self.touch();
    }

    /// Notes that a call ended: its answer was taken, or it broke off.
    pub(super) fn end_call(&self) {
        self.ended.fetch_add(1, Relaxed);
        self.touch();
    }

    /// Notes that somebody with a good token calls.
    pub(super) fn show_token(&self) {
        self.known.store(true, Relaxed);
    }

    /// Notes that a message did not arrive in time.
    pub(super) fn drip(&self) {
        self.dripping.store(true, Relaxed);
    }

    /// Notes bytes that calls are made of: of messages, or of answers, whose taking makes a client send window updates.
    pub(super) fn carry(&self, bytes: u64) {
        self.useful.fetch_add(bytes, Relaxed);
    }

    /// Notes bytes that came.
    ///
    /// # Errors
    /// Flood, when too many of them belong to no call.
    pub(super) fn read(&self, bytes: u64) -> Result<(), Fault> {
        let read = self.read.fetch_add(bytes, Relaxed) + bytes;
        // Twice what is useful: a message of one byte comes in a frame of ten.
        let fair = self.useful.load(Relaxed).saturating_mul(2) + SPARE_BYTES;
        if read <= fair {
            return Ok(());
        }
        let seconds = self.opened.elapsed().as_secs();
        if read <= fair + seconds.saturating_mul(SPARE_BYTES_A_SECOND) { Ok(()) } else { Err(Fault::Flood) }
    }

    /// Notes that there is something of an answer for the client to take, and gives the place where that stands.
    pub(super) fn wait(&self) -> usize {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Some(Instant::now());
        if let Some(free) = waiting.iter().position(Option::is_none) {
            waiting[free] = now;
            return free;
        }
        waiting.push(now);
        waiting.len() - 1
    }

    /// Notes that the client took what was there.
    pub(super) fn taken(&self, place: usize) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(since) = waiting.get_mut(place) {
            *since = None;
        }
    }

    /// Whether the connection has to go, and why. Places are scarce when it is crowded.
    pub(super) fn fault(&self, crowded: bool) -> Option<Fault> {
        let now = Instant::now();
        let stalled = |since: &Option<Instant>| since.is_some_and(|since| now - since > STALL_LIMIT);
        if self.waiting.lock().unwrap_or_else(PoisonError::into_inner).iter().any(stalled) {
            return Some(Fault::Stalled);
        }
        if self.dripping.load(Relaxed) {
            return Some(Fault::Dripping);
        }
        let begun = self.begun.load(Relaxed);
        if begun > self.ended.load(Relaxed) {
            return None;
        }
        let quiet = (now - self.opened).saturating_sub(Duration::from_millis(self.last_ms.load(Relaxed)));
        let limit = match (begun, self.known.load(Relaxed), crowded) {
            (0, ..) => FIRST_CALL_LIMIT,
            (_, false, true) => CROWDED_STRANGER_LIMIT,
            (_, true, true) => CROWDED_IDLE_LIMIT,
            (_, _, false) => IDLE_LIMIT,
        };
        (quiet > limit).then_some(Fault::Idle)
    }

    fn touch(&self) {
        let ms = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_ms.store(ms, Relaxed);
    }
}
