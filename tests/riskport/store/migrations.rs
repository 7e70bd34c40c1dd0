//! Both databases get the same tables, whoever opens them first and however many do at once.

use std::{collections::BTreeSet, fs};

use tokio::task::JoinSet;

use crate::support::{World, platform::is_postgres, raw::Raw};

/// Columns as `table.column TYPE NULL|NOT NULL pkN`, N its place in the primary key or 0.
const SQLITE_COLUMNS: &str = "SELECT t.name || '.' || c.name || ' ' || c.type
        || CASE c.\"notnull\" WHEN 1 THEN ' NOT NULL' ELSE ' NULL' END || ' pk' || c.pk
    FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name <> '_sqlx_migrations'";
const POSTGRES_COLUMNS: &str = "SELECT c.table_name || '.' || c.column_name || ' '
        || CASE c.data_type WHEN 'bigint' THEN 'INTEGER' WHEN 'text' THEN 'TEXT' WHEN 'bytea' THEN 'BLOB'
           WHEN 'double precision' THEN 'REAL' ELSE c.data_type END
        || CASE c.is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE ' NULL' END || ' pk' || COALESCE(k.ordinal_position, 0)
    FROM information_schema.columns c
    LEFT JOIN information_schema.table_constraints p
        ON p.table_schema = c.table_schema AND p.table_name = c.table_name AND p.constraint_type = 'PRIMARY KEY'
    LEFT JOIN information_schema.key_column_usage k
        ON k.constraint_schema = p.constraint_schema AND k.constraint_name = p.constraint_name
        AND k.table_name = c.table_name AND k.column_name = c.column_name
    WHERE c.table_schema = 'public' AND c.table_name <> '_sqlx_migrations'";

/// Indexes as `name table(columns) uniqueN`; one that a UNIQUE constraint made has no name of its own.
const SQLITE_INDEXES: &str = "SELECT CASE i.origin WHEN 'c' THEN i.name ELSE '' END || ' ' || t.name || '('
        || (SELECT GROUP_CONCAT(name) FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))
        || ') unique' || i.\"unique\"
    FROM sqlite_schema t JOIN pragma_index_list(t.name) i
    WHERE t.type = 'table' AND t.name <> '_sqlx_migrations' AND i.origin <> 'pk'";
const POSTGRES_INDEXES: &str = "SELECT
        CASE WHEN EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND contype = 'u') THEN ''
          ELSE i.indexrelid::regclass::text END || ' ' || i.indrelid::regclass || '('
        || (SELECT STRING_AGG(a.attname, ',' ORDER BY k.place)
            FROM UNNEST(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum)
        || ') unique' || i.indisunique::int
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
    WHERE t.relnamespace = 'public'::regnamespace AND t.relname <> '_sqlx_migrations' AND NOT i.indisprimary";

/// Foreign keys as `table -> table`.
const SQLITE_REFERENCES: &str = "SELECT t.name || ' -> ' || f.\"table\"
    FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table'";
const POSTGRES_REFERENCES: &str =
    "SELECT conrelid::regclass || ' -> ' || confrelid::regclass FROM pg_constraint WHERE contype = 'f'";

#[test]
fn migrations_have_the_same_names() {
    let names = |folder: &str| -> BTreeSet<_> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(names("migrations/sqlite"), names("migrations/postgres"));
}

#[tokio::test]
async fn both_databases_have_the_same_tables() {
    let Some(postgres) = World::postgres().await else { return };
    let sqlite = World::sqlite();
    sqlite.open().await;
    postgres.open().await;
    let (mut left, mut right) = (sqlite.raw().await, postgres.raw().await);
    for (in_sqlite, in_postgres, least) in [
        (SQLITE_COLUMNS, POSTGRES_COLUMNS, 110),
        (SQLITE_INDEXES, POSTGRES_INDEXES, 6),
        (SQLITE_REFERENCES, POSTGRES_REFERENCES, 2),
    ] {
        let (in_sqlite, in_postgres) = (sorted(&mut left, in_sqlite).await, sorted(&mut right, in_postgres).await);
        assert!(in_sqlite.len() >= least, "{in_sqlite:?}");
        assert_eq!(in_sqlite, in_postgres);
    }
    // What an index orders must be ordered alike: SQLite compares bytes, and PostgreSQL's default may not.
    let by_words = right
        .texts(
            "SELECT DISTINCT a.attrelid::regclass || '.' || a.attname
             FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])
             JOIN pg_class t ON t.oid = i.indrelid JOIN pg_collation c ON c.oid = a.attcollation
             WHERE t.relnamespace = 'public'::regnamespace AND t.relname <> '_sqlx_migrations' AND c.collname <> 'C'",
        )
        .await;
    assert_eq!(by_words, [""; 0], "an index orders text by a collation");
    drop(right);
    postgres.end().await;
}

