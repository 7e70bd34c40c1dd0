//! The report of a backtest, for a person.

use std::cmp::Reverse;

use comfy_table::{CellAlignment, Table, presets::NOTHING};

use super::show::{self, decision};
use crate::{
    cli::money::{amount, count},
    rpc::proto::fraud::{BacktestReport, DecisionChange, FraudDecision, Performance},
};

/// What a version would have changed over a period.
pub(super) fn told(version: &str, period: &str, report: &BacktestReport) -> String {
    let events = count(report.events);
    if report.events == 0 {
        return format!(
            "{version} decides none of {period}\n\
             check events or record some first (riskport replay), and look at the version's scenes \
             (riskport policy show {version})"
        );
    }
    let mut parts = vec![
        format!("{version} over {period}: it decides {events}, {}", otherwise(report)),
        decisions(report),
        performance(report),
    ];
    if !report.rules.is_empty() {
        parts.push(rules(report));
    }
    if report.truncated > 0 {
        parts.push(format!(
            "{} events had more before them than is looked at: their counts are lower bounds",
            count(report.truncated)
        ));
    }
    parts.join("\n\n")
}

/// How many of the events that were decided would be decided otherwise.
fn otherwise(report: &BacktestReport) -> String {
    let decided = report.changes.iter().filter(|one| one.before() != FraudDecision::Unspecified);
    let (mut all, mut changed) = (0, 0);
    for one in decided {
        all += one.events;
        changed += if one.before == one.after { 0 } else { one.events };
    }
    if all == 0 {
        "none of which was decided before".to_owned()
    } else {
        format!("{} of {} otherwise than before", count(changed), count(all))
    }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_header(header);
    table
}

/// Puts the numbers to the right, from a column on.
fn aligned(mut table: Table, from: usize) -> String {
    for column in table.column_iter_mut().skip(from) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

/// From which decision to which: what changes first, the most severe first.
fn decisions(report: &BacktestReport) -> String {
    let mut changes: Vec<&DecisionChange> = report.changes.iter().collect();
    let undecided = |one: &DecisionChange| one.before() == FraudDecision::Unspecified;
    let any_undecided = changes.iter().any(|one| undecided(one));
    changes.sort_by_key(|one| (undecided(one), one.before == one.after, Reverse(one.after), one.before));
    let mut table = table(&["BEFORE", "AFTER", "EVENTS", "FRAUDS", "GENUINE", "MONEY"]);
    for one in changes {
        let money: Vec<String> =
            one.amounts.iter().map(|money| amount(money.amount_minor, &money.currency_code)).collect();
        table.add_row([
            decision(one.before()).to_owned(),
            decision(one.after()).to_owned(),
            count(one.events),
            count(one.frauds),
            count(one.genuine),
            if money.is_empty() { "-".to_owned() } else { money.join("\n") },
        ]);
    }
    let note = if any_undecided { "\n - before: recorded as history, and never decided" } else { "" };
    format!("{}{note}", aligned(table, 2))
}

/// How well decisions met outcomes, before and after, over the same events.
fn performance(report: &BacktestReport) -> String {
    let (before, after) = (report.before.unwrap_or_default(), report.after.unwrap_or_default());
    let known = before.true_positives + before.false_positives + before.false_negatives + before.true_negatives;
    if known == 0 {
        return "precision and recall need events that were decided and whose outcome was reported\n\
                (riskport report-fraud ID --label fraud): there are none here"
            .to_owned();
    }
    let percent = |share: Option<f64>| share.map_or("-".to_owned(), |share| format!("{:.1} %", share * 100.0));
    let of = |part: i64, rest: i64| format!("{} of {}", count(part), count(part + rest));
    let mut table = table(&["", "BEFORE", "AFTER", ""]);
    let mut row = |label: &str, value: &dyn Fn(&Performance) -> String, meaning: &str| {
        table.add_row([label, &value(&before), &value(&after), meaning]);
    };
    row("precision", &|one| percent(one.precision), "of what is stopped, the share that is fraud");
    row("recall", &|one| percent(one.recall), "of all frauds, the share that is stopped");
    row("frauds stopped", &|one| of(one.true_positives, one.false_negatives), "");
    row("genuine stopped", &|one| of(one.false_positives, one.true_negatives), "");
    for column in table.column_iter_mut().skip(1).take(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let told = count(known);
    let head = format!("Over events that were decided and whose outcome is known, {told} in all:");
    let unfair = if before.false_positives + before.true_negatives == 0 {
        "\n none of them is known as genuine, so that precision says nothing yet \
         (riskport report-fraud ID --label genuine)"
    } else {
        ""
    };
    format!("{head}\n{}{unfair}", table.trim_fmt())
}

fn rules(report: &BacktestReport) -> String {
    let mut table = show::table(&["RULE", "HITS", "FRAUDS", "GENUINE"]);
    for one in &report.rules {
        table.add_row([one.rule.clone(), count(one.hits), count(one.frauds), count(one.genuine)]);
    }
    aligned(table, 1)
}
