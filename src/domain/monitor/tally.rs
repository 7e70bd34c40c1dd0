//! Counts of decisions that add up: a day's, a month's, or what one more report changes.
//!
//! Everything is a whole number, so that sums do not depend on their order, and what was counted can be taken back to the last
//! bit when a report is corrected. It is stored as protobuf, for that leaves out zeros and can grow.

use std::collections::BTreeMap;

use super::Scored;

/// Probabilities are added in units of 2^-36: a sum of a hundred million of them fits 63 bits, and a mean is true to 8e-12.
const UNIT: f64 = 68_719_476_736.0;

/// Counts of decisions.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Tally {
    /// The decisions.
    #[prost(int64, tag = "1")]
    pub decisions: i64,
    /// Those whose features are not in `features`: they were erased, the model cannot be read any more, or the version was a
    /// shadow, whose inputs are those of the version that answered.
    #[prost(int64, tag = "2")]
    pub without_features: i64,
    /// By the bins of the score.
    #[prost(message, optional, tag = "3")]
    pub scores: Option<Counts>,
    /// By feature, in the manifest's order, by its bins; the last is of missing values. Empty for a feature without bins.
    #[prost(message, repeated, tag = "4")]
    pub features: Vec<Counts>,
    /// By the step of the score.
    #[prost(btree_map = "sint32, message", tag = "5")]
    pub cells: BTreeMap<i32, CellTally>,
}

/// Counts by bin.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Counts {
    /// One for each bin.
    #[prost(int64, repeated, tag = "1")]
    pub bins: Vec<i64>,
}

/// Counts of the decisions with a score in one step.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct CellTally {
    /// The decisions.
    #[prost(int64, tag = "1")]
    pub decisions: i64,
    /// Those that the partner approved.
    #[prost(int64, tag = "2")]
    pub approved: i64,
    /// Those that it refused.
    #[prost(int64, tag = "3")]
    pub refused: i64,
    /// Those that turned out good.
    #[prost(int64, tag = "4")]
    pub good: i64,
    /// Those that turned out bad.
    #[prost(int64, tag = "5")]
    pub bad: i64,
    /// The sum of the probabilities of those that are labelled, in units of 2^-36.
    #[prost(int64, tag = "6")]
    pub probability: i64,
    /// The sum of their squared errors, in the same unit.
    #[prost(int64, tag = "7")]
    pub squared: i64,
    /// The sum of the fourth powers of their errors.
    #[prost(int64, tag = "8")]
    pub fourth: i64,
}

/// One decision as it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The step of its score.
    pub step: i32,
    /// The bin of its score; nothing when the version cannot be read any more.
    pub score: Option<Bin>,
    /// The bin of each feature, in the manifest's order; nothing when they are not known, or not the version's to count.
    pub features: Option<Vec<Bin>>,
}

/// A bin, and how many there are with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bin {
    /// Its place, from 0.
    pub at: usize,
    /// How many there are; none for what is not cut.
    pub of: usize,
}

impl Counts {
    fn count(&mut self, bin: Bin) {
        if self.bins.len() < bin.of {
            self.bins.resize(bin.of, 0);
        }
        if let Some(count) = self.bins.get_mut(bin.at) {
            *count += 1;
        }
    }

    fn add(&mut self, other: &Self) {
        if self.bins.len() < other.bins.len() {
            self.bins.resize(other.bins.len(), 0);
        }
        for (sum, more) in self.bins.iter_mut().zip(&other.bins) {
            *sum += more;
        }
    }
}

impl CellTally {
    fn add(&mut self, other: &Self) {
        self.decisions += other.decisions;
        self.approved += other.approved;
        self.refused += other.refused;
        self.good += other.good;
        self.bad += other.bad;
        self.probability += other.probability;
        self.squared += other.squared;
        self.fourth += other.fourth;
    }

    /// The labelled decisions.
    #[must_use]
    pub const fn labelled(&self) -> i64 {
        self.good + self.bad
    }

    /// The sum of the probabilities of those that are labelled.
    #[must_use]
    pub fn probability_sum(&self) -> f64 {
        from_units(self.probability)
    }

    /// The sum of their squared errors.
    #[must_use]
    pub fn squared_sum(&self) -> f64 {
        from_units(self.squared)
    }

