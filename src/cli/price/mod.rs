//! `riskport price`: rate plans written as files, checked, seen over a portfolio before they are live, and quoted by.
//!
//! `file` reads a plan; `check` says what is wrong with it and draws its price; `plans` stores, lists and activates; `quote`
//! asks for one price; `simulate` prices a portfolio, `applicants` reads it and `report` says what came out; `chart` draws.

mod applicants;
mod chart;
mod check;
mod file;
mod plans;
mod quote;
mod report;
mod simulate;

use super::{
    Failure,
    client::{Connection, SignedChannel},
};
use crate::rpc::proto::pricing::pricing_service_client::PricingServiceClient;

/// Price loans and insurance from risk: check rate plans, quote, simulate a portfolio
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples (all but check with --key and --as, or RISKPORT_KEY and RISKPORT_AS):
  riskport price check models/pricing/consumer-loan.toml      Every fault; a chart of price over risk
  riskport price simulate plan.toml applicants.csv            A portfolio's prices, losses and profit
  riskport price push plan.toml --plan loans                  Stored as a draft
  riskport price activate loans/1                             In charge, at once and wholly
  riskport price plans                                        All plans; loans/1 for what one says
  riskport price quote quote.json                             One price, honoured until it expires
  riskport price accept 018f3b1e-7c4d-7a5b-8c6d-9e0f1a2b3c4d")]
pub(super) struct Price {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Say everything that is wrong with a plan file, and draw its price over risk; no server is asked
    Check(check::Check),
    /// Store a plan file as a new version, a draft
    Push(plans::Push),
    /// Put a version in charge, at once and wholly; rolling back is activating an earlier one
    #[command(after_help = "Examples:
  riskport price activate loans/2 --key north.pem --as north-bank
  riskport price activate loans/1 --key north.pem --as north-bank      Back again")]
    Activate {
        /// The version: NAME/VERSION
        #[arg(value_parser = version)]
        name: String,
    },
    /// Take a plan out of charge: it gives no more quotes, and those that it gave are honoured
    #[command(after_help = "Example:
  riskport price retire loans --key north.pem --as north-bank")]
    Retire {
        /// The plan
        #[arg(value_parser = plan)]
        name: String,
    },
    /// List the versions of all plans or of one
    #[command(after_help = "Examples:
  riskport price plans --key north.pem --as north-bank            All, the platform's own among them
  riskport price plans loans --key north.pem --as north-bank      All versions of one")]
    Plans {
        /// The plan
        #[arg(value_parser = plan)]
        name: Option<String>,
    },
    /// Show what one version says
    #[command(after_help = "Example:
  riskport price show consumer-loan/1 --key north.pem --as north-bank")]
    Show {
        /// The version: NAME/VERSION
        #[arg(value_parser = version)]
        name: String,
    },
    /// Ask for one price, honoured until it expires
    Quote(quote::Quote),
    /// Accept a quote at the price that was quoted
    #[command(after_help = "Example:
  riskport price accept 018f3b1e-7c4d-7a5b-8c6d-9e0f1a2b3c4d --key north.pem --as north-bank")]
    Accept {
        /// The quote's id
        quote: String,
        /// The id of this acceptance, so that sending it again accepts nothing twice [default: a new one]
        #[arg(long, value_name = "ID")]
        id: Option<String>,
    },
    /// Price a portfolio: the distribution of prices, expected losses and profit, before a plan is live
    Simulate(simulate::Simulate),
}

type Client = PricingServiceClient<SignedChannel>;

/// The largest answer that is taken: a page of versions may hold many tables each.
const MAX_ANSWER_BYTES: usize = 64 << 20;

impl Price {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let open = async || {
            let client = Client::new(self.connection.open().await?);
            Ok::<Client, Failure>(client.max_decoding_message_size(MAX_ANSWER_BYTES))
        };
        match self.action {
            Action::Check(check) => check.run(),
            Action::Push(push) => push.run(open).await,
            Action::Activate { name } => plans::activate(&mut open().await?, name).await,
            Action::Retire { name } => plans::retire(&mut open().await?, name).await,
            Action::Plans { name } => plans::list(&mut open().await?, name.unwrap_or_default()).await,
            Action::Show { name } => plans::show(&mut open().await?, name).await,
            Action::Quote(quote) => quote.run(open).await,
            Action::Accept { quote, id } => quote::accept(&mut open().await?, &quote, id).await,
            Action::Simulate(simulate) => simulate.run(open).await,
        }
    }
}

/// What resource names of plans begin with.
const PREFIX: &str = "ratePlans/";

/// The resource name of a plan that a person named.
fn plan(name: &str) -> Result<String, String> {
    let name = name.strip_prefix(PREFIX).unwrap_or(name);
    if name.is_empty() || name.contains('/') {
        return Err("must be the name of a plan, without a version".to_owned());
    }
    Ok(format!("{PREFIX}{name}"))
}

/// The resource name of a version that a person named.
fn version(name: &str) -> Result<String, String> {
    let form = || "must be NAME/VERSION, such as loans/2".to_owned();
    let name = name.strip_prefix(PREFIX).unwrap_or(name);
    let (name, number) = name.split_once("/versions/").or_else(|| name.split_once('/')).ok_or_else(form)?;
    number.parse::<u32>().map_err(|_| form())?;
    Ok(format!("{}/versions/{number}", plan(name)?))
}

/// A resource name as a person types it: `loans`, or `loans/2`.
pub(in crate::cli) fn short(name: &str) -> String {
    name.trim_start_matches(PREFIX).replacen("/versions/", "/", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_and_versions_are_named_short_or_in_full() {
        for name in ["loans", "ratePlans/loans"] {
            assert_eq!(plan(name).unwrap(), "ratePlans/loans");
        }
        for name in ["loans/2", "ratePlans/loans/versions/2", "loans/versions/2"] {
            assert_eq!(version(name).unwrap(), "ratePlans/loans/versions/2");
            assert_eq!(short(&version(name).unwrap()), "loans/2");
        }
        for name in ["loans", "loans/", "loans/two", "/2", "a/b/2"] {
            assert!(version(name).is_err(), "{name}");
        }
    }
}
