//! The commands. They are gRPC clients of a running server, but for those that make keys or events, those that look
//! after a server's files (`doctor`, `backup`), and the demo, the bench and the torture, which run a server of their own.

mod audit;
mod backup;
mod bars;
mod bench;
pub mod client;
mod demo;
mod doctor;
mod export;
mod fraud;
mod health;
mod json;
mod key;
pub mod key_file;
mod list;
mod load;
mod model;
mod money;
mod outcomes;
mod pages;
mod policy;
mod price;
mod quotas;
mod records;
mod replay;
mod report;
mod sample;
mod serve;
pub mod simulate;
mod style;
mod tenant;
mod time;
mod token;
mod torture;
mod usage;

use std::{
    fmt,
    io::{self, Write},
};

use clap::{Parser, Subcommand};
use tonic_types::StatusExt;

/// Credit scores, fraud checks and risk models over gRPC for many institutions.
#[derive(Debug, Parser)]
#[command(name = "riskport", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  riskport demo                                     See it all at work, with real clients
  riskport serve                                    Serve on loopback, with an embedded database
  riskport key operator --out operator.pem          Make the first operator key
  riskport tenant create north-bank --key operator.pem
  riskport key new --out north.pem > north.jwk      Make a partner's key
  riskport model check model.txt                    What a model file is, and how fast it scores
  riskport report card-behaviour --html report.html How a model has done, and whether it drifts
  riskport usage --from 2026-11-01 --csv november.csv --key operator.pem
  riskport audit --tenant north-bank --key operator.pem
  riskport outcomes credit outcomes.csv             Report what became of decisions
  riskport check-fraud event.json                   Decide one event, with the reasons
  riskport policy check policy.toml                 What is wrong with a fraud policy
  riskport price check plan.toml                    Whether a rate plan's price ever falls, and a chart of it
  riskport simulate --out events.csv                Make up events and frauds to train and try on
  riskport doctor                                   What is wrong here, and what to do about it
  riskport backup --out riskport.backup.db          Copy the database of a running server
  riskport bench                                    Measure a score on this machine
  riskport torture overload attacks                 Hold it against what it promises under load and attack";

#[derive(Debug, Subcommand)]
enum Command {
    /// See it all at work: a server, a bank, and real clients scored, explained and checked
    Demo(demo::Demo),
    /// Serve the gRPC contract
    Serve(serve::Serve),
    /// Look at all that `serve` needs, and say what is wrong and what to do
    Doctor(doctor::Doctor),
    /// Ask a server whether it answers calls
    Health(health::Health),
    /// Copy the embedded database while the server runs
    Backup(backup::Backup),
    /// Make keys: a caller's, the first operator key, a master key
    #[command(subcommand)]
    Key(key::Key),
    /// Sign a short-lived token with a private key file
    Token(token::Token),
    /// Manage tenants and their keys on a running server
    Tenant(tenant::Tenant),
    /// Tell what tenants used: decisions by product and day, as a table or CSV
    Usage(usage::Usage),
    /// Tell who changed what, and when: tenants, keys, models, policies, lists, rate plans
    Audit(audit::Audit),
    /// Look at model files, and serve them: upload, compare, promote, roll back
    Model(Box<model::Model>),
    /// Report how a model has done: drift, discrimination, calibration, bands, groups, comparisons, alarms
    Report(Box<report::Report>),
    /// Report what became of many decisions, from a CSV file
    #[command(subcommand)]
    Outcomes(outcomes::Outcomes),
    /// Check one event for fraud: the decision, and why
    CheckFraud(fraud::CheckFraud),
    /// Report what an event turned out to be: it counts in features, and in backtests
    ReportFraud(fraud::ReportFraud),
    /// Write the rules of fraud checks: check, store, try over the past, put in charge
    Policy(policy::Policy),
    /// Price loans and insurance from risk: check rate plans, quote, simulate a portfolio
    Price(Box<price::Price>),
    /// Keep lists of cards, devices, accounts and more, for policies to name
    List(list::List),
    /// Write down what was known before each stored event, to train a model on
    #[command(subcommand)]
    Export(export::Export),
    /// Make up labelled events of customers and frauds, as a CSV file
    Simulate(simulate::Simulate),
    /// Drive labelled events through the real calls, with outcomes as late as they are, and say how well frauds were found
    Replay(replay::Replay),
    /// Measure a durable decision beside a bare gRPC echo, on this machine
    Bench(bench::Bench),
    /// Hold the server against its promises: thousands of tenants, overload, attacks, hours
    Torture(torture::Torture),
}

/// Why a command failed: one line for a person.
#[derive(Debug)]
pub struct Failure(String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Failure {
    /// A failure in one line.
    pub fn new(line: impl Into<String>) -> Self {
        Self(line.into())
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// What the server refused, in one line, with every field that it named.
#[must_use]
pub fn refused(status: &tonic::Status) -> Failure {
    let details = status.get_error_details();
    let fields: Vec<String> = details
        .bad_request()
        .map(|request| request.field_violations.as_slice())
        .unwrap_or_default()
        .iter()
        .map(|one| format!("{} {}", one.field, one.description))
        .collect();
    let fields = if fields.is_empty() { String::new() } else { format!(": {}", fields.join("; ")) };
    Failure(format!("{} ({:?}){fields}", status.message(), status.code()))
}

/// Prints a line for a person or a pipe. Not `println!`: that panics when whoever reads has gone.
fn say(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::new(format!("cannot print: {error}")))
}

/// An id that nobody has used.
fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Runs the command that the arguments name.
///
/// # Errors
/// One line that says what went wrong.
pub async fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Demo(demo) => demo.run().await,
        Command::Serve(serve) => serve.run().await,
        Command::Doctor(doctor) => doctor.run().await,
        Command::Health(health) => health.run().await,
        Command::Backup(backup) => backup.run().await,
        Command::Key(key) => key.run().await,
        Command::Token(token) => token.run(),
        Command::Tenant(tenant) => tenant.run().await,
        Command::Usage(usage) => usage.run().await,
        Command::Audit(audit) => audit.run().await,
        Command::Model(model) => model.run().await,
        Command::Report(report) => report.run().await,
        Command::Outcomes(outcomes) => outcomes.run().await,
        Command::CheckFraud(check) => check.run().await,
        Command::ReportFraud(report) => report.run().await,
        Command::Policy(policy) => policy.run().await,
        Command::Price(price) => price.run().await,
        Command::List(list) => list.run().await,
        Command::Replay(replay) => replay.run().await,
        Command::Export(export) => export.run().await,
        Command::Simulate(simulate) => simulate.run(),
        Command::Bench(bench) => bench.run().await,
        Command::Torture(torture) => torture.run().await,
    }
}
