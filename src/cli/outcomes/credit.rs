//! `riskport outcomes credit`.

use tokio_stream::StreamExt;

use super::{
    Source, derived_id, report,
    send::Answer,
    table::{self, Cells, flag, named},
};
use crate::{
    cli::{Failure, time::moment},
    domain::{
        ids::{DecisionId, RequestId},
        money::Money as Amount,
        text,
    },
    rpc::proto::{
        common::{ItemError, Money},
        credit::{
            CreditAction, CreditPerformance, ReportCreditOutcomeRequest, StreamReportCreditOutcomeRequest,
            credit_score_service_client::CreditScoreServiceClient,
            stream_report_credit_outcome_response::Result as Item,
        },
    },
};

/// The columns, and whether a file must have each.
const COLUMNS: [(&str, bool); 9] = [
    ("decision", true),
    ("request_id", false),
    ("action", false),
    ("override_reason", false),
    ("defaulted", false),
    ("days_past_due", false),
    ("amount_minor", false),
    ("currency", false),
    ("observed", true),
];
/// What can have been done.
const ACTIONS: [&str; 4] = ["approved", "refused", "overridden_approved", "overridden_refused"];
/// The longest that something can be overdue.
const MAX_DAYS_PAST_DUE: i32 = 36_500;

/// Report what became of scored applicants: what was done, and how accounts performed
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Columns, in any order:
  decision         required: decisions/ID as the answer had it, or the ID
  observed         required: when this was so, a day in UTC or a time (2026-12-31T18:00:00+08:00)
  action           approved, refused, overridden-approved or overridden-refused
  override_reason  why a person overrode the policy
  defaulted        true or false
  days_past_due, amount_minor, currency
  request_id       the id of this report [default: made of the row, so that a file can be sent again]
Each row has an action, or says whether the account defaulted. What is wrong is told before anything is sent; a row that the
server refuses stops no other.

Examples:
  riskport outcomes credit outcomes.csv --key north.pem --as north-bank
  riskport outcomes credit outcomes.csv --refused refused.csv --key north.pem --as north-bank")]
pub(in crate::cli) struct Credit {
    #[command(flatten)]
    source: Source,
}

impl Credit {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let rows = table::read(&self.source.file, &COLUMNS, read)?;
        let channel = self.source.connection.open().await?;
        let open = async |requests| {
            let requests =
                StreamExt::map(requests, |request| StreamReportCreditOutcomeRequest { request: Some(request) });
            let answers = CreditScoreServiceClient::new(channel.clone()).stream_report_credit_outcome(requests).await?;
            Ok(answers.into_inner().map(|answer| {
                answer.map(|answer| Answer {
                    request_id: answer.request_id,
                    result: match answer.result {
                        Some(Item::Response(_)) => Ok(answer.replayed),
                        Some(Item::Error(error)) => Err(error),
                        None => Err(ItemError::default()),
                    },
                })
            }))
        };
        report(&rows, &open, self.source.refused.as_deref()).await
    }
}

/// A report of a row.
fn read(cells: &mut Cells) -> Option<(String, ReportCreditOutcomeRequest)> {
    let decision = cells.require("decision", |text| DecisionId::parse(text.trim_start_matches("decisions/")));
    let request_id = cells.take("request_id", RequestId::parse);
    let observed = cells.require("observed", moment);
    let action = cells.take("action", |text| named(text, "CREDIT_ACTION_", &ACTIONS, CreditAction::from_str_name));
    let override_reason = override_reason(cells, action);
    let performance = performance(cells);
    if cells.text("action").is_empty() && cells.text("defaulted").is_empty() {
        cells.wrong("defaulted", "is required when there is no action");
    }
    let mut report = ReportCreditOutcomeRequest {
        request_id: String::new(),
        decision: format!("decisions/{}", decision?),
        action: action.map_or(0, i32::from),
        override_reason,
        performance,
        observe_time: Some(observed?),
    };
    report.request_id = request_id.map_or_else(|| derived_id(&report), |id| id.as_str().to_owned());
    Some((report.request_id.clone(), report))
}

fn override_reason(cells: &mut Cells, action: Option<CreditAction>) -> String {
    if let Some(CreditAction::OverriddenApproved | CreditAction::OverriddenRefused) = action {
        return cells.require("override_reason", |reason| text::plain(reason, 1, 256)).unwrap_or_default();
    }
    // Of an action that is wrong it is not known whether it needs one.
    let known = action.is_some() || cells.text("action").is_empty();
    if known && !cells.text("override_reason").is_empty() {
        cells.wrong("override_reason", "must be empty when nothing was overridden");
    }
    String::new()
}

fn performance(cells: &mut Cells) -> Option<CreditPerformance> {
    let defaulted = cells.take("defaulted", flag);
    let days_past_due = cells.take("days_past_due", |text| match text.parse() {
        Ok(days) if (0..=MAX_DAYS_PAST_DUE).contains(&days) => Ok(days),
        _ => Err(format!("must be 0 to {MAX_DAYS_PAST_DUE}")),
    });
    let minor = cells.take("amount_minor", |text| {
        text.parse::<i64>().map_err(|_| "must be a whole number of minor units".to_owned())
    });
    let currency = cells.text("currency").to_owned();
    let amount = match (minor, currency.as_str()) {
        (None, "") => None,
        (None, _) => {
            cells.wrong("amount_minor", "is required with a currency");
            None
        }
        (Some(minor), currency) => {
            let columns = |field| if field == "amount_minor" { field } else { "currency" };
            let checked = Amount::not_negative(currency, minor);
            for (field, rule) in checked.err().unwrap_or_default() {
                cells.wrong(columns(field), &rule);
            }
            Some(Money { currency_code: currency.to_owned(), amount_minor: minor })
        }
    };
    if cells.text("defaulted").is_empty() {
        for column in ["days_past_due", "amount_minor", "currency"] {
            if !cells.text(column).is_empty() {
                cells.wrong(column, "needs `defaulted` beside it");
            }
        }
    }
    Some(CreditPerformance { defaulted: defaulted?, days_past_due, amount })
}