async fn sorted(raw: &mut Raw, sql: &str) -> Vec<String> {
    let mut rows = raw.texts(sql).await;
    rows.sort_unstable();
    rows
}

on_both!(many_processes_may_open_a_fresh_database_at_once, async |world| {
    let mut opening = JoinSet::new();
    for _ in 0..16 {
        let world = world.clone();
        opening.spawn(async move { world.open().await });
    }
    for store in opening.join_all().await {
        assert_eq!(store.count_changes().await.unwrap(), 0);
    }
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_waits_while_another_migrates() {
    let Some(world) = World::postgres().await else { return };
    world.open().await.close().await;
    let mut other = world.raw().await;
    other.execute("BEGIN; LOCK TABLE _sqlx_migrations IN ACCESS EXCLUSIVE MODE").await;
    let opening = tokio::spawn({
        let world = world.clone();
        async move { world.open().await }
    });
    // Longer than any call waits for a lock, so that a process that is opened as calls are made would have given up.
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    other.execute("COMMIT").await;
    assert_eq!(opening.await.unwrap().count_changes().await.unwrap(), 0);
    world.end().await;
}

on_both!(decisions_that_are_put_into_another_order_stay_what_they_are, async |world| {
    let mut raw = world.as_of("0007_counting").await;
    let hex =
        |byte: u8| if is_postgres(&world.database) { format!(r"'\x{byte:02x}'") } else { format!("x'{byte:02x}'") };
    for n in 0..30_u8 {
        let (tenant, bytes) = (["north", "south"][usize::from(n % 2)], hex(n));
        // By the first column the ids fall while the places rise.
        let id = format!("{:02}-{tenant}", 90 - n);
        raw.execute(&format!(
            "INSERT INTO decisions (tenant_id, decision_id, writer_id, seq, kind, request_id, kid, actor, subject_hmac,
               purpose, consent_id, environment, billable_units, decided_us, model_id, model_version, model_digest,
               calibration_digest, policy_digest, lists_digest, catalogue_digest, engine_version, traffic_role, reply,
               input_commitment)
             VALUES ('{tenant}', '{id}', 'w', {n}, 'k{n}', 'r{n}', 'kid{n}', 'a{n}', {bytes}, 'p{n}', 'c{n}', 'e{n}', 1{n},
               2{n}, 'm{n}', 3{n}, 'd{n}', 'cd{n}', 'pd{n}', 'ld{n}', 'ct{n}', 'v{n}', 't{n}', {bytes}, {bytes});
             INSERT INTO decision_inputs (tenant_id, decision_id, key_id, sealed) VALUES ('{tenant}', '{id}', 'dk{n}', {bytes});
             INSERT INTO shadow_results (tenant_id, decision_id, model_version, model_digest, calibration_digest,
               engine_version, reply)
             VALUES ('{tenant}', '{id}', 4{n}, 'sd{n}', 'sc{n}', 'sv{n}', {bytes})",
        ))
        .await;
    }
    let before = everything(&mut raw).await;
    assert_eq!(before.len(), 90);
    world.open().await.close().await;
    // A statement that was planned for the tables as they were is not to be met.
    assert_eq!(everything(&mut world.raw().await).await, before);
});

/// Each row of a decision's three tables, whole.
async fn everything(raw: &mut Raw) -> Vec<String> {
    let mut rows = Vec::new();
    for (table, columns) in [
        ("decisions", "decision_id, tenant_id, writer_id, seq, kind, request_id, kid, actor, subject_hmac, purpose, consent_id,
            environment, billable_units, decided_us, model_id, model_version, model_digest, calibration_digest, policy_digest,
            lists_digest, catalogue_digest, engine_version, traffic_role, reply, input_commitment"),
        ("decision_inputs", "decision_id, tenant_id, key_id, sealed"),
        ("shadow_results", "decision_id, tenant_id, model_version, model_digest, calibration_digest, engine_version, reply"),
    ] {
        let row = match raw {
            Raw::Sqlite(_) => columns.split(',').map(|column| format!("quote({column})")).collect::<Vec<_>>().join("||' '||"),
            Raw::Postgres(_) => format!("CAST(ROW({columns}) AS TEXT)"),
        };
        rows.extend(raw.texts(&format!("SELECT {row} FROM {table} ORDER BY decision_id")).await);
    }
    rows
}
