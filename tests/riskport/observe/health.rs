//! Health: whether calls are answered, and whether the process lives, are two questions.

use std::{
    str::FromStr,
    sync::Arc,
    time::{Duration, Instant},
};

use riskport::{config::SettingsSource, store::Database};
use sqlx::{ConnectOptions, postgres::PgConnectOptions};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tonic::transport::Channel;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use super::page::get;
use crate::support::{World, descriptors, platform::Platform, postgres};

/// Services that health tells of apart.
fn services() -> Vec<String> {
    let mut services: Vec<String> =
        descriptors::methods().iter().map(|method| method.parent_service().full_name().to_owned()).collect();
    services.dedup();
    services.push(String::new());
    services
}

async fn health(channel: &Channel, service: &str) -> ServingStatus {
    let request = HealthCheckRequest { service: service.to_owned() };
    HealthClient::new(channel.clone()).check(request).await.unwrap().into_inner().status()
}

/// Waits until all services are what they should be, and tells how long that took; the process must live all the while.
async fn until(platform: &Platform, channel: &Channel, wanted: ServingStatus, ready: u16) -> Duration {
    let began = Instant::now();
    loop {
        assert_eq!(health(channel, "liveness").await, ServingStatus::Serving);
        assert_eq!(get(platform.metrics.unwrap(), "/healthz").await.0, 200);
        let mut all = Vec::new();
        for service in services() {
            all.push(health(channel, &service).await);
        }
        if all.iter().all(|one| *one == wanted) && get(platform.metrics.unwrap(), "/readyz").await.0 == ready {
            return began.elapsed();
        }
        assert!(began.elapsed() < Duration::from_secs(20), "not {wanted:?} in 20 s: {all:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Stands between the server and its database, and can hold back what they say to each other.
struct Line {
    url: String,
    open: watch::Sender<bool>,
    _carrying: JoinSet<()>,
}

impl Line {
    async fn to(url: &str) -> Self {
        let options = PgConnectOptions::from_str(url).unwrap();
        let database = (options.get_host().to_owned(), options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = options.port(listener.local_addr().unwrap().port()).to_url_lossy().to_string();
        let (open, opened) = watch::channel(true);
        let mut carrying = JoinSet::new();
        carrying.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                let (database, opened) = (database.clone(), opened.clone());
                connections.spawn(async move {
                    let mut server = TcpStream::connect(&database).await.unwrap();
                    loop {
                        let (mut shut, mut again) = (opened.clone(), opened.clone());
                        tokio::select! {
                            _ = copy_bidirectional(&mut client, &mut server) => return,
                            _ = shut.wait_for(|open| !open) => {}
                        }
                        // Nothing is lost and nothing is closed: it is a network that has gone silent.
                        let _ = again.wait_for(|open| *open).await;
                    }
                });
            }
        });
        Self { url, open, _carrying: carrying }
    }
}

async fn watched(world: &World) -> Platform {
    let settings = SettingsSource { metrics_listen: Some("127.0.0.1:0".parse().unwrap()), ..SettingsSource::default() };
    Platform::start_with(world, settings).await
}

/// The bounds are what is promised to a load balancer: a second to be told, five to be back; a busy machine gets twice that.
fn assert_prompt(gone: Duration, back: Duration) {
    println!("NOT_SERVING after {gone:?}, SERVING again after {back:?}");
    assert!(gone < Duration::from_secs(2) && back < Duration::from_secs(10), "{gone:?}, {back:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_gone_is_told_at_once_and_the_process_lives() {
    let Some(world) = World::postgres().await else { return };
    let Database::Postgres(url) = &world.database else { panic!("not PostgreSQL") };
    let platform = watched(&world).await;
    let channel = platform.channel().await;
    until(&platform, &channel, ServingStatus::Serving, 200).await;
    postgres::shut_out(url).await;
    let gone = until(&platform, &channel, ServingStatus::NotServing, 503).await;
    let page = super::page::Page::read(platform.metrics.unwrap()).await;
    assert!(page.has("store_up") && page.value("store_up") == 0.0 && !page.has("decisions_uncounted"));
    postgres::let_in(url).await;
    let back = until(&platform, &channel, ServingStatus::Serving, 200).await;
    assert_prompt(gone, back);
    platform.stop().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_says_nothing_is_told_as_soon() {
    let Some(world) = World::postgres().await else { return };
    let Database::Postgres(url) = &world.database else { panic!("not PostgreSQL") };
    let line = Line::to(url).await;
    let through = World::of(Database::Postgres(line.url.clone()));
    let platform = watched(&through).await;
    let channel = platform.channel().await;
    until(&platform, &channel, ServingStatus::Serving, 200).await;
    line.open.send_replace(false);
    let gone = until(&platform, &channel, ServingStatus::NotServing, 503).await;
    line.open.send_replace(true);
    let back = until(&platform, &channel, ServingStatus::Serving, 200).await;
    assert_prompt(gone, back);
    platform.stop().await;
    world.end().await;
}

#[tokio::test]
async fn sqlite_is_healthy_from_the_start() {
    let world = World::sqlite();
    let platform = Arc::new(watched(&world).await);
    let channel = platform.channel().await;
    until(&platform, &channel, ServingStatus::Serving, 200).await;
    Arc::into_inner(platform).unwrap().stop().await;
}
