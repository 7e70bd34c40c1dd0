//! `riskport audit`: who changed what, and when.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use prost_types::Timestamp;
use serde_json::{Value, json};

use super::{
    Failure,
    client::{Connection, Patience, SignedChannel},
    pages, say,
    style::Style,
    time::{minute, moment},
};
use crate::rpc::proto::tenant::{AuditEntry, ListAuditEntriesRequest, tenant_service_client::TenantServiceClient};

/// Tell who changed what, and when: tenants, keys, models, policies, lists, rate plans
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Newest first. The operator reads everybody's changes, a partner those of its own things, also what the operator did to
them. Files have all of them; each line of JSON is one change, with what was before and after.

Examples:
  riskport audit --key north.pem --as north-bank                    A partner's own
  riskport audit --key operator.pem                                 Everybody's
  riskport audit --tenant north-bank --from 2026-11-01 --key operator.pem
  riskport audit --action promote_model_version --key operator.pem
  riskport audit --from 2026-01-01 --json 2026.jsonl --key operator.pem
  riskport audit --csv - --key north.pem --as north-bank            To standard output"
)]
pub(super) struct Audit {
    /// Whose things [default: the caller's own, or everybody's for the operator]
    #[arg(long = "tenant", value_name = "TENANT")]
    whose: Option<String>,
    /// Changes of this day or time or later [default: all]
    #[arg(long, value_name = "DAY", value_parser = moment)]
    from: Option<Timestamp>,
    /// Changes before this day or time [default: all]
    #[arg(long, value_name = "DAY", value_parser = moment)]
    to: Option<Timestamp>,
    /// Only this action, for example `add_key`
    #[arg(long)]
    action: Option<String>,
    /// The most changes to show [default: 50 in a table, all in a file]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Write a CSV file; - for standard output, and nothing else there
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    csv: Option<PathBuf>,
    /// Write a line of JSON for each change; - for standard output, and nothing else there
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

type Client = TenantServiceClient<SignedChannel>;

/// Changes of one page: the most that the server gives.
const PAGE: i32 = 500;
/// Changes in a table, when nobody says.
const SHOWN: usize = 50;

impl Audit {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let client = Client::new(self.connection.open().await?);
        let own = if self.connection.tenant == "operator" { "-" } else { &self.connection.tenant };
        let request = ListAuditEntriesRequest {
            parent: format!("tenants/{}", self.whose.as_deref().unwrap_or(own)),
            start_time: self.from,
            end_time: self.to,
            action: self.action.unwrap_or_default(),
            page_size: PAGE,
            page_token: String::new(),
        };
        match (self.csv, self.json) {
            (Some(path), _) => {
                let mut file = csv::Writer::from_writer(pages::create(&path)?);
                file.write_record(COLUMNS)?;
                let written = each(&client, request, self.limit, |entry| Ok(file.write_record(cells(entry))?)).await?;
                file.flush()?;
                pages::told(&path, written, "change")
            }
            (None, Some(path)) => {
                let mut file = io::BufWriter::new(pages::create(&path)?);
                let write = |entry: &AuditEntry| Ok(writeln!(file, "{}", line(entry))?);
                let written = each(&client, request, self.limit, write).await?;
                file.flush()?;
                pages::told(&path, written, "change")
            }
            (None, None) => {
                let mut table = Style::of_stdout().table(&["TIME", "TENANT", "BY", "ACTION", "TARGET", "CHANGE"]);
                let add = |entry: &AuditEntry| {
                    table.add_row(row(entry));
                    Ok(())
                };
                each(&client, request, Some(self.limit.unwrap_or(SHOWN)), add).await?;
                say(&table.to_string())
            }
        }
    }
}

/// Reads page after page, newest first, and hands each change on.
async fn each(
    client: &Client,
    request: ListAuditEntriesRequest,
    most: Option<usize>,
    mut take: impl FnMut(&AuditEntry) -> Result<(), Failure>,
) -> Result<usize, Failure> {
    let (patience, bar) = (Patience::default(), pages::progress("changes")?);
    let list = async |mut client: Client, request| client.list_audit_entries(request).await;
    let ask = async |page_token| {
        let request = ListAuditEntriesRequest { page_token, ..request.clone() };
        let page = patience.call(client, &request, list).await?;
        Ok((page.entries, page.next_page_token))
    };
    let taken = pages::each(most.unwrap_or(usize::MAX), ask, |entry| {
        bar.inc(1);
        take(&entry)
    });
    let taken = taken.await?;
    bar.finish_and_clear();
    Ok(taken)
}

const COLUMNS: [&str; 10] =
    ["sequence", "change_time", "tenant", "action", "target", "by_tenant", "kid", "actor", "before", "after"];

fn tenant(name: &str) -> &str {
    name.trim_start_matches("tenants/")
}

fn time(entry: &AuditEntry) -> String {
    entry.change_time.map(|time| time.to_string()).unwrap_or_default()
}

fn cells(entry: &AuditEntry) -> [String; 10] {
    [
        entry.sequence.to_string(),
        time(entry),
        tenant(&entry.tenant).to_owned(),
        entry.action.clone(),
        entry.target.clone(),
        tenant(&entry.by_tenant).to_owned(),
        entry.kid.clone(),
        entry.actor.clone(),
        entry.before_json.clone(),
        entry.after_json.clone(),
    ]
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or(Value::Null)
}

fn line(entry: &AuditEntry) -> Value {
    json!({
        "sequence": entry.sequence,
        "change_time": time(entry),
        "tenant": tenant(&entry.tenant),
        "action": entry.action,
        "target": entry.target,
        "by_tenant": tenant(&entry.by_tenant),
        "kid": entry.kid,
        "actor": entry.actor,
        "before": parsed(&entry.before_json),
        "after": parsed(&entry.after_json),
    })
}

fn row(entry: &AuditEntry) -> [String; 6] {
    let by = if entry.actor.is_empty() { String::new() } else { format!(" ({})", entry.actor) };
    [
        minute(entry.change_time),
        tenant(&entry.tenant).to_owned(),
        format!("{}{by}", tenant(&entry.by_tenant)),
        entry.action.clone(),
        entry.target.clone(),
        change(&parsed(&entry.before_json), &parsed(&entry.after_json)),
    ]
}

/// What is not as it was, in few words; of what is new nothing, for all of it is.
fn change(before: &Value, after: &Value) -> String {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else { return String::new() };
    let short = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(value @ (Value::Number(_) | Value::Bool(_) | Value::Null)) => value.to_string(),
        Some(_) => "...".to_owned(),
        None => String::new(),
    };
    let changed = after.iter().filter(|(name, value)| before.get(*name) != Some(value));
    let words = changed.map(|(name, value)| format!("{name} {} > {}", short(before.get(name)), short(Some(value))));
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_by_what_differs() {
        let (before, after) =
            (json!({"state": "active", "rate": 100, "to": [1]}), json!({"state": "active", "rate": 7, "to": [2]}));
        assert_eq!(change(&before, &after), "rate 100 > 7, to ... > ...");
        assert_eq!(change(&Value::Null, &after), "");
    }
}
