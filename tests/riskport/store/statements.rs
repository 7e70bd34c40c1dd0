//! Every statement is known by name, is one both databases take, and is found by an index where it must be.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use riskport::{
    domain::decision::NewDecision,
    store::{Database, Store},
};

use crate::support::{
    World, begin,
    samples::{at, decision, subject},
};

on_both!(every_statement_prepares, async |world| {
    world.open().await;
    let mut raw = world.raw().await;
    assert!(Store::statements().len() > 20);
    for (name, sql) in Store::statements() {
        raw.prepare(sql).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
});

on_both!(decisions_are_listed_by_index_without_sorting, async |world| {
    let (_, writer, task) = world.open_writer().await;
    let mut raw = world.raw().await;
    let explain = match world.database {
        Database::Sqlite(_) => "EXPLAIN QUERY PLAN",
        Database::Postgres(_) => {
            // PostgreSQL counts costs, and a small table is cheapest read whole; the question is what serves a large one.
            for n in 0..300 {
                let subject_hmac = subject(&(n % 60).to_string());
                let new = NewDecision { subject_hmac, decided: at(n), ..decision("north", &format!("r{n}")) };
                drop(begin(writer.record(new)));
            }
            drop(writer);
            task.finish().await;
            raw.execute("ANALYZE; SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off").await;
            "EXPLAIN"
        }
    };
    for (name, index) in [("LIST_BY_TIME", "decisions_by_time"), ("LIST_BY_SUBJECT", "decisions_by_subject")] {
        let plan = raw.texts(&format!("{explain} {}", to_explain(name, world))).await.join("\n");
        assert!(plan.contains(index), "{name} does not use {index}: {plan}");
        // The bound by time and id must be found in the index, not filtered out of all that the tenant has.
        let condition = plan.lines().find(|line| line.contains("Index Cond") || line.contains("SEARCH"));
        let bounds = ["(decided_us,decision_id)<(?,?)", "ROW(decided_us, decision_id) < ROW("];
        assert!(condition.is_some_and(|line| bounds.iter().any(|bound| line.contains(bound))), "{name}: {plan}");
        assert!(!plan.contains("Sort") && !plan.contains("TEMP B-TREE"), "{name} sorts: {plan}");
    }
});

/// What reads a table whole, and may: a backup counts what it holds, the others read what has few rows, or an index of what is
/// still to be done.
const OF_ALL_ROWS: [&str; 6] = [
    "COUNT_CONTENT",
    "LIST_APPLIED",
    "LIST_CURSORS",
    "LIST_DATA_KEYS",
    "LIST_LOGGING_TENANTS",
    "LIST_UNCOUNTED_LABELS",
];

#[tokio::test]
async fn nothing_else_reads_a_table_whole() {
    let world = World::sqlite();
    world.open().await;
    let mut raw = world.raw().await;
    let mut whole = BTreeSet::new();
    for (name, sql) in Store::statements() {
        let plan = raw.texts(&format!("EXPLAIN QUERY PLAN {sql}")).await;
        if plan.iter().any(|line| line.starts_with("SCAN ")) {
            whole.insert(name);
        }
    }
    assert_eq!(whole, OF_ALL_ROWS.into_iter().collect());
}

/// A statement as the database plans it. SQLite plans before it knows the binds; PostgreSQL 15 explains no statement with
/// binds, so values stand in their place.
fn to_explain(name: &str, world: &World) -> String {
    let (_, sql) = Store::statements().into_iter().find(|(found, _)| *found == name).unwrap();
    let values = match world.database {
        Database::Sqlite(_) => return sql.to_owned(),
        Database::Postgres(_) => ["'north'", "0", "1700000000000200", "'x'", "''", "51", r"'\x00'"],
    };
    (1..=7).fold(sql.to_owned(), |sql, n| sql.replace(&format!("${n}"), values[n - 1]))
}

/// SQL that is not in `statements!` would be prepared by no test. Only the writer's inserts differ between databases, and
/// those and the entries of lists have as many rows as there are: their own tests run them with few and with many. And what
/// only PostgreSQL is asked, the tests of `riskport doctor` run.
#[test]
fn no_sql_hides_outside_of_statements() {
    let mut named = BTreeSet::new();
    for path in files(Path::new("src/store")) {
        let source = fs::read_to_string(&path).unwrap();
        let of_many_rows =
            ["commit/sqlite.rs", "commit/postgres.rs", "fraud/entries.rs", "inspect/postgres.rs", "store/rows.rs"];
        let inserts = of_many_rows.iter().any(|file| path.ends_with(file));
        let (statements, rest) = cut(&without_comments(&source), "\nstatements! {");
        let (_, rest) = cut(&rest, "\nmacro_rules! ");
        named.extend(statements.lines().filter_map(|line| {
            let (name, _) = line.strip_prefix("    ")?.split_once(" = ")?;
            (!name.contains(' ')).then(|| name.to_owned())
        }));
        for verb in ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH ", "CREATE ", "LOCK ", "SET "] {
            let hidden = rest.contains(&format!("\"{verb}")) && !inserts;
            assert!(!hidden, "{}: {verb}... stands outside of statements!", path.display());
        }
        assert!(inserts || !rest.contains("AssertSqlSafe"), "{}: SQL is put together", path.display());
    }
    let listed: BTreeSet<_> = Store::statements().into_iter().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(named, listed, "a file's STATEMENTS are missing from Store::statements()");
}

