//! The tables of the report, and the figures below them.

use std::collections::BTreeMap;

use comfy_table::{Cell, CellAlignment};
use serde::Deserialize;

use super::{bank::Scored, statistics::Separation};
use crate::{
    cli::{
        Failure,
        style::{Style, paragraph},
    },
    rpc::proto::credit::Reason,
};

/// How many clients the table shows: the range of the scores, and no wall.
const SHOWN: usize = 14;
/// How many of a client's reasons it shows.
const REASONS_SHOWN: usize = 2;
/// The built-in model's file, for its figures on all held-out clients.
const SCORECARD: &str = include_str!("../../../models/credit/scorecard.json");

/// The clients, safest first.
pub(super) fn ranked(scored: &[Scored]) -> Vec<&Scored> {
    let mut ranked: Vec<_> = scored.iter().collect();
    ranked.sort_by(|a, b| b.reply.score.cmp(&a.reply.score).then_with(|| a.client.id.cmp(&b.client.id)));
    ranked
}

/// A few clients, evenly over a ranking, its first and last among them.
pub(super) fn evenly<'a>(ranked: &[&'a Scored]) -> Vec<&'a Scored> {
    let (last, steps) = (ranked.len().saturating_sub(1), SHOWN - 1);
    let mut places: Vec<usize> = (0..=steps).map(|step| step * last / steps).collect();
    places.dedup();
    places.into_iter().filter_map(|place| ranked.get(place).copied()).collect()
}

/// The table of clients.
pub(super) fn clients(chosen: &[&Scored], of: usize, style: &Style) -> String {
    let mut table = style.table(&["client", "score", "shadow", "band", "PD", "where most points went", "outcome"]);
    for one in chosen {
        let reply = &one.reply;
        let outcome = if one.client.defaulted { style.bad_cell("default") } else { Cell::new("paid") };
        table.add_row([
            Cell::new(&one.client.id),
            number(reply.score.to_string()),
            number(one.shadow_score.to_string()),
            Cell::new(&reply.band).set_alignment(CellAlignment::Center),
            number(percent(reply.probability_of_default)),
            Cell::new(short_reasons(&reply.reasons)),
            outcome,
        ]);
    }
    let title = format!("\n{} of the {of} clients, evenly over the ranking", chosen.len());
    let legend = "score is the champion's answer, shadow what the challenger would have said. PD is the calibrated \
                  probability of default; the outcome is what really came, and no model saw it. late, paid, limit: a \
                  late payment, a small one, a low limit; (1) is the most recent month.";
    format!("{}\n{}\n  {}", style.bold(&title), table.trim_fmt(), paragraph(legend, 2))
}

/// The table of bands, safest first.
pub(super) fn bands(ranked: &[&Scored], style: &Style) -> String {
    let mut by_band: BTreeMap<&str, Vec<&Scored>> = BTreeMap::new();
    for one in ranked {
        by_band.entry(&one.reply.band).or_default().push(one);
    }
    // By score, not by letter: a model may name its bands as it likes.
    let mut by_band: Vec<_> = by_band.into_iter().collect();
    by_band.sort_by_key(|(_, clients)| clients.first().map(|one| -one.reply.score));
    let mut table = style.table(&["band", "scores seen", "clients", "defaulted", "share", "mean PD"]);
    for (band, clients) in by_band {
        let (highest, lowest) = (clients.first(), clients.last());
        let score = |one: Option<&&Scored>| one.map_or(0, |one| one.reply.score);
        let defaulted = clients.iter().filter(|one| one.client.defaulted).count();
        let predicted: f64 = clients.iter().map(|one| one.reply.probability_of_default).sum();
        table.add_row([
            Cell::new(band).set_alignment(CellAlignment::Center),
            number(format!("{} - {}", score(lowest), score(highest))),
            number(clients.len().to_string()),
            number(defaulted.to_string()),
            number(percent(size(defaulted) / size(clients.len()))),
            number(percent(predicted / size(clients.len()))),
        ]);
    }
    format!("{}\n{}", style.bold("\nBy band: what came, and what the scores had predicted"), table.trim_fmt())
}

/// How many clients were held out when the built-in model was trained, and how well it separates them.
pub(super) fn held_out_of_scorecard() -> Result<(u32, Separation), Failure> {
    let Training { held_out_rows, held_out } = serde_json::from_str::<ModelFile>(SCORECARD)?.training;
    Ok((held_out_rows, Separation { auc: held_out.auc, ks: held_out.ks }))
}

#[derive(Deserialize)]
struct ModelFile {
    training: Training,
}

#[derive(Deserialize)]
struct Training {
    held_out_rows: u32,
    held_out: HeldOut,
}

#[derive(Deserialize)]
struct HeldOut {
    auc: f64,
    ks: f64,
}

/// The largest reasons in a few words, those of one kind together: `late(1) -225, (5) -37`.
fn short_reasons(reasons: &[Reason]) -> String {
    let mut text = String::new();
    let mut kind_before = String::new();
    for reason in reasons.iter().take(REASONS_SHOWN) {
        let (kind, month) = short_reason(&reason.characteristic);
        let kind_again = kind == kind_before;
        text.extend([if text.is_empty() { "" } else { ", " }, if kind_again { "" } else { &kind }]);
        let month = if month.is_empty() { String::new() } else { format!("({month})") };
        text.extend([&month, " -", &reason.points_lost.to_string()]);
        kind_before = kind;
    }
    if text.is_empty() { "none: nothing could be better".to_owned() } else { text }
}

/// A characteristic of the built-in model in a word or two, and its month; another model's by its name.
fn short_reason(characteristic: &str) -> (String, &str) {
    let kinds = [("repayment_status_", "late"), ("payment_amount_", "paid"), ("credit_limit", "limit")];
    for (prefix, kind) in kinds {
        if let Some(month) = characteristic.strip_prefix(prefix) {
            return (kind.to_owned(), month);
        }
    }
    (characteristic.replace('_', " "), "")
}

pub(super) fn number(text: String) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn size(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(characteristic: &str, points_lost: i32) -> Reason {
        Reason { characteristic: characteristic.to_owned(), points_lost, ..Reason::default() }
    }

    #[test]
    fn reasons_are_short_and_those_of_one_kind_stand_together() {
        let late = [reason("repayment_status_1", 225), reason("repayment_status_5", 37), reason("credit_limit", 5)];
        assert_eq!(short_reasons(&late), "late(1) -225, (5) -37");
        let mixed = [reason("credit_limit", 55), reason("payment_amount_3", 50)];
        assert_eq!(short_reasons(&mixed), "limit -55, paid(3) -50");
        assert_eq!(short_reasons(&[reason("years_at_address", 9)]), "years at address -9");
        assert_eq!(short_reasons(&[]), "none: nothing could be better");
    }
}
