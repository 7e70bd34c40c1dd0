//! A database that would lose an acknowledged write, or that is not ours to change, is refused.

use riskport::store::{Database, OpenError, Store};

use crate::support::World;

#[tokio::test]
async fn a_postgres_that_answers_before_it_syncs_is_refused() {
    let Some(world) = World::postgres().await else { return };
    let mut raw = world.raw().await;
    let name = raw.texts("SELECT CURRENT_DATABASE()::text").await.remove(0);
    raw.execute(&format!("ALTER DATABASE {name} SET synchronous_commit = off")).await;
    let refused = Store::open(&world.database).await.unwrap_err();
    assert!(
        matches!(&refused, OpenError::NotDurable { setting: "synchronous_commit", value, needed: "on" } if value == "off"),
        "{refused}"
    );
    // It was refused before anything was made in it.
    assert_eq!(raw.integer("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'").await, 0);
    raw.execute(&format!("ALTER DATABASE {name} SET synchronous_commit = local")).await;
    world.open().await;
    drop(raw);
    world.end().await;
}

on_both!(a_database_of_a_newer_version_is_refused, async |world| {
    world.open().await.close().await;
    let newer = match world.database {
        Database::Sqlite(_) => "VALUES (9999, 'later', '2030-01-01', 1, x'00', 1)",
        Database::Postgres(_) => r"VALUES (9999, 'later', '2030-01-01', true, '\x00', 1)",
    };
    world.raw().await.execute(&format!("INSERT INTO _sqlx_migrations {newer}")).await;
    let refused = Store::open(&world.database).await.unwrap_err();
    assert!(matches!(refused, OpenError::Migrate(_)), "{refused}");
});

on_both!(opening_again_keeps_what_is_there, async |world| {
    let first = world.open().await;
    world.raw().await.execute("UPDATE audit_head SET seq = 7").await;
    first.close().await;
    assert_eq!(world.open().await.count_changes().await.unwrap(), 7);
});

#[tokio::test]
async fn sqlite_writes_ahead() {
    let world = World::sqlite();
    world.open().await;
    // The mode is the file's, so another connection sees it; that every commit is synced is checked at opening.
    assert_eq!(world.raw().await.texts("PRAGMA journal_mode").await, ["wal"]);
}

#[test]
fn a_database_url_is_not_printed() {
    let database = Database::Postgres("postgres://riskport:hunter2@db/riskport".to_owned());
    assert_eq!(format!("{database:?}"), "postgres:[redacted]");
}
