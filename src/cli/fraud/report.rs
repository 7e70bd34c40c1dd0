//! `riskport report-fraud`: what became of an event.

use prost_types::Timestamp;

use super::open;
use crate::{
    cli::{
        Failure,
        client::Connection,
        new_id, refused, say,
        time::{minute, moment, now},
    },
    rpc::proto::fraud::{FraudLabel, FraudOutcome, ReportFraudOutcomeRequest, fraud_outcome::Target},
};

/// Report what an event turned out to be: it counts in features, and in backtests
#[derive(Debug, clap::Args)]
#[command(after_help = "A later report corrects an earlier one, from then on; unsure takes a label back.

Examples:
  riskport report-fraud payment-17 --label fraud --key north.pem --as north-bank
  riskport report-fraud payment-17 --label genuine --key north.pem --as north-bank      It was none after all
  riskport report-fraud row-3 --label charge-back --known 2026-01-08 --key trial.pem --as trial")]
pub(in crate::cli) struct ReportFraud {
    /// The id that the event was checked or recorded under, its `request_id`
    event: String,
    /// What it turned out to be
    #[arg(long, value_parser = ["fraud", "genuine", "charge-back", "unsure"])]
    label: String,
    /// When that became known: a day in UTC, or a time [default: now]
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    known: Option<Timestamp>,
    /// The id of this report, so that sending it again adds nothing [default: a new one]
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

impl ReportFraud {
    pub(in crate::cli) async fn run(self) -> Result<(), Failure> {
        let label = format!("FRAUD_LABEL_{}", self.label.replace('-', "_").to_uppercase());
        let outcome = FraudOutcome {
            target: Some(Target::Event(self.event.clone())),
            label: FraudLabel::from_str_name(&label).unwrap_or_default() as i32,
            known_time: Some(self.known.unwrap_or_else(now)),
            ..FraudOutcome::default()
        };
        let request_id = self.id.unwrap_or_else(new_id);
        let request = ReportFraudOutcomeRequest { request_id, outcome: Some(outcome) };
        let reported = open(&self.connection).await?.report_fraud_outcome(request).await;
        let reported = reported.map_err(|status| refused(&status))?.into_inner();
        let since = minute(reported.effective_time);
        let again = if reported.repeated_report { " (this report was stored before)" } else { "" };
        say(&format!("{} is known as {} from {since} UTC on{again}", self.event, self.label))
    }
}
