//! `riskport report`: how a version of a model has done.
//!
//! `content` says it as a `document`, which `terminal` and `page` write; `watch` follows alarms. `figures` words the numbers.

mod content;
mod document;
mod figures;
mod page;
mod terminal;
mod watch;

use std::{
    fs,
    path::{Path, PathBuf},
};

use prost_types::Timestamp;

use self::document::Detail;
use super::{
    Failure,
    client::{Connection, Patience, SignedChannel},
    json::Contract,
    model::model_or_version,
    refused, say,
    style::Style,
    time::moment,
};
use crate::rpc::proto::risk::{GetModelReportRequest, ModelReport, risk_model_service_client::RiskModelServiceClient};

/// Report how a model has done: drift, discrimination, calibration, bands, groups, comparisons, alarms
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Days are of UTC. How good a version is can be told of decisions whose outcome was reported (riskport outcomes); how far
it has drifted, when its manifest has a training profile (riskport model profile), or against a period before.

Examples:
  riskport report my-risk --key north.pem --as north-bank                          The champion, over 90 days
  riskport report my-risk/2 --from 2026-01-01 --to 2026-02-01 --all                A version, over January
  riskport report my-risk --html report.html --json report.json                    As a page, and for programs
  riskport report my-risk --baseline-from 2026-01-01 --baseline-to 2026-02-01      Against January
  riskport report my-risk --segment branch-7 --cutoff 0.05
  riskport report my-risk --watch                                                  Alarms, as they are raised"
)]
pub(super) struct Report {
    /// The model, for its champion, or one of its versions: NAME or NAME/VERSION
    #[arg(value_parser = model_or_version)]
    model: String,
    /// Decisions of this day or later [default: 90 days before the end]
    #[arg(long, value_name = "DAY", value_parser = moment)]
    from: Option<Timestamp>,
    /// Decisions before this day [default: all to this day]
    #[arg(long, value_name = "DAY", value_parser = moment)]
    to: Option<Timestamp>,
    /// Only decisions of this segment
    #[arg(long, value_name = "TAG")]
    segment: Option<String>,
    /// Compare with the version's own decisions from this day on, in place of its training profile
    #[arg(long, value_name = "DAY", value_parser = moment, requires = "baseline_to")]
    baseline_from: Option<Timestamp>,
    /// Compare with those before this day
    #[arg(long, value_name = "DAY", value_parser = moment, requires = "baseline_from")]
    baseline_to: Option<Timestamp>,
    /// The probability from which on a subject is taken for bad where versions are compared [default: the share of bad ones]
    #[arg(long, value_name = "PROBABILITY")]
    cutoff: Option<f64>,
    /// Show every row of every table
    #[arg(long)]
    all: bool,
    /// Write the report as JSON, as the contract has it; - for standard output, and nothing else there
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the report as one HTML page that needs nothing else
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print the alarms there are, and each that comes, until Ctrl-C
    #[arg(long, conflicts_with_all = ["from", "to", "segment", "baseline_from", "cutoff", "all", "json", "html"])]
    watch: bool,
    #[command(flatten)]
    connection: Connection,
}

type Client = RiskModelServiceClient<SignedChannel>;

impl Report {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let mut client = Client::new(self.connection.open().await?);
        if self.watch {
            return watch::follow(&mut client, &self.model).await;
        }
        let request = GetModelReportRequest {
            name: self.model,
            start_time: self.from,
            end_time: self.to,
            segment: self.segment.unwrap_or_default(),
            baseline_start_time: self.baseline_from,
            baseline_end_time: self.baseline_to,
            cutoff: self.cutoff.unwrap_or_default(),
        };
        let report = fetch(&mut client, request).await?;
        if let Some(path) = &self.html {
            write(path, &page::page(&content::document(&report, Detail::Page)))?;
        }
        if let Some(path) = &self.json {
            let text = Contract::open()?.write("riskport.risk.v1.ModelReport", &report)?;
            if path.as_os_str() == "-" {
                return say(&text);
            }
            write(path, &format!("{text}\n"))?;
        }
        let detail = if self.all { Detail::All } else { Detail::Usual };
        say(&terminal::told(&content::document(&report, detail), &Style::of_stdout()))?;
        for path in self.html.iter().chain(&self.json) {
            say(&format!("written to {}", path.display()))?;
        }
        Ok(())
    }
}

/// The report of a model's champion in a few lines, and as a page.
pub(super) async fn in_short(channel: SignedChannel, model: &str, style: &Style) -> Result<(String, String), Failure> {
    let request = GetModelReportRequest { name: model.to_owned(), ..GetModelReportRequest::default() };
    let report = fetch(&mut Client::new(channel), request).await?;
    let told = terminal::told(&content::document(&report, Detail::Short), style);
    Ok((told, page::page(&content::document(&report, Detail::Page))))
}

async fn fetch(client: &mut Client, request: GetModelReportRequest) -> Result<ModelReport, Failure> {
    let ask = async |mut client: Client, request| client.get_model_report(request).await;
    let asked = Patience::default().call(client, &request, ask).await.map_err(|status| refused(&status))?;
    asked.report.ok_or_else(|| Failure::new("the server answered without a report"))
}

/// Writes a file, or says why not.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))
}
