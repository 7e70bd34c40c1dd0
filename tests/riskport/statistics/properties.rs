//! What holds for whatever counts there are: no NaN, figures in their ranges and in their intervals.

use proptest::{collection::vec, prelude::*};
use riskport::{
    domain::model::Calibration,
    engine::statistics::{
        CalibrationRow, Cell, Cells, Estimate, Pair, Share, adverse_impact, agreement, auc, calibration_table,
        intercept_only, isotonic, ks, mcnemar, paired_auc, platt, proportion_difference, psi,
    },
};

fn holds(one: Estimate, low: f64, high: f64) -> bool {
    let inside = |value: f64| (low..=high).contains(&value);
    inside(one.value)
        && one.interval.is_none_or(|ends| {
            let around = ends.low <= one.value + 1e-12 && one.value <= ends.high + 1e-12;
            around && inside(ends.low) && inside(ends.high)
        })
}

fn some_cells() -> impl Strategy<Value = Vec<Cell>> {
    let value = prop_oneof![3 => (-5_i32..5).prop_map(f64::from), 1 => -1e300..1e300, 1 => -1e-3..1e-3];
    let times = prop_oneof![0_u64..4, 0_u64..1_000, 0_u64..(1 << 40)];
    vec((value, times.clone(), times).prop_map(|(value, good, bad)| Cell { value, good, bad }), 0..30)
}

/// Points as a manifest takes them.
fn fit_a_manifest(points: &[(f64, f64)]) -> bool {
    (2..=1_000).contains(&points.len())
        && points.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 <= two[1].1)
        && points.iter().all(|(_, probability)| (0.0..=1.0).contains(probability))
}

