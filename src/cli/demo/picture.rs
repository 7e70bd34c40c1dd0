//! The distribution of the score, drawn: those who defaulted to the left, those who paid to the right.

use super::{
    statistics::{Bin, Observation, bins, count},
    style::Style,
};

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
    let (bad_bar, good_bar) = (bar(bad / longest, '▐'), bar(good / longest, '▌'));
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

/// A bar in half characters; whoever is there at all is seen.
fn bar(part: f64, half: char) -> String {
    let halves = (0..BAR_WIDTH * 2).take_while(|at| part * size(BAR_WIDTH * 2) - size(*at) >= 0.5).count();
    let halves = if part > 0.0 { halves.max(1) } else { 0 };
    let mut bar = "█".repeat(halves / 2);
    if halves % 2 == 1 {
        bar.push(half);
    }
    bar
}

fn share(part: u32, all: u32) -> f64 {
    if all == 0 { 0.0 } else { f64::from(part) / f64::from(all) }
}

fn size(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_part() {
        assert_eq!(bar(1.0, '▌'), "█".repeat(BAR_WIDTH));
        assert_eq!(bar(0.5, '▌'), "█".repeat(BAR_WIDTH / 2));
        assert_eq!(bar(0.0, '▌'), "");
        assert_eq!(bar(0.000_1, '▌'), "▌");
    }

    #[test]
    fn every_line_fits_and_the_axis_is_straight() {
        let observe = |score, defaulted| Observation { score, defaulted };
        let observations = [observe(360, true), observe(640, true), observe(840, false), observe(845, false)];
        let picture = histogram(&observations, &Style::plain());
        assert!(picture.lines().all(|line| line.chars().count() <= super::super::style::LINE_WIDTH), "{picture}");
        for line in picture.lines().filter(|line| line.contains('█')) {
            let axis: Vec<char> = line.chars().skip(BAR_WIDTH + 7).take(7).collect();
            assert!(axis[0].is_ascii_digit() && axis[3] == '-' && axis[6].is_ascii_digit(), "{line}");
        }
    }
}
