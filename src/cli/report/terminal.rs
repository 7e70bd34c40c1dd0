//! A document for a terminal.

use comfy_table::{Attribute, Cell as TableCell, CellAlignment, Color};

use super::{
    document::{Block, CalibrationPoint, Cell, Document, Section, Shares, Table},
    figures::percent,
};
use crate::cli::{
    bars::{bar, spark},
    money::count,
    style::{Style, paragraph},
};

/// The longest bar of a distribution, in characters.
const BAR_WIDTH: usize = 36;
/// The width of the picture of a calibration, in characters.
const PICTURE_WIDTH: usize = 34;
/// The widest label of a bin that is shown whole.
const LABEL_WIDTH: usize = 22;

/// The whole document.
pub(super) fn told(document: &Document, style: &Style) -> String {
    let mut parts = vec![style.bold(&document.title)];
    parts.extend(document.facts.iter().map(|fact| format!("  {}", paragraph(fact, 2))));
    parts.extend(document.sections.iter().map(|section| format!("\n{}", told_section(section, style))));
    parts.join("\n")
}

fn told_section(section: &Section, style: &Style) -> String {
    let title = match legend(&section.blocks) {
        Some(legend) => format!("{} ({legend})", section.title),
        None => section.title.clone(),
    };
    let title = if section.alarming { style.bad(&title) } else { style.bold(&title) };
    let blocks = section.blocks.iter().map(|block| match block {
        Block::Text(text) => format!("  {}", paragraph(text, 2)),
        Block::Table(table) => told_table(table, style),
        Block::Shares(shares) => told_shares(shares, style),
        Block::Calibration(points) => told_calibration(points, style),
    });
    [title].into_iter().chain(blocks).collect::<Vec<_>>().join("\n")
}

/// What the characters of a section's chart mean.
fn legend(blocks: &[Block]) -> Option<&'static str> {
    blocks.iter().find_map(|block| match block {
        Block::Shares(shares) if shares.reference.is_some() => Some("│ and brackets"),
        Block::Calibration(_) => Some("│ said, ● came, ◉ both, ─ interval"),
        _ => None,
    })
}

fn told_table(table: &Table, style: &Style) -> String {
    let header: Vec<&str> = table.header.iter().map(String::as_str).collect();
    let mut told = style.table(&header);
    for (column, cell) in told.column_iter_mut().zip(table.rows.iter().flatten()) {
        if matches!(cell, Cell::Number(_) | Cell::Alarm(_)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for row in &table.rows {
        told.add_row(row.iter().map(|cell| match cell {
            Cell::Text(text) => TableCell::new(text),
            Cell::Number(figure) => TableCell::new(figure),
            Cell::Shape(shares) => TableCell::new(spark(shares)),
            Cell::Alarm(text) => {
                let cell = TableCell::new(text);
                if style.has_colour() { cell.fg(Color::DarkRed).add_attribute(Attribute::Bold) } else { cell }
            }
        }));
    }
    told.trim_fmt()
}

/// A bar for each bin, with a line where the reference ends.
fn told_shares(shares: &Shares, style: &Style) -> String {
    let longest = shares.bins.iter().fold(f64::MIN_POSITIVE, |longest, bin| longest.max(bin.now).max(bin.reference));
    let width = shares.bins.iter().map(|bin| bin.label.chars().count()).max().unwrap_or(0).min(LABEL_WIDTH);
    let lines = shares.bins.iter().map(|bin| {
        let drawn = bar(bin.now / longest, BAR_WIDTH, '▌');
        let mut cells: Vec<char> = drawn.chars().chain(std::iter::repeat(' ')).take(BAR_WIDTH + 1).collect();
        let mut told = percent(bin.now);
        if shares.reference.is_some() {
            cells[place(bin.reference / longest, BAR_WIDTH)] = '│';
            told = format!("{told} ({})", percent(bin.reference));
        }
        let bar: String = cells.into_iter().collect();
        format!("  {:<width$}  {} {told}", cut(&bin.label), style.good(&bar))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The interval of what happened as a line, what happened as a dot, what was predicted as an upright.
fn told_calibration(points: &[CalibrationPoint], style: &Style) -> String {
    let most = points.iter().fold(f64::MIN_POSITIVE, |most, one| most.max(one.interval.1).max(one.predicted));
    let width = points.iter().map(|one| one.label.chars().count()).max().unwrap_or(0).min(LABEL_WIDTH);
    let lines = points.iter().map(|one| {
        let at = |share: f64| place(share / most, PICTURE_WIDTH);
        let mut cells = [' '; PICTURE_WIDTH + 1];
        cells[at(one.interval.0)..=at(one.interval.1)].fill('─');
        cells[at(one.observed)] = '●';
        cells[at(one.predicted)] = if at(one.predicted) == at(one.observed) { '◉' } else { '│' };
        let picture: String = cells.iter().collect();
        let (label, observed, predicted) = (cut(&one.label), percent(one.observed), percent(one.predicted));
        let of = count(one.decisions);
        format!("  {label:<width$} {} {observed:>7} of {of}, said {predicted}", style.bad(&picture))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The place of a part on a line of a width.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "clamped")]
fn place(part: f64, width: usize) -> usize {
    (part.clamp(0.0, 1.0) * width as f64).round() as usize
}

fn cut(label: &str) -> String {
    if label.chars().count() <= LABEL_WIDTH {
        return label.to_owned();
    }
    label.chars().take(LABEL_WIDTH - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::document::ShareBin, *};

    #[test]
    fn a_reference_is_marked_where_it_ends() {
        let bin = |label: &str, now, reference| ShareBin { label: label.to_owned(), now, reference };
        let bins = vec![bin("< 1", 0.5, 0.25), bin(">= 1", 0.0, 0.5)];
        let told = told_shares(&Shares { name: String::new(), reference: Some("training"), bins }, &Style::plain());
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines[0].chars().position(|one| one == '│'), Some(8 + BAR_WIDTH / 2), "{told}");
        assert_eq!(lines[1].chars().position(|one| one == '│'), Some(8 + BAR_WIDTH), "{told}");
        assert!(lines[0].ends_with("50.0 % (25.0 %)") && lines.len() == 2, "{told}");
    }

    #[test]
    fn what_was_said_stands_apart_from_what_happened() {
        let point = |predicted| CalibrationPoint {
            label: "350 to 500".to_owned(),
            predicted,
            observed: 0.2,
            interval: (0.1, 0.4),
            decisions: 40,
        };
        let told = told_calibration(&[point(0.3), point(0.2)], &Style::plain());
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines[0].contains('●') && lines[0].contains('│') && lines[0].contains("─"), "{told}");
        assert!(lines[1].contains('◉') && !lines[1].contains('●'), "{told}");
    }
}
