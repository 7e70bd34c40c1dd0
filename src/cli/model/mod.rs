//! `riskport model`: what a model file is, and the models of a running server.
//!
//! `check`, `speed` and `profile` look at a file on this machine; `push` uploads it; `list` and `show` read; `traffic` says which
//! versions decide; `recalibrate` makes a version of what became of another's decisions. `manifest` and `rows` read what stands
//! beside a model file.

mod check;
mod manifest;
mod profile;
mod profile_text;
pub(super) mod push;
mod recalibrate;
mod rows;
pub(super) mod show;
mod speed;
mod traffic;

use std::{fs, path::Path};

use super::{
    Failure,
    client::{Connection, SignedChannel},
};
use crate::{
    domain::refusal::Violations, engine::MAX_FILE_BYTES,
    rpc::proto::risk::risk_model_service_client::RiskModelServiceClient,
};

/// Look at model files, and serve them: upload, compare, promote, roll back
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  riskport model check model.txt                    What the file is, and how fast it scores here
  riskport model check model.txt --write-manifest manifest.toml
  riskport model profile model.txt --manifest manifest.toml --training training.csv --write
  riskport model push model.txt --model my-risk --manifest manifest.toml --reference rows.csv \\
      --key north.pem --as north-bank
  riskport model show my-risk --key north.pem --as north-bank
  riskport model traffic my-risk --challenger 2 --percent 10 --key north.pem --as north-bank
  riskport model promote my-risk/2 --key north.pem --as north-bank
  riskport model rollback my-risk --key north.pem --as north-bank")]
pub(super) struct Model {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Say what a model file is, what it needs, and how fast it scores on this machine; no server is asked
    Check(check::Check),
    /// Say how features and scores fell in training, and write it into the manifest; no server is asked
    Profile(profile::Profile),
    /// Upload a model file as a new version
    Push(push::Push),
    /// List the models that you may use
    List,
    /// Show a model, and one version in full: its card, figures and features
    Show {
        /// The model, or one of its versions: NAME or NAME/VERSION
        #[arg(value_parser = model_or_version)]
        name: String,
    },
    /// Put a version in charge, at once and wholly
    Promote {
        /// The version: NAME/VERSION
        #[arg(value_parser = version)]
        name: String,
    },
    /// Put the version back that was in charge before
    Rollback {
        /// The model
        #[arg(value_parser = model)]
        name: String,
    },
    /// Say which versions stand beside the champion; whoever is not named goes
    Traffic(traffic::Traffic),
    /// Fit a calibration to the outcomes that were reported, as a new version
    Recalibrate(recalibrate::Recalibrate),
    /// Take a version out of use for ever
    Retire {
        /// The version: NAME/VERSION
        #[arg(value_parser = version)]
        name: String,
    },
    /// Let a tenant use a model of the platform (operator)
    Grant(traffic::Grant),
    /// Take a model of the platform from a tenant (operator)
    Revoke(traffic::Grant),
}

type Client = RiskModelServiceClient<SignedChannel>;

impl Model {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let action = match self.action {
            Action::Check(check) => return check.run(),
            Action::Profile(profile) => return profile.run(),
            action => action,
        };
        let open = async || Ok::<Client, Failure>(Client::new(self.connection.open().await?));
        match action {
            Action::Check(_) | Action::Profile(_) => Ok(()),
            // What can be found wrong here is found before a server is asked.
            Action::Push(push) => push.run(open).await,
            Action::List => show::list(&mut open().await?).await,
            Action::Show { name } => show::show(&mut open().await?, name).await,
            Action::Promote { name } => traffic::promote(&mut open().await?, name).await,
            Action::Rollback { name } => traffic::rollback(&mut open().await?, name).await,
            Action::Traffic(set) => set.run(&mut open().await?).await,
            Action::Recalibrate(fit) => fit.run(&mut open().await?).await,
            Action::Retire { name } => traffic::retire(&mut open().await?, name).await,
            Action::Grant(grant) => grant.give(&mut open().await?).await,
            Action::Revoke(grant) => grant.take(&mut open().await?).await,
        }
    }
}

/// The resource name of a model that a person named.
fn model(name: &str) -> Result<String, String> {
    let name = name.strip_prefix("models/").unwrap_or(name);
    if name.is_empty() || name.contains('/') {
        return Err("must be the name of a model, without a version".to_owned());
    }
    Ok(format!("models/{name}"))
}

/// The resource name of a version that a person named.
fn version(name: &str) -> Result<String, String> {
    let name = name.strip_prefix("models/").unwrap_or(name);
    let (name, number) = name
        .split_once("/versions/")
        .or_else(|| name.split_once('/'))
        .ok_or_else(|| "must be NAME/VERSION, such as my-risk/2".to_owned())?;
    if number.parse::<u32>().is_err() {
        return Err("must be NAME/VERSION, such as my-risk/2".to_owned());
    }
    Ok(format!("{}/versions/{number}", model(name)?))
}

/// The resource name of a model, or of a version, that a person named.
pub(super) fn model_or_version(name: &str) -> Result<String, String> {
    if name.trim_start_matches("models/").contains('/') { version(name) } else { model(name) }
}

/// Reads a model file; one that is too large is refused before it is read.
fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let cannot = |error| Failure::new(format!("cannot read {}: {error}", path.display()));
    let bytes = fs::metadata(path).map_err(cannot)?.len();
    if usize::try_from(bytes).map_or(true, |bytes| bytes > MAX_FILE_BYTES) {
        return Err(Failure::new(format!(
            "{} has {bytes} bytes: a model file may have at most {MAX_FILE_BYTES}",
            path.display()
        )));
    }
    fs::read(path).map_err(cannot)
}

/// What is wrong, one line for each field.
fn wrong(what: &Path, violations: &Violations) -> Failure {
    let lines: Vec<_> =
        violations.as_slice().iter().map(|one| format!("  {} {}", one.field, one.description)).collect();
    Failure::new(format!("{} cannot be served:\n{}", what.display(), lines.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_and_versions_are_named_short_or_in_full() {
        for name in ["my-risk", "models/my-risk"] {
            assert_eq!(model(name).unwrap(), "models/my-risk");
            assert_eq!(model_or_version(name).unwrap(), "models/my-risk");
        }
        for name in ["my-risk/2", "models/my-risk/versions/2", "my-risk/versions/2"] {
            assert_eq!(version(name).unwrap(), "models/my-risk/versions/2");
            assert_eq!(model_or_version(name).unwrap(), "models/my-risk/versions/2");
            assert!(model(name).is_err());
        }
        for name in ["my-risk", "my-risk/", "my-risk/two", "/2", "a/b/2"] {
            assert!(version(name).is_err(), "{name}");
        }
    }
}
