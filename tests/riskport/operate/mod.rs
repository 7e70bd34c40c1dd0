//! What whoever runs a server relies on: `doctor`, `health`, `backup`.

mod backup;
mod doctor;
mod health;
mod units;
mod wrong_files;

use std::{collections::BTreeMap, path::Path, process::Output};

use riskport::store::Database;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{
    World,
    command::{run, text},
    platform::{Partner, Platform},
    process::Process,
};

/// A database with an operator and a partner, whose server has ended.
struct Ended {
    bank: Partner,
    /// With the master key.
    folder: TempDir,
}

impl Ended {
    async fn on(world: &World) -> Self {
        let platform = Platform::start(world).await;
        let bank = platform.onboard("north-bank").await;
        Self { bank, folder: platform.stop().await }
    }

    fn serve(&self, world: &World) -> Process {
        Process::start(&world.database, &self.folder.path().join("master.key"))
    }

    /// Runs the doctor on the database with this master key, and some more arguments.
    fn examined(&self, world: &World, more: &[&str]) -> Examined {
        let master = self.folder.path().join("master.key");
        Examined::of(&world.database, &master, more)
    }
}

/// What the doctor said.
struct Examined {
    output: Output,
    checks: BTreeMap<String, Value>,
}

impl Examined {
    /// Runs the doctor; with no `--listen` among the arguments for the address that takes a free port.
    fn of(database: &Database, master_key: &Path, more: &[&str]) -> Self {
        let mut arguments = vec!["doctor", "--json", "--master-key-file", master_key.to_str().unwrap()];
        match database {
            Database::Sqlite(path) => arguments.extend(["--data-dir", path.parent().unwrap().to_str().unwrap()]),
            Database::Postgres(url) => arguments.extend(["--database-url", url.as_str()]),
        }
        if !more.contains(&"--listen") {
            arguments.extend(["--listen", "127.0.0.1:0"]);
        }
        arguments.extend(more);
        Self::from(run(&arguments, ""))
    }

    fn from(output: Output) -> Self {
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        let checks = report["checks"].as_array().unwrap().iter();
        let checks = checks.map(|check| (check["check"].as_str().unwrap().to_owned(), check.clone())).collect();
        let examined = Self { output, checks };
        let failed = examined.checks.values().any(|check| check["verdict"] == "fail");
        assert_eq!(examined.output.status.success(), !failed, "the exit code belongs to the verdict");
        examined
    }

    fn verdict(&self, check: &str) -> &str {
        let found = self.checks.get(check).unwrap_or_else(|| panic!("no {check} in {:#?}", self.checks));
        found["verdict"].as_str().unwrap()
    }

    /// What a check with that verdict found.
    fn found(&self, check: &str, verdict: &str) -> String {
        let found = &self.checks.get(check).unwrap_or_else(|| panic!("no {check} in {:#?}", self.checks));
        assert_eq!(found["verdict"], verdict, "{found:#}");
        assert!(verdict == "ok" || found["next"].is_string(), "{found:#} says not what to do");
        found["found"].as_str().unwrap().to_owned()
    }

    fn names(&self, verdict: &str) -> Vec<&str> {
        self.checks.iter().filter(|(_, check)| check["verdict"] == verdict).map(|(name, _)| name.as_str()).collect()
    }

    fn says(&self) -> String {
        text(&self.output.stderr)
    }
}
