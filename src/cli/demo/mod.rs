//! `riskport demo`: the whole platform in one command. It starts a real server on a database of its own, onboards a
//! bank and scores real clients, all through the RPCs that a partner uses; what it prints is read from the answers.
//!
//! Each file here owns one part: `platform` the server, `challenger` the model beside the built-in one, `bank` the
//! partner and its calls, `shop` the partner whose events are checked, `statistics` the arithmetic, and `tables`,
//! `picture`, `explain`, `prices`, `shield`, `next_steps` one part of the report each.

mod bank;
mod challenger;
mod explain;
mod next_steps;
mod picture;
mod platform;
mod prices;
mod shield;
mod shop;
mod statistics;
mod tables;

use std::{
    future::pending,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use bank::{Bank, Scored};
use challenger::Challenger;
use platform::Platform;
use statistics::Observation;
use tempfile::TempDir;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::Instant,
};

use super::{
    Failure,
    report::write,
    sample::Sample,
    say,
    serve::{start_log, stop},
    style::{Style, paragraph},
};
use crate::rpc::proto::credit::ScoreCreditResponse;

/// See it all at work: a server, a bank, and real clients scored, explained and checked
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Demo {
    /// Loopback address to listen on, port 0 for a free one [default: 127.0.0.1:50051, or a free port if that is taken]
    #[arg(long, value_name = "ADDR", value_parser = loopback)]
    listen: Option<SocketAddr>,
    /// End after the report instead of serving on
    #[arg(long)]
    exit: bool,
    /// Write the bank's report on its model as an HTML page
    #[arg(long, value_name = "FILE")]
    report_html: Option<PathBuf>,
    /// What the server logs: error, warn, info, debug, or a filter such as riskport=debug
    #[arg(long, default_value = "error", value_name = "FILTER")]
    log: String,
}

const EXAMPLES: &str =
    "It needs nothing: the database and all keys are made in a temporary folder, and removed at the end.

Examples:
  riskport demo                           Show the report, then serve until Ctrl-C
  riskport demo --exit                    Show the report, then end
  riskport demo --listen 127.0.0.1:6000   Serve on another port
  riskport demo --report-html report.html Write the bank's report as a page too
  NO_COLOR=1 riskport demo --exit | less  Read it at leisure";

/// The demo has no certificate, and plain text must not leave the machine.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_| "must be an address and a port, such as 127.0.0.1:50051")?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("must be loopback, such as 127.0.0.1:50051, for the demo serves without TLS".to_owned())
    }
}

impl Demo {
    pub(super) async fn run(self) -> Result<(), Failure> {
        start_log(&self.log)?;
        // Before the folder is made: from here on no signal ends the process without removing it.
        let (asked_to_stop, mut hangup) = (stop()?, signal(SignalKind::hangup())?);
        let folder = tempfile::Builder::new()
            .prefix("riskport-demo-")
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir()
            .map_err(|error| Failure::new(format!("cannot make a temporary folder: {error}")))?;
        let platform = Platform::start(folder.path(), self.listen).await?;
        let shown = tokio::select! {
            shown = self.show(&platform, folder.path()) => shown,
            () = asked_to_stop => Ok(()),
            _ = hangup.recv() => Ok(()),
        };
        // Also after a failure: what was accepted is drained, and nothing stays behind.
        let stopped = end(platform, folder).await;
        shown.and(stopped)
    }

