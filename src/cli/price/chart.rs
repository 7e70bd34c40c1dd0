//! Bars in a terminal.

/// The longest bar, in characters.
const WIDTH: usize = 40;

/// A bar for a part of the longest: whole and half blocks; what is there at all is seen.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of 0 to 1 of forty characters")]
pub(super) fn bar(part: f64) -> String {
    const HALVES: f64 = 80.0;
    let halves = if part > 0.0 { ((part.min(1.0) * HALVES).round() as usize).clamp(1, 2 * WIDTH) } else { 0 };
    let half = if halves % 2 == 1 { "▌" } else { "" };
    format!("{}{half}", "█".repeat(halves / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_part() {
        assert_eq!(bar(1.0), "█".repeat(WIDTH));
        assert_eq!(bar(0.5), "█".repeat(WIDTH / 2));
        assert_eq!((bar(0.0), bar(0.000_1)), (String::new(), "▌".to_owned()));
    }
}
