//! A PostgreSQL to test on: the one that `RISKPORT_TEST_POSTGRES_URL` names, or else a throwaway cluster that this
//! process starts from installed binaries, once, and that goes away with the process.

use std::{env, io::Write, process::Command, str::FromStr, sync::LazyLock};

use riskport::store::Database;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};

use super::{cluster::Cluster, samples::uuid};

/// A URL of a maintenance database whose user may create databases.
const URL: &str = "RISKPORT_TEST_POSTGRES_URL";
/// Set to 1 it turns a skipped test into a failed one.
const REQUIRE: &str = "RISKPORT_TEST_REQUIRE_POSTGRES";

static SERVER: LazyLock<Result<Server, String>> = LazyLock::new(|| match env::var(URL) {
    Ok(url) => Ok(Server { maintenance_url: url, cluster: None }),
    Err(_) => Cluster::start().map(|cluster| Server { maintenance_url: cluster.url(), cluster: Some(cluster) }),
});

struct Server {
    maintenance_url: String,
    /// It stops when the process ends.
    cluster: Option<Cluster>,
}

/// Creates an empty database of its own for one test; nothing where there is no PostgreSQL.
///
/// # Panics
/// When there is none and `RISKPORT_TEST_REQUIRE_POSTGRES=1`.
pub async fn database() -> Option<Database> {
    let server = match &*SERVER {
        Ok(server) => server,
        Err(why) => {
            assert!(env::var(REQUIRE).as_deref() != Ok("1"), "{REQUIRE}=1, and there is no PostgreSQL: {why}");
            let thread = std::thread::current();
            let test = thread.name().unwrap_or("a test");
            // Straight to the handle: the test harness keeps what `eprintln!` prints to itself when a test passes.
            let _ = writeln!(std::io::stderr(), "SKIPPED (no PostgreSQL): {test}: {why}");
            return None;
        }
    };
    // A UUID, because a server that outlives the process must not see a name twice.
    let name = format!("riskport_test_{}", uuid().replace('-', "_"));
    maintain(server, &format!("CREATE DATABASE {name}")).await;
    let options = PgConnectOptions::from_str(&server.maintenance_url).unwrap().database(&name);
    Some(Database::Postgres(options.to_url_lossy().to_string()))
}

/// Drops a database that [`database`] created on a server that stays. On a throwaway cluster it goes with the cluster:
/// dropping it would sync every file of the cluster first, which takes longer than most tests.
pub async fn drop_database(url: &str) {
    let Ok(server @ Server { cluster: None, .. }) = &*SERVER else { return };
    let name = name_of(url);
    maintain(server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

/// Cuts every connection to a database, and lets nobody connect until [`let_in`].
pub async fn shut_out(url: &str) {
    allow_connections(url, false).await;
    cut_connections(url).await;
}

/// Ends [`shut_out`].
pub async fn let_in(url: &str) {
    allow_connections(url, true).await;
}

/// Cuts every connection to a database, once.
pub async fn cut_connections(url: &str) {
    let Ok(server) = &*SERVER else { return };
    let name = name_of(url);
    let sql = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    maintain(server, &sql).await;
}

async fn allow_connections(url: &str, allowed: bool) {
    let Ok(server) = &*SERVER else { return };
    maintain(server, &format!("ALTER DATABASE {} ALLOW_CONNECTIONS {allowed}", name_of(url))).await;
}

/// A URL without what only sqlx understands.
pub fn plain(url: &str) -> &str {
    url.split('?').next().unwrap()
}

/// Runs a program of PostgreSQL for clients, which must do what it is told.
pub fn tool(program: &str, arguments: &[&str]) {
    let found = super::cluster::find_binaries().map(|folder| folder.join(program)).filter(|file| file.exists());
    let done = Command::new(found.unwrap_or_else(|| program.into())).args(arguments).output().unwrap();
    assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
}

fn name_of(url: &str) -> String {
    PgConnectOptions::from_str(url).unwrap().get_database().unwrap().to_owned()
}

async fn maintain(server: &Server, sql: &str) {
    let mut connection = PgConnection::connect(&server.maintenance_url).await.unwrap();
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))).await.unwrap();
    connection.close().await.unwrap();
}
