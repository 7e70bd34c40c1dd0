//! The doctor on settings, files and the machine, each broken once for real.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use riskport::store::Database;

use super::{Ended, Examined};
use crate::support::{
    World,
    certificate::{Files, certificate},
    command::{folder, run, text},
    samples,
    small_disk::SmallDisk,
};

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn every_wrong_setting_is_a_finding() {
    let output = run(&["doctor", "--json", "--listen", "0.0.0.0:1", "--database-url", "mysql://me:s3cret@x"], "");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["checks"].as_array().unwrap().len(), 2, "{report:#}");
    assert_eq!(report["verdict"], "fail");
    assert!(!output.status.success() && !text(&output.stdout).contains("s3cret"));
}

#[tokio::test]
async fn a_master_key_that_others_can_read_or_that_is_gone_is_found() {
    let world = World::sqlite();
    let ended = Ended::on(&world).await;
    let key = ended.folder.path().join("master.key");
    assert_eq!(ended.examined(&world, &[]).verdict("master key"), "ok");
    allow(&key, 0o644);
    assert!(ended.examined(&world, &[]).found("master key", "fail").contains("chmod 600"));
    allow(&key, 0o600);
    fs::write(&key, "c2hvcnQ=").unwrap();
    assert!(ended.examined(&world, &[]).found("master key", "fail").contains("32 bytes"));
    fs::remove_file(&key).unwrap();
    ended.examined(&world, &[]).found("master key", "fail");
    assert!(!key.exists(), "the doctor made a key");
}

#[tokio::test]
async fn the_data_folder_and_its_disk_are_looked_at() {
    let world = World::sqlite();
    let ended = Ended::on(&world).await;
    let Database::Sqlite(path) = &world.database else { panic!("not SQLite") };
    allow(path.parent().unwrap(), 0o755);
    assert!(ended.examined(&world, &[]).found("data folder", "warn").contains("0755"));

    let Some(disk) = SmallDisk::mount() else { return };
    let small = World::of(Database::Sqlite(disk.path().join("riskport.db")));
    allow(disk.path(), 0o700);
    // Four MiB are little already, and then there is nothing left.
    let master = ended.folder.path().join("master.key");
    let little = Examined::of(&small.database, &master, &[]);
    little.found("disk space", "fail");
    assert_eq!(little.verdict("disk sync"), "ok");
    disk.fill();
    let full = Examined::of(&small.database, &master, &[]);
    assert!(full.found("disk sync", "fail").contains("No space left"));
    disk.make_room();
}

#[tokio::test]
async fn few_open_files_are_found() {
    let world = World::sqlite();
    let ended = Ended::on(&world).await;
    let Database::Sqlite(path) = &world.database else { panic!("not SQLite") };
    let line = r#"ulimit -n 256; exec "$0" doctor --json --listen 127.0.0.1:0 --data-dir "$1" --master-key-file "$2""#;
    let mut command = Command::new("sh");
    command.args(["-c", line, env!("CARGO_BIN_EXE_riskport")]).arg(path.parent().unwrap());
    command.arg(ended.folder.path().join("master.key")).env_clear().stdin(Stdio::null());
    let examined = Examined::from(command.output().unwrap());
    assert!(examined.found("open files", "warn").contains("256"));
}

#[tokio::test]
async fn an_address_that_another_program_has_is_found() {
    let world = World::sqlite();
    let ended = Ended::on(&world).await;
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    assert!(ended.examined(&world, &["--listen", &address]).found("address", "fail").contains(&address));
    drop(other);
    assert!(ended.examined(&world, &["--listen", &address]).found("address", "ok").contains("free"));
    // An address of a network for documentation, which no machine has.
    let nobodys = ended.examined(&world, &["--listen", "203.0.113.7:50051", "--plaintext"]);
    nobodys.found("address", "fail");
}

fn with_tls(ended: &Ended, world: &World, Files { cert, key }: &Files) -> Examined {
    ended.examined(world, &["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()])
}

#[tokio::test]
async fn certificates_are_read_to_their_last_day() {
    let (world, files) = (World::sqlite(), folder());
    let ended = Ended::on(&world).await;
    let good = certificate(files.path(), "good", (2020, 1, 1), (2120, 1, 1));
    allow(&good.key, 0o600);
    let examined = with_tls(&ended, &world, &good);
    assert!(examined.found("certificate", "ok").contains("localhost, 127.0.0.1"));
    assert!(examined.found("certificate key", "ok").contains("0600"));
    allow(&good.key, 0o644);
    assert!(with_tls(&ended, &world, &good).found("certificate key", "warn").contains("0644"));

    let expired = certificate(files.path(), "expired", (2020, 1, 1), (2021, 1, 1));
    assert!(with_tls(&ended, &world, &expired).found("certificate", "fail").contains("expired"));
    let early = certificate(files.path(), "early", (2120, 1, 1), (2121, 1, 1));
    assert!(with_tls(&ended, &world, &early).found("certificate", "fail").contains("not good yet"));
    let (year, month, day) = samples::day_in(10);
    let soon = certificate(files.path(), "soon", (2020, 1, 1), (year, month, day));
    assert!(with_tls(&ended, &world, &soon).found("certificate", "warn").contains("more days"));

    let mixed = Files { cert: good.cert.clone(), key: expired.key.clone() };
    assert!(with_tls(&ended, &world, &mixed).found("certificate key", "fail").contains("not the certificate's key"));
    fs::write(&expired.cert, "nothing of the kind").unwrap();
    assert!(with_tls(&ended, &world, &expired).found("certificate", "fail").contains("no certificate"));
    fs::remove_file(&early.cert).unwrap();
    assert!(with_tls(&ended, &world, &early).found("certificate", "fail").contains("cannot read"));
}
