//! `riskport usage`: what tenants used.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use comfy_table::{CellAlignment, Table};
use prost_types::Timestamp;

use super::{
    Failure,
    bars::spark,
    client::{Connection, Patience, SignedChannel},
    money::count,
    pages, refused, say,
    style::Style,
    time::{self, midnight, moment},
};
use crate::rpc::proto::{
    decision::DecisionKind,
    tenant::{
        Environment, GetUsageRequest, GetUsageResponse, ListUsageRequest, Usage as Row, UsageGrouping,
        tenant_service_client::TenantServiceClient,
    },
};

/// Tell what tenants used: decisions by product and day, as a table or CSV
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Days are of UTC. A decision counts once, on the day it was made: repeats of a request count nothing. Columns of
the CSV: tenant, day, kind, environment, decisions, billable_units. A sandbox is not billed.

Examples:
  riskport usage --key north.pem --as north-bank                            A partner: its own, this month
  riskport usage --key operator.pem                                         The operator: everybody's
  riskport usage north-bank --from 2026-10-01 --to 2026-11-01 --key operator.pem
  riskport usage --from 2026-10-01 --to 2026-11-01 --csv october.csv --key operator.pem
  riskport usage --csv - --key north.pem --as north-bank                    To standard output"
)]
pub(super) struct Usage {
    /// Whose [default: the caller's own, or everybody's for the operator]
    #[arg(value_name = "TENANT")]
    whose: Option<String>,
    /// From this day on [default: the first of this month]
    #[arg(long, value_name = "DAY", value_parser = moment)]
    from: Option<Timestamp>,
    /// Before this day [default: all to this day]; at most 366 days later
    #[arg(long, value_name = "DAY", value_parser = moment)]
    to: Option<Timestamp>,
    /// Write a row for each tenant, day and kind to a CSV file; - for standard output, and nothing else there
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

type Client = TenantServiceClient<SignedChannel>;

/// Rows of one page: the most that the server gives.
const PAGE: i32 = 500;

impl Usage {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let client = Client::new(self.connection.open().await?);
        let start = self.from.map_or_else(first_of_month, Ok)?;
        let end = self.to.map_or_else(tomorrow, Ok)?;
        let everybody = self.whose.is_none() && self.connection.tenant == "operator";
        let tenant = if everybody { "-" } else { self.whose.as_deref().unwrap_or(&self.connection.tenant) };
        let listed = |grouping: UsageGrouping| ListUsageRequest {
            parent: format!("tenants/{tenant}"),
            start_time: Some(start),
            end_time: Some(end),
            grouping: grouping as i32,
            page_size: PAGE,
            page_token: String::new(),
        };
        if let Some(path) = &self.csv {
            return write(path, &list(&client, listed(UsageGrouping::Day)).await?);
        }
        if everybody {
            return say(&of_all(&list(&client, listed(UsageGrouping::Total)).await?, &Style::of_stdout()));
        }
        let name = format!("tenants/{tenant}/usage");
        let request = GetUsageRequest { name, start_time: Some(start), end_time: Some(end) };
        let ask = async |mut client: Client, request| client.get_usage(request).await;
        let asked = Patience::default().call(&client, &request, ask).await;
        say(&of_one(tenant, &asked.map_err(|status| refused(&status))?, &Style::of_stdout()))
    }
}

fn first_of_month() -> Result<Timestamp, Failure> {
    let now = time::now();
    let today = jiff::Timestamp::new(now.seconds, 0)?.to_zoned(jiff::tz::TimeZone::UTC).date();
    midnight(Some(today.first_of_month()), 0)
}

fn tomorrow() -> Result<Timestamp, Failure> {
    let now = time::now();
    let today = jiff::Timestamp::new(now.seconds, 0)?.to_zoned(jiff::tz::TimeZone::UTC).date();
    midnight(Some(today.tomorrow()?), 0)
}

/// All pages of a list.
async fn list(client: &Client, request: ListUsageRequest) -> Result<Vec<Row>, Failure> {
    let (patience, bar) = (Patience::default(), pages::progress("rows")?);
    let list = async |mut client: Client, request| client.list_usage(request).await;
    let rows = pages::all(async |page_token| {
        let request = ListUsageRequest { page_token, ..request.clone() };
        let page = patience.call(client, &request, list).await?;
        bar.inc(page.usage.len().try_into().unwrap_or(u64::MAX));
        Ok((page.usage, page.next_page_token))
    });
    let rows = rows.await?;
    bar.finish_and_clear();
    Ok(rows)
}

