//! The store: the only place that knows SQL.
//!
//! One SQL text serves both databases: `$1` binds, no function that only one has, clock and ids from outside. Each
//! method takes the tenant first, and each statement that touches a tenant's rows names it, so that nothing of one
//! tenant can reach another. Only the decision writer's inserts differ (`commit`).
//!
//! `find_` may find nothing, `list_` pages, `record_` inserts. A change locks `audit_head` first, so changes happen one
//! after the other and what a change read stays true until it commits.

/// Runs one body on whichever pool is open; for reads.
macro_rules! on_pool {
    ($store:expr, $pool:ident => $body:expr) => {
        match &$store.pool {
            $crate::store::Pool::Sqlite { read: $pool, .. } => $body,
            $crate::store::Pool::Postgres($pool) => $body,
        }
    };
}

/// Runs one body in a transaction on whichever pool is open, and commits it when the body is `Ok`. The whole of it runs
/// detached from the caller: a call that is dropped in the middle can neither lose nor poison a write.
macro_rules! in_tx {
    ($store:expr, $tx:ident => $body:expr) => {{
        let pool = $store.pool.clone();
        $crate::store::detached(async move {
            match pool {
                $crate::store::Pool::Sqlite { write, .. } => {
                    let mut $tx = write.begin_with("BEGIN IMMEDIATE").await?;
                    let done = $body;
                    $tx.commit().await?;
                    Ok(done)
                }
                $crate::store::Pool::Postgres(pool) => {
                    let mut $tx = pool.begin().await?;
                    let done = $body;
                    $tx.commit().await?;
                    Ok(done)
                }
            }
        })
        .await
    }};
}

/// Names statements, and lists them, so that a test can prepare every one on both databases.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$doc])* pub(in crate::store) const $name: &str = $sql;)+
        /// Every statement of this file.
        pub(in crate::store) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}

mod audit;
mod back_up;
mod commit;
mod decisions;
mod error;
mod fraud;
mod inspect;
mod keys;
mod models;
mod monitor;
mod open;
mod outcomes;
mod pricing;
mod rows;
mod tenants;
mod usage;
mod weighed_page;
mod writer;

use std::future::Future;

pub use back_up::Copied;
pub use commit::Record;
pub use error::StoreError;
pub use fraud::{FoundEntry, HeldLease, Lease};
pub use inspect::{Content, Inspected, Integrity, Migrations, PostgresFacts};
pub use keys::{AddKey, RevokeKey};
pub use monitor::{
    CountProgress, CountedLabel, LabelledDecision, LabelledPair, RecordCounted, RevisedTally, RevisedWatch,
    UncountedDecision, UncountedLabel, WriterCursor,
};
pub use open::{DEFAULT_CONNECTIONS, Database, OpenError};
pub use outcomes::RecordOutcome;
pub use pricing::RecordAcceptance;
use sqlx::{PgPool, SqlitePool};
pub use usage::UsageCursor;
pub use writer::{DecisionWriter, Handed, Reserved, WriterTask};

use crate::metrics::PoolFigures;

/// The key that stands for the program itself, which publishes what it brings along.
const BUILT_IN_KID: &str = "platform";

/// The two databases. SQLite has one connection that writes, so that writers queue in order rather than spin.
#[derive(Debug, Clone)]
enum Pool {
    Sqlite { read: SqlitePool, write: SqlitePool },
    Postgres(PgPool),
}

/// The store. Cloning it is cheap and gives the same store.
#[derive(Debug, Clone)]
pub struct Store {
    pool: Pool,
}

impl Store {
    /// Every statement by name, without the writer's inserts; for the test that prepares them all.
    #[must_use]
    pub fn statements() -> Vec<(&'static str, &'static str)> {
        [
            audit::STATEMENTS,
            back_up::STATEMENTS,
            commit::STATEMENTS,
            decisions::STATEMENTS,
            &fraud::statements(),
            inspect::STATEMENTS,
            keys::STATEMENTS,
            &models::statements(),
            &monitor::statements(),
            outcomes::STATEMENTS,
            &pricing::statements(),
            tenants::STATEMENTS,
            usage::STATEMENTS,
        ]
        .concat()
    }

    /// Which database it is.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.pool {
            Pool::Sqlite { .. } => "sqlite",
            Pool::Postgres(_) => "postgres",
        }
    }

    /// How its pools of connections are used.
    #[must_use]
    pub fn pools(&self) -> Vec<PoolFigures> {
        let figures = |name, size: u32, idle: usize, limit: u32| {
            let (size, limit) = (usize::try_from(size).unwrap_or(idle), usize::try_from(limit).unwrap_or(usize::MAX));
            PoolFigures { name, in_use: size.saturating_sub(idle), idle, limit }
        };
        match &self.pool {
            Pool::Sqlite { read, write } => vec![
                figures("read", read.size(), read.num_idle(), read.options().get_max_connections()),
                figures("write", write.size(), write.num_idle(), write.options().get_max_connections()),
            ],
            Pool::Postgres(pool) => {
                vec![figures("all", pool.size(), pool.num_idle(), pool.options().get_max_connections())]
            }
        }
    }

    /// Closes every connection, after what runs on them has ended.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Pool::Postgres(pool) => pool.close().await,
        }
    }
}

/// Runs a write to its end even when whoever waits for it goes away: a future that is dropped inside `Pool::begin` can
/// leave a PostgreSQL connection in which later inserts are answered and never committed.
async fn detached<T: Send + 'static>(
    write: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::spawn(write).await.unwrap_or_else(|_| Err(StoreError::Broken("a write panicked".to_owned())))
}
