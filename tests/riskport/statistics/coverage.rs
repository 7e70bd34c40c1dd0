//! Whether an interval of 95 % holds the truth about 95 times of 100.

use riskport::engine::statistics::{Cell, Cells, Interval, auc, ks, psi};

use super::random::{Bins, Random};

/// How many of 1,000 samples have an interval that holds the truth.
fn covered(truth: f64, mut sample: impl FnMut() -> Option<Interval>) -> u32 {
    let holds = |one: Interval| one.low <= truth && truth <= one.high;
    (0..1_000).map(|_| u32::from(sample().is_some_and(holds))).sum()
}

#[test]
fn intervals_of_a_movement_hold_it_with_drift_and_without() {
    let mut random = Random(11);
    let even = Bins::new(&[0.1; 10]);
    let tilted = |by: f64| -> Vec<f64> { (0..10).map(|at| 0.1 + by * (f64::from(at) - 4.5) / 45.0).collect() };
    for by in [0.0, 0.1, 0.2, 0.4] {
        let shares = tilted(by);
        let truth: f64 = shares.iter().map(|share| (share - 0.1) * (share / 0.1).ln()).sum();
        let bins = Bins::new(&shares);
        for (m, n) in [(5_000, 400), (1_000, 3_000)] {
            let sample = || psi(&random.counts(&even, m), &random.counts(&bins, n)).unwrap().movement.interval;
            let held = covered(truth, sample);
            assert!((930..=975).contains(&held), "{held} of 1,000 at {truth} with {m} and {n}");
        }
    }
}

#[test]
fn intervals_of_an_area_and_of_a_distance_hold_them() {
    let mut random = Random(12);
    // Twenty cells, in which the bad become more frequent: the truth is what the shares themselves give.
    let good: Vec<f64> = (0..20).map(|at| f64::from(40 - 2 * at + 1) / 440.0 * 1.1).collect();
    let good: Vec<f64> = good.iter().map(|share| share / good.iter().sum::<f64>()).collect();
    let bad: Vec<f64> = good.iter().rev().copied().collect();
    let (mut area, mut distance, mut good_up_to, mut bad_up_to) = (0.0, 0.0_f64, 0.0, 0.0);
    for (one, other) in good.iter().zip(&bad) {
        area += other * (good_up_to + one / 2.0);
        good_up_to += one;
        bad_up_to += other;
        distance = distance.max(good_up_to - bad_up_to);
    }
    let (good, bad) = (Bins::new(&good), Bins::new(&bad));
    let mut cells = |n: u64, of_bad: u64| {
        let counts = random.counts(&good, n).into_iter().zip(random.counts(&bad, of_bad));
        let cell = |(at, (good, bad)): (usize, (u64, u64))| Cell { value: at as f64, good, bad };
        Cells::new(counts.enumerate().map(cell).collect()).unwrap()
    };
    for (n, of_bad) in [(900, 60), (300, 300)] {
        let held = covered(area, || auc(&cells(n, of_bad)).unwrap().estimate.interval);
        assert!((925..=975).contains(&held), "{held} of 1,000 areas");
        let held = covered(distance, || ks(&cells(n, of_bad)).unwrap().estimate.interval);
        assert!((900..=985).contains(&held), "{held} of 1,000 distances");
    }
}
