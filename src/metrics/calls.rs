//! Calls by method and code.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use super::{histogram::Histogram, page::Page};

/// The codes of gRPC by their numbers.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];
/// What a call ends with whose client went away before it was answered.
const CANCELLED: usize = 1;
const UNKNOWN: usize = 2;
/// The label of every method that does not exist.
const NO_METHOD: &str = "_unknown";

/// A method that exists.
#[derive(Debug, Clone)]
pub struct Method {
    /// Its path without the first slash: `package.Service/Method`.
    pub name: String,
    /// Whether the client sends a stream.
    pub reads_stream: bool,
    /// Whether the answer is a stream.
    pub answers_stream: bool,
}

/// Calls by method. The methods are those that exist: what anybody makes up beside them is counted as one.
#[derive(Debug)]
pub struct CallCounts {
    methods: HashMap<String, Arc<MethodCounts>>,
    unknown: Arc<MethodCounts>,
}

impl CallCounts {
    /// Counts for methods that exist.
    #[must_use]
    pub fn of(methods: impl IntoIterator<Item = Method>) -> Self {
        let counts = |method: Method| (format!("/{}", method.name), Arc::new(MethodCounts::of(method)));
        let unknown = Method { name: NO_METHOD.to_owned(), reads_stream: false, answers_stream: false };
        Self { methods: methods.into_iter().map(counts).collect(), unknown: Arc::new(MethodCounts::of(unknown)) }
    }

    /// The counts of the method at a path.
    #[must_use]
    pub fn at(&self, path: &str) -> &Arc<MethodCounts> {
        self.methods.get(path).unwrap_or(&self.unknown)
    }

    /// Puts them on a page.
    pub fn show(&self, page: &mut Page) {
        let mut all: Vec<_> = self.methods.values().chain([&self.unknown]).collect();
        all.sort_unstable_by_key(|one| &one.method.name);
        let calls = page.counter("calls", "Calls that ended, by method and gRPC code.");
        for one in &all {
            for (code, count) in CODES.iter().zip(&one.ended) {
                let count = count.load(Relaxed);
                // OK is there from the start, so that a first failure is seen as a change of rate.
                if count > 0 || *code == "OK" {
                    calls.add(&[("method", &one.method.name), ("code", code)], count);
                }
            }
        }
        let seconds = page.histogram("call_seconds", "Seconds from a unary call's headers to its answer.");
        for one in all.iter().filter(|one| one.is_unary() && one.was_called()) {
            seconds.add_histogram(&[("method", &one.method.name)], &one.seconds);
        }
        let in_flight = page.gauge("calls_in_flight", "Calls that are being answered, open streams among them.");
        for one in all.iter().filter(|one| one.was_called()) {
            in_flight.set(&[("method", &one.method.name)], one.in_flight.load(Relaxed));
        }
        let streams = all.iter().filter(|one| !one.is_unary()).map(|one| one.in_flight.load(Relaxed)).sum();
        page.gauge("streams_open", "Streams that are open.").set(&[], streams);
    }
}

/// The calls of one method.
#[derive(Debug)]
pub struct MethodCounts {
    method: Method,
    in_flight: AtomicI64,
    ended: [AtomicU64; CODES.len()],
    seconds: Histogram,
}

impl MethodCounts {
    fn of(method: Method) -> Self {
        Self { method, in_flight: AtomicI64::new(0), ended: Default::default(), seconds: Histogram::of_durations() }
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// Whether it is worth a series of every kind.
    fn was_called(&self) -> bool {
        self.in_flight.load(Relaxed) != 0 || self.ended.iter().any(|count| count.load(Relaxed) > 0)
    }

    fn is_unary(&self) -> bool {
        !self.method.reads_stream && !self.method.answers_stream
    }

    /// Counts a call from now on.
    #[must_use]
    pub fn begin(self: &Arc<Self>) -> CountedCall {
        self.in_flight.fetch_add(1, Relaxed);
        CountedCall { counts: Arc::clone(self), began: Instant::now(), code: CANCELLED }
    }
}

/// A call that is in flight. When it is dropped it has ended: as cancelled, unless it was told otherwise.
#[derive(Debug)]
pub struct CountedCall {
    counts: Arc<MethodCounts>,
    began: Instant,
    code: usize,
}

impl CountedCall {
    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.counts.method
    }

    /// Says how it ends: by the number of a gRPC code.
    pub fn ends_with(&mut self, code: i32) {
        self.code = usize::try_from(code).ok().filter(|code| *code < CODES.len()).unwrap_or(UNKNOWN);
    }

    /// How long it has been in flight.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.began.elapsed()
    }
}

impl Drop for CountedCall {
    fn drop(&mut self) {
        self.counts.in_flight.fetch_sub(1, Relaxed);
        if let Some(ended) = self.counts.ended.get(self.code) {
            ended.fetch_add(1, Relaxed);
        }
        if self.counts.is_unary() {
            self.counts.seconds.took(self.took());
        }
    }
}
