//! The charts of a page, as SVG.

use super::{
    super::{
        document::{CalibrationPoint, ShareBin, Shares},
        figures::percent,
    },
    escaped, joined,
};
use crate::cli::money::count;

/// The height of a bin's two bars with the space around them.
const BIN_HEIGHT: f64 = 26.0;
/// Where bars begin, and the longest of them.
const BARS_FROM: f64 = 150.0;
const BAR_LENGTH: f64 = 260.0;
/// The room for the figures after the longest bar.
const FIGURES_WIDTH: f64 = 120.0;
/// The longest label that is shown whole, in characters.
const LABEL_CHARACTERS: usize = 22;
/// The side of the square of a calibration, and the room beside it for the axes.
const SIDE: f64 = 320.0;
const MARGIN: f64 = 46.0;
/// The size of a small picture in a table, and of its columns.
const SHAPE_HEIGHT: f64 = 18.0;
const COLUMN_WIDTH: f64 = 7.0;

/// Two bars a bin: now, and below it the reference.
pub(super) fn shares(of: &Shares) -> String {
    let longest = of.bins.iter().fold(f64::MIN_POSITIVE, |longest, bin| longest.max(bin.now).max(bin.reference));
    let mut height = 0.0;
    let mut drawn = String::new();
    for bin in &of.bins {
        drawn.push_str(&bars(bin, height, longest, of.reference.is_some()));
        height += BIN_HEIGHT;
    }
    let caption = match (of.name.as_str(), of.reference) {
        ("", None) => "shares of the decisions".to_owned(),
        ("", Some(reference)) => format!("upper bar: now; lower bar, and in brackets: {reference}"),
        (name, None) => name.to_owned(),
        (name, Some(reference)) => format!("{name}: now, and {reference}"),
    };
    figure(&caption, (BARS_FROM + BAR_LENGTH + FIGURES_WIDTH, height), &drawn)
}

fn bars(bin: &ShareBin, top: f64, longest: f64, with_reference: bool) -> String {
    let (now, reference) = (bin.now / longest * BAR_LENGTH, bin.reference / longest * BAR_LENGTH);
    let below =
        if with_reference { rectangle("reference", (BARS_FROM, top + 14.0), (reference, 6.0)) } else { String::new() };
    let told =
        if with_reference { format!("{} ({})", percent(bin.now), percent(bin.reference)) } else { percent(bin.now) };
    let line = top + 16.0;
    format!(
        "{}{}{below}{}",
        text((BARS_FROM - 8.0, line), "end", &cut(&bin.label)),
        rectangle("now", (BARS_FROM, top + 4.0), (now, 9.0)),
        text((BARS_FROM + now.max(reference) + 6.0, line), "start", &told)
    )
}

/// What was said to the right, what happened upwards: on the diagonal both are the same.
pub(super) fn calibration(points: &[CalibrationPoint]) -> String {
    let most = points.iter().fold(0.01_f64, |most, one| most.max(one.interval.1).max(one.predicted));
    let across = |share: f64| MARGIN + share / most * SIDE;
    let up = |share: f64| 10.0 + SIDE - share / most * SIDE;
    let mut drawn = String::new();
    for part in [0.25, 0.5, 0.75, 1.0].map(|part| part * most) {
        drawn.push_str(&line("grid", (across(0.0), up(part)), (across(most), up(part))));
        drawn.push_str(&text((across(0.0) - 6.0, up(part) + 4.0), "end", &percent(part)));
        drawn.push_str(&text((across(part), up(0.0) + 18.0), "middle", &percent(part)));
    }
    drawn.push_str(&line("axis", (across(0.0), up(0.0)), (across(most), up(0.0))));
    drawn.push_str(&line("axis", (across(0.0), up(0.0)), (across(0.0), up(most))));
    drawn.push_str(&line("perfect", (across(0.0), up(0.0)), (across(most), up(most))));
    for one in points {
        let (x, y) = (across(one.predicted), up(one.observed));
        let (observed, predicted) = (percent(one.observed), percent(one.predicted));
        let told = format!("{}: {observed} of {} bad, said {predicted}", one.label, count(one.decisions));
        drawn.push_str(&line("interval", (x, up(one.interval.0)), (x, up(one.interval.1))));
        drawn.push_str(&dot((x, y), &told));
    }
    let caption = "to the right: the mean probability of a group; upwards: its share of bad ones, with the interval; on the \
                   diagonal both agree";
    figure(caption, (MARGIN + SIDE + 24.0, SIDE + 36.0), &drawn) + &calibration_table(points)
}

/// The same as figures.
fn calibration_table(points: &[CalibrationPoint]) -> String {
    let row = |one: &CalibrationPoint| {
        let figures = [
            percent(one.predicted),
            percent(one.observed),
            format!("{:.1} to {:.1}", one.interval.0 * 100.0, one.interval.1 * 100.0),
            count(one.decisions),
        ];
        let cells = figures.map(|figure| format!("<td class=\"number\">{figure}</td>")).concat();
        format!("<tr><td>{}</td>{cells}</tr>\n", escaped(&one.label))
    };
    let header = ["SCORE", "SAID", "BAD", "INTERVAL", "OUTCOMES"].map(|name| format!("<th scope=\"col\">{name}</th>"));
    let (header, rows) = (header.concat(), joined(points, row));
    format!("<div class=\"wide\"><table>\n<thead><tr>{header}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n")
}

/// A column a share, for a cell of a table.
pub(super) fn shape(shares: &[f64]) -> String {
    let most = shares.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let (mut columns, mut width) = (String::new(), 0.0);
    for share in shares {
        let height = share / most * SHAPE_HEIGHT;
        columns.push_str(&rectangle("now", (width, SHAPE_HEIGHT - height), (COLUMN_WIDTH - 1.0, height)));
        width += COLUMN_WIDTH;
    }
    let told: Vec<String> = shares.iter().map(|share| percent(*share)).collect();
    svg(&told.join(", "), (width.max(1.0), SHAPE_HEIGHT), &columns)
}

fn figure(caption: &str, size: (f64, f64), drawn: &str) -> String {
    let caption_text = escaped(caption);
    format!("<figure>\n{}<figcaption>{caption_text}</figcaption>\n</figure>\n", svg(caption, size, drawn))
}

/// A picture with what a reader is told who does not see it.
fn svg(told: &str, (width, height): (f64, f64), drawn: &str) -> String {
    format!(
        "<svg role=\"img\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\">\n<title>{}</title>\n{drawn}</svg>\n",
        escaped(told)
    )
}

fn rectangle(class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) -> String {
    format!("<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>\n")
}

fn line(class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) -> String {
    format!("<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>\n")
}

/// A dot that says what it is.
fn dot((x, y): (f64, f64), told: &str) -> String {
    let told = escaped(told);
    format!("<circle class=\"now\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"><title>{told}</title></circle>\n")
}

/// Text at a place, which is its start, its middle or its end.
fn text((x, y): (f64, f64), anchor: &str, what: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>\n", escaped(what))
}

fn cut(label: &str) -> String {
    if label.chars().count() <= LABEL_CHARACTERS {
        return label.to_owned();
    }
    label.chars().take(LABEL_CHARACTERS - 1).chain(['…']).collect()
}
