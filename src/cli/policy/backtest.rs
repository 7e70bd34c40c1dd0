//! `riskport policy backtest`: replays the past under a version.

use indicatif::{ProgressBar, ProgressStyle};

use super::{Client, push::not_there, report, short, version};
use crate::{
    cli::{
        Failure, refused, say,
        time::{LAST_SECOND, midnight},
    },
    rpc::proto::fraud::{BacktestPolicyRequest, BacktestReport},
};

/// Replay stored events under a version, and say what it would have changed; nothing that decides is touched
#[derive(Debug, clap::Args)]
#[command(after_help = "Stored events are those that were checked, and those that were recorded as history and never
decided: their old decision is shown as -. Frauds and genuine ones are those that were reported as
such. The features of each event are those of its own time; the lists and the model those of now.

Examples:
  riskport policy backtest payments/2 --key north.pem --as north-bank       Over all that is stored
  riskport policy backtest payments/2 --start 2026-01-01 --end 2026-02-01 \\
      --key north.pem --as north-bank")]
pub(super) struct Backtest {
    /// The version: NAME/VERSION
    #[arg(value_parser = version)]
    name: String,
    /// Events of this day in UTC or later [default: all]
    #[arg(long, value_name = "DATE")]
    start: Option<jiff::civil::Date>,
    /// Events before this day in UTC [default: all]
    #[arg(long, value_name = "DATE")]
    end: Option<jiff::civil::Date>,
}

impl Backtest {
    pub(super) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        let request = BacktestPolicyRequest {
            name: self.name.clone(),
            start_time: Some(midnight(self.start, 0)?),
            end_time: Some(midnight(self.end, LAST_SECOND)?),
        };
        let report = replay(client, request).await?;
        let day =
            |day: Option<jiff::civil::Date>, otherwise: &str| day.map_or(otherwise.to_owned(), |day| day.to_string());
        let period = match (self.start, self.end) {
            (None, None) => "all stored events".to_owned(),
            (start, end) => format!("events from {} to before {}", day(start, "the first"), day(end, "now")),
        };
        say(&report::told(&short(&self.name), &period, &report))
    }
}

/// Asks for the report, and shows how far it is where standard error is a terminal.
async fn replay(client: &mut Client, request: BacktestPolicyRequest) -> Result<BacktestReport, Failure> {
    let mut pieces = client.backtest_policy(request).await.map_err(|status| not_there(&status))?.into_inner();
    let style = ProgressStyle::with_template("  replaying {bar:40} {pos} of {len} entries, {eta} left")?;
    let bar = ProgressBar::new(0).with_style(style);
    let mut report = None;
    while let Some(piece) = pieces.message().await.map_err(|status| refused(&status))? {
        bar.set_length(u64::try_from(piece.events_total).unwrap_or_default());
        bar.set_position(u64::try_from(piece.events_read).unwrap_or_default());
        report = piece.report.or(report);
    }
    bar.finish_and_clear();
    report.ok_or_else(|| Failure::new("the server ended the backtest without a report: try again"))
}
