//! The database and what stands in it.

use std::time::Duration;

use super::finding::Finding;
use crate::{
    clock::Clock,
    config::Settings,
    domain::time::Timestamp,
    ops::{Content, DatabaseFacts, Integrity, Migrations, OpenedKeys, PostgresFacts, inspect_database},
    vault::MasterKey,
};

/// How far clocks may be apart before tokens and order by time suffer.
const MAX_SKEW: Duration = Duration::from_secs(5);
/// How many are named.
const SHOWN: usize = 3;

/// What else is known when the database is looked at.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    /// Whether to hold every row against its indexes.
    pub deep: bool,
    /// Whether a server answers at the address.
    pub served: bool,
}

pub(super) async fn examine(settings: &Settings, master: Option<&MasterKey>, asked: Asked) -> Vec<Finding> {
    if let Some(path) = settings.sqlite_file()
        && !path.exists()
    {
        let found = format!("{} is not there yet", path.display());
        return vec![Finding::warn(
            "database",
            found,
            "`riskport serve` makes it; if there should be one, mend --data-dir",
        )];
    }
    let DatabaseFacts { database, keys } = match inspect_database(settings, master, asked.deep).await {
        Ok(facts) => facts,
        Err(error) => {
            let next = "see that it runs, and that the address, the user and the password are right";
            return vec![Finding::fail("database", error.to_string(), next)];
        }
    };
    let now = Clock.now();
    let mut findings = Vec::new();
    if let Some(postgres) = &database.postgres {
        findings.push(reached(postgres));
        findings.push(durability(postgres));
        findings.push(connections(postgres, i64::from(settings.database_connections), asked.served));
        findings.push(database_clock(postgres, now));
    }
    if let Some(integrity) = &database.integrity {
        findings.extend(file(integrity, asked.deep));
        if !integrity.faults.is_empty() {
            return findings;
        }
    }
    findings.push(tables(&database.migrations));
    findings.extend(keys.map(|keys| tenant_keys(&keys)));
    if let Some(content) = &database.content {
        findings.push(operator(content));
        findings.push(stored_times(content, now));
        findings.push(lease(content, now, asked.served, settings.sqlite_file().is_some()));
    }
    findings
}

fn reached(postgres: &PostgresFacts) -> Finding {
    let found =
        format!("PostgreSQL {} answers in {:.2} ms", postgres.version, postgres.round_trip.as_secs_f64() * 1_000.0);
    if postgres.standby {
        return Finding::fail("database", format!("{found}, and is a standby: it takes no writes"), "name the primary");
    }
    Finding::ok("database", found)
}

fn durability(postgres: &PostgresFacts) -> Finding {
    let PostgresFacts { fsync, synchronous_commit, full_page_writes, .. } = postgres;
    let found = format!("fsync {fsync}, synchronous_commit {synchronous_commit}, full_page_writes {full_page_writes}");
    if fsync != "on" || synchronous_commit == "off" {
        return Finding::fail("durability", found, "switch them on: an acknowledged decision could be lost");
    }
    if full_page_writes != "on" {
        return Finding::warn("durability", found, "switch it on, unless the file system never tears a page");
    }
    Finding::ok("durability", found)
}

fn connections(postgres: &PostgresFacts, wanted: i64, served: bool) -> Finding {
    let PostgresFacts { max_connections, connections, .. } = postgres;
    let found = format!("{connections} of {max_connections} connections are taken, a server takes {wanted}");
    // A server that runs has its own already.
    let needed = if served { 0 } else { wanted };
    if max_connections - connections < needed {
        Finding::warn("connections", found, "raise max_connections, or put fewer servers on it")
    } else {
        Finding::ok("connections", found)
    }
}

fn database_clock(postgres: &PostgresFacts, now: Timestamp) -> Finding {
    let apart = postgres.now.micros() - now.micros();
    let found = format!("the database's is {} of ours", ahead(apart));
    if apart.unsigned_abs() > micros(MAX_SKEW).unsigned_abs() {
        Finding::warn("clock", found, "keep both machines' clocks by NTP")
    } else {
        Finding::ok("clock", found)
    }
}

