//! `riskport replay`: labelled events of any CSV file through the real calls, and how well frauds were found.

pub(super) mod columns;
pub(super) mod drive;
pub(super) mod figures;

use std::{
    collections::BTreeMap,
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use comfy_table::{CellAlignment, Table, presets::NOTHING};
use indicatif::{ProgressBar, ProgressStyle};

use self::{
    columns::{Columns, Row},
    drive::{CHUNK, Driver},
    figures::{Judged, figures},
};
use super::{Failure, client::Connection, say};

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// Drive labelled events through the real calls, with outcomes as late as they are, and say how well frauds were found
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Replay {
    /// The events, CSV with a header, in the order of their time or nearly so
    file: PathBuf,
    /// What the columns are, TOML [default: those that `riskport simulate` writes]
    #[arg(long, value_name = "FILE")]
    columns: Option<PathBuf>,
    /// After how many days a fraud becomes known and is reported
    #[arg(long, default_value_t = 7.0, value_name = "DAYS")]
    label_delay: f64,
    /// Report no frauds at all
    #[arg(long, conflicts_with = "label_delay")]
    no_feedback: bool,
    /// Days at the beginning that are loaded as history, without decisions, and are not in the figures
    #[arg(long, default_value_t = 0.0, value_name = "DAYS")]
    warm_up: f64,
    /// Load everything as history: to export features from
    #[arg(long, conflicts_with = "warm_up")]
    only_record: bool,
    #[command(flatten)]
    connection: Connection,
}

const EXAMPLES: &str = "\
The tenant must be a sandbox whose clock is its events: riskport tenant create trial --mode sandbox-event-clock.
It should be new: what it already knows counts. Frauds are reported --label-delay after they happened; events that
are not frauds are reported as nothing. Recall is at the score that 1 % of genuine events reach, scene by scene.

A columns file says what is called otherwise, what is always the same, and how it is written:
  time_format = \"epoch_seconds\"        # or rfc3339
  fraud_labels = [\"1\"]
  minor_units = 100                    # the file's amounts are in whole units
  [columns]
  event_time = \"ts\"
  card = \"cc_num\"
  [constants]
  scene = \"payment\"

Examples:
  riskport replay events.csv --key trial.pem --as trial
  riskport replay events.csv --warm-up 14 --label-delay 1 --key trial.pem --as trial
  riskport replay cards.csv --columns cards.toml --no-feedback --key trial.pem --as trial
  riskport replay events.csv --only-record --key trial.pem --as trial      Then riskport export features";

impl Replay {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let columns = self.columns.as_deref().map(Columns::read).transpose()?.unwrap_or_default();
        let mut rows = read(&self.file, columns)?;
        let first = rows.first().map_or(0, |row| row.time_us);
        let warm_until = first.saturating_add(days(self.warm_up)?);
        let live = if self.only_record { rows.len() } else { rows.partition_point(|row| row.time_us < warm_until) };
        let delay = if self.no_feedback { None } else { Some(days(self.label_delay)?) };
        let mut driver = Driver::new(self.connection.open().await?, delay);
        let checked = rows.split_off(live);
        let bar = bar("loading", rows.len())?;
        driver.record(rows, |events| bar.set_position(events)).await?;
        bar.finish_and_clear();
        if self.only_record {
            return say(&format!("{live} events are loaded"));
        }
        let started = std::time::Instant::now();
        let judged = check(&mut driver, &checked).await?;
        let seconds = started.elapsed().as_secs_f64();
        say(&table(&checked, &judged))?;
        #[allow(clippy::cast_precision_loss, reason = "for a person")]
        let rate = checked.len() as f64 / seconds.max(1e-9);
        say(&format!("\n{} events loaded, {} checked in {seconds:.0} s ({rate:.0}/s)", live, checked.len()))
    }
}

fn days(days: f64) -> Result<i64, Failure> {
    if !(0.0..=3_650.0).contains(&days) {
        return Err(Failure::new("days must be 0 to 3650"));
    }
    #[allow(clippy::cast_possible_truncation, reason = "checked to be small")]
    let whole_us = (days * 86_400e6) as i64;
    debug_assert!(whole_us <= 3_650 * DAY_US);
    Ok(whole_us)
}

fn read(path: &Path, columns: Columns) -> Result<Vec<Row>, Failure> {
    let file = File::open(path).map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    let mut reader = csv::Reader::from_reader(BufReader::new(file));
    let reading = columns.find(reader.headers()?)?;
    let mut rows = Vec::new();
    for (at, record) in reader.records().enumerate() {
        rows.push(reading.row(at, &record?)?);
    }
    if rows.is_empty() {
        return Err(Failure::new(format!("{} has no rows", path.display())));
    }
    Ok(rows)
}

fn bar(doing: &'static str, count: usize) -> Result<ProgressBar, Failure> {
    let style = ProgressStyle::with_template("{msg:10} {bar:40} {pos} of {len} events, {eta} left")?;
    Ok(ProgressBar::new(u64::try_from(count)?).with_style(style).with_message(doing))
}

async fn check(driver: &mut Driver, rows: &[Row]) -> Result<Vec<Judged>, Failure> {
    let bar = bar("checking", rows.len())?;
    let mut judged = Vec::with_capacity(rows.len());
    for chunk in rows.chunks(CHUNK) {
        judged.extend(driver.check(chunk).await?);
        bar.set_position(u64::try_from(judged.len())?);
    }
    bar.finish_and_clear();
    Ok(judged)
}

fn table(rows: &[Row], judged: &[Judged]) -> String {
    let mut scenes: BTreeMap<&str, Vec<Judged>> = BTreeMap::new();
    for (row, judged) in rows.iter().zip(judged) {
        scenes.entry(&row.scene).or_default().push(*judged);
    }
    let mut table = Table::new();
    table.load_preset(NOTHING);
    table.set_header(["SCENE", "EVENTS", "FRAUDS", "AUC", "AP", "RECALL AT 1 %", "FRAUDS STOPPED", "GENUINE STOPPED"]);
    let all = ("all", judged.to_vec());
    for (scene, judged) in scenes.into_iter().chain([all]) {
        let events = judged.len();
        match figures(judged) {
            None => table.add_row([scene, &events.to_string(), "none, or nothing but"]),
            Some(one) => table.add_row([
                scene.to_owned(),
                one.events.to_string(),
                one.frauds.to_string(),
                format!("{:.4}", one.auc),
                format!("{:.4}", one.average_precision),
                format!("{:.3}", one.recall_at_1),
                format!("{:.1} %", one.stopped_frauds * 100.0),
                format!("{:.2} %", one.stopped_genuine * 100.0),
            ]),
        };
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}
