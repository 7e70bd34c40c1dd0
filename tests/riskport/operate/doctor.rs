//! The doctor finds a sound server sound, running or not, and each thing that was broken in a database broken.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use riskport::store::Database;

use super::{Ended, Examined};
use crate::support::{
    World, applicant,
    platform::{Platform, is_postgres},
    postgres, samples,
};

/// Every file of a folder, with what is in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect()
}

on_both!(a_sound_server_is_sound_running_or_not, async |world| {
    let ended = Ended::on(world).await;
    let before = match &world.database {
        Database::Sqlite(path) => files(path.parent().unwrap()),
        Database::Postgres(_) => BTreeMap::new(),
    };
    let at_rest = ended.examined(world, &["--deep"]);
    assert_eq!(at_rest.names("fail"), [""; 0], "{:#?}", at_rest.checks);
    for check in
        ["settings", "address", "master key", "database", "durability", "tables", "tenants' keys", "operator key"]
    {
        assert_eq!(at_rest.verdict(check), "ok", "{check}: {:#?}", at_rest.checks);
    }
    assert!(at_rest.found("fraud lease", "ok").contains("free"));
    assert!(at_rest.found("tenants' keys", "ok").contains("all 2"));
    if let Database::Sqlite(path) = &world.database {
        assert_eq!(files(path.parent().unwrap()), before, "the doctor changed a file");
    }

    let process = ended.serve(world);
    let address = process.url.trim_start_matches("http://");
    let running = ended.examined(world, &["--listen", address]);
    assert_eq!(running.names("fail"), [""; 0], "{:#?}", running.checks);
    assert!(running.found("address", "ok").contains("serves"));
    assert!(running.found("fraud lease", "ok").contains("held"));
    let elsewhere = ended.examined(world, &[]);
    // Two servers may share a PostgreSQL, and may not share a file.
    assert_eq!(elsewhere.verdict("fraud lease"), if is_postgres(&world.database) { "ok" } else { "warn" });
});

on_both!(each_broken_thing_in_a_database_is_found, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    platform.credit(&bank).await.score_credit(applicant::request("one", 1)).await.unwrap();
    let ended = Ended { bank, folder: platform.stop().await };
    let mut raw = world.raw().await;
    assert_eq!(ended.examined(world, &[]).names("fail"), [""; 0]);

    raw.execute("UPDATE caller_keys SET revoked_us = 1 WHERE tenant_id = 'operator'").await;
    assert!(ended.examined(world, &[]).found("operator key", "warn").contains("none"));
    raw.execute("UPDATE decisions SET decided_us = decided_us + 3600000000").await;
    assert!(ended.examined(world, &[]).found("stored times", "warn").contains("ahead"));
    raw.execute("UPDATE _sqlx_migrations SET success = FALSE WHERE version = 1").await;
    assert!(ended.examined(world, &[]).found("tables", "fail").contains("[1]"));
    raw.execute("UPDATE _sqlx_migrations SET success = TRUE WHERE version = 1").await;
    raw.execute("DELETE FROM _sqlx_migrations WHERE version = 5").await;
    assert!(ended.examined(world, &[]).found("tables", "warn").contains("0005 pricing"));
    let newer = "UPDATE _sqlx_migrations SET version = 9999 WHERE version = 4";
    raw.execute(newer).await;
    let found = ended.examined(world, &[]);
    assert!(found.found("tables", "fail").contains("9999") && found.says().contains("not fit to serve"));

    // A key of the same length that is another one.
    let other = samples::folder_with_master_key();
    raw.execute("UPDATE _sqlx_migrations SET version = 4 WHERE version = 9999").await;
    raw.close().await;
    let restored = World::clone(world);
    let keys = Examined::of(&restored.database, &other.path().join("master.key"), &[]);
    // The tables are still one migration short, so that what stands in them is not read.
    assert!(!keys.checks.contains_key("tenants' keys"));
});

