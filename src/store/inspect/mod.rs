//! Looks at a database as it is: nothing is made, migrated or written. For `riskport doctor`, which must be able to say what
//! is wrong with a database that [`Store::open`] refuses.

mod postgres;

use std::{
    io::Read,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use tokio::time::timeout;

use super::{
    Database, HeldLease, OpenError, Pool, Store,
    open::{POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS},
};
use crate::{
    domain::{ids::TenantId, time::Timestamp},
    vault::WrappedKey,
};

pub use postgres::PostgresFacts;

statements! {
    LIST_APPLIED = "SELECT version, success, checksum FROM _sqlx_migrations ORDER BY version";
    COUNT_OPERATOR_KEYS = "SELECT COUNT(*) FROM caller_keys WHERE tenant_id = 'operator' AND revoked_us IS NULL";
    LIST_DATA_KEYS = "SELECT tenant_id, key_id, wrapped FROM data_keys ORDER BY tenant_id, key_id";
    /// Of each tenant by its index; the clock of a tenant whose clock is its events is not ours.
    NEWEST_DECISION = "SELECT MAX((SELECT MAX(d.decided_us) FROM decisions d WHERE d.tenant_id = t.tenant_id))
        FROM tenants t WHERE t.mode <> 'sandbox_event_clock'";
    NEWEST_CHANGE = "SELECT MAX(changed_us) FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)";
}

/// How long a connection may take, and a statement for one.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How many faults of a file are told at most.
const QUICK_CHECK: &str = "PRAGMA quick_check(5)";
const FULL_CHECK: &str = "PRAGMA integrity_check(5)";

/// What a database is found to be.
pub struct Inspected {
    /// Its settings, where it is a PostgreSQL server.
    pub postgres: Option<PostgresFacts>,
    /// Its tables against those that this program makes.
    pub migrations: Migrations,
    /// Whether the file of an embedded database is whole.
    pub integrity: Option<Integrity>,
    /// What stands in the tables; nothing when they are not up to date, for then they cannot be read.
    pub content: Option<Content>,
}

/// The file of an embedded database.
#[derive(Debug)]
pub struct Integrity {
    /// Whether its header says that it has a write-ahead log.
    pub wal: bool,
    /// What is broken, a sentence each; nothing when it is whole.
    pub faults: Vec<String>,
}

/// A database's tables against those of this program.
#[derive(Debug, Default)]
pub struct Migrations {
    /// How many migrations were applied.
    pub applied: usize,
    /// Those that are to be applied, by number and name.
    pub pending: Vec<String>,
    /// The numbers of those that this program does not know: a newer one was here.
    pub unknown: Vec<i64>,
    /// The numbers of those that were applied in another form, or not to their end.
    pub different: Vec<i64>,
}

/// What stands in the tables.
pub struct Content {
    /// Every tenant's wrapped keys.
    pub data_keys: Vec<(TenantId, WrappedKey)>,
    /// How many keys of the operator are good.
    pub operator_keys: i64,
    /// Who holds, or held, the behaviour of all tenants.
    pub lease: HeldLease,
    /// The newest time that stands beside a decision or a change.
    pub newest: Option<Timestamp>,
}

impl Store {
    /// Looks at a database. With `deep`, every row of an embedded one is held against its indexes.
    ///
    /// # Errors
    /// When it cannot be reached, or its tables cannot be read although they should be.
    pub async fn inspect(database: &Database, deep: bool) -> Result<Inspected, OpenError> {
        let store = open_as_it_is(database).await?;
        let inspected = store.look(database, deep).await;
        store.close().await;
        Ok(inspected?)
    }

    async fn look(&self, database: &Database, deep: bool) -> Result<Inspected, sqlx::Error> {
        let postgres = match &self.pool {
            Pool::Sqlite { .. } => None,
            Pool::Postgres(pool) => Some(postgres::facts(pool).await?),
        };
        let integrity = match database {
            Database::Sqlite(path) => Some(self.check_file(path, deep).await?),
            Database::Postgres(_) => None,
        };
        if integrity.as_ref().is_some_and(|file| !file.faults.is_empty()) {
            return Ok(Inspected { postgres, migrations: Migrations::default(), integrity, content: None });
        }
        let migrations = self.compare_migrations().await?;
        let readable = migrations.pending.is_empty() && migrations.different.is_empty();
        let content = if readable { Some(self.read_content().await?) } else { None };
        Ok(Inspected { postgres, migrations, integrity, content })
    }

    async fn check_file(&self, path: &Path, deep: bool) -> Result<Integrity, sqlx::Error> {
        let check = if deep { FULL_CHECK } else { QUICK_CHECK };
        let told: Result<Vec<String>, sqlx::Error> = match &self.pool {
            Pool::Sqlite { read, .. } => sqlx::query_scalar(check).fetch_all(read).await,
            Pool::Postgres(_) => Ok(Vec::new()),
        };
        let faults = match told {
            Ok(told) => told.into_iter().filter(|line| line != "ok").collect(),
            // A file that is broken enough cannot even be checked.
            Err(sqlx::Error::Database(error)) => vec![error.message().to_owned()],
            Err(error) => return Err(error),
        };
        Ok(Integrity { wal: has_wal(path)?, faults })
    }

    async fn compare_migrations(&self) -> Result<Migrations, sqlx::Error> {
        let rows: Result<Vec<(i64, bool, Vec<u8>)>, sqlx::Error> =
            on_pool!(self, pool => sqlx::query_as(LIST_APPLIED).fetch_all(pool).await);
        let applied = match rows {
            Ok(rows) => rows,
            Err(sqlx::Error::Database(error)) if is_missing_table(&*error) => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(compare(self.migrator(), &applied))
    }

    fn migrator(&self) -> &'static Migrator {
        match self.pool {
            Pool::Sqlite { .. } => &SQLITE_MIGRATIONS,
            Pool::Postgres(_) => &POSTGRES_MIGRATIONS,
        }
    }

    async fn read_content(&self) -> Result<Content, sqlx::Error> {
        let keys: Vec<(String, String, Vec<u8>)> =
            on_pool!(self, pool => sqlx::query_as(LIST_DATA_KEYS).fetch_all(pool).await?);
        let operator_keys: i64 = on_pool!(self, pool => sqlx::query_scalar(COUNT_OPERATOR_KEYS).fetch_one(pool).await?);
        let lease = self.find_fraud_lease().await.map_err(|error| sqlx::Error::Protocol(error.to_string()))?;
        let decided: Option<i64> = on_pool!(self, pool => sqlx::query_scalar(NEWEST_DECISION).fetch_one(pool).await?);
        let changed: Option<i64> = on_pool!(self, pool => sqlx::query_scalar(NEWEST_CHANGE).fetch_one(pool).await?);
        let data_keys = keys.into_iter().map(|(tenant, key_id, wrapped)| {
            let tenant =
                TenantId::parse(&tenant).map_err(|_| sqlx::Error::Decode("a tenant's id cannot be read".into()))?;
            Ok((tenant, WrappedKey { key_id, wrapped }))
        });
        Ok(Content {
            data_keys: data_keys.collect::<Result<_, sqlx::Error>>()?,
            operator_keys,
            lease,
            newest: decided.max(changed).map(Timestamp::from_micros),
        })
    }
}

/// Opens a database for reading alone, without any of what [`Store::open`] does to one.
async fn open_as_it_is(database: &Database) -> Result<Store, OpenError> {
    let pool = match database {
        Database::Sqlite(path) => {
            // No log lies beside a file that no process has open. SQLite would make one to read the file, and leave it; so
            // it is told that nobody writes. Should a server start in these milliseconds, the check may tell of faults that
            // are none.
            let at_rest = !beside(path, "-wal").exists();
            let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(at_rest);
            let options = options.busy_timeout(CONNECT_LIMIT);
            let read = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
            Pool::Sqlite { write: read.clone(), read }
        }
        Database::Postgres(url) => {
            let options = PgConnectOptions::from_str(url)?.application_name("riskport doctor");
            let options = options.options([("default_transaction_read_only", "on"), ("statement_timeout", "30000")]);
            // A pool would try until its time is over, and then say that alone.
            let first = timeout(CONNECT_LIMIT, options.connect()).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
            first.close().await?;
            let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(CONNECT_LIMIT);
            Pool::Postgres(pool.connect_with(options).await?)
        }
    };
    Ok(Store { pool })
}

/// Another file of the same database: SQLite puts its log and its shared memory beside it.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// What the file's own header says (<https://sqlite.org/fileformat.html>, bytes 18 and 19): a connection that is told that
/// nobody writes does not tell.
fn has_wal(path: &Path) -> Result<bool, std::io::Error> {
    let mut header = [0; 20];
    std::fs::File::open(path)?.read_exact(&mut header)?;
    Ok(header[18..] == [2, 2])
}

/// No such table: by PostgreSQL's code, or by SQLite's sentence, for its code says only that the statement is wrong.
fn is_missing_table(error: &dyn sqlx::error::DatabaseError) -> bool {
    error.code().as_deref() == Some("42P01") || error.message().starts_with("no such table")
}

fn compare(known: &Migrator, applied: &[(i64, bool, Vec<u8>)]) -> Migrations {
    let of = |version: i64| known.iter().find(|migration| migration.version == version);
    let mut found = Migrations { applied: applied.len(), ..Migrations::default() };
    for (version, success, checksum) in applied {
        match of(*version) {
            None => found.unknown.push(*version),
            Some(migration) if !success || migration.checksum != checksum.as_slice() => found.different.push(*version),
            Some(_) => {}
        }
    }
    let is_pending = |version: i64| applied.iter().all(|(applied, ..)| *applied != version);
    let pending = known.iter().filter(|migration| is_pending(migration.version));
    found.pending = pending.map(|migration| format!("{:04} {}", migration.version, migration.description)).collect();
    found
}
