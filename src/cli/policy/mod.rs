//! `riskport policy`: what rules say of events, written as a file, stored, tried over the past, and put in charge.
//!
//! `file` reads a policy; `push` checks and stores it, and `faults` says what the server finds wrong, by rule and
//! place; `show` reads what is stored; `backtest` and its `report` replay the past; `features` lists what conditions may name.

mod backtest;
mod faults;
mod features;
pub(super) mod file;
mod push;
mod report;
mod show;

pub(super) use self::show::{decision, table};
use super::{
    Failure,
    client::{Connection, SignedChannel},
};
use crate::rpc::proto::fraud::fraud_policy_service_client::FraudPolicyServiceClient;

/// Write the rules of fraud checks: check, store, try over the past, put in charge
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples (each with --key and --as, or RISKPORT_KEY and RISKPORT_AS):
  riskport policy features --like card_count        What conditions can name
  riskport policy check policy.toml                 Every fault, with the place in the condition
  riskport policy push policy.toml --policy payments
  riskport policy backtest payments/1 --start 2026-01-01
  riskport policy activate payments/1               In charge, at once and wholly
  riskport policy show payments                     Its versions; payments/1 for what one says
  riskport policy retire payments")]
pub(super) struct Policy {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Say everything that is wrong with a policy file, by rule and place; nothing is stored
    Check(push::Check),
    /// Store a policy file as a new version, a draft
    Push(push::Push),
    /// Put a version in charge of its scenes, at once and wholly; rolling back is activating an earlier one
    #[command(after_help = "Examples:
  riskport policy activate payments/2 --key north.pem --as north-bank
  riskport policy activate payments/1 --key north.pem --as north-bank      Back again")]
    Activate {
        /// The version: NAME/VERSION
        #[arg(value_parser = version)]
        name: String,
    },
    /// Take a policy out of charge: its scenes go by the platform's own again
    #[command(after_help = "Example:
  riskport policy retire payments --key north.pem --as north-bank")]
    Retire {
        /// The policy
        #[arg(value_parser = policy)]
        name: String,
    },
    /// List the versions of all policies or of one, or show one version whole
    #[command(after_help = "Examples:
  riskport policy show --key north.pem --as north-bank               All versions of all policies
  riskport policy show payments --key north.pem --as north-bank      All versions of one
  riskport policy show payments/2 --key north.pem --as north-bank    One version with its rules
  riskport policy show platform/1 --key north.pem --as north-bank    What decides where you have none")]
    Show {
        /// The policy, or one of its versions: NAME or NAME/VERSION
        #[arg(value_parser = policy_or_version)]
        name: Option<String>,
    },
    /// Replay stored events under a version, and say what it would have changed; nothing that decides is touched
    Backtest(backtest::Backtest),
    /// List the features of events, with their types and meanings
    Features(features::Features),
}

type Client = FraudPolicyServiceClient<SignedChannel>;

/// The largest answer that is taken: a page of versions may hold a hundred rules each.
const MAX_ANSWER_BYTES: usize = 64 << 20;

impl Policy {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let open = async || {
            let client = Client::new(self.connection.open().await?);
            Ok::<Client, Failure>(client.max_decoding_message_size(MAX_ANSWER_BYTES))
        };
        match self.action {
            // What can be found wrong here is found before a server is asked.
            Action::Check(check) => check.run(open).await,
            Action::Push(push) => push.run(open).await,
            Action::Activate { name } => push::activate(&mut open().await?, name).await,
            Action::Retire { name } => push::retire(&mut open().await?, name).await,
            Action::Show { name } => show::show(&mut open().await?, name).await,
            Action::Backtest(backtest) => backtest.run(&mut open().await?).await,
            Action::Features(features) => features.run(&mut open().await?).await,
        }
    }
}

/// What resource names of policies begin with.
const PREFIX: &str = "fraudPolicies/";

/// The resource name of a policy that a person named.
fn policy(name: &str) -> Result<String, String> {
    let name = name.strip_prefix(PREFIX).unwrap_or(name);
    if name.is_empty() || name.contains('/') {
        return Err("must be the name of a policy, without a version".to_owned());
    }
    Ok(format!("{PREFIX}{name}"))
}

/// The resource name of a version that a person named.
fn version(name: &str) -> Result<String, String> {
    let form = || "must be NAME/VERSION, such as payments/2".to_owned();
    let name = name.strip_prefix(PREFIX).unwrap_or(name);
    let (name, number) = name.split_once("/versions/").or_else(|| name.split_once('/')).ok_or_else(form)?;
    number.parse::<u32>().map_err(|_| form())?;
    Ok(format!("{}/versions/{number}", policy(name)?))
}

fn policy_or_version(name: &str) -> Result<String, String> {
    if name.trim_start_matches(PREFIX).contains('/') { version(name) } else { policy(name) }
}

/// A resource name as a person types it: `payments`, or `payments/2`.
pub(super) fn short(name: &str) -> String {
    name.trim_start_matches(PREFIX).replacen("/versions/", "/", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_and_versions_are_named_short_or_in_full() {
        for name in ["payments", "fraudPolicies/payments"] {
            assert_eq!(policy(name).unwrap(), "fraudPolicies/payments");
            assert_eq!(policy_or_version(name).unwrap(), "fraudPolicies/payments");
        }
        for name in ["payments/2", "fraudPolicies/payments/versions/2", "payments/versions/2"] {
            assert_eq!(policy_or_version(name).unwrap(), "fraudPolicies/payments/versions/2");
            assert_eq!(short(&version(name).unwrap()), "payments/2");
        }
        for name in ["payments", "payments/", "payments/two", "/2", "a/b/2"] {
            assert!(version(name).is_err(), "{name}");
        }
    }
}
