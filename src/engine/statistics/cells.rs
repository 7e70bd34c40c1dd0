//! Labelled counts by value.

use super::{Unmeasurable, total};

/// How many of each outcome there were at one value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// The value: a score, a probability, log odds.
    pub value: f64,
    /// How many turned out good.
    pub good: u64,
    /// How many turned out bad.
    pub bad: u64,
}

/// Cells by rising value, of which each occurs once and none is empty. Where a figure speaks of risk, the value must rise
/// with risk: who has a score that is higher for safer ones gives its negative.
#[derive(Debug, Clone, PartialEq)]
pub struct Cells {
    by_value: Vec<Cell>,
    good: u64,
    bad: u64,
}

impl Cells {
    /// Sorts cells, and adds up those of equal value.
    ///
    /// # Errors
    /// When a value is not a finite number, or there are no observations or too many.
    pub fn new(mut cells: Vec<Cell>) -> Result<Self, Unmeasurable> {
        if cells.iter().any(|cell| !cell.value.is_finite()) {
            return Err(Unmeasurable::NotANumber);
        }
        total(cells.iter().flat_map(|cell| [cell.good, cell.bad]))?;
        cells.retain(|cell| cell.good > 0 || cell.bad > 0);
        cells.sort_by(|one, other| one.value.total_cmp(&other.value));
        cells.dedup_by(|next, kept| {
            // Equality and not the total order: -0 and 0 are one value.
            let same = next.value <= kept.value;
            if same {
                kept.good += next.good;
                kept.bad += next.bad;
            }
            same
        });
        let (good, bad) = cells.iter().fold((0, 0), |(good, bad), cell| (good + cell.good, bad + cell.bad));
        Ok(Self { by_value: cells, good, bad })
    }

    /// The cells, by rising value.
    #[must_use]
    pub fn as_slice(&self) -> &[Cell] {
        &self.by_value
    }

    /// How many are good.
    #[must_use]
    pub const fn good(&self) -> u64 {
        self.good
    }

    /// How many are bad.
    #[must_use]
    pub const fn bad(&self) -> u64 {
        self.bad
    }

    /// How many there are.
    #[must_use]
    pub const fn n(&self) -> u64 {
        self.good + self.bad
    }

    /// Both counts, when both outcomes occur.
    pub(super) const fn both(&self) -> Result<(u64, u64), Unmeasurable> {
        if self.good == 0 || self.bad == 0 { Err(Unmeasurable::OneOutcome) } else { Ok((self.good, self.bad)) }
    }
}
