//! Rates, their differences and their ratio against SciPy.

use riskport::engine::statistics::{Share, Unmeasurable, adverse_impact, proportion, proportion_difference};

use super::{assert_close, assert_interval, assert_relatively_close, counts, list};

#[test]
fn rates_and_ratios_are_those_of_scipy() {
    let reference = super::reference!("proportions");
    assert!(list(&reference).len() >= 7);
    for case in list(&reference) {
        let counts = counts(&case["counts"]);
        let (one, other) = (Share { count: counts[0], total: counts[1] }, Share { count: counts[2], total: counts[3] });
        let what = format!("{counts:?}");
        assert_interval(&what, proportion(one).unwrap().interval, &case["wilson"][0]);
        assert_interval(&what, proportion(other).unwrap().interval, &case["wilson"][1]);
        let difference = proportion_difference(one, other).unwrap();
        assert_close(&what, difference.estimate.value, &case["difference"]);
        assert_interval(&what, difference.estimate.interval, &case["newcombe"]);
        assert_eq!(difference.estimate.n, counts[1] + counts[3]);
        let test = difference.test.unwrap();
        assert_close(&what, test.z, &case["z"]);
        assert_relatively_close(&what, test.p, &case["p"]);
        let impact = adverse_impact(one, other).unwrap();
        assert_close(&what, impact.ratio.value, &case["ratio"]);
        assert_interval(&what, impact.ratio.interval, &case["ratio_interval"]);
        assert_eq!(impact.below_four_fifths, case["below"].as_bool().unwrap(), "{what}");
        assert_eq!(impact.test, difference.test);
    }
}

#[test]
fn the_ends_of_proportions() {
    let share = |count, total| Share { count, total };
    assert_eq!(proportion(share(0, 0)), Err(Unmeasurable::Empty));
    assert_eq!(proportion(share(2, 1)), Err(Unmeasurable::Inconsistent));
    assert_eq!(proportion(share(1, u64::MAX)), Err(Unmeasurable::TooMany));
    assert_eq!(adverse_impact(share(1, 2), share(0, 9)).map(|_| ()), Err(Unmeasurable::Undefined));
    // Everybody was answered alike: nothing to test.
    assert_eq!(proportion_difference(share(3, 3), share(4, 4)).unwrap().test, None);
    let none = proportion(share(0, 5)).unwrap().interval.unwrap();
    assert_close("none", none.low, &0.0.into());
    let all = proportion(share(5, 5)).unwrap().interval.unwrap();
    assert_close("all", all.high, &1.0.into());
}