    /// The sum of the fourth powers of their errors.
    #[must_use]
    pub fn fourth_sum(&self) -> f64 {
        from_units(self.fourth)
    }
}

impl Tally {
    /// The bytes in which it is stored.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        prost::Message::encode_to_vec(self)
    }

    /// Reads bytes back; nothing when they are not what [`Self::to_bytes`] writes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        prost::Message::decode(bytes).ok()
    }

    /// Adds another tally to this one.
    pub fn add(&mut self, other: &Self) {
        self.decisions += other.decisions;
        self.without_features += other.without_features;
        if let Some(scores) = &other.scores {
            self.scores.get_or_insert_default().add(scores);
        }
        if self.features.len() < other.features.len() {
            self.features.resize(other.features.len(), Counts::default());
        }
        for (sum, more) in self.features.iter_mut().zip(&other.features) {
            sum.add(more);
        }
        for (step, cell) in &other.cells {
            self.cells.entry(*step).or_default().add(cell);
        }
    }

    /// Counts a decision.
    pub fn count(&mut self, one: &Counted) {
        self.count_bins(one);
        self.cells.entry(one.step).or_default().decisions += 1;
    }

    /// Counts a decision by its bins alone, without the step of its score.
    pub fn count_bins(&mut self, one: &Counted) {
        self.decisions += 1;
        if let Some(score) = one.score {
            self.scores.get_or_insert_default().count(score);
        }
        let Some(features) = &one.features else {
            self.without_features += 1;
            return;
        };
        if self.features.len() < features.len() {
            self.features.resize(features.len(), Counts::default());
        }
        for (counts, bin) in self.features.iter_mut().zip(features) {
            counts.count(*bin);
        }
    }

    /// Counts what became of a decision, or takes it back with `times` of -1.
    pub fn count_label(&mut self, scored: &Scored, approved: Option<bool>, bad: Option<bool>, times: i64) {
        let cell = self.cells.entry(scored.step()).or_default();
        match approved {
            Some(true) => cell.approved += times,
            Some(false) => cell.refused += times,
            None => {}
        }
        let Some(bad) = bad else { return };
        if bad {
            cell.bad += times;
        } else {
            cell.good += times;
        }
        if let Some(probability) = scored.probability {
            let error = probability - if bad { 1.0 } else { 0.0 };
            let squared = error * error;
            cell.probability += times * to_units(probability);
            cell.squared += times * to_units(squared);
            cell.fourth += times * to_units(squared * squared);
        }
    }
}

/// A number of 0 to 1 in units of 2^-36.
#[allow(clippy::cast_possible_truncation, reason = "at most 2^36")]
fn to_units(value: f64) -> i64 {
    (value * UNIT).round() as i64
}

#[allow(clippy::cast_precision_loss, reason = "what is lost lies below the rounding of the terms")]
fn from_units(units: i64) -> f64 {
    units as f64 / UNIT
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn label() -> impl Strategy<Value = (f64, Option<bool>, Option<bool>)> {
        (0.0..=1.0f64, any::<Option<bool>>(), any::<Option<bool>>())
    }

    fn scored(probability: f64) -> Scored {
        Scored { points: None, probability: Some(probability), prediction: probability }
    }

    proptest! {
        #[test]
        fn sums_depend_on_no_order_and_can_be_taken_back(labels in prop::collection::vec(label(), 0..60), cut in 0usize..60) {
            let count = |labels: &[(f64, Option<bool>, Option<bool>)], times| {
                let mut tally = Tally::default();
                for (probability, approved, bad) in labels {
                    tally.count_label(&scored(*probability), *approved, *bad, times);
                }
                tally
            };
            let (first, second) = labels.split_at(cut.min(labels.len()));
            let (mut forward, mut backward) = (count(first, 1), count(second, 1));
            forward.add(&count(second, 1));
            backward.add(&count(first, 1));
            prop_assert_eq!(&forward, &backward);
            prop_assert_eq!(&Tally::from_bytes(&forward.to_bytes()).unwrap(), &forward);
            forward.add(&count(&labels, -1));
            prop_assert!(forward.cells.values().all(|cell| *cell == CellTally::default()));
        }
    }
}