/// What concerns the platform as a whole: whoever adds a statement here says by it that it may read all tenants' rows.
const OF_ALL_TENANTS: [&str; 20] = [
    "ADD_USAGE",
    "COUNT_CONTENT",
    "COUNT_OPERATOR_KEYS",
    "FORGET_MARKS",
    "LAST_SEQ",
    "LIST_CHANGED",
    "LIST_CHANGES",
    "LIST_CURSORS",
    "LIST_DATA_KEYS",
    "LIST_LABEL_SHADOWS",
    "LIST_LOGGING_TENANTS",
    "LIST_MARKS",
    "LIST_TENANTS",
    "LIST_UNCOUNTED",
    "LIST_UNCOUNTED_LABELS",
    "LIST_UNCOUNTED_SHADOWS",
    "LIST_USAGE",
    "LIST_USAGE_BY_DAY",
    "NEWEST_CHANGE",
    "NEWEST_DECISION",
];

/// The second wall between tenants, beside the type of every store call: a statement names the tenant, or the owner, once for
/// each table of tenants' rows that it touches. It holds for both databases, and costs no call anything.
#[tokio::test]
async fn every_statement_names_the_tenant_for_each_table_that_it_touches() {
    let world = World::sqlite();
    world.open().await;
    let owned = "SELECT t.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
        WHERE t.type = 'table' AND c.name IN ('tenant_id', 'owner_id')";
    let owned: BTreeSet<String> = world.raw().await.texts(owned).await.into_iter().collect();
    assert!(owned.len() > 20 && owned.contains("decisions"), "{owned:?}");
    let mut unbound = BTreeSet::new();
    for (name, sql) in Store::statements() {
        let touched = ["FROM ", "INTO ", "UPDATE ", "JOIN "].iter().flat_map(|verb| sql.split(verb).skip(1));
        let touched = touched.filter(|rest| owned.contains(&first_word(rest))).count();
        if touched > names_of_owner(sql) {
            unbound.insert(name);
        }
    }
    assert_eq!(unbound, OF_ALL_TENANTS.into_iter().collect());
}

/// How often a statement binds a tenant or an owner: to a value, to that of another table, or in what it inserts.
fn names_of_owner(sql: &str) -> usize {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let is_owner =
        |word: &str| ["tenant_id", "owner_id"].contains(&word.trim_start_matches('(').rsplit('.').next().unwrap());
    let is_bind = |word: &str| word.starts_with('$') || is_owner(word.trim_end_matches([')', ';']));
    let bound = words.windows(3).filter(|three| is_owner(three[0]) && three[1] == "=" && is_bind(three[2])).count();
    let inserted = sql.split("INSERT INTO ").skip(1).filter(|rest| {
        let columns =
            rest.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map_or("", |(columns, _)| columns);
        columns.split(',').any(|column| is_owner(column.trim()))
    });
    bound + inserted.count()
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|one| one.is_alphanumeric() || *one == '_').collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn without_comments(source: &str) -> String {
    source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .fold(String::new(), |all, line| all + "\n" + line)
}

/// Parts a source into the blocks that begin so, each up to its closing brace at the start of a line, and the rest.
fn cut(source: &str, start: &str) -> (String, String) {
    let (mut blocks, mut rest, mut left) = (String::new(), String::new(), source);
    while let Some(at) = left.find(start) {
        let end = at + left[at..].find("\n}").expect("a block that ends") + 2;
        rest.push_str(&left[..at]);
        blocks.push_str(&left[at..end]);
        left = &left[end..];
    }
    (blocks, rest + left)
}
