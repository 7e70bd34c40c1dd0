//! `riskport simulate`: made-up customers, merchants, devices and frauds, to train and to try the fraud check on.
//!
//! Sets of real events with cards and devices cannot be had under clear terms, so this makes some. What is measured on them
//! is measured on simulated data, and never to be sold as anything else.
//!
//! `world`, `people` and `season` say where, who and when; `life`, `visit` and `occasions` are what customers do; `patterns`
//! are the frauds. They are pure, and know neither files nor the clock. `csv` and `table` write down what came of it.

mod csv;
mod event;
mod life;
mod occasions;
mod patterns;
mod people;
mod random;
mod season;
mod simulation;
mod table;
mod visit;
mod world;

use std::{
    fs::File,
    io::BufWriter,
    path::{Path, PathBuf},
};

use indicatif::{ProgressBar, ProgressStyle};

pub use self::{
    csv::{COLUMNS, EventWriter},
    event::{FraudMix, FraudPattern, SimulateSettings, SimulatedEvent, Variant},
    simulation::{simulate, simulate_with},
    table::Tally,
};
use super::{Failure, say};
use crate::domain::time::Timestamp;

/// Make up labelled events of customers and frauds, as a CSV file
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Simulate {
    /// How many days
    #[arg(long, default_value_t = 30, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=400))]
    days: u32,
    /// How many customers there are when it begins; one in a hundred joins each day
    #[arg(long, default_value_t = 20_000, value_name = "N", value_parser = clap::value_parser!(u32).range(50..=1_000_000))]
    customers: u32,
    /// What every random number comes from: the same seed gives the same file, everywhere
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The first day, in UTC
    #[arg(long, default_value = "2026-01-01", value_name = "DATE")]
    start: jiff::civil::Date,
    /// Which frauds: what a model learns from, or others with other rings, speeds and hours
    #[arg(long, default_value = "training", value_name = "NAME")]
    variant: Variant,
    /// Frauds among all events, in 10,000ths
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=2_000))]
    fraud_share: u32,
}

const EXAMPLES: &str = "\
Columns: request_id, scene, event_time (RFC 3339 with microseconds), utc_offset_minutes, amount_minor,
currency, account, card, device, ip, phone, email, address, merchant, terminal, beneficiary,
label (fraud or genuine), pattern (empty where genuine), known_after_hours (by nature).
An empty field means that the event has none. Everything is made up: nobody's card, phone or address.
The same seed has the same customers and shops in both variants and from any start.

Examples:
  riskport simulate --out events.csv                       20,000 customers for 30 days
  riskport simulate --days 5 --customers 2000 --seed 7 --out small.csv
  riskport simulate --start 2026-02-01 --variant unseen --seed 1 --out test.csv
                                                           The same people later, and frauds not seen before
  riskport simulate --fraud-share 300 --out much.csv       About 3 % fraud";

impl Simulate {
    pub(super) fn run(self) -> Result<(), Failure> {
        let start = self.start.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp().as_microsecond();
        let settings = SimulateSettings {
            seed: self.seed,
            start: Timestamp::from_micros(start),
            days: self.days,
            customers: self.customers,
            fraud: FraudMix::of_share(self.fraud_share),
            variant: self.variant,
        };
        let tally = write(&settings, &self.out)?;
        let (events, _) = tally.total();
        say(&format!("{}\n\n{events} events in {}", tally.tables(), self.out.display()))
    }
}

/// Simulates, and writes the events to a file.
fn write(settings: &SimulateSettings, path: &Path) -> Result<Tally, Failure> {
    let file = File::create(path).map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))?;
    let bar = progress("living", u64::from(settings.customers) + people::joining(settings))?;
    let events = simulate_with(settings, &mut |lived| bar.set_position(u64::try_from(lived).unwrap_or(0)));
    bar.finish_and_clear();
    let bar = progress("writing", u64::try_from(events.len())?)?;
    let (mut tally, mut writer) = (Tally::default(), EventWriter::new(BufWriter::new(file))?);
    for event in events {
        writer.write(&event)?;
        tally.add(&event);
        bar.inc(1);
    }
    writer.finish()?;
    bar.finish_and_clear();
    Ok(tally)
}

/// A progress bar on standard error; it hides itself where that is no terminal.
fn progress(what: &'static str, count: u64) -> Result<ProgressBar, Failure> {
    let style = ProgressStyle::with_template("  {msg:<8} {bar:40} {pos}/{len}")?.progress_chars("█▉▊▋▌▍▎▏ ");
    Ok(ProgressBar::new(count).with_style(style).with_message(what))
}
