//! How features and scores fell over the rows that a model was trained on.

use super::{Binning, Bins};
use crate::{
    domain::model::{FeatureKind, FeatureProfile, FeatureSpec, NumberProfile, TrainingProfile},
    engine::Model,
};

/// Into how many parts of about as many rows numbers are cut.
const PARTS: usize = 10;
/// A bin between two cuts that has less than one in so many rows is put to the one above it: it would tell of chance alone.
const RARE: usize = 100;

/// The profile of training rows, which lie one after the other in the manifest's order ([`Model::row_of`]), and of the score of
/// each. Numbers are cut where the model itself cuts them, if it is a scorecard, or else at their deciles.
#[must_use]
pub fn training_profile(model: &Model, rows: &[f64], scores: &[f64]) -> TrainingProfile {
    let mut manifest = model.manifest().clone();
    let width = manifest.features.len();
    let column = |at: usize| rows.iter().skip(at).step_by(width).copied();
    let cut = |(at, spec): (usize, &FeatureSpec)| FeatureProfile {
        feature: spec.name.clone(),
        below: match spec.kind {
            FeatureKind::Number => model.attribute_cuts(at).unwrap_or_else(|| deciles(column(at))),
            FeatureKind::Category | FeatureKind::Flag => Vec::new(),
        },
        rows: Vec::new(),
        missing: 0,
    };
    let mut profile = TrainingProfile {
        rows: scores.len() as u64,
        scores: NumberProfile { below: deciles(scores.iter().copied()), rows: Vec::new() },
        features: manifest.features.iter().enumerate().map(cut).collect(),
    };
    // By the bins that decisions will be counted in.
    manifest.profile = Some(profile.clone());
    let bins = Binning::of(&manifest);
    (profile.scores.rows, _) = counts(&bins.scores, scores.iter().copied());
    for (at, (one, bins)) in profile.features.iter_mut().zip(&bins.features).enumerate() {
        (one.rows, one.missing) = counts(bins, column(at));
    }
    profile
}

/// The rows in each bin, and those whose value is missing.
fn counts(bins: &Bins, values: impl Iterator<Item = f64>) -> (Vec<u64>, u64) {
    let mut rows = vec![0; bins.count()];
    for value in values {
        if let Some(count) = rows.get_mut(bins.bin(value)) {
            *count += 1;
        }
    }
    let missing = rows.pop().unwrap_or_default();
    (rows, missing)
}

/// Where values are cut into tenths: at most nine cuts. A value that more than one decile falls on, or the smallest when a
/// decile falls on it, gets a bin of its own, so that zeros do not hide among small numbers. What is missing is left out.
fn deciles(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    let Some(smallest) = values.first().copied() else { return Vec::new() };
    let deciles: Vec<f64> = (1..PARTS).map(|part| values[values.len() * part / PARTS]).collect();
    let mut cuts: Vec<f64> = Vec::with_capacity(PARTS - 1);
    for run in deciles.chunk_by(|one, other| one <= other && other <= one) {
        let (value, is_smallest) = (run[0], run[0] <= smallest);
        let next = values.get(values.partition_point(|one| *one <= value)).copied();
        cuts.extend((!is_smallest).then_some(value));
        cuts.extend(next.filter(|_| is_smallest || run.len() > 1));
    }
    // What follows one decile may be the next.
    cuts.dedup();
    let below = |cut: f64| values.partition_point(|one| *one < cut);
    let mut kept: Vec<f64> = Vec::with_capacity(cuts.len());
    for cut in cuts {
        if kept.last().is_none_or(|before| (below(cut) - below(*before)) * RARE >= values.len()) {
            kept.push(cut);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tenths_of_even_numbers_are_even() {
        let cuts = deciles((0..100).map(f64::from));
        assert_eq!(cuts, [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0]);
    }

    #[test]
    fn what_many_rows_hold_stands_alone() {
        // Zeros fill three tenths and fives two: neither hides among its neighbours.
        let zeros = std::iter::repeat_n(0.0, 30).chain((1..=25).map(|at| f64::from(at) / 10.0));
        let values = zeros.chain(std::iter::repeat_n(5.0, 25)).chain((1..=20).map(|at| 5.0 + f64::from(at)));
        let cuts = deciles(values);
        assert!(cuts.starts_with(&[0.1]), "the smallest has a bin of its own: {cuts:?}");
        assert!(cuts.windows(2).any(|pair| *pair == [5.0, 6.0]), "{cuts:?}");
        // Of a thousand the two that hold 1 are too few to stand between 0 and 2.
        let few =
            [(0.0, 598), (1.0, 2), (2.0, 400)].into_iter().flat_map(|(value, rows)| std::iter::repeat_n(value, rows));
        assert_eq!(deciles(few), [1.0]);
        assert_eq!(deciles([7.0; 5].into_iter()), Vec::<f64>::new());
        assert_eq!(deciles([f64::NAN; 5].into_iter()), Vec::<f64>::new());
    }

    proptest! {
        #[test]
        fn cuts_rise_are_few_and_leave_no_bin_empty(values in prop::collection::vec(-5i32..5, 1..80)) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let cuts = deciles(values.iter().copied());
            prop_assert!(cuts.len() < PARTS && cuts.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", cuts);
            let (rows, missing) = counts(&Bins::Cuts(cuts), values.iter().copied().chain([f64::NAN]));
            prop_assert!(rows.iter().all(|count| *count > 0), "{:?}", rows);
            prop_assert_eq!((rows.iter().sum::<u64>(), missing), (values.len() as u64, 1));
        }
    }
}
