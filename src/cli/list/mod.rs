//! `riskport list`: entities that a tenant knows something of, for rules to name.
//!
//! `whole` makes, shows and deletes lists and asks them; `change` puts `values` on them and takes them off.

mod change;
mod values;
mod whole;

use self::{
    change::{Added, Removed},
    whole::lists,
};
use super::{
    Failure,
    client::{Connection, SignedChannel},
};
use crate::{
    domain::fraud::EntityKind,
    rpc::proto::fraud::{self as proto, FraudList, fraud_policy_service_client::FraudPolicyServiceClient},
};

/// Keep lists of cards, devices, accounts and more, for policies to name
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A rule names a list as in: entity.card in lists.stolen_cards. Entries are stored as keyed hashes
only: a list can be asked about a value, and never read out.

Examples (each with --key and --as, or RISKPORT_KEY and RISKPORT_AS):
  riskport list create stolen_cards --entity card --display-name 'Reported as stolen'
  riskport list add stolen_cards tok-91 tok-92 --expires 30d
  riskport list add stolen_cards --file stolen.csv
  riskport list check stolen_cards tok-91
  riskport list remove stolen_cards tok-91
  riskport list show
  riskport list delete stolen_cards"
)]
pub(super) struct List {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make an empty list
    #[command(after_help = "Examples:
  riskport list create stolen_cards --entity card --key north.pem --as north-bank
  riskport list create office_networks --entity ip --key north.pem --as north-bank     Takes 10.1.0.0/16 too")]
    Create {
        /// Its name: 1 to 40 of small letters, digits and _, a letter first
        name: String,
        /// The kind of entity that it holds
        #[arg(long, value_name = "KIND", value_parser = entity_names())]
        entity: String,
        /// Its name for people
        #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
        display_name: String,
    },
    /// Show the lists, with how much is on each
    #[command(after_help = "Example:
  riskport list show --key north.pem --as north-bank")]
    Show,
    /// Put values on a list; one that is there gets the new expiry
    Add(Added),
    /// Take values off a list; one that is not there is not missed
    Remove(Removed),
    /// Say whether a value is on a list now
    #[command(after_help = "Example:
  riskport list check stolen_cards tok-91 --key north.pem --as north-bank")]
    Check {
        /// The list
        #[arg(value_parser = list)]
        name: String,
        /// The value, as it stands in events
        value: String,
    },
    /// Remove a list with all that is on it; no active policy may name it
    #[command(after_help = "Example:
  riskport list delete stolen_cards --key north.pem --as north-bank")]
    Delete {
        /// The list
        #[arg(value_parser = list)]
        name: String,
    },
}

type Client = FraudPolicyServiceClient<SignedChannel>;

impl List {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let open = async || Ok::<Client, Failure>(Client::new(self.connection.open().await?));
        match self.action {
            Action::Create { name, entity, display_name } => {
                whole::create(&mut open().await?, &name, &entity, display_name).await
            }
            Action::Show => whole::print(&lists(&mut open().await?).await?),
            // A file that cannot be read is told of before a server is asked.
            Action::Add(added) => added.run(open).await,
            Action::Remove(removed) => removed.run(open).await,
            Action::Check { name, value } => whole::check(&mut open().await?, name, value).await,
            Action::Delete { name } => whole::delete(&mut open().await?, name).await,
        }
    }
}

/// What resource names of lists begin with.
const PREFIX: &str = "fraudLists/";

/// The resource name of a list that a person named.
#[expect(clippy::unnecessary_wraps, reason = "the form that clap asks for")]
fn list(name: &str) -> Result<String, String> {
    Ok(format!("{PREFIX}{}", name.trim_start_matches(PREFIX)))
}

fn short(name: &str) -> &str {
    name.trim_start_matches(PREFIX)
}

fn kind(list: &FraudList) -> String {
    entity_name(list.entity())
}

/// A kind of entity as a person types it.
pub(super) fn entity_name(kind: proto::EntityKind) -> String {
    kind.as_str_name().trim_start_matches("ENTITY_KIND_").to_lowercase()
}

/// The kinds that a list can hold.
fn entity_names() -> Vec<&'static str> {
    EntityKind::ALL.into_iter().filter(|kind| *kind != EntityKind::Network).map(EntityKind::name).collect()
}
