//! `riskport torture`: the server held against what it promises under load and attack, on this machine.
//!
//! Each scenario starts `riskport serve` as a process of its own, on a database of its own, onboards tenants through the real
//! calls, and compares in rounds that take turns. The generator and the server have a core each; how busy and how late the
//! generator was is always told, for a figure of a saturated generator says nothing of the server.

mod attacks;
mod generator;
mod neighbour;
mod onboarding;
mod overload;
mod process;
mod promise;
mod soak;
mod tenants;
mod world;

use std::{collections::BTreeSet, fs, path::PathBuf, time::Duration};

use comfy_table::{CellAlignment, Table, presets::NOTHING};

use self::{
    generator::Round,
    promise::{Board, Kind, Promise},
    world::Site,
};
use super::{
    Failure,
    load::{
        cores::{Core, Cores},
        machine::Machine,
    },
    say,
};

/// Hold the server against its promises: thousands of tenants, a noisy neighbour, overload, attacks, hours
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Torture {
    /// What to do to it [default: all but soak]
    #[arg(value_enum, value_name = "SCENARIO")]
    scenarios: Vec<Scenario>,
    /// Everything small and the longest attacks left out, in less than a minute: counts are right, times mean little
    #[arg(long)]
    short: bool,
    /// Rounds of each scenario; what is compared takes turns within one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: Option<u32>,
    /// How long a measurement is, in seconds; overload itself takes six times as long [default: 10]
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=120))]
    seconds: Option<u64>,
    /// How long the soak is, in minutes
    #[arg(long, default_value_t = 2, value_name = "M", value_parser = clap::value_parser!(u64).range(1..=50))]
    minutes: u64,
    /// Only the attacks whose names have this in them
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Folder on the disk to use: databases are made in it, and removed [default: the temporary folder]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Empty PostgreSQL database to run on instead; what is written to it stays
    // Not from the environment, where the URL of a database in use may stand.
    #[arg(long, value_name = "URL", conflicts_with = "data_dir")]
    database_url: Option<String>,
    /// Fail on every promise that is missed, not only on counts: for a quiet machine
    #[arg(long)]
    strict: bool,
    /// Write every figure of every round here
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Figures are medians over the rounds, with the least and the most. A count that is promised must
hold in every round, and ends the command with 1 when it does not; a time or a size does so only
with --strict, for it depends on the machine. The server is a process of its own, on loopback.

Examples:
  riskport torture
  riskport torture --short                                 Counts, in less than a minute
  riskport torture overload --rounds 5 --json figures.json
  riskport torture attacks --only reset                    The attacks with resets
  riskport torture soak --minutes 30
  riskport torture neighbour --database-url postgres://postgres@127.0.0.1/riskport_torture";

/// What can be done to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Scenario {
    /// One tenant against thousands, under the same load
    Tenants,
    /// A tenant far beyond its quota beside one within it
    Neighbour,
    /// Three times as many calls as can be answered
    Overload,
    /// Hostile connections beside an honest one
    Attacks,
    /// Half load with a few hostile calls, for minutes
    Soak,
}

impl Scenario {
    const fn name(self) -> &'static str {
        match self {
            Self::Tenants => tenants::NAME,
            Self::Neighbour => neighbour::NAME,
            Self::Overload => overload::NAME,
            Self::Attacks => attacks::NAME,
            Self::Soak => soak::NAME,
        }
    }
}

/// What a scenario works with.
struct Run {
    site: Site,
    /// The generator's core.
    core: Core,
    board: Board,
    short: bool,
    rounds: u32,
    /// How long a measurement is.
    length: Duration,
    /// When the generator was too busy or too late for its figures to say much of the server.
    doubtful: BTreeSet<String>,
}

