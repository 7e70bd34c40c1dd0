//! Bars out of characters.

/// Eighths of a line's height.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A bar of at most `width` characters, in half characters; whoever is there at all is seen. `half` is the half character.
pub(super) fn bar(part: f64, width: usize, half: char) -> String {
    let halves = (0..width * 2).take_while(|at| part * size(width * 2) - size(*at) >= 0.5).count();
    let halves = if part > 0.0 { halves.max(1) } else { 0 };
    let mut bar = "█".repeat(halves / 2);
    if halves % 2 == 1 {
        bar.push(half);
    }
    bar
}

/// Shares as columns of one line's height, the largest of them full; one of nothing is a space.
pub(super) fn spark(shares: &[f64]) -> String {
    let most = shares.iter().copied().fold(0.0, f64::max);
    let column = |share: &f64| {
        // How many eighths are reached before the share is.
        let eighths = (1..8).take_while(|eighth| *share / most * 8.0 > f64::from(*eighth)).count();
        if *share > 0.0 { HEIGHTS[eighths] } else { ' ' }
    };
    shares.iter().map(column).collect()
}

fn size(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_part() {
        assert_eq!(bar(1.0, 26, '▌'), "█".repeat(26));
        assert_eq!(bar(0.5, 26, '▌'), "█".repeat(13));
        assert_eq!(bar(0.0, 26, '▌'), "");
        assert_eq!(bar(0.000_1, 26, '▌'), "▌");
    }

    #[test]
    fn columns_are_as_high_as_their_counts() {
        assert_eq!(spark(&[0.0, 0.05, 0.2, 0.4]), " ▁▄█");
        assert_eq!(spark(&[]), "");
        assert_eq!(spark(&[0.0, 0.0]), "  ");
    }
}
