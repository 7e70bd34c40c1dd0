//! `riskport export`: what was known before each stored event, as a file to train on.

use std::{fs::File, io::BufWriter, path::PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use super::{
    Failure,
    client::Connection,
    refused, say,
    time::{LAST_SECOND, midnight},
};
use crate::rpc::proto::fraud::{
    ExportFeaturesRequest, ExportedEvent, FraudLabel, fraud_check_service_client::FraudCheckServiceClient,
};

/// What can be exported.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Export {
    /// What was known before each event of a period, with what the event turned out to be, as CSV
    Features(Features),
}

/// What was known before each event of a period, with what the event turned out to be, as CSV
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Columns: request_id, scene_name, event_time, label (fraud, genuine, charge_back, unsure, or empty), truncated (0 or
1), and the features: an empty field is a missing one, a flag 0 or 1, a category its place in its list. They are computed by
the code that decides, in the order in which it decided: what a model is trained on is what it will be asked.

Examples:
  riskport export features --out features.csv --key north.pem --as north-bank
  riskport export features --start 2026-01-01 --end 2026-03-01 --out spring.csv --key north.pem --as north-bank
  riskport export features --features card_count_1h,card_frauds_7d --out two.csv --key north.pem --as north-bank")]
pub(super) struct Features {
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Events of this day in UTC or later [default: all]
    #[arg(long, value_name = "DATE")]
    start: Option<jiff::civil::Date>,
    /// Events before this day in UTC [default: all]
    #[arg(long, value_name = "DATE")]
    end: Option<jiff::civil::Date>,
    /// Only these features, with commas between them [default: all]
    #[arg(long = "features", value_name = "NAMES", value_delimiter = ',')]
    only: Vec<String>,
    #[command(flatten)]
    connection: Connection,
}

impl Export {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let Self::Features(features) = self;
        features.run().await
    }
}

impl Features {
    async fn run(self) -> Result<(), Failure> {
        let mut client = FraudCheckServiceClient::new(self.connection.open().await?);
        let request = ExportFeaturesRequest {
            start_time: Some(midnight(self.start, 0)?),
            end_time: Some(midnight(self.end, LAST_SECOND)?),
            features: self.only,
        };
        let mut pieces = client.export_features(request).await.map_err(|status| refused(&status))?.into_inner();
        let mut file = csv::Writer::from_writer(BufWriter::new(File::create(&self.out)?));
        let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template("{bar:40} {pos} of {len} entries read")?);
        let mut events = 0_usize;
        while let Some(piece) = pieces.message().await.map_err(|status| refused(&status))? {
            if !piece.columns.is_empty() {
                let fixed = ["request_id", "scene_name", "event_time", "label", "truncated"];
                file.write_record(fixed.into_iter().chain(piece.columns.iter().map(String::as_str)))?;
            }
            for row in &piece.rows {
                file.write_record(record(row))?;
            }
            events += piece.rows.len();
            bar.set_length(u64::try_from(piece.events_total).unwrap_or_default());
            bar.set_position(u64::try_from(piece.events_read).unwrap_or_default());
        }
        file.flush()?;
        bar.finish_and_clear();
        say(&format!("{events} events in {}", self.out.display()))
    }
}

fn record(row: &ExportedEvent) -> Vec<String> {
    let time = row.event_time.unwrap_or_default();
    let time = jiff::Timestamp::new(time.seconds, time.nanos).map(|time| time.to_string()).unwrap_or_default();
    let label = match row.label() {
        FraudLabel::Unspecified => "",
        FraudLabel::Fraud => "fraud",
        FraudLabel::Genuine => "genuine",
        FraudLabel::ChargeBack => "charge_back",
        FraudLabel::Unsure => "unsure",
    };
    let truncated = if row.features_truncated { "1" } else { "0" };
    let fixed = [row.request_id.as_str(), &row.scene, &time, label, truncated].map(str::to_owned);
    let value = |value: &f64| if value.is_nan() { String::new() } else { value.to_string() };
    fixed.into_iter().chain(row.values.iter().map(value)).collect()
}
