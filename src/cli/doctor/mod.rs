//! `riskport doctor`: looks at everything that `serve` needs, and changes none of it.

mod address;
mod certificate;
mod database;
mod finding;
mod machine;

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use finding::{Finding, Report};

use super::{Failure, say, style::Style};
use crate::{
    clock::Clock,
    config::{Settings, SettingsError, SettingsSource},
    vault::MasterKey,
};

/// Look at the settings, files, database and machine that `serve` needs, and say what is wrong and what to do
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It takes the settings that `riskport serve` takes, and changes nothing; a server may be running or not. It ends with 0
when nothing failed, and with 1 otherwise.

Examples:
  riskport doctor
  riskport doctor --data-dir /var/lib/riskport --deep
  riskport doctor --database-url postgres://riskport@localhost/riskport --master-key-file master.key
  riskport doctor --config riskport.toml --json"
)]
pub(super) struct Doctor {
    /// Hold every row of an embedded database against its indexes: it reads all of the file
    #[arg(long)]
    deep: bool,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
    /// TOML file with settings; flags and environment come before it
    #[arg(long, env = "RISKPORT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Box<SettingsSource>,
}

impl Doctor {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let settings = self.settings.or_file(self.config.as_ref()).and_then(SettingsSource::validate);
        let findings = match settings {
            Ok(settings) => examine(&settings, self.deep).await,
            Err(error) => wrong_settings(&error),
        };
        let report = Report::new(findings);
        say(&if self.json { report.json()? } else { report.text(&Style::of_stdout()) })?;
        if report.has_failed() { Err(Failure::new(report.verdict())) } else { Ok(()) }
    }
}

fn wrong_settings(error: &SettingsError) -> Vec<Finding> {
    let next = "mend it; `riskport serve --help` has every setting, `serve --print-settings` shows which hold";
    match error {
        SettingsError::Values(wrong) => wrong.iter().map(|one| Finding::fail("settings", one, next)).collect(),
        error => vec![Finding::fail("settings", error.to_string(), next)],
    }
}

async fn examine(settings: &Settings, deep: bool) -> Vec<Finding> {
    let place = match settings.sqlite_file() {
        Some(path) => format!("SQLite in {}", path.display()),
        None => "PostgreSQL".to_owned(),
    };
    let mut findings = vec![Finding::ok("settings", format!("valid: listens on {}, {place}", settings.listen))];
    let (address, served) = address::examine(settings).await;
    findings.push(address);
    if let Some(files) = &settings.tls {
        findings.extend(certificate::examine(files, Clock.now()));
    }
    let (finding, master) = master_key(settings);
    findings.push(finding);
    findings.extend(machine::examine(settings));
    findings.extend(database::examine(settings, master.as_ref(), database::Asked { deep, served }).await);
    findings
}

/// Reads the master key, and never makes one, as a first start would.
fn master_key(settings: &Settings) -> (Finding, Option<MasterKey>) {
    let file = settings.master_key_file.display();
    let nothing_yet = settings.sqlite_file().is_some_and(|path| !path.exists());
    match MasterKey::read(&settings.master_key_file) {
        Ok(key) => {
            let mode = fs::metadata(&settings.master_key_file).map_or(0, |file| file.permissions().mode() & 0o777);
            (Finding::ok("master key", format!("{file}, mode {mode:04o}")), Some(key))
        }
        Err(_) if nothing_yet && !settings.master_key_file.exists() => {
            let next = "the first start makes it: keep a copy of it then, elsewhere";
            (Finding::warn("master key", format!("{file} is not there yet"), next), None)
        }
        Err(error) => {
            let next = if settings.master_key_file.exists() {
                "mend the file, or bring it back from where a copy is kept"
            } else {
                "bring it back from where a copy is kept: a new one opens nothing that is stored"
            };
            (Finding::fail("master key", error.to_string(), next), None)
        }
    }
}
