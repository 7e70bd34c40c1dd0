//! Opens a database: connects, refuses one that would lose an acknowledged write, and brings its tables up to date.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions, Connection, PgPool, SqlitePool,
    migrate::{MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use thiserror::Error;

use super::{Pool, Store};

/// Connections that read from SQLite.
const SQLITE_READERS: u32 = 4;
/// The pages that the writing connection keeps in memory, as SQLite takes it: in KiB, with a minus. The 2 MiB that it has
/// by default do not hold what one commit touches.
const SQLITE_WRITER_CACHE: &str = "-16384";
/// The statements that the writing connection keeps prepared: the inserts of a commit are one for each number of rows.
const SQLITE_WRITER_STATEMENTS: usize = 256;
/// The pages that those keep that read. SQLite forgets what they keep with each commit of another connection, and so it is only of use
/// within one statement.
const SQLITE_READER_CACHE: &str = "-512";
/// Connections to PostgreSQL where nothing is said: one commits decisions, the others read and change tenants.
pub const DEFAULT_CONNECTIONS: u32 = 16;
/// How long a connection to PostgreSQL is taken to be there still after it was used.
const TRUSTED: Duration = Duration::from_secs(1);
/// How long a call waits for a connection before it is refused as UNAVAILABLE.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a statement waits for a row that another process holds, in milliseconds, before it is refused as ABORTED.
const LOCK_TIMEOUT_MS: &str = "500";
/// How long a process that starts waits for another that brings the tables up to date.
const MIGRATION_LOCK_TIMEOUT: &str = "60s";
/// How often a process that starts tries to open a SQLite file that another is making, and how long it waits in between.
const SQLITE_OPEN_TRIES: u32 = 50;
const SQLITE_OPEN_PAUSE: Duration = Duration::from_millis(50);
/// How long SQLite waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// What brings the tables up to date.
pub(super) static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
pub(super) static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// Which database to use.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// The embedded one: a file that is made when it is not there.
    Sqlite(PathBuf),
    /// A PostgreSQL server, by a URL that may hold a password.
    Postgres(String),
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres:[redacted]"),
        }
    }
}

/// Why a database cannot be used.
#[derive(Debug, Error)]
pub enum OpenError {
    /// It cannot be reached or opened.
    #[error("cannot open the database: {0}")]
    Connect(#[from] sqlx::Error),
    /// Its tables cannot be brought up to date.
    #[error("cannot bring the database's tables up to date: {0}")]
    Migrate(#[from] MigrateError),
    /// It would answer before a write is on disk.
    #[error("the database has {setting} = {value}: an acknowledged decision could be lost, set it to {needed}")]
    NotDurable {
        /// The setting.
        setting: &'static str,
        /// What it is.
        value: String,
        /// What it must be.
        needed: &'static str,
    },
}

impl Store {
    /// Opens a database and applies the migrations that it lacks.
    ///
    /// # Errors
    /// When it cannot be reached, would lose acknowledged writes, or holds tables of another program or a newer version.
    pub async fn open(database: &Database) -> Result<Self, OpenError> {
        Self::open_with(database, DEFAULT_CONNECTIONS).await
    }

    /// As [`Self::open`], with so many connections to PostgreSQL at most. One is enough for everything to work.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_with(database: &Database, connections: u32) -> Result<Self, OpenError> {
        let pool = match database {
            Database::Sqlite(path) => open_sqlite_in_turn(path).await?,
            Database::Postgres(url) => open_postgres(url, connections).await?,
        };
        Ok(Self { pool })
    }
}

/// Opens the file, again and again while another process is making it: SQLite waits for a lock that it can get in the
/// end, and gives up at once on the change to WAL when another makes that too.
async fn open_sqlite_in_turn(path: &PathBuf) -> Result<Pool, OpenError> {
    for _ in 0..SQLITE_OPEN_TRIES {
        match open_sqlite(path).await {
            Err(OpenError::Connect(sqlx::Error::Database(error))) if error.code().as_deref() == Some("5") => {
                tokio::time::sleep(SQLITE_OPEN_PAUSE).await;
            }
            done => return done,
        }
    }
    open_sqlite(path).await
}

async fn open_sqlite(path: &PathBuf) -> Result<Pool, OpenError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT);
    // A file does not go away as a server does: asking each connection first whether it is there is a trip to its thread and back.
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A full disk makes SQLite roll back by itself. Then sqlx's own ROLLBACK fails, and its connection counts as in a
        // transaction for ever: it could begin no other. A connection of that kind is closed, and a new one opened.
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
        .test_before_acquire(false)
        .connect_with(
            options
                .clone()
                .pragma("cache_size", SQLITE_WRITER_CACHE)
                .statement_cache_capacity(SQLITE_WRITER_STATEMENTS),
        )
        .await?;
    check_sqlite(&write).await?;
    migrate_sqlite(&write).await?;
    let read = SqlitePoolOptions::new()
        .max_connections(SQLITE_READERS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .connect_with(options.pragma("cache_size", SQLITE_READER_CACHE))
        .await?;
    Ok(Pool::Sqlite { read, write })
}

