//! A figure over rounds: its median, with the lowest and the highest beside it.

/// The median of some figures, the lowest and the highest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::cli) struct Spread {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

impl Spread {
    /// Of figures in any order; nothing of none.
    pub(in crate::cli) fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_unstable_by(f64::total_cmp);
        let (least, most) = (*figures.first()?, *figures.last()?);
        let middle = figures.len() / 2;
        let median = if figures.len().is_multiple_of(2) {
            f64::midpoint(figures[middle - 1], figures[middle])
        } else {
            figures[middle]
        };
        Some(Self { median, least, most })
    }

    /// As `median (least-most)`, with some decimals.
    pub(in crate::cli) fn told(self, decimals: usize) -> String {
        let Self { median, least, most } = self;
        format!("{median:.decimals$} ({least:.decimals$}-{most:.decimals$})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(figures: &[f64], decimals: usize) -> Option<String> {
        Spread::of(figures.iter().copied()).map(|spread| spread.told(decimals))
    }

    #[test]
    fn a_spread_is_median_lowest_and_highest() {
        assert_eq!(told(&[3.0, 1.0, 2.0], 0).as_deref(), Some("2 (1-3)"));
        assert_eq!(told(&[4.0, 1.0, 2.0, 3.0], 1).as_deref(), Some("2.5 (1.0-4.0)"));
        assert_eq!(told(&[], 0), None);
    }
}
