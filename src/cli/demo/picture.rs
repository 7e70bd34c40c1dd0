//! The distribution of the score, drawn: those who defaulted to the left, those who paid to the right.

use super::statistics::{Bin, Observation, bins, count};
use crate::cli::{bars::bar, style::Style};

/// Points to a line.
const BIN_POINTS: i32 = 50;
/// The longest bar, in characters.
const BAR_WIDTH: usize = 26;

/// Draws it. Bars are shares of their own group, so that the shapes compare although the groups differ in size.
pub(super) fn histogram(observations: &[Observation], style: &Style) -> String {
    let (all, bins) = (count(observations), bins(observations, BIN_POINTS));
    let shares: Vec<(f64, f64)> =
        bins.iter().map(|bin| (share(bin.counts.defaulted, all.defaulted), share(bin.counts.paid, all.paid))).collect();
    let longest = shares.iter().fold(0.0_f64, |longest, (bad, good)| longest.max(*bad).max(*good));
    let head = format!("{:>width$}   score    {}", "defaulted", "paid", width = BAR_WIDTH + 6);
    let rows = bins.iter().zip(shares).rev().map(|(bin, shares)| row(bin, shares, longest, style));
    let title = style.bold("\nWhere the scores of both lie: share of each group, and number of clients");
    let lines: Vec<String> = [title, head].into_iter().chain(rows).collect();
    format!("{}\n", lines.join("\n"))
}

fn row(bin: &Bin, (bad, good): (f64, f64), longest: f64, style: &Style) -> String {
    let (bad_bar, good_bar) = (bar(bad / longest, BAR_WIDTH, '▐'), bar(good / longest, BAR_WIDTH, '▌'));
    // The half block, if any, goes to the open end of the bar.
    let bad_bar: String = bad_bar.chars().rev().collect();
    let number = |count: u32| if count == 0 { String::new() } else { count.to_string() };
    let (bad_number, good_number) = (number(bin.counts.defaulted), number(bin.counts.paid));
    // Padded by hand: the colour codes would count as characters.
    let room = (BAR_WIDTH + 6).saturating_sub(bad_bar.chars().count() + bad_number.len() + 1);
    let line = format!(
        "{}{bad_number} {} {:>3}-{} {} {good_number}",
        " ".repeat(room),
        style.bad(&bad_bar),
        bin.lowest,
        bin.highest,
        style.good(&good_bar),
    );
    line.trim_end().to_owned()
}

fn share(part: u32, all: u32) -> f64 {
    if all == 0 { 0.0 } else { f64::from(part) / f64::from(all) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_fits_and_the_axis_is_straight() {
        let observe = |score, defaulted| Observation { score, defaulted };
        let observations = [observe(360, true), observe(640, true), observe(840, false), observe(845, false)];
        let picture = histogram(&observations, &Style::plain());
        assert!(picture.lines().all(|line| line.chars().count() <= crate::cli::style::LINE_WIDTH), "{picture}");
        for line in picture.lines().filter(|line| line.contains('█')) {
            let axis: Vec<char> = line.chars().skip(BAR_WIDTH + 7).take(7).collect();
            assert!(axis[0].is_ascii_digit() && axis[3] == '-' && axis[6].is_ascii_digit(), "{line}");
        }
    }
}