fn file(integrity: &Integrity, deep: bool) -> Vec<Finding> {
    let how = if deep { "every row and index" } else { "every page" };
    let mut findings = Vec::new();
    if integrity.faults.is_empty() {
        findings.push(Finding::ok("database", format!("the file is whole: {how} was read")));
        findings.push(if integrity.wal {
            Finding::ok("durability", "a write-ahead log, synced before each answer (synchronous = FULL)")
        } else {
            let next = "the server makes one when it starts, as it does for a restored backup";
            Finding::warn("durability", "no write-ahead log", next)
        });
    } else {
        let next = "stop the server, look again, and if it stays so, bring back the newest `riskport backup`";
        findings.push(Finding::fail("database", format!("broken: {}", integrity.faults.join("; ")), next));
    }
    findings
}

fn tables(migrations: &Migrations) -> Finding {
    let Migrations { applied, pending, unknown, different } = migrations;
    if !unknown.is_empty() {
        let found = format!("made by a newer program: migrations {unknown:?} are not known here");
        return Finding::fail("tables", found, "run the newer program, or bring back a backup from before it");
    }
    if !different.is_empty() {
        let found = format!("migrations {different:?} were applied in another form, or not to their end");
        return Finding::fail("tables", found, "bring back a backup; a changed migration is never applied again");
    }
    if !pending.is_empty() {
        let found = format!("{applied} migrations applied, to come: {}", pending.join(", "));
        return Finding::warn("tables", found, "back up first; `riskport serve` applies them when it starts");
    }
    Finding::ok("tables", format!("up to date, {applied} migrations"))
}

fn tenant_keys(keys: &OpenedKeys) -> Finding {
    let OpenedKeys { opened, closed } = keys;
    if closed.is_empty() {
        return Finding::ok("tenants' keys", format!("the master key opens all {opened}"));
    }
    let shown: Vec<&str> = closed.iter().take(SHOWN).map(crate::domain::ids::TenantId::as_str).collect();
    let found =
        format!("the master key does not open {} of {} (of {})", closed.len(), opened + closed.len(), shown.join(", "));
    Finding::fail("tenants' keys", found, "bring back the master key that this database was written under")
}

fn operator(content: &Content) -> Finding {
    match content.operator_keys {
        0 => {
            let next = "riskport key operator --out operator.pem, with these settings";
            Finding::warn("operator key", "there is none: no partner can be onboarded", next)
        }
        keys => Finding::ok("operator key", format!("{keys} good")),
    }
}

fn stored_times(content: &Content, now: Timestamp) -> Finding {
    let Some(newest) = content.newest else { return Finding::ok("stored times", "nothing is stored yet") };
    let ahead_by = newest.micros() - now.micros();
    let found = format!("the newest is {} of our clock", ahead(ahead_by));
    if ahead_by > micros(MAX_SKEW) {
        let next = "set this machine's clock by NTP: it stood later before; order by sequence is not touched";
        return Finding::warn("stored times", found, next);
    }
    Finding::ok("stored times", found)
}

fn lease(content: &Content, now: Timestamp, served: bool, sqlite: bool) -> Finding {
    let left = content.lease.expires.micros() - now.micros();
    let holder = &content.lease.holder;
    if left <= 0 {
        return Finding::ok("fraud lease", "free: the next server to start answers fraud checks");
    }
    let found = format!("held by the process {holder} for {:.1} s more", seconds(left));
    if served || !sqlite {
        return Finding::ok("fraud lease", found);
    }
    let next = "a server that is not at this address has this file open: one file is for one server";
    Finding::warn("fraud lease", found, next)
}

fn ahead(micros: i64) -> String {
    let side = if micros >= 0 { "ahead" } else { "behind" };
    format!("{:.3} s {side}", seconds(micros).abs())
}

#[expect(clippy::cast_precision_loss, reason = "seconds that a person reads")]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1_000_000.0
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
