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

/// Counts as columns of one line's height, the largest of them full; a count of none is a space.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 7")]
pub(super) fn spark(counts: &[u64]) -> String {
    let most = counts.iter().copied().max().unwrap_or_default().max(1) as f64;
    let column = |count: &u64| match count {
        0 => ' ',
        count => HEIGHTS[((*count as f64 / most * 8.0).ceil() as usize).clamp(1, 8) - 1],
    };
    counts.iter().map(column).collect()
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
        assert_eq!(spark(&[0, 1, 4, 8]), " ▁▄█");
        assert_eq!(spark(&[]), "");
        assert_eq!(spark(&[0, 0]), "  ");
    }
}
