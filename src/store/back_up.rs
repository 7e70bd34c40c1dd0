//! Copies an embedded database while it is in use.

use std::path::Path;

use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{OpenError, Store};
use crate::domain::time::Timestamp;

statements! {
    /// What a copy holds, for whoever keeps it.
    COUNT_CONTENT = "SELECT (SELECT COUNT(*) FROM tenants), (SELECT COUNT(*) FROM decisions),
        (SELECT COUNT(*) FROM fraud_log), (SELECT MAX(decided_us) FROM decisions)";
}

/// One transaction that reads: the copy is of one moment, and whoever writes meanwhile does not wait for it. The log of the
/// original cannot be taken into its file before the copy is done, and grows until then.
const COPY: &str = "VACUUM INTO $1";
const SIZE: &str = "PRAGMA page_count";
const PAGE: &str = "PRAGMA page_size";
const CHECK: &str = "PRAGMA integrity_check(5)";

/// What a copy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// How many tenants, the operator's own among them.
    pub tenants: i64,
    /// How many decisions.
    pub decisions: i64,
    /// How many entries of the logs of events.
    pub log_entries: i64,
    /// When the newest decision was made.
    pub newest: Option<Timestamp>,
}

impl Store {
    /// How large a file is in bytes without what waits in its log: about what a copy will be.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn size_of_file(from: &Path) -> Result<u64, OpenError> {
        let mut connection = open(from).await?;
        let pages: i64 = sqlx::query_scalar(SIZE).fetch_one(&mut connection).await?;
        let page: i64 = sqlx::query_scalar(PAGE).fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(u64::try_from(pages * page).unwrap_or(0))
    }

    /// Copies a database file into one that must not be there yet, while other processes read and write it.
    ///
    /// # Errors
    /// When it cannot be read, or the copy cannot be written.
    pub async fn copy_file(from: &Path, to: &Path) -> Result<(), OpenError> {
        let mut connection = open(from).await?;
        sqlx::query(COPY).bind(to.to_string_lossy().as_ref()).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// Holds every row of a copy against its indexes, and tells what is in it, or what is broken.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn verify_copy(copy: &Path) -> Result<Result<Copied, Vec<String>>, OpenError> {
        let options = SqliteConnectOptions::new().filename(copy).read_only(true).immutable(true);
        let mut connection = options.connect().await?;
        let told: Vec<String> = sqlx::query_scalar(CHECK).fetch_all(&mut connection).await?;
        if told != ["ok"] {
            return Ok(Err(told));
        }
        let (tenants, decisions, log_entries, newest): (i64, i64, i64, Option<i64>) =
            sqlx::query_as(COUNT_CONTENT).fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(Ok(Copied { tenants, decisions, log_entries, newest: newest.map(Timestamp::from_micros) }))
    }
}

async fn open(path: &Path) -> Result<SqliteConnection, OpenError> {
    Ok(SqliteConnectOptions::new().filename(path).read_only(true).connect().await?)
}
