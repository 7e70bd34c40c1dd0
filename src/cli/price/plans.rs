//! `riskport price push`, `activate`, `retire`, `plans` and `show`.

use std::path::PathBuf;

use tonic::{Code, Status};

use super::{Client, check::summary, file, plan, short};
use crate::{
    cli::{Failure, json::Contract, pages, policy::table, refused, say, time::minute},
    rpc::{
        plan_message,
        proto::pricing::{
            ActivateRatePlanVersionRequest, CreateRatePlanVersionRequest, GetRatePlanVersionRequest,
            ListRatePlanVersionsRequest, RatePlanStage, RatePlanVersion, RetireRatePlanRequest, rate_plan_spec::Price,
        },
    },
};

/// How many digits of a digest are shown in a table.
const DIGEST_SHOWN: usize = 12;
/// How many versions are asked for at once.
const PAGE: i32 = 50;

/// Store a plan file as a new version, a draft
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A version never changes; each push makes the next one. A draft gives no quotes until it is activated.

Example:
  riskport price push plan.toml --plan loans --key north.pem --as north-bank"
)]
pub(super) struct Push {
    /// The plan, TOML
    file: PathBuf,
    /// The plan that it is a version of; one that is not there yet is made
    #[arg(long = "plan", value_name = "NAME", value_parser = plan)]
    name: String,
}

impl Push {
    pub(super) async fn run(self, open: impl AsyncFnOnce() -> Result<Client, Failure>) -> Result<(), Failure> {
        let spec = file::read(&self.file)?;
        // What can be found wrong here is found before a server is asked.
        file::compile(&self.file, &spec)?;
        let request =
            CreateRatePlanVersionRequest { plan: self.name, spec: Some(plan_message(&spec)), validate_only: false };
        let stored = open().await?.create_rate_plan_version(request).await.map_err(|status| refused(&status))?;
        let version = stored.into_inner().version.unwrap_or_default();
        let name = short(&version.name);
        say(&format!("{name} is {}: {}", stage(&version), summary(&spec)))?;
        say(&format!("next: riskport price simulate {name} --sample\n      riskport price activate {name}"))
    }
}

pub(super) async fn activate(client: &mut Client, name: String) -> Result<(), Failure> {
    let request = ActivateRatePlanVersionRequest { name };
    let active = client.activate_rate_plan_version(request).await.map_err(|status| not_there(&status))?;
    let version = active.into_inner().version.unwrap_or_default();
    say(&format!("{} is {}: it makes the plan's quotes from now on", short(&version.name), stage(&version)))
}

pub(super) async fn retire(client: &mut Client, plan: String) -> Result<(), Failure> {
    let request = RetireRatePlanRequest { plan };
    let retired = client.retire_rate_plan(request).await.map_err(|status| not_there(&status))?;
    let version = retired.into_inner().version.unwrap_or_default();
    let name = short(&version.name);
    say(&format!("{name} is {}\nback again: riskport price activate {name}", stage(&version)))
}

pub(super) async fn list(client: &mut Client, plan: String) -> Result<(), Failure> {
    let versions = pages::all(async |page_token| {
        let request = ListRatePlanVersionsRequest { plan: plan.clone(), page_size: PAGE, page_token };
        let page = client.list_rate_plan_versions(request).await?.into_inner();
        Ok((page.versions, page.next_page_token))
    });
    let versions = versions.await?;
    if versions.is_empty() {
        return say(&format!("no plan {}: riskport price push plan.toml --plan {0}", short(&plan)));
    }
    let mut table = table(&["PLAN", "STAGE", "OF", "PRICES", "TITLE", "STORED (UTC)", "SHA256"]);
    for version in &versions {
        let spec = version.spec.clone().unwrap_or_default();
        let priced = match spec.price {
            Some(Price::Loan(_)) => "loans",
            Some(Price::Insurance(_)) => "insurance",
            None => "?",
        };
        table.add_row([
            short(&version.name),
            stage(version).to_owned(),
            if version.platform { "the platform" } else { "you" }.to_owned(),
            priced.to_owned(),
            spec.title,
            minute(version.create_time),
            format!("{}...", version.digest.get(..DIGEST_SHOWN).unwrap_or(&version.digest)),
        ]);
    }
    say(&table.trim_fmt())
}

pub(super) async fn show(client: &mut Client, name: String) -> Result<(), Failure> {
    let request = GetRatePlanVersionRequest { name };
    let found = client.get_rate_plan_version(request).await.map_err(|status| not_there(&status))?;
    let version = found.into_inner().version.unwrap_or_default();
    say(&Contract::open()?.write("riskport.pricing.v1.RatePlanVersion", &version)?)
}

/// A refusal, and where to look when there is no such plan.
pub(super) fn not_there(status: &Status) -> Failure {
    match status.code() {
        Code::NotFound => Failure::new(format!("{}\n`riskport price plans` lists what there is", refused(status))),
        _ => refused(status),
    }
}

fn stage(version: &RatePlanVersion) -> &'static str {
    match version.stage() {
        RatePlanStage::Unspecified => "?",
        RatePlanStage::Draft => "draft",
        RatePlanStage::Active => "active",
        RatePlanStage::Retired => "retired",
    }
}
