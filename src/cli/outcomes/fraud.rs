//! `riskport outcomes fraud`.

use std::collections::HashMap;

use tokio_stream::StreamExt;

use super::{
    Source, derived_id, report,
    send::Answer,
    table::{self, Cells, named},
};
use crate::{
    cli::{Failure, time::moment},
    domain::ids::RequestId,
    rpc::proto::{
        common::ItemError,
        fraud::{
            FraudLabel, FraudOutcome, PartnerAction, ReportFraudOutcomeRequest, StreamReportFraudOutcomeRequest,
            fraud_check_service_client::FraudCheckServiceClient, fraud_outcome::Target,
            stream_report_fraud_outcome_response::Result as Item,
        },
    },
};

/// The columns, and whether a file must have each.
const COLUMNS: [(&str, bool); 5] =
    [("event", true), ("request_id", false), ("label", false), ("action", false), ("known", true)];
/// What an event can have turned out to be.
const LABELS: [&str; 4] = ["fraud", "genuine", "charge_back", "unsure"];
/// What can have been done.
const ACTIONS: [&str; 4] = ["challenge_passed", "challenge_failed", "released", "blocked"];

/// Report what checked events turned out to be
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Columns, in any order:
  event       required: the id that the event was checked or recorded under, its request_id; each at most once
  known       required: when it became known, a day in UTC or a time (2026-12-31T18:00:00+08:00)
  label       fraud, genuine, charge-back or unsure
  action      challenge-passed, challenge-failed, released or blocked
  request_id  the id of this report [default: made of the row, so that a file can be sent again]
Each row has a label or an action. What is wrong is told before anything is sent; a row that the server refuses stops no
other.

Examples:
  riskport outcomes fraud labels.csv --key north.pem --as north-bank
  riskport outcomes fraud labels.csv --refused refused.csv --key north.pem --as north-bank")]
pub(in crate::cli) struct Fraud {
    #[command(flatten)]
    source: Source,
}

impl Fraud {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let mut events = HashMap::new();
        let rows = table::read(&self.source.file, &COLUMNS, |cells| read(cells, &mut events))?;
        let channel = self.source.connection.open().await?;
        let open = async |requests| {
            let requests =
                StreamExt::map(requests, |request| StreamReportFraudOutcomeRequest { request: Some(request) });
            let answers = FraudCheckServiceClient::new(channel.clone()).stream_report_fraud_outcome(requests).await?;
            Ok(answers.into_inner().map(|answer| {
                answer.map(|answer| Answer {
                    request_id: answer.request_id,
                    result: match answer.result {
                        Some(Item::Response(response)) => Ok(response.repeated_report),
                        Some(Item::Error(error)) => Err(error),
                        None => Err(ItemError::default()),
                    },
                })
            }))
        };
        report(&rows, &open, self.source.refused.as_deref()).await
    }
}

/// A report of a row. `events` are those of earlier rows, with their lines: a row may have to be sent again after others, and the
/// later of two reports of one event would then not be the one that counts.
fn read(cells: &mut Cells, events: &mut HashMap<String, usize>) -> Option<(String, ReportFraudOutcomeRequest)> {
    let event = cells.require("event", RequestId::parse);
    let request_id = cells.take("request_id", RequestId::parse);
    let known = cells.require("known", moment);
    let label = cells.take("label", |text| named(text, "FRAUD_LABEL_", &LABELS, FraudLabel::from_str_name));
    let action = cells.take("action", |text| named(text, "PARTNER_ACTION_", &ACTIONS, PartnerAction::from_str_name));
    if cells.text("label").is_empty() && cells.text("action").is_empty() {
        cells.wrong("label", "is required when there is no action");
    }
    let event = event?.as_str().to_owned();
    if let Some(before) = events.insert(event.clone(), cells.line()) {
        cells.wrong("event", &format!("stands on line {before} already"));
    }
    let outcome = FraudOutcome {
        target: Some(Target::Event(event)),
        label: label.map_or(0, i32::from),
        action: action.map_or(0, i32::from),
        known_time: Some(known?),
    };
    let request_id = request_id.map_or_else(|| derived_id(&outcome), |id| id.as_str().to_owned());
    Some((request_id.clone(), ReportFraudOutcomeRequest { request_id, outcome: Some(outcome) }))
}
