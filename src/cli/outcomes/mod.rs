//! `riskport outcomes`: what became of many decisions, from a CSV file.
//!
//! `table` reads cells, `credit` and `fraud` make reports of them, `send` sends these over a stream and takes the answers.

mod credit;
mod fraud;
mod send;
mod table;

use std::path::{Path, PathBuf};

use comfy_table::{CellAlignment, Table, presets::NOTHING};
use indicatif::{ProgressBar, ProgressStyle};
use prost::Message;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::Status;

use self::{
    send::{Answer, Sent, send},
    table::Rows,
};
use super::{Failure, client::Connection, money::count, say};
use crate::{rpc::proto::common::ItemError, vault};

/// How many digits of a digest make an id: 128 bits.
const DERIVED_DIGITS: usize = 32;

/// Report what became of many decisions, from a CSV file
#[derive(Debug, clap::Subcommand)]
pub(super) enum Outcomes {
    /// Report what became of scored applicants: what was done, and how accounts performed
    Credit(credit::Credit),
    /// Report what checked events turned out to be
    Fraud(fraud::Fraud),
}

/// What both have.
#[derive(Debug, clap::Args)]
struct Source {
    /// The CSV file; its first line names the columns
    file: PathBuf,
    /// Write the rows that were refused to this file, with the reason of each
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

impl Outcomes {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Credit(credit) => credit.run().await,
            Self::Fraud(fraud) => fraud.run().await,
        }
    }
}

/// The id of a report that came without one: it follows from what is reported, so that a file can be sent again.
fn derived_id(report: &impl Message) -> String {
    let digest = vault::hex(&vault::sha256(&[&report.encode_to_vec()]));
    format!("outcome-{}", digest.get(..DERIVED_DIGITS).unwrap_or_default())
}

/// Sends all rows, and tells what became of them. Fails when one was refused.
async fn report<R: Clone + Send + 'static, A>(
    rows: &Rows<R>,
    open: &impl AsyncFn(ReceiverStream<R>) -> Result<A, Status>,
    refused: Option<&Path>,
) -> Result<(), Failure>
where
    A: Stream<Item = Result<Answer, Status>> + Unpin,
{
    let style =
        ProgressStyle::with_template("  {msg:<20} {bar:40} {pos}/{len}, {eta} left")?.progress_chars("█▉▊▋▌▍▎▏ ");
    let bar = ProgressBar::new(u64::try_from(rows.rows.len())?).with_style(style).with_message("reporting outcomes");
    let sent = send(&rows.rows, open, &bar).await;
    bar.finish_and_clear();
    let sent = sent?;
    say(&told(&sent))?;
    if let Some(path) = refused {
        rows.write_refused(path, &sent.refused)?;
        say(&format!("refused rows are in {}", path.display()))?;
    }
    match sent.refused.len() {
        0 => Ok(()),
        some => Err(Failure::new(format!("{some} of {} rows were refused", rows.rows.len()))),
    }
}

/// How many rows were stored, were there before, or were refused, by reason with the first of each.
fn told(sent: &Sent) -> String {
    let mut reasons: Vec<(String, usize, &ItemError)> = Vec::new();
    for (line, error) in &sent.refused {
        match reasons.iter_mut().find(|(_, _, first)| first.reason == error.reason) {
            Some((_, number, _)) => *number += 1,
            None => reasons.push((format!("line {line}: {}", table::sentence(error)), 1, error)),
        }
    }
    let mut table = Table::new();
    table.load_preset(NOTHING).set_header(["OUTCOMES", "ROWS", ""]);
    let of = |number: usize| count(i64::try_from(number).unwrap_or(i64::MAX));
    table.add_row(["stored", &of(sent.stored), ""]);
    table.add_row(["repeated", &of(sent.repeated), "they had been stored before, and nothing was added"]);
    for (first, number, error) in &reasons {
        table.add_row([&format!("refused {}", error.reason), &of(*number), first]);
    }
    for column in table.column_iter_mut().skip(1).take(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}