fn write(path: &Path, rows: &[Row]) -> Result<(), Failure> {
    let mut file = csv::Writer::from_writer(pages::create(path)?);
    file.write_record(["tenant", "day", "kind", "environment", "decisions", "billable_units"])?;
    for row in rows {
        let day = time::minute(row.day);
        file.write_record([
            row.tenant.trim_start_matches("tenants/"),
            day.get(..10).unwrap_or_default(),
            &lower(row.kind().as_str_name(), "DECISION_KIND_"),
            &lower(row.environment().as_str_name(), "ENVIRONMENT_"),
            &row.decisions.to_string(),
            &row.billable_units.to_string(),
        ])?;
    }
    file.flush()?;
    pages::told(path, rows.len(), "row")
}

fn lower(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_lowercase()
}

fn words(kind: DecisionKind) -> String {
    lower(kind.as_str_name(), "DECISION_KIND_").replace('_', " ")
}

/// Decisions and billable units.
type Counts = (i64, i64);

fn sum<'a>(rows: impl Iterator<Item = &'a Row>) -> Counts {
    rows.fold((0, 0), |(decisions, units), row| (decisions + row.decisions, units + row.billable_units))
}

fn align_numbers(table: &mut Table, columns: std::ops::RangeInclusive<usize>) {
    for at in columns {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// One tenant's usage by kind, with its course over the days.
fn of_one(tenant: &str, usage: &GetUsageResponse, style: &Style) -> String {
    let (start, end) = (time::minute(usage.start_time), time::minute(usage.end_time));
    let day = |text: &str| text.get(..10).unwrap_or_default().to_owned();
    let sandbox = usage.totals.iter().any(|row| row.environment() == Environment::Sandbox);
    let title = format!("{tenant}, {} to before {}{}", day(&start), day(&end), if sandbox { ", sandbox" } else { "" });
    let days = days_between(usage);
    let course = |kind: Option<DecisionKind>| {
        let mut each = vec![0.0; days];
        for row in usage.days.iter().filter(|row| kind.is_none_or(|kind| row.kind() == kind)) {
            if let Some(place) = each.get_mut(day_of(row.day, usage.start_time)) {
                *place += f64::from(u32::try_from(row.decisions).unwrap_or(u32::MAX));
            }
        }
        spark(&each)
    };
    // Longer courses would not fit a line.
    let drawn = days <= 40;
    let mut header = vec!["KIND", "DECISIONS", "BILLABLE UNITS"];
    header.extend(drawn.then_some("BY DAY"));
    let mut table = style.table(&header);
    let mut add = |name: String, (decisions, units): Counts, kind: Option<DecisionKind>| {
        let mut cells = vec![name, count(decisions), count(units)];
        cells.extend(drawn.then(|| course(kind)));
        table.add_row(cells);
    };
    for row in &usage.totals {
        add(words(row.kind()), (row.decisions, row.billable_units), Some(row.kind()));
    }
    add("total".to_owned(), sum(usage.totals.iter()), None);
    align_numbers(&mut table, 1..=2);
    format!("{}\n{table}", style.bold(&title))
}

const DAY_SECONDS: i64 = 86_400;

fn days_between(usage: &GetUsageResponse) -> usize {
    day_of(usage.end_time, usage.start_time)
}

/// How many days after the start a day is.
fn day_of(day: Option<Timestamp>, start: Option<Timestamp>) -> usize {
    let seconds = |time: Option<Timestamp>| time.map_or(0, |time| time.seconds);
    usize::try_from((seconds(day) - seconds(start)) / DAY_SECONDS).unwrap_or(0)
}

/// Everybody's usage: a line for each tenant, with its decisions of each kind.
fn of_all(rows: &[Row], style: &Style) -> String {
    let kinds: BTreeMap<i32, String> = rows.iter().map(|row| (row.kind, words(row.kind()).to_uppercase())).collect();
    let mut tenants: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        tenants.entry(row.tenant.trim_start_matches("tenants/")).or_default().push(row);
    }
    let header: Vec<&str> = ["TENANT"]
        .into_iter()
        .chain(kinds.values().map(String::as_str))
        .chain(["DECISIONS", "BILLABLE UNITS"])
        .collect();
    let mut table = style.table(&header);
    let mut add = |name: &str, rows: &[&Row]| {
        let of_kind = |kind: &i32| sum(rows.iter().copied().filter(|row| row.kind == *kind)).0;
        let (decisions, units) = sum(rows.iter().copied());
        let cells = [name.to_owned()].into_iter().chain(kinds.keys().map(|kind| count(of_kind(kind))));
        table.add_row(cells.chain([count(decisions), count(units)]).collect::<Vec<_>>());
    };
    for (tenant, rows) in &tenants {
        add(tenant, rows);
    }
    add("total", &rows.iter().collect::<Vec<_>>());
    align_numbers(&mut table, 1..=kinds.len() + 2);
    table.to_string()
}
