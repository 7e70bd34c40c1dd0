//! The population stability index against SciPy.

use riskport::engine::statistics::{Unmeasurable, psi};

use super::{assert_close, assert_interval, assert_relatively_close, count, counts, list, number};

#[test]
fn the_index_and_its_test_are_those_of_scipy() {
    let reference = super::reference!("stability");
    assert!(list(&reference).len() >= 6);
    for case in list(&reference) {
        let name = &case["name"];
        let got = psi(&counts(&case["reference"]), &counts(&case["actual"])).unwrap();
        assert_close(&format!("index of {name}"), got.value, &case["psi"]);
        assert_close(&format!("expected of {name}"), got.expected, &case["expected"]);
        assert_close(&format!("movement of {name}"), got.movement.value, &case["movement"]);
        assert_interval(&format!("movement of {name}"), got.movement.interval, &case["interval"]);
        assert_eq!(got.bins, count(&case["bins"]), "{name}");
        for row in list(&case["significant"]) {
            assert_close(&format!("significant of {name}"), got.significant_at(number(&row[0])), &row[1]);
        }
        let tests = [(got.homogeneity, "chi_square", "p"), (got.freeman_tukey, "freeman_tukey", "freeman_tukey_p")];
        for (test, statistic, p) in tests {
            let Some(test) = test else {
                assert!(case[statistic].is_null(), "{statistic} of {name}");
                continue;
            };
            assert_close(&format!("{statistic} of {name}"), test.statistic, &case[statistic]);
            assert_eq!(test.degrees, count(&case["degrees"]), "{name}");
            assert_relatively_close(&format!("{p} of {name}"), test.p, &case[p]);
        }
    }
    // The cases meet what they are there for.
    let tested = list(&reference).iter().filter(|case| !case["chi_square"].is_null()).count();
    assert!(tested >= 5 && tested < list(&reference).len());
}

#[test]
fn the_ends_of_stability() {
    assert_eq!(psi(&[], &[]), Err(Unmeasurable::Empty));
    assert_eq!(psi(&[0, 0], &[1, 2]), Err(Unmeasurable::Empty));
    assert_eq!(psi(&[1, 2], &[0, 0]), Err(Unmeasurable::Empty));
    assert_eq!(psi(&[1, 2], &[1, 2, 3]), Err(Unmeasurable::Inconsistent));
    assert_eq!(psi(&[u64::MAX, 2], &[1, 2]), Err(Unmeasurable::TooMany));
    let one_bin = psi(&[0, 7], &[0, 9]).unwrap();
    assert_eq!((one_bin.bins, one_bin.movement.interval, one_bin.homogeneity), (1, None, None));
    assert_close("one bin", one_bin.value, &0.0.into());
    assert_close("one bin", one_bin.significant_at(0.01), &0.0.into());
    let apart = psi(&[90, 0], &[0, 80]).unwrap();
    assert_eq!(apart.half_filled, 2);
    assert!(apart.value.is_finite() && apart.value > 5.0 && apart.homogeneity.unwrap().p < 1e-30);
}
