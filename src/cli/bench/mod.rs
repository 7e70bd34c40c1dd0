//! `riskport bench`: what a durable decision costs beside a bare gRPC echo, in one process on this machine.
//!
//! Both servers share one core and the generator has another. Rounds of echo and of decisions take turns, so that whatever
//! else the machine does meets both alike: the ratios are steadier than the figures they are made of.

mod echo;
mod events;
mod generator;
mod measured;
mod platform;
mod quotes;
mod raw;
mod report;
mod state;

use std::{path::PathBuf, time::Duration};

use prost::Message as _;

use self::{
    events::Customers,
    generator::{Generator, Target},
    platform::Platform,
    report::Round,
    state::State,
};
use super::{
    Failure,
    load::{
        applicants::{self, Message},
        cores::{Core, Cores},
        machine::Machine,
    },
    say,
    serve::start_log,
};
use crate::rpc::proto::fraud::CheckFraudRequest;

/// Measure a durable decision beside a bare gRPC echo, on this machine
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Bench {
    /// What to measure
    #[arg(long, value_enum, default_value = "score", value_name = "RPC")]
    rpc: Rpc,
    /// Entities that are known before the first event is checked, about
    #[arg(long, default_value_t = 100_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=20_000_000))]
    entities: u64,
    /// What a core costs for an hour, in yuan, to tell what a quote costs; an assumption, not a measurement
    #[arg(long, default_value_t = 0.35, value_name = "YUAN")]
    core_hour_yuan: f64,
    /// Rounds of each; a round of each to warm up comes first and is not counted
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// How long a round is, in seconds
    #[arg(long, default_value_t = 4, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=120))]
    seconds: u64,
    /// Connections to each server
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=40))]
    connections: u16,
    /// Calls in flight on each connection
    #[arg(long, default_value_t = 16, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    in_flight: u16,
    /// Folder on the disk to measure: a fresh SQLite database is made in it, and removed [default: the temporary folder]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Empty PostgreSQL database to run on instead; what is written to it stays
    // Not from the environment, where the URL of a database in use may stand.
    #[arg(long, value_name = "URL", conflicts_with = "data_dir")]
    database_url: Option<String>,
}

const EXAMPLES: &str = "\
Both get messages of the same size from the same generator, in rounds that take turns.
The echo is bare tonic behind the server's own accept loop. The score has everything on:
token, quota, model, reasons, sealed inputs, and a commit on disk before the answer.
The fraud check also has every feature, and an event in the log; a history is loaded
before, and at the end the server is started again, to see how fast it is made anew.
The quote is an account-safety premium by a check of the user, which it reads; it is told
what a policy costs at a stated price of a core.
Any call that fails ends the bench.

Examples:
  riskport bench
  riskport bench --rpc fraud --entities 1000000
  riskport bench --rpc quote --core-hour-yuan 0.35
  riskport bench --rounds 9 --in-flight 64
  riskport bench --connections 4 --in-flight 1            Latency without queueing
  riskport bench --data-dir /var/lib                      On that disk
  riskport bench --database-url postgres://postgres@127.0.0.1/riskport_bench";

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Rpc {
    /// `ScoreCredit` with the built-in model
    Score,
    /// `CheckFraud` with the platform's policy
    Fraud,
    /// `QuotePrice` with the platform's plan for account safety
    Quote,
}

impl Rpc {
    const fn name(self) -> &'static str {
        match self {
            Self::Score => "ScoreCredit",
            Self::Fraud => "CheckFraud",
            Self::Quote => "QuotePrice",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Score => "/riskport.credit.v1.CreditScoreService/ScoreCredit",
            Self::Fraud => "/riskport.fraud.v1.FraudCheckService/CheckFraud",
            Self::Quote => "/riskport.pricing.v1.PricingService/QuotePrice",
        }
    }
}

