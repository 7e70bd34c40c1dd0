//! What can go wrong in the store.

use std::sync::LazyLock;

use thiserror::Error;

use crate::{
    domain::refusal::{Refusal, Waiting},
    metrics::Occasional,
};

/// Causes are told one a second and kind: while the database is away every call fails, and all for the same.
static UNAVAILABLE: LazyLock<Occasional> = LazyLock::new(Occasional::once_a_second);
static BROKEN: LazyLock<Occasional> = LazyLock::new(Occasional::once_a_second);

/// Why the store did not do it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// The database cannot be reached, is full, or is shutting down. What was asked may or may not have happened.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// Another transaction holds the row for longer than we wait.
    #[error("another transaction holds the row")]
    Locked,
    /// The decision writer's queue is full.
    #[error("the decision writer's queue is full")]
    QueueFull,
    /// Another process holds the behaviour of all tenants now.
    #[error("another process holds the fraud state")]
    LeaseLost,
    /// An entry's request id or place in the log is taken.
    #[error("the request id or the place of an entry is taken")]
    EntryTaken,
    /// An entry before this one did not reach the disk.
    #[error("an entry before this one did not reach the disk")]
    ChainBroken,
    /// A stored value cannot be read, or a statement is wrong: a fault of ours.
    #[error("the store is broken: {0}")]
    Broken(String),
}

impl StoreError {
    /// A stored value that no version of this program writes.
    pub(super) fn unreadable(column: &str) -> Self {
        Self::Broken(format!("the column {column} holds a value that cannot be read"))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let text = error.to_string();
        match &error {
            sqlx::Error::Database(database) => match database.code().as_deref() {
                // PostgreSQL: lock_not_available, deadlock_detected, query_canceled by lock_timeout's kin.
                Some("55P03" | "40P01" | "40001") => Self::Locked,
                // PostgreSQL: connection exceptions (08), insufficient resources (53), operator intervention (57),
                // system errors (58), and a transaction on a server that became read-only (25006). And what only a new
                // connection meets: a database that takes none (55000) or is gone (3D000), a password that was changed
                // (28).
                Some(code) if ["08", "28", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => {
                    Self::Unavailable(text)
                }
                Some("25006" | "55000" | "3D000") => Self::Unavailable(text),
                // SQLite, primary codes: BUSY 5, READONLY 8, IOERR 10, FULL 13, CANTOPEN 14; PostgreSQL's have five
                // characters.
                Some(code) if code.len() < 5 && matches!(sqlite_primary(code), Some(5 | 8 | 10 | 13 | 14)) => {
                    Self::Unavailable(text)
                }
                _ => Self::Broken(text),
            },
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Protocol(_) => Self::Unavailable(text),
            _ => Self::Broken(text),
        }
    }
}

/// The primary result code in the low byte of SQLite's extended code (<https://sqlite.org/rescode.html>).
fn sqlite_primary(code: &str) -> Option<u32> {
    code.parse::<u32>().ok().map(|code| code & 0xff)
}

impl From<StoreError> for Refusal {
    /// Turns the cause into what the caller may know, and logs the cause, unless it has just logged another one like it.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => {
                if let Some(left_out) = UNAVAILABLE.left_out_before() {
                    tracing::error!(cause, left_out, "the database does not answer");
                }
                Self::Unavailable
            }
            // Whoever tries again finds out what is in the log.
            StoreError::Locked | StoreError::EntryTaken => Self::StillRunning,
            StoreError::LeaseLost => Self::NotReady(Waiting::FraudStateElsewhere),
            StoreError::ChainBroken => Self::NotReady(Waiting::FraudStateRebuilding),
            StoreError::QueueFull => Self::OVERLOADED,
            StoreError::Broken(cause) => {
                if let Some(left_out) = BROKEN.left_out_before() {
                    tracing::error!(cause, left_out, "the store is broken");
                }
                Self::Internal
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write},
        sync::{Arc, Mutex},
        thread::sleep,
        time::{Duration, Instant},
    };

    use super::*;

    /// What was logged.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Log {
        fn lines(&self) -> Vec<String> {
            String::from_utf8_lossy(&self.0.lock().unwrap()).lines().map(str::to_owned).collect()
        }
    }

    #[test]
    fn an_outage_is_told_once_a_second_with_how_many_were_left_out() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        let _logging = tracing::subscriber::set_default(subscriber);
        let (begun, mut failed) = (Instant::now(), 0);
        while log.lines().len() < 3 {
            assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", log.lines());
            assert_eq!(Refusal::from(StoreError::Unavailable("gone".to_owned())), Refusal::Unavailable);
            failed += 1;
            sleep(Duration::from_millis(1));
        }
        assert!(begun.elapsed() > Duration::from_secs(1), "three lines came at once");
        let left_out = |line: &String| line.rsplit_once("left_out=").unwrap().1.parse::<usize>().unwrap();
        assert_eq!(log.lines().iter().map(left_out).sum::<usize>(), failed - 3);
        // What is wrong with a row is not left out for an outage's sake.
        assert_eq!(Refusal::from(StoreError::unreadable("tally")), Refusal::Internal);
        assert!(log.lines()[3].contains("the column tally"), "{:?}", log.lines());
    }
}