    /// A word about a port that is not the usual one, when nobody asked for it.
    fn why_there(&self, platform: &Platform) -> &'static str {
        let moved = self.listen.is_none() && platform.address != platform::PREFERRED;
        if moved { ", for the usual port is taken" } else { "" }
    }

    /// Prints in short what `riskport report` tells the bank of its model, and writes the page that was asked for.
    async fn monitor(&self, bank: &Bank, style: &Style) -> Result<(), Failure> {
        let (told, page) = bank.report(challenger::MODEL, style).await?;
        say(&format!("{told}\n"))?;
        match &self.report_html {
            None => Ok(()),
            Some(path) => {
                write(path, &page)?;
                say(&format!("The whole report is in {}\n", path.display()))
            }
        }
    }

    /// Shows everything; then ends, or serves until it is dropped.
    async fn show(&self, platform: &Platform, folder: &Path) -> Result<(), Failure> {
        let style = Style::of_stdout();
        say(&format!("{}\n", style.bold("Riskport demo: a platform, a partner bank, and its clients")))?;
        say(&step("server", &format!("gRPC on {}{}", platform.address, self.why_there(platform))))?;
        say(&step("data", &format!("SQLite and keys in {}", folder.display())))?;
        let challenger = challenger::upload(&platform.url(), folder).await?;
        say(&step("challenger", &came_in(&challenger)))?;
        let bank = bank::onboard(&platform.url(), folder).await?;
        say(&step("bank", &format!("the operator onboarded tenant {}, \"{}\"", bank::ID, bank::NAME)))?;

        let sample = Sample::read()?;
        let started = Instant::now();
        let scored = bank.score(sample.clients).await?;
        let (count, took) = (scored.len(), seconds(started.elapsed()));
        let what = format!("{count} real clients over one stream in {took}, each on disk before its answer");
        say(&step("scores", &what))?;
        let scored = bank.with_shadows(scored).await?;
        let started = Instant::now();
        bank.report_outcomes(&scored).await?;
        say(&step("outcomes", &format!("{count} reported in {}, one call each", seconds(started.elapsed()))))?;
        if let Some(one) = scored.first() {
            say(&step("model", &model(&one.reply)))?;
        }

        let explained = report(&bank, &challenger, &scored, &style).await?;
        say(&format!("{}\n", paragraph(&format!("Data: {} {ABOUT_THE_CLIENTS}", sample.attribution), 0)))?;
        protect(platform, folder, &style).await?;
        self.monitor(&bank, &style).await?;
        if self.exit {
            return say("Without --exit the server stays up, and you can call it yourself.");
        }
        say(&next_steps::lines(platform, folder, &challenger.name, &explained.reply.decision, &style)?)?;
        pending().await
    }
}

/// Streams a shop's events through the fraud check, and prints what it stopped.
async fn protect(platform: &Platform, folder: &Path, style: &Style) -> Result<(), Failure> {
    let started = Instant::now();
    let protected = shop::protect(&platform.url(), folder).await?;
    let (events, took) = (2 * (protected.history + protected.rows.len()), seconds(started.elapsed()));
    let what = format!("a sandbox, {}, whose clock is its events, and one beside it that reports nothing", shop::ID);
    say(&step("shop", &what))?;
    let what = format!(
        "{} simulated events of {} days checked in their order by each, after {} of history: {events} in {took}",
        protected.rows.len(),
        shop::LIVE_DAYS,
        protected.history
    );
    say(&step("events", &what))?;
    say(&format!("{}\n", shield::table(&protected, style)))
}

/// Prints what the scores were, how good they are, and where one of them comes from. Answers the one that is explained.
async fn report<'a>(
    bank: &Bank,
    challenger: &Challenger,
    scored: &'a [Scored],
    style: &Style,
) -> Result<&'a Scored, Failure> {
    let ranked = tables::ranked(scored);
    let chosen = tables::evenly(&ranked);
    say(&tables::clients(&chosen, scored.len(), style))?;
    say(&tables::bands(&ranked, style))?;
    let observations: Vec<Observation> =
        scored.iter().map(|one| Observation { score: one.reply.score, defaulted: one.client.defaulted }).collect();
    say(&picture::histogram(&observations, style))?;
    say(&challenger.beside_champion(scored, style)?)?;

    let explained = explain::worth_explaining(&chosen).ok_or_else(|| Failure::new("nobody was scored"))?;
    say(&explain::lines(explained, style)?)?;
    say(&bank.prove_retry(explained).await?)?;
    say(&bank.prove_record(explained).await?)?;
    say(&prices::lines(bank, explained, style).await?)?;
    Ok(explained)
}

/// Drains the server, then removes the folder, and says so.
async fn end(platform: Platform, folder: TempDir) -> Result<(), Failure> {
    let path = folder.path().to_owned();
    platform.stop().await?;
    folder.close()?;
    say(&format!("The server has drained and ended; {} is removed.", path.display()))
}

/// Where the text of a step begins.
const STEP_INDENT: usize = 14;

/// What the attribution leaves out: who they are, and the article that described them first.
const ABOUT_THE_CLIENTS: &str = "UCI data set 350: card clients in Taiwan in 2005, first described by Yeh and Lien, \
    Expert Systems with Applications 36(2), 2009. None of these was in the training of either model.";

fn step(name: &str, text: &str) -> String {
    format!("  {name:<width$}{}", paragraph(text, STEP_INDENT), width = STEP_INDENT - 2)
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.2} s", elapsed.as_secs_f64())
}

/// What became of the challenger's upload.
fn came_in(challenger: &Challenger) -> String {
    format!(
        "the operator uploaded a LightGBM model as {}: it reproduced {} reference rows, and scores in the champion's \
         shadow, on record and never in an answer",
        challenger.name, challenger.reference_rows
    )
}

/// Which model it was, and what it calls a default.
fn model(reply: &ScoreCreditResponse) -> String {
    let definition = reply.target.as_ref().map_or("", |target| &target.definition);
    format!("{}. What it calls a default: {definition}", reply.model_version)
}
