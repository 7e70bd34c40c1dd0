//! `riskport list add` and `remove`.

use prost_types::Timestamp;

use super::{
    Client, list, lists, short,
    values::{Entry, Values, look_at},
};
use crate::{
    cli::{Failure, refused, say, time::future},
    domain::fraud::EntityKind,
    rpc::proto::fraud::{ChangeListEntriesRequest, FraudList, ListEntry, change_list_entries_request::Change},
};

/// Put values on a list; one that is there gets the new expiry
#[derive(Debug, clap::Args)]
#[command(override_usage = "riskport list add [OPTIONS] <NAME> [VALUE]... [--file <FILE>]")]
#[command(
    after_help = "A file has a value on each line, or CSV: value,expiry. A first line that says `value` is a header.
All values are looked at before any is sent.

Examples:
  riskport list add stolen_cards tok-91 tok-92 --key north.pem --as north-bank
  riskport list add stolen_cards --file stolen.csv --expires 30d --key north.pem --as north-bank
  riskport list add office_networks 10.1.0.0/16 --expires 2027-01-01 --key north.pem --as north-bank"
)]
pub(super) struct Added {
    /// The list
    #[arg(value_parser = list)]
    name: String,
    #[command(flatten)]
    values: Values,
    /// When entries that do not say so themselves stop to count: a day (at its beginning in UTC), a time, or how long
    /// from now [default: never]
    #[arg(long, value_name = "WHEN", value_parser = future)]
    expires: Option<Timestamp>,
}

/// Take values off a list; one that is not there is not missed
#[derive(Debug, clap::Args)]
#[command(override_usage = "riskport list remove [OPTIONS] <NAME> [VALUE]... [--file <FILE>]")]
#[command(after_help = "Examples:
  riskport list remove stolen_cards tok-91 --key north.pem --as north-bank
  riskport list remove stolen_cards --file found.txt --key north.pem --as north-bank")]
pub(super) struct Removed {
    /// The list
    #[arg(value_parser = list)]
    name: String,
    #[command(flatten)]
    values: Values,
}

impl Added {
    pub(super) async fn run(self, open: impl AsyncFnOnce() -> Result<Client, Failure>) -> Result<(), Failure> {
        let entries = self.values.read()?;
        let change =
            |entry: Entry| Change::Add(ListEntry { value: entry.value, expire_time: entry.expires.or(self.expires) });
        send(&mut open().await?, self.name, entries, change).await
    }
}

impl Removed {
    pub(super) async fn run(self, open: impl AsyncFnOnce() -> Result<Client, Failure>) -> Result<(), Failure> {
        let entries = self.values.read()?;
        send(&mut open().await?, self.name, entries, |entry| Change::Remove(entry.value)).await
    }
}

/// Looks at all values by the rule of the list's kind, and then sends them.
async fn send(
    client: &mut Client,
    name: String,
    entries: Vec<Entry>,
    change: impl Fn(Entry) -> Change,
) -> Result<(), Failure> {
    let known = lists(client).await?;
    let Some(list) = known.iter().find(|list| list.name == name) else {
        let name = short(&name);
        return Err(Failure::new(format!(
            "there is no list {name}; make it: riskport list create {name} --entity KIND"
        )));
    };
    let kind = super::kind(list);
    if let Some(kind) = EntityKind::from_name(&kind) {
        look_at(kind, &entries)?;
    }
    let mut list_name = Some(name);
    let messages: Vec<_> = entries
        .into_iter()
        .map(|entry| ChangeListEntriesRequest {
            list: list_name.take().unwrap_or_default(),
            change: Some(change(entry)),
        })
        .collect();
    let changed = client.change_list_entries(tokio_stream::iter(messages)).await;
    let changed = changed.map_err(|status| refused(&status))?.into_inner();
    let FraudList { name, entries, revision, .. } = changed.list.unwrap_or_default();
    let done =
        if changed.added > 0 { format!("{} added", changed.added) } else { format!("{} removed", changed.removed) };
    let entries = if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") };
    say(&format!("{}: {done}; {entries} now, revision {revision}", short(&name)))
}