proptest! {
    #[test]
    fn figures_of_any_cells_are_in_range(cells in some_cells(), slope in 1e-3..1e3) {
        let Ok(cells) = Cells::new(cells) else { return Ok(()) };
        if let Ok(area) = auc(&cells) {
            prop_assert!(holds(area.estimate, 0.0, 1.0) && holds(area.gini(), -1.0, 1.0), "{area:?}");
            prop_assert!((0.0..=0.5).contains(&area.tie_bound));
            prop_assert!(area.standard_error.is_none_or(|error| (0.0..=1.0).contains(&error)));
            let distance = ks(&cells).unwrap();
            prop_assert!(holds(distance.estimate, 0.0, 1.0) && (0.0..=1.0).contains(&distance.p), "{distance:?}");
            // The area is an average of distances, none of which is above the largest.
            prop_assert!((area.estimate.value - 0.5).abs() <= distance.estimate.value + 1e-9);
        }
        if let Ok(fitted) = platt(&cells) {
            prop_assert!(fitted.slope.value > 0.0 && fitted.slope.standard_error.is_finite());
            prop_assert!(fitted.intercept.value.is_finite() && fitted.intercept.standard_error.is_finite());
        }
        if let Ok(fitted) = intercept_only(&cells, slope) {
            prop_assert!(fitted.intercept.value.is_finite() && fitted.intercept.standard_error.is_finite());
        }
        if let Ok(Calibration::Isotonic { points }) = isotonic(&cells) {
            prop_assert!(fit_a_manifest(&points), "{points:?}");
        }
    }

    #[test]
    fn any_two_samples_have_an_index(counts in vec((0_u64..500, 0_u64..500), 1..30), alpha in 1e-12..1.0) {
        let (reference, actual): (Vec<u64>, Vec<u64>) = counts.into_iter().unzip();
        let Ok(found) = psi(&reference, &actual) else { return Ok(()) };
        prop_assert!(found.value >= 0.0 && found.value.is_finite() && found.expected >= 0.0);
        prop_assert!(holds(found.movement, 0.0, f64::MAX), "{found:?}");
        prop_assert!(found.significant_at(alpha).is_finite());
        prop_assert!(found.homogeneity.is_none_or(|test| (0.0..=1.0).contains(&test.p) && test.statistic >= 0.0));
        // Either may be the reference.
        let other = psi(&actual, &reference).unwrap();
        prop_assert!((other.value - found.value).abs() < 1e-9 && other.expected <= found.expected + 1e-12);
    }

    #[test]
    fn pairs_and_cells_give_the_same_area(rows in vec((0_i32..9, 0_i32..9, any::<bool>()), 2..80)) {
        let pair = |&(first, second, bad): &(i32, i32, bool)| Pair { first: first.into(), second: second.into(), bad };
        let pairs: Vec<Pair> = rows.iter().map(pair).collect();
        let cell = |pair: &Pair| Cell { value: pair.second, good: u64::from(!pair.bad), bad: u64::from(pair.bad) };
        let cells = Cells::new(pairs.iter().map(cell).collect()).unwrap();
        let (Ok(paired), Ok(alone)) = (paired_auc(&pairs), auc(&cells)) else {
            prop_assert_eq!(paired_auc(&pairs).err(), auc(&cells).err());
            return Ok(());
        };
        prop_assert!((paired.second.estimate.value - alone.estimate.value).abs() < 1e-12);
        prop_assert!((paired.second.tie_bound - alone.tie_bound).abs() < 1e-12);
        let errors = paired.second.standard_error.zip(alone.standard_error);
        prop_assert!(errors.is_none_or(|(one, other)| (one - other).abs() < 1e-12));
        prop_assert!(holds(paired.difference.estimate, -1.0, 1.0));
    }

    #[test]
    fn rates_and_tables_are_in_range(a in 0_u64..50, b in 0_u64..50, c in 0_u64..50, d in 0_u64..50, expected in 0.0..50.0) {
        if let Ok(found) = agreement(&[vec![a, b], vec![c, d]]) {
            prop_assert!(holds(found.observed, 0.0, 1.0) && found.kappa.is_none_or(|kappa| holds(kappa, -1.0, 1.0)), "{found:?}");
            let test = mcnemar(b, c, a + b + c + d).unwrap();
            prop_assert!((0.0..=1.0).contains(&test.p) && (-1.0..=1.0).contains(&test.difference.value));
        }
        let (one, other) = (Share { count: a, total: a + b }, Share { count: c, total: c + d });
        if let Ok(found) = proportion_difference(one, other) {
            prop_assert!(holds(found.estimate, -1.0, 1.0), "{found:?}");
        }
        if let Ok(found) = adverse_impact(one, other) {
            prop_assert!(holds(found.ratio, 0.0, f64::MAX), "{found:?}");
        }
        if let Ok(found) = calibration_table(&[CalibrationRow { n: a, expected, bad: b }, CalibrationRow { n: c, expected, bad: d }]) {
            prop_assert!(found.rows.iter().all(|row| (0.0..=1.0).contains(&row.predicted) && holds(row.observed, 0.0, 1.0)));
            prop_assert!(found.hosmer_lemeshow.is_none_or(|test| test.statistic >= 0.0 && (0.0..=1.0).contains(&test.p)));
            prop_assert!(found.expected_to_observed.is_none_or(|ratio| holds(ratio, 0.0, f64::MAX)));
        }
    }
}

/// More levels than a manifest takes points.
#[test]
fn a_curve_of_very_many_levels_is_cut_to_what_a_manifest_takes() {
    let level = |at: u64| Cell { value: at as f64, good: 3_000 - at, bad: at + 1 };
    for heavy in [0, 1_500] {
        let cells = (0..3_000).map(|at| {
            if heavy > 0 && at % heavy == 1 {
                Cell { good: 9_000_000, bad: 9_000 * at, ..level(at) }
            } else {
                level(at)
            }
        });
        let cells = Cells::new(cells.collect()).unwrap();
        let Ok(Calibration::Isotonic { points }) = isotonic(&cells) else { panic!() };
        assert!(fit_a_manifest(&points), "{} points", points.len());
        assert!(points.len() > 4 && points[0].1 < points[points.len() - 1].1);
        assert_eq!(points[0].0.to_bits(), 0.0_f64.to_bits());
        assert_eq!(points[points.len() - 1].0.to_bits(), 2_999.0_f64.to_bits());
    }
}
