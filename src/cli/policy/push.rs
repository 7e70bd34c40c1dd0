//! `riskport policy check`, `push`, `activate` and `retire`.

use std::path::PathBuf;

use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::{Client, faults, file::PolicyFile, policy, short, show};
use crate::{
    cli::{Failure, refused, say},
    rpc::proto::fraud::{
        ActivatePolicyVersionRequest, CreatePolicyVersionRequest, GetPolicyVersionRequest, PolicySpec, PolicyVersion,
        RetirePolicyRequest, RuleMode,
    },
};

/// The policy that a file is held against when it is only checked. Nothing is stored under it.
const ONLY_CHECKED: &str = "fraudPolicies/only-checked";

/// Say everything that is wrong with a policy file, by rule and place; nothing is stored
#[derive(Debug, clap::Args)]
#[command(after_help = "The server checks: only it knows the lists, the models and the features that conditions name.

Examples:
  riskport policy check policy.toml --key north.pem --as north-bank
  riskport policy check models/fraud/policy.toml --key north.pem --as north-bank    A whole one")]
pub(super) struct Check {
    /// The policy, TOML
    file: PathBuf,
}

/// Store a policy file as a new version, a draft
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A version never changes; each push makes the next one. A draft decides nothing until it is activated.

Example:
  riskport policy push policy.toml --policy payments --key north.pem --as north-bank"
)]
pub(super) struct Push {
    /// The policy, TOML
    file: PathBuf,
    /// The policy that it is a version of; one that is not there yet is made
    #[arg(long, value_name = "NAME", value_parser = policy)]
    policy: String,
}

impl Check {
    pub(super) async fn run(self, open: impl AsyncFnOnce() -> Result<Client, Failure>) -> Result<(), Failure> {
        let file = PolicyFile::read(&self.file)?;
        let name = self.file.display().to_string();
        let version = store(&mut open().await?, ONLY_CHECKED, &name, file.spec(), true).await?;
        say(&format!("{name} can be used: {}", summary(&version)))?;
        say(&format!("next: riskport policy push {name} --policy NAME"))
    }
}

impl Push {
    pub(super) async fn run(self, open: impl AsyncFnOnce() -> Result<Client, Failure>) -> Result<(), Failure> {
        let file = PolicyFile::read(&self.file)?;
        let name = self.file.display().to_string();
        let version = store(&mut open().await?, &self.policy, &name, file.spec(), false).await?;
        let stored = short(&version.name);
        say(&format!("{stored} is {}: {}", show::stage(&version), summary(&version)))?;
        say(&format!("next: riskport policy backtest {stored}\n      riskport policy activate {stored}"))
    }
}

/// Stores a policy, or only checks it; `what` is how a person knows it.
async fn store(
    client: &mut Client,
    policy: &str,
    what: &str,
    spec: PolicySpec,
    validate_only: bool,
) -> Result<PolicyVersion, Failure> {
    let rules = spec.rules.clone();
    let request = CreatePolicyVersionRequest { policy: policy.to_owned(), spec: Some(spec), validate_only };
    match client.create_policy_version(request).await {
        Ok(stored) => Ok(stored.into_inner().version.unwrap_or_default()),
        Err(status) => Err(faults::told(what, &rules, &status)),
    }
}

/// What a version says, in a line.
fn summary(version: &PolicyVersion) -> String {
    let spec = version.spec.clone().unwrap_or_default();
    let shadows = spec.rules.iter().filter(|rule| rule.mode() == RuleMode::Shadow).count();
    let rules = match spec.rules.len() {
        1 => "1 rule".to_owned(),
        count => format!("{count} rules"),
    };
    let rules = if shadows == 0 { rules } else { format!("{rules}, {shadows} of them in shadow") };
    format!("{rules}; {}; thresholds {}", show::scenes(&spec), show::thresholds(&spec))
}

pub(super) async fn activate(client: &mut Client, name: String) -> Result<(), Failure> {
    let request = ActivatePolicyVersionRequest { name: name.clone() };
    let active = match client.activate_policy_version(request).await {
        Ok(active) => active.into_inner().version.unwrap_or_default(),
        Err(status) => return Err(why_not(client, name, &status).await),
    };
    let spec = active.spec.clone().unwrap_or_default();
    say(&format!("{} is {}: it decides {}", short(&active.name), show::stage(&active), show::scenes(&spec)))
}

/// Why a version cannot be in charge. That it no longer fits is all that the server says when asked to activate it;
/// what does not fit, it says when the same policy is checked once more.
async fn why_not(client: &mut Client, name: String, status: &Status) -> Failure {
    let reason = status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default();
    match reason.as_str() {
        "POLICY_UNSUITABLE" => {
            let what = short(&name);
            let found = client.get_policy_version(GetPolicyVersionRequest { name }).await;
            let spec = found.ok().and_then(|found| found.into_inner().version?.spec);
            let checked = match spec {
                Some(spec) => store(client, ONLY_CHECKED, &what, spec, true).await,
                None => Err(refused(status)),
            };
            checked.err().unwrap_or_else(|| refused(status))
        }
        "SCENE_TAKEN" => Failure::new(format!(
            "{}\n`riskport policy show` says which are active: retire that one, or leave the scene to it",
            refused(status)
        )),
        _ => not_there(status),
    }
}

/// A refusal, and where to look when there is no such policy.
pub(super) fn not_there(status: &Status) -> Failure {
    match status.code() {
        Code::NotFound => Failure::new(format!("{}\n`riskport policy show` lists what there is", refused(status))),
        _ => refused(status),
    }
}

pub(super) async fn retire(client: &mut Client, policy: String) -> Result<(), Failure> {
    let request = RetirePolicyRequest { policy };
    let retired = client.retire_policy(request).await.map_err(|status| not_there(&status))?.into_inner();
    let version = retired.version.unwrap_or_default();
    let spec = version.spec.clone().unwrap_or_default();
    let name = short(&version.name);
    let (stage, scenes) = (show::stage(&version), show::scenes(&spec));
    say(&format!(
        "{name} is {stage}: the platform's own policy decides in its place ({scenes})\n\
         back again: riskport policy activate {name}"
    ))
}