impl Torture {
    pub(super) async fn run(self) -> Result<(), Failure> {
        if cfg!(debug_assertions) {
            eprintln!("WARNING: this is a DEBUG build, and its times mean nothing: cargo run --release -- torture");
        }
        let (machine, cores) = (Machine::look(), Cores::choose());
        let length = self.seconds.unwrap_or(if self.short { 1 } else { 10 });
        let mut run = Run {
            site: Site::new(self.data_dir.clone(), self.database_url.clone(), cores),
            core: Core::start("torture-generator", cores.client)?,
            board: Board::default(),
            short: self.short,
            rounds: self.rounds.unwrap_or(if self.short { 1 } else { 3 }),
            length: Duration::from_secs(length),
            doubtful: BTreeSet::new(),
        };
        for scenario in self.scenarios() {
            eprintln!("{}:", scenario.name());
            match scenario {
                Scenario::Tenants => tenants::run(&mut run).await?,
                Scenario::Neighbour => neighbour::run(&mut run).await?,
                Scenario::Overload => overload::run(&mut run).await?,
                Scenario::Attacks => attacks::run(&mut run, self.only.as_deref()).await?,
                Scenario::Soak => soak::run(&mut run, Duration::from_secs(60 * self.minutes)).await?,
            }
            say(&format!("{}\n", table(scenario.name(), &run.board)))?;
        }
        say(&self.describe(&run, &machine, cores))?;
        if !run.doubtful.is_empty() {
            let when: Vec<&str> = run.doubtful.iter().map(String::as_str).collect();
            let what = "the generator was too busy or too late: its own delay is in these times";
            say(&format!("DOUBTFUL   {what}: {}", when.join(", ")))?;
        }
        if let Some(path) = &self.json {
            let figures = serde_json::json!({ "machine": machine.describe(), "promises": run.board.json() });
            fs::write(path, serde_json::to_string_pretty(&figures)?)
                .map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))?;
        }
        self.verdict(&run.board)
    }

    fn scenarios(&self) -> Vec<Scenario> {
        if self.scenarios.is_empty() {
            vec![Scenario::Tenants, Scenario::Neighbour, Scenario::Overload, Scenario::Attacks]
        } else {
            self.scenarios.clone()
        }
    }

    fn describe(&self, run: &Run, machine: &Machine, cores: Cores) -> String {
        let build = if cfg!(debug_assertions) { "DEBUG BUILD: times mean nothing" } else { "optimised build" };
        let sides = match cores {
            Cores { server: Some(server), client: Some(client) } => {
                format!("server on core {server}, generator and attackers on core {client}")
            }
            _ => "server and generator share ONE core: the times are of both together".to_owned(),
        };
        let database = if self.database_url.is_some() { "PostgreSQL" } else { "SQLite, WAL, synchronous=FULL" };
        format!(
            "rounds     {}, measurements of {} s\ncores      {sides}\nmachine    {}\ndatabase   {database}\nriskport   {}, {build}",
            run.rounds,
            run.length.as_secs(),
            machine.describe(),
            env!("CARGO_PKG_VERSION")
        )
    }

    fn verdict(&self, board: &Board) -> Result<(), Failure> {
        let (counts, timings) = (board.missed(Kind::Count), board.missed(Kind::Timing));
        if counts > 0 || (self.strict && timings > 0) {
            return Err(Failure::new(format!("missed: {counts} counts, {timings} times and sizes")));
        }
        Ok(())
    }
}

fn table(scenario: &str, board: &Board) -> String {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    table.set_header([scenario, "median (least-most)", "promised", ""]);
    for line in board.lines(scenario) {
        table.add_row(line);
    }
    if let Some(figures) = table.column_mut(1) {
        figures.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

impl Run {
    /// Tells how busy and how late the generator itself was in a round: a figure of a saturated one says nothing.
    fn tell_generator(&mut self, scenario: &'static str, when: &str, round: &Round) {
        self.board
            .add(Promise::told(scenario, format!("generator busy {when}, % of its core"), 0), round.busy_percent());
        self.board.add(Promise::told(scenario, format!("generator late {when}, p99, ms"), 2), round.lateness_p99_ms());
        if round.busy_percent() > MOST_BUSY || round.lateness_p99_ms() > MOST_LATE_MS {
            self.doubtful.insert(format!("{scenario} {when}"));
        }
    }
}

/// From when on the generator counts as saturated, in percent of its core and in milliseconds behind its own schedule.
const MOST_BUSY: f64 = 85.0;
const MOST_LATE_MS: f64 = 2.0;

/// Bytes as MiB.
#[expect(clippy::cast_precision_loss, reason = "no process has 2^52 bytes")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// A count as a figure.
#[expect(clippy::cast_precision_loss, reason = "nothing here is counted to 2^52")]
fn figure(count: impl TryInto<u64>) -> f64 {
    count.try_into().unwrap_or(u64::MAX) as f64
}
