//! How well scores tell those who paid from those who defaulted.

use crate::engine::statistics::{Cell, Cells, auc, ks};

/// A score, higher is safer, and what became of the client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observation {
    pub(super) score: i32,
    pub(super) defaulted: bool,
}

/// How many clients there are of each outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) paid: u32,
    pub(super) defaulted: u32,
}

impl Counts {
    fn add(&mut self, defaulted: bool) {
        if defaulted { self.defaulted += 1 } else { self.paid += 1 }
    }
}

/// The clients of a range of scores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bin {
    pub(super) lowest: i32,
    pub(super) highest: i32,
    pub(super) counts: Counts,
}

/// How well scores separate the two outcomes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Separation {
    /// The probability that one who paid has a higher score than one who defaulted, a tie counted as half: the area
    /// under the ROC curve, and the Mann-Whitney statistic over the number of pairs (J. Hanley et al., "The meaning and
    /// use of the area under a receiver operating characteristic (ROC) curve", Radiology 143(1), 1982).
    pub(super) auc: f64,
    /// The largest distance between the two distributions of the score (Kolmogorov-Smirnov).
    pub(super) ks: f64,
}

/// Counts both outcomes.
pub(super) fn count(observations: &[Observation]) -> Counts {
    let mut counts = Counts::default();
    for one in observations {
        counts.add(one.defaulted);
    }
    counts
}

/// Measures the separation; nothing when one of the outcomes does not occur.
pub(super) fn separation(observations: &[Observation]) -> Option<Separation> {
    // Cells rise with risk, a score falls with it.
    let cell = |one: &Observation| Cell {
        value: -f64::from(one.score),
        good: u64::from(!one.defaulted),
        bad: u64::from(one.defaulted),
    };
    let cells = Cells::new(observations.iter().map(cell).collect()).ok()?;
    Some(Separation { auc: auc(&cells).ok()?.estimate.value, ks: ks(&cells).ok()?.estimate.value })
}

/// Counts the outcomes by ranges of `width` points, from the lowest score to the highest, empty ranges included.
pub(super) fn bins(observations: &[Observation], width: i32) -> Vec<Bin> {
    let place = |score: i32| score.div_euclid(width);
    let places = observations.iter().map(|one| place(one.score));
    let (Some(first), Some(last)) = (places.clone().min(), places.max()) else { return Vec::new() };
    let bin = |at: i32| {
        let mut counts = Counts::default();
        for one in observations.iter().filter(|one| place(one.score) == at) {
            counts.add(one.defaulted);
        }
        Bin { lowest: at * width, highest: (at + 1) * width - 1, counts }
    };
    (first..=last).map(bin).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observe(paid: &[i32], defaulted: &[i32]) -> Vec<Observation> {
        let of = |scores: &[i32], defaulted: bool| {
            scores.iter().map(|score| Observation { score: *score, defaulted }).collect::<Vec<_>>()
        };
        [of(paid, false), of(defaulted, true)].concat()
    }

    fn measure(paid: &[i32], defaulted: &[i32]) -> (f64, f64) {
        let Separation { auc, ks } = separation(&observe(paid, defaulted)).unwrap();
        (auc, ks)
    }

    fn assert_close(measured: (f64, f64), expected: (f64, f64)) {
        let off = (measured.0 - expected.0).abs().max((measured.1 - expected.1).abs());
        assert!(off < 1e-12, "{measured:?} is not {expected:?}");
    }

    #[test]
    fn the_extremes_are_one_half_and_none() {
        assert_close(measure(&[700, 800], &[400, 500, 600]), (1.0, 1.0));
        assert_close(measure(&[400, 500], &[600, 700]), (0.0, 1.0));
        assert_close(measure(&[600, 600], &[600, 600, 600]), (0.5, 0.0));
    }

    #[test]
    fn ties_count_half_whatever_the_order() {
        // Of six pairs three are won and two are ties: (3 + 2 x 1/2) / 6.
        assert_close(measure(&[500, 600, 700], &[500, 600]), (4.0 / 6.0, 1.0 / 3.0));
        let mut observations = observe(&[500, 600, 700], &[500, 600]);
        let forward = separation(&observations);
        observations.reverse();
        assert_eq!(separation(&observations), forward);
    }

    #[test]
    fn it_agrees_with_counting_every_pair() {
        let score = |i: i32| 350 + (i * i * 37 + i * 11) % 23 * 25;
        let paid: Vec<i32> = (0..60).map(score).collect();
        let defaulted: Vec<i32> = (60..90).map(|i| score(i) - 75).collect();
        let mut won_halves = 0;
        for good in &paid {
            for bad in &defaulted {
                won_halves += if good > bad { 2 } else { i32::from(good == bad) };
            }
        }
        let share = |scores: &[i32], limit: i32| {
            let below = scores.iter().filter(|score| **score <= limit).count();
            f64::from(u32::try_from(below).unwrap()) / f64::from(u32::try_from(scores.len()).unwrap())
        };
        let ks = (0..1000).map(|limit| (share(&paid, limit) - share(&defaulted, limit)).abs()).fold(0.0, f64::max);
        assert_close(measure(&paid, &defaulted), (f64::from(won_halves) / (2.0 * 60.0 * 30.0), ks));
    }

    #[test]
    fn nothing_is_measured_of_one_outcome_alone() {
        assert_eq!(separation(&observe(&[500], &[])), None);
        assert_eq!(separation(&observe(&[], &[500])), None);
        assert_eq!(separation(&[]), None);
    }

    #[test]
    fn bins_hold_everybody_once_and_leave_no_gap() {
        let bins = bins(&observe(&[350, 399, 400, 950], &[399, 549]), 50);
        assert_eq!((bins.first().unwrap().lowest, bins.last().unwrap().highest), (350, 999));
        assert!(bins.windows(2).all(|pair| pair[0].highest + 1 == pair[1].lowest));
        assert_eq!(bins[0].counts, Counts { paid: 2, defaulted: 1 });
        assert_eq!(bins.iter().map(|bin| bin.counts.paid + bin.counts.defaulted).sum::<u32>(), 6);
        assert!(super::bins(&[], 50).is_empty());
    }
}
