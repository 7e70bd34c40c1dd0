//! The version against those that stand beside it.

use crate::{
    cli::{
        model::show::short,
        money::count,
        report::{
            document::{Block, Cell, Detail, Section, Table},
            figures::{chance, decimals, estimate, percent},
        },
    },
    rpc::proto::risk::{Agreement, Estimate, ModelComparison, ModelReport},
};

pub(super) fn section(report: &ModelReport, detail: Detail) -> Option<Section> {
    let others = &report.comparisons;
    super::some(!others.is_empty(), || {
        let this = short(&report.model_version);
        let mut rows: Vec<Vec<Cell>> = [this_row(report)].into_iter().chain(others.iter().map(row)).collect();
        let mut header = vec!["VERSION", "AS", "DECISIONS", "AUC", "DIFFERENCE", "P"];
        if !super::is_whole(detail) {
            // What is left fits a line.
            header.remove(2);
            for row in &mut rows {
                row.remove(2);
            }
        }
        let mut blocks = vec![Block::Table(Table::new(&header, rows))];
        for other in others {
            if let Some(found) = &other.agreement {
                blocks.extend(agreement(&this, other, found, detail));
            }
        }
        Section::new("Beside it", blocks)
    })
}

fn auc(of: Option<&Estimate>) -> Cell {
    Cell::number(of.map_or("-".to_owned(), estimate))
}

fn this_row(report: &ModelReport) -> Vec<Cell> {
    vec![
        Cell::text(short(&report.model_version)),
        Cell::text("this"),
        Cell::number(count(report.decisions)),
        auc(report.discrimination.as_ref().and_then(|found| found.auc.as_ref())),
        Cell::number(""),
        Cell::number(""),
    ]
}

fn row(other: &ModelComparison) -> Vec<Cell> {
    vec![
        Cell::text(short(&other.other_version)),
        Cell::text(if other.shadow { "shadow" } else { "challenger" }),
        Cell::number(count(other.other_decisions)),
        auc(other.other_auc.as_ref()),
        auc(other.auc_difference.as_ref()),
        Cell::number(chance(other.auc_p_value)),
    ]
}

/// How often a shadow agrees, as a table of two by two where there is room for it, and who is right where they differ.
fn agreement(this: &str, comparison: &ModelComparison, found: &Agreement, detail: Detail) -> Vec<Block> {
    let other = short(&comparison.other_version);
    let both = found.both_good + found.both_bad;
    let told = format!(
        "{other} agrees on {} of the newest {} outcomes, with bad from {} on (kappa {}). Of the others {this} is right on {} and \
         {other} on {} (McNemar p {}).",
        count(both),
        count(comparison.pairs),
        percent(comparison.cutoff),
        decimals(found.kappa),
        count(found.only_this_right),
        count(found.only_other_right),
        chance(Some(found.mcnemar_p_value)),
    );
    let line =
        |name: String, good: i64, bad: i64| vec![Cell::text(name), Cell::number(count(good)), Cell::number(count(bad))];
    let rows = vec![
        line(format!("{this} says good"), found.both_good, found.only_other_bad),
        line(format!("{this} says bad"), found.only_this_bad, found.both_bad),
    ];
    let header = ["", &format!("{other} says good"), &format!("{other} says bad")];
    let table = super::is_whole(detail).then(|| Block::Table(Table::new(&header, rows)));
    [Block::Text(told)].into_iter().chain(table).collect()
}
