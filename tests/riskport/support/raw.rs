//! SQL past the store, to see what is really there and to get in its way.

use std::str::FromStr;

use riskport::store::Database;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row, SqlSafeStr, SqliteConnection,
    postgres::PgConnectOptions, sqlite::SqliteConnectOptions,
};

/// One connection to a test's database.
pub enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Runs one body on whichever connection it is.
macro_rules! on_raw {
    ($raw:expr, $connection:ident => $body:expr) => {
        match $raw {
            Raw::Sqlite($connection) => $body,
            Raw::Postgres($connection) => $body,
        }
    };
}

impl Raw {
    pub async fn connect(database: &Database) -> Self {
        match database {
            Database::Sqlite(path) => {
                let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
                Self::Sqlite(options.connect().await.unwrap())
            }
            Database::Postgres(url) => {
                Self::Postgres(PgConnectOptions::from_str(url).unwrap().connect().await.unwrap())
            }
        }
    }

    /// Runs SQL for its effect; several statements may stand after each other.
    pub async fn execute(&mut self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        on_raw!(self, connection => connection.execute(sqlx::raw_sql(sql)).await.map(drop)).unwrap();
    }

    /// The first column of every row, as integers.
    pub async fn integers(&mut self, sql: &str) -> Vec<i64> {
        let sql = AssertSqlSafe(sql.to_owned());
        on_raw!(self, connection => sqlx::query_scalar(sql).fetch_all(connection).await).unwrap()
    }

    /// The first column of the only row, as an integer.
    pub async fn integer(&mut self, sql: &str) -> i64 {
        let rows = self.integers(sql).await;
        assert_eq!(rows.len(), 1, "{sql}");
        rows[0]
    }

    /// The last column of every row, as text: the last, because that is where SQLite explains its plan.
    pub async fn texts(&mut self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        on_raw!(self, connection => {
            let rows = sqlx::query(sql).fetch_all(connection).await.unwrap();
            rows.iter().map(|row| row.get(row.len() - 1)).collect()
        })
    }

    /// Has the database parse and plan a statement without running it.
    pub async fn prepare(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = AssertSqlSafe(sql.to_owned()).into_sql_str();
        on_raw!(self, connection => connection.prepare(sql).await.map(drop))
    }

    /// Keeps every decision from being committed until [`Self::release`].
    pub async fn hold_commits(&mut self) {
        self.execute(match self {
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
            Self::Postgres(_) => "BEGIN; LOCK TABLE idempotency IN EXCLUSIVE MODE",
        })
        .await;
    }

    /// Ends [`Self::hold_commits`], and any other transaction.
    pub async fn release(&mut self) {
        self.execute("ROLLBACK").await;
    }

    pub async fn close(self) {
        on_raw!(self, connection => connection.close().await).unwrap();
    }
}