on_both!(another_master_key_is_found_before_it_seals_anything, async |world| {
    let _ended = Ended::on(world).await;
    let other = samples::folder_with_master_key();
    let examined = Examined::of(&world.database, &other.path().join("master.key"), &[]);
    let found = examined.found("tenants' keys", "fail");
    assert!(found.contains("2 of 2") && found.contains("north-bank"), "{found}");
});

on_both!(a_database_that_is_not_there_is_found, async |world| {
    let other = samples::folder_with_master_key();
    let master = other.path().join("master.key");
    match &world.database {
        Database::Sqlite(path) => {
            assert!(Examined::of(&world.database, &master, &[]).found("database", "warn").contains("not there yet"));
            assert!(!path.exists(), "the doctor made a database");
            fs::write(path, vec![7; 8_192]).unwrap();
            assert!(Examined::of(&world.database, &master, &[]).found("database", "fail").contains("not a database"));
        }
        Database::Postgres(url) => {
            // Empty: the tables are to come.
            assert!(Examined::of(&world.database, &master, &[]).found("tables", "warn").contains("0001 foundation"));
            postgres::shut_out(url).await;
            assert!(Examined::of(&world.database, &master, &[]).found("database", "fail").contains("cannot open"));
            postgres::let_in(url).await;
            let nobody = Database::Postgres("postgres://nobody:s3cret@127.0.0.1:1/none".to_owned());
            let examined = Examined::of(&nobody, &master, &[]);
            assert!(examined.found("database", "fail").contains("refused"), "{:#?}", examined.checks);
            assert!(!format!("{:?}", examined.output).contains("s3cret"), "a password was told");
        }
    }
});

#[tokio::test]
async fn a_page_that_was_changed_on_disk_is_found() {
    let world = World::sqlite();
    let ended = Ended::on(&world).await;
    let Database::Sqlite(path) = &world.database else { panic!("not SQLite") };
    let mut bytes = fs::read(path).unwrap();
    let page = bytes.len() / 2 / 4_096 * 4_096;
    bytes[page..page + 4_096].fill(0x5a);
    fs::write(path, bytes).unwrap();
    let examined = ended.examined(&world, &["--deep"]);
    assert!(examined.found("database", "fail").contains("broken"));
}

#[tokio::test]
async fn a_postgres_that_would_lose_a_commit_is_found() {
    let Some(world) = World::postgres().await else { return };
    let ended = Ended::on(&world).await;
    let Database::Postgres(url) = &world.database else { panic!("not PostgreSQL") };
    let name = postgres::plain(url).rsplit('/').next().unwrap();
    let mut raw = world.raw().await;
    raw.execute(&format!("ALTER DATABASE {name} SET synchronous_commit = off")).await;
    assert!(ended.examined(&world, &[]).found("durability", "fail").contains("synchronous_commit off"));
    raw.close().await;
    world.end().await;
}

/// The doctor's own clock is moved by libfaketime; that of the database is not.
#[tokio::test]
async fn a_clock_that_is_an_hour_late_is_found() {
    let Some(world) = World::postgres().await else { return };
    let ended = Ended::on(&world).await;
    let Some(library) = samples::faketime_library() else { return };
    let Database::Postgres(url) = &world.database else { panic!("not PostgreSQL") };
    let master = ended.folder.path().join("master.key");
    let mut command = Command::new(env!("CARGO_BIN_EXE_riskport"));
    command
        .args(["doctor", "--json", "--listen", "127.0.0.1:0", "--database-url", url, "--master-key-file"])
        .arg(master);
    command.env("LD_PRELOAD", library).env("FAKETIME", "-1h").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let examined = Examined::from(command.output().unwrap());
    let found = examined.found("clock", "warn");
    assert!(found.contains("ahead") && (found.contains(" 3599.") || found.contains(" 3600.")), "{found}");
    assert!(examined.found("stored times", "warn").contains("ahead"));
    world.end().await;
}
