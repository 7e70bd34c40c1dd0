//! What an alarm promises: few false ones over many looks at many features, and real ones at a stated sample size.

use riskport::engine::statistics::{DriftRule, MIN_EXCESS, Psi, psi};

use super::{
    assert_close,
    random::{Bins, Random},
};

/// The share of models that may have a false alarm, over all their features and looks.
const ALPHA: f64 = 0.01;
/// The score and twenty features.
const TESTS: u32 = 21;

fn rule() -> DriftRule {
    DriftRule::new(ALPHA, TESTS).unwrap()
}

/// A standard normal feature by deciles of its reference, moved by so many standard deviations: the deciles' ends are those
/// of the standard normal distribution.
fn moved(by: f64, n: u64, random: &mut Random) -> Vec<u64> {
    let ends = [
        -1.281_551_6,
        -0.841_621_2,
        -0.524_400_5,
        -0.253_347_1,
        0.0,
        0.253_347_1,
        0.524_400_5,
        0.841_621_2,
        1.281_551_6,
    ];
    let mut counts = vec![0; 10];
    for _ in 0..n {
        let value = by + random.normal();
        counts[ends.iter().filter(|end| **end <= value).count()] += 1;
    }
    counts
}

#[test]
fn a_thousand_streams_without_drift_raise_at_most_the_stated_share_of_false_alarms() {
    // A feature in deciles, one with rare categories, and a flag; looked at four times each, against one reference.
    let kinds = [&[0.1; 10][..], &[0.6, 0.3, 0.08, 0.015, 0.004, 0.001], &[0.97, 0.03]].map(Bins::new);
    let mut random = Random(20_261_128);
    let (mut false_alarms, mut significant_once) = (0, 0);
    for stream in 0..1_000_usize {
        let n = [60, 200, 1_000, 3_000][stream % 4];
        let (mut raised, mut significant) = (false, false);
        for test in 0..TESTS as usize {
            let kind = &kinds[test % 3];
            let reference = random.counts(kind, 2_000);
            for look in 1..=4 {
                let found = psi(&reference, &random.counts(kind, n)).unwrap();
                raised |= rule().is_raised(&found, look);
                significant |= found.homogeneity.is_some_and(|test| test.p < 0.05);
            }
        }
        false_alarms += u32::from(raised);
        significant_once += u32::from(significant);
    }
    assert!(f64::from(false_alarms) <= 1_000.0 * ALPHA, "{false_alarms} false alarms");
    // A naive rule, 5 % at each look, would have raised an alarm nearly always: the streams are a test.
    assert!(significant_once > 900, "{significant_once}");
}

/// The smallest samples and a rare flag are where the tail of a chi-square is least like that of the counts.
#[test]
fn a_rare_flag_in_a_small_sample_keeps_the_stated_share() {
    let mut random = Random(3);
    for (shares, n) in [([0.97, 0.03], 200), ([0.9, 0.1], 60)] {
        let bins = Bins::new(&shares);
        let level = DriftRule::new(0.02, 1).unwrap();
        let mut one =
            || u32::from(level.is_raised(&psi(&random.counts(&bins, 4_000), &random.counts(&bins, n)).unwrap(), 4));
        // 0.02 / 20 is spent on the fourth look: 20 in 20,000.
        let raised: u32 = (0..20_000).map(|_| one()).sum();
        assert!(raised <= 25, "{raised} of 20,000 with {n}");
    }
}

#[test]
fn a_feature_moved_by_three_tenths_of_a_deviation_raises_the_alarm_at_a_thousand_observations() {
    let mut random = Random(7);
    let mut raised_at = |n: u64, by: f64| {
        let one = |_| {
            let found = psi(&moved(0.0, 10_000, &mut random), &moved(by, n, &mut random)).unwrap();
            u32::from(rule().is_raised(&found, 1))
        };
        (0..100).map(one).sum::<u32>()
    };
    let (thousand, two_thousand) = (raised_at(1_000, 0.3), raised_at(2_000, 0.3));
    assert!(thousand >= 90, "{thousand} of 100");
    assert!(two_thousand >= 98, "{two_thousand} of 100");
    // With a hundred observations it would be a guess, and no alarm says so.
    assert!(raised_at(100, 0.3) < 20);
}

#[test]
fn a_movement_that_is_real_and_small_is_no_alarm() {
    // A million observations tell a PSI of 0.01 from chance beyond doubt; nobody should be woken for it.
    let found =
        psi(&[100_000; 10], &[110_000, 90_000, 110_000, 90_000, 110_000, 90_000, 110_000, 90_000, 110_000, 90_000]);
    let found = found.unwrap();
    assert!(found.homogeneity.unwrap().p < 1e-100 && found.movement.value < MIN_EXCESS);
    assert!(!rule().is_raised(&found, 1));
    let Psi { value, expected, .. } = psi(&[100_000; 10], &[100; 10]).unwrap();
    assert_close("expected", expected, &(9.0 * (1.0 / 1_000_000.0 + 1.0 / 1_000.0)).into());
    assert_close("none", value, &0.0.into());
}

#[test]
fn levels_add_up_to_alpha() {
    let spent: f64 = (1..=100_000).map(|look| rule().alpha_at(look) * f64::from(TESTS)).sum();
    assert!(spent <= ALPHA && spent > ALPHA * 0.9999, "{spent}");
    assert_close("first", rule().alpha_at(1), &(ALPHA / 42.0).into());
    assert_close("no look", rule().alpha_at(0), &(ALPHA / 42.0).into());
    assert!(rule().alpha_at(u32::MAX) > 0.0);
    for (alpha, tests) in [(0.0, 1), (1.0, 1), (-0.1, 1), (f64::NAN, 1), (0.01, 0)] {
        assert_eq!(DriftRule::new(alpha, tests), None);
    }
}