impl Bench {
    pub(super) async fn run(self) -> Result<(), Failure> {
        if cfg!(debug_assertions) {
            eprintln!("WARNING: this is a DEBUG build, and its figures mean nothing: cargo run --release -- bench");
        }
        // As `serve` logs, because naming each call for the log is a part of what it costs.
        start_log("info")?;
        let (machine, cores) = (Machine::look(), Cores::choose());
        let server = Core::start("bench-server", cores.server)?;
        let mut platform = Platform::start(&server, self.data_dir.as_deref(), self.database_url.as_deref()).await?;
        let customers = Customers::with_entities(self.entities);
        let messages = match self.rpc {
            Rpc::Score => applicants::messages()?,
            Rpc::Fraud => customers.messages(),
            Rpc::Quote => quotes::messages(&platform, customers).await?,
        };
        let state = match self.rpc {
            Rpc::Score | Rpc::Quote => None,
            Rpc::Fraud => Some(State::load(&platform, customers).await?),
        };
        let measured = self.measure(&server, cores, &mut platform, messages).await?;
        say(&format!("{}\n", report::table(&measured.rounds, self.rpc.name())))?;
        self.describe(&measured, &machine, cores, &platform)?;
        if self.rpc == Rpc::Quote {
            say(&quotes::cost(&measured.rounds, self.core_hour_yuan))?;
        }
        if let Some(state) = state {
            say(&state.describe(platform.restart(&server, &Self::probe(customers)).await?))?;
        }
        let stored = platform.count_decisions().await?;
        platform.stop().await?;
        // The probe after the restart is a decision too, and so is the check of each user.
        let others = match self.rpc {
            Rpc::Score => 0,
            Rpc::Fraud => 1,
            Rpc::Quote => quotes::USERS,
        };
        let acknowledged = measured.acknowledged + others;
        if stored != acknowledged {
            return Err(Failure::new(format!("{acknowledged} decisions acknowledged, {stored} stored")));
        }
        say(&format!("decisions  {acknowledged} acknowledged = {stored} stored"))
    }

    /// A request whose answer shows that the state is there.
    fn probe(customers: Customers) -> CheckFraudRequest {
        let message = CheckFraudRequest::decode(customers.messages()[0].0.as_slice()).unwrap_or_default();
        CheckFraudRequest { request_id: "bench-probe".to_owned(), ..message }
    }

    async fn measure(
        &self,
        server: &Core,
        cores: Cores,
        platform: &mut Platform,
        messages: Vec<Message>,
    ) -> Result<Measurement, Failure> {
        let client = Core::start("bench-client", cores.client)?;
        let generator = Generator::new(self.connections, self.in_flight, Duration::from_secs(self.seconds));
        let request_bytes = messages.iter().map(Message::size).sum::<usize>() / messages.len().max(1);
        let for_echo = messages.iter().map(echo::of_same_size).collect();
        let target = Target::new(platform.address, self.rpc.path(), messages);

        // Warming up also tells how large the echo's replies must be.
        let warm = client.spawn(generator.round(&target, &platform.token()?)).await??;
        let (mut acknowledged, reply_bytes) = (warm.calls(), warm.mean_reply_bytes());
        let echo = Target::new(echo::start(server, reply_bytes).await?, echo::PATH, for_echo);
        client.spawn(generator.round(&echo, &platform.token()?)).await??;

        let mut rounds = Vec::new();
        for number in 1..=self.rounds {
            let token = platform.token()?;
            let echo = client.spawn(generator.round(&echo, &token)).await??;
            let before = platform.database_spent();
            let measured = client.spawn(generator.round(&target, &token)).await??;
            let database_spent = platform.database_spent().zip(before).map(|(now, then)| now.saturating_sub(then));
            let (rpc, rate) = (self.rpc.name(), measured.per_second());
            eprintln!("round {number}: echo {:.0}/s, {rpc} {rate:.0}/s", echo.per_second());
            acknowledged += measured.calls();
            rounds.push(Round { echo, measured, database_spent });
        }
        Ok(Measurement { rounds, acknowledged, request_bytes, reply_bytes })
    }

    /// Prints what the figures were measured with.
    fn describe(
        &self,
        measured: &Measurement,
        machine: &Machine,
        cores: Cores,
        platform: &Platform,
    ) -> Result<(), Failure> {
        let Self { rounds, seconds, connections, in_flight, .. } = self;
        let Measurement { request_bytes, reply_bytes, .. } = measured;
        let build = if cfg!(debug_assertions) { "DEBUG BUILD: the figures mean nothing" } else { "optimised build" };
        let sides = match cores {
            Cores { server: Some(server), client: Some(client) } => {
                format!("server on core {server} with one runtime thread, generator on core {client}")
            }
            _ => "server and generator share ONE core: the figures are of both together".to_owned(),
        };
        say(&format!(
            "load       {rounds} rounds of {seconds} s each, {connections} connections x {in_flight} calls in flight\n\
             messages   request {request_bytes} bytes, reply {reply_bytes} bytes (means)\n\
             echo       tonic's codec and the same accept loop, no layers; the same bearer header, not looked at\n\
             cores      {sides}\n\
             machine    {}\n\
             database   {}\n\
             riskport   {}, {build}",
            machine.describe(),
            platform.describe_database()?,
            env!("CARGO_PKG_VERSION")
        ))
    }
}

/// What all rounds gave.
struct Measurement {
    rounds: Vec<Round>,
    /// The decisions that were acknowledged, those of the warm-up among them.
    acknowledged: usize,
    request_bytes: usize,
    reply_bytes: usize,
}