/// All in one transaction that writes from its start: sqlx takes no lock on SQLite, so of two processes that open a new
/// file at once one would find tables that the other had just made.
async fn migrate_sqlite(pool: &SqlitePool) -> Result<(), OpenError> {
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    SQLITE_MIGRATIONS.run_direct(None, &mut *tx, false).await?;
    Ok(tx.commit().await?)
}

/// A file system without shared memory makes SQLite fall back from WAL in silence; so what came of it is read back.
async fn check_sqlite(pool: &SqlitePool) -> Result<(), OpenError> {
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(pool).await?;
    if mode != "wal" {
        return Err(OpenError::NotDurable { setting: "journal_mode", value: mode, needed: "wal" });
    }
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(pool).await?;
    if synchronous < 2 {
        return Err(OpenError::NotDurable { setting: "synchronous", value: synchronous.to_string(), needed: "FULL" });
    }
    Ok(())
}

async fn open_postgres(url: &str, connections: u32) -> Result<Pool, OpenError> {
    let connect = PgConnectOptions::from_str(url)?.application_name("riskport");
    let options = connect.clone().options([
        ("lock_timeout", LOCK_TIMEOUT_MS),
        ("statement_timeout", "10000"),
        // A process that stalls in the middle of a transaction must not hold what others wait for.
        ("idle_in_transaction_session_timeout", "10000"),
    ]);
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // Asking a connection first whether it is still there is a round trip, so only one is asked that has not been used lately.
        .test_before_acquire(false)
        .before_acquire(|connection, used| {
            Box::pin(async move { Ok(used.idle_for < TRUSTED || connection.ping().await.is_ok()) })
        })
        .connect_with(options)
        .await?;
    check_postgres(&pool).await?;
    // On a connection of its own: a call's timeouts are too short for waiting until another process has migrated.
    let mut migrating = connect.options([("lock_timeout", MIGRATION_LOCK_TIMEOUT)]).connect().await?;
    POSTGRES_MIGRATIONS.run_direct(None, &mut migrating, false).await?;
    migrating.close().await?;
    Ok(Pool::Postgres(pool))
}

async fn check_postgres(pool: &PgPool) -> Result<(), OpenError> {
    let fsync: String = sqlx::query_scalar("SHOW fsync").fetch_one(pool).await?;
    if fsync != "on" {
        return Err(OpenError::NotDurable { setting: "fsync", value: fsync, needed: "on" });
    }
    let commit: String = sqlx::query_scalar("SHOW synchronous_commit").fetch_one(pool).await?;
    if commit == "off" {
        return Err(OpenError::NotDurable { setting: "synchronous_commit", value: commit, needed: "on" });
    }
    Ok(())
}
