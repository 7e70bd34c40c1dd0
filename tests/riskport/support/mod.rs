//! What the tests stand on: a fresh database of each kind, and things to put into it.

pub mod applicant;
pub mod by_path;
pub mod certificate;
pub mod cluster;
pub mod command;
pub mod descriptors;
pub mod forge;
pub mod mint;
pub mod platform;
pub mod postgres;
pub mod process;
pub mod raw;
pub mod samples;
pub mod small_disk;
pub mod wire;

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use raw::Raw;
use riskport::{
    clock::Clock,
    domain::ids::WriterId,
    store::{Database, DecisionWriter, Store, WriterTask},
};
use sqlx::migrate::Migrator;
use tempfile::TempDir;

/// Makes two tests of one body: `name::sqlite` and `name::postgres`, each with a fresh database.
///
/// ```ignore
/// on_both!(a_tenant_is_recorded_once, async |world| { let store = world.open().await; ... });
/// ```
///
/// With `one_thread` after the name nothing runs beside the body until the body waits; see [`begin`].
macro_rules! on_both {
    ($name:ident, async | $world:ident | $body:block) => {
        on_both!(@ $name, $world, $body, tokio::test(flavor = "multi_thread", worker_threads = 2));
    };
    ($name:ident, one_thread, async | $world:ident | $body:block) => {
        on_both!(@ $name, $world, $body, tokio::test);
    };
    (@ $name:ident, $world:ident, $body:block, $test:meta) => {
        mod $name {
            #[allow(unused_imports, reason = "a body may need nothing of its file")]
            use super::*;

            async fn run_on($world: &$crate::support::World) $body

            #[$test]
            async fn sqlite() {
                run_on(&$crate::support::World::sqlite()).await;
            }

            #[$test]
            async fn postgres() {
                if let Some(world) = $crate::support::World::postgres().await {
                    run_on(&world).await;
                    world.end().await;
                }
            }
        }
    };
}

/// A fresh database, and ways into it. Clones are the same database.
#[derive(Clone)]
pub struct World {
    /// What a server or a store is given to open.
    pub database: Database,
    /// The folder of the SQLite file; it goes when the last clone does.
    _folder: Option<Arc<TempDir>>,
}

impl World {
    /// A SQLite file that is not there yet.
    pub fn sqlite() -> Self {
        let folder = tempfile::Builder::new().prefix("riskport-test-").tempdir().unwrap();
        Self { database: Database::Sqlite(folder.path().join("riskport.db")), _folder: Some(Arc::new(folder)) }
    }

    /// A database that the test keeps itself.
    pub fn of(database: Database) -> Self {
        Self { database, _folder: None }
    }

    /// An empty PostgreSQL database, or nothing (and a line that says so) where there is no PostgreSQL.
    pub async fn postgres() -> Option<Self> {
        Some(Self { database: postgres::database().await?, _folder: None })
    }

    /// Drops the PostgreSQL database of a test that passed; that of a failed test stays for a look while the server does.
    pub async fn end(self) {
        if let Database::Postgres(url) = &self.database {
            postgres::drop_database(url).await;
        }
    }

    /// A connection to the database as an older program left it, by the migrations up to one.
    pub async fn as_of(&self, last: &str) -> Raw {
        let folder = if platform::is_postgres(&self.database) { "migrations/postgres" } else { "migrations/sqlite" };
        let older = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(folder).unwrap() {
            let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
            if path.file_stem().unwrap().to_str().unwrap() <= last {
                std::fs::copy(&path, older.path().join(name)).unwrap();
            }
        }
        let migrator = Migrator::new(older.path()).await.unwrap();
        let mut raw = self.raw().await;
        match &mut raw {
            Raw::Sqlite(connection) => migrator.run(connection).await.unwrap(),
            Raw::Postgres(connection) => migrator.run(connection).await.unwrap(),
        }
        raw
    }

    /// A store as a process of its own would open it: nothing but the database is shared with another.
    pub async fn open(&self) -> Store {
        Store::open(&self.database).await.unwrap()
    }

    /// As [`Self::open`], with one connection to PostgreSQL: what is left wrong in it is met by the next to use it.
    pub async fn open_narrow(&self) -> Store {
        Store::open_with(&self.database, 1).await.unwrap()
    }

    /// A store with a decision writer under a new writer id.
    pub async fn open_writer(&self) -> (Store, DecisionWriter, WriterTask) {
        let store = self.open().await;
        let (writer, task) = DecisionWriter::start(store.clone(), samples::writer_id(), Arc::default());
        (store, writer, task)
    }

    /// As [`Self::open_writer`], under a writer id that the test knows.
    pub async fn open_writer_as(&self, writer_id: &WriterId) -> (DecisionWriter, WriterTask) {
        DecisionWriter::start(self.open().await, writer_id.clone(), Arc::default())
    }

    /// A connection of its own, past the store: it sees only what is committed.
    pub async fn raw(&self) -> Raw {
        Raw::connect(&self.database).await
    }
}

/// How often a test does something: a few times, unless a variable of the environment asks for the long form.
pub fn times(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).map_or(otherwise, |times| times.parse().unwrap_or_else(|_| panic!("{variable}={times}")))
}

/// The time of the test, as a message has it.
pub fn now() -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: Clock.now().seconds(), nanos: 0 }
}

/// Begins something without waiting for it. In a test on one thread all that was begun so lies in the decision writer's
/// queue when the test first waits, and is committed as one batch.
pub fn begin<F: Future>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    assert!(poll_once(&mut future).is_pending(), "it ended at once");
    future
}

/// Polls once, with nobody to wake.
pub fn poll_once<F: Future>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}
