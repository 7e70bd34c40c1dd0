//! What only a PostgreSQL server is asked. The statements are not among those that both databases must take.

use std::time::{Duration, Instant};

use sqlx::PgPool;

use crate::domain::time::Timestamp;

const VERSION: &str = "SHOW server_version";
const FSYNC: &str = "SHOW fsync";
const SYNCHRONOUS_COMMIT: &str = "SHOW synchronous_commit";
const FULL_PAGE_WRITES: &str = "SHOW full_page_writes";
const MAX_CONNECTIONS: &str = "SHOW max_connections";
const CONNECTIONS: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE backend_type = 'client backend'";
const IS_STANDBY: &str = "SELECT pg_is_in_recovery()";
const NOW: &str = "SELECT CAST(EXTRACT(EPOCH FROM CLOCK_TIMESTAMP()) * 1000000 AS BIGINT)";

/// What a PostgreSQL server says of itself.
#[derive(Debug)]
pub struct PostgresFacts {
    /// Its version, as it writes it.
    pub version: String,
    /// `on` when it syncs at all.
    pub fsync: String,
    /// `off` when it answers before a commit is on disk.
    pub synchronous_commit: String,
    /// `off` when a page that a power cut tore in two stays torn.
    pub full_page_writes: String,
    /// Whether it only follows another server, and takes no writes.
    pub standby: bool,
    /// The most connections it takes.
    pub max_connections: i64,
    /// How many it has, this one among them.
    pub connections: i64,
    /// Its clock.
    pub now: Timestamp,
    /// How long the question for its clock took, there and back.
    pub round_trip: Duration,
}

pub(super) async fn facts(pool: &PgPool) -> Result<PostgresFacts, sqlx::Error> {
    let max_connections: String = sqlx::query_scalar(MAX_CONNECTIONS).fetch_one(pool).await?;
    // Once before it counts: the first time it is prepared as well.
    let _: i64 = sqlx::query_scalar(NOW).fetch_one(pool).await?;
    let asked = Instant::now();
    let now: i64 = sqlx::query_scalar(NOW).fetch_one(pool).await?;
    let round_trip = asked.elapsed();
    Ok(PostgresFacts {
        version: sqlx::query_scalar(VERSION).fetch_one(pool).await?,
        fsync: sqlx::query_scalar(FSYNC).fetch_one(pool).await?,
        synchronous_commit: sqlx::query_scalar(SYNCHRONOUS_COMMIT).fetch_one(pool).await?,
        full_page_writes: sqlx::query_scalar(FULL_PAGE_WRITES).fetch_one(pool).await?,
        standby: sqlx::query_scalar(IS_STANDBY).fetch_one(pool).await?,
        max_connections: max_connections.parse().unwrap_or(0),
        connections: sqlx::query_scalar(CONNECTIONS).fetch_one(pool).await?,
        now: Timestamp::from_micros(now),
        round_trip,
    })
}
