//! `riskport health` ends as the health check of a container needs it, and the doctor meets a server that has TLS.

use std::time::Duration;

use riskport::{config::SettingsSource, store::Database};

use super::Examined;
use crate::support::{
    World,
    certificate::certificate,
    command::{folder, printed, refused},
    platform::Platform,
    postgres, samples,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_asked_with_and_without_tls() {
    let (world, files) = (World::sqlite(), folder());
    let tls = certificate(files.path(), "server", (2020, 1, 1), (2120, 1, 1));
    let source = SettingsSource {
        tls_cert: Some(tls.cert.clone()),
        tls_key: Some(tls.key.clone()),
        ..SettingsSource::default()
    };
    let platform = Platform::start_with(&world, source).await;
    let (address, ca) = (platform.address.to_string(), tls.cert.to_str().unwrap().to_owned());
    let url = format!("https://localhost:{}", platform.address.port());
    let asked = tokio::task::spawn_blocking(move || {
        assert_eq!(printed(&["health", "--server", &url, "--ca", &ca]).trim(), "serving");
        assert!(refused(&["health", "--server", &url]).contains("cannot reach"), "nobody signed it");
        assert!(
            refused(&["health", "--server", &url, "--ca", &ca, "--service", "no.such.Service"]).contains("NotFound")
        );
        refused(&["health", "--server", "http://127.0.0.1:1"])
    });
    assert!(asked.await.unwrap().contains("cannot reach"));
    let (database, master) = (world.database.clone(), samples::folder_with_master_key());
    let key = tls.key.to_str().unwrap().to_owned();
    let cert = tls.cert.to_str().unwrap().to_owned();
    let examined = tokio::task::spawn_blocking(move || {
        let arguments = ["--listen", &address, "--tls-cert", &cert, "--tls-key", &key];
        Examined::of(&database, &master.path().join("master.key"), &arguments)
    });
    assert!(examined.await.unwrap().found("address", "ok").contains("serves"));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_its_database_does_not_serve() {
    let Some(world) = World::postgres().await else { return };
    let platform = Platform::start(&world).await;
    let url = platform.url();
    let Database::Postgres(database) = &world.database else { panic!("not PostgreSQL") };
    postgres::shut_out(database).await;
    let mut tries = 0;
    loop {
        let url = url.clone();
        let output =
            tokio::task::spawn_blocking(move || crate::support::command::run(&["health", "--server", &url], ""));
        if !output.await.unwrap().status.success() {
            break;
        }
        tries += 1;
        assert!(tries < 100, "it says that it serves");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let asked = tokio::task::spawn_blocking(move || refused(&["health", "--server", &url])).await.unwrap();
    assert!(asked.contains("does not answer calls"), "{asked}");
    postgres::let_in(database).await;
    platform.stop().await;
    world.end().await;
}
