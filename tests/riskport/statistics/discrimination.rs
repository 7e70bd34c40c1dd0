//! AUC, Gini and KS against scikit-learn, SciPy and DeLong's variance over every pair.

use riskport::engine::statistics::{Cell, Cells, Unmeasurable, auc, ks};

use super::{assert_close, assert_estimate, assert_relatively_close, cells, list};

#[test]
fn areas_and_distances_are_those_of_the_references() {
    let reference = super::reference!("discrimination");
    assert!(list(&reference).len() >= 8);
    for case in list(&reference) {
        let (cells, name) = (cells(&case["cells"]), &case["name"]);
        let area = auc(&cells).unwrap();
        assert_estimate(&format!("AUC of {name}"), area.estimate, &case["auc"], &case["interval"], cells.n());
        assert_close(&format!("Gini of {name}"), area.gini().value, &case["gini"]);
        assert_close(&format!("tie bound of {name}"), area.tie_bound, &case["tie_bound"]);
        match area.standard_error {
            Some(error) => assert_close(&format!("error of {name}"), error, &case["standard_error"]),
            None => assert!(case["standard_error"].is_null(), "{name}"),
        }
        let distance = ks(&cells).unwrap();
        assert_estimate(&format!("KS of {name}"), distance.estimate, &case["ks"], &case["ks_interval"], cells.n());
        assert_relatively_close(&format!("p of KS of {name}"), distance.p, &case["ks_p"]);
        assert_close(&format!("place of KS of {name}"), distance.at, &case["ks_at"]);
    }
}

#[test]
fn cells_may_come_in_any_order_and_pieces() {
    let cell = |value, good, bad| Cell { value, good, bad };
    let whole = Cells::new(vec![cell(0.0, 3, 1), cell(1.0, 2, 4)]).unwrap();
    let pieces = vec![cell(1.0, 1, 4), cell(5.0, 0, 0), cell(0.0, 1, 1), cell(1.0, 1, 0), cell(-0.0, 2, 0)];
    let pieces = Cells::new(pieces).unwrap();
    assert_eq!(pieces.as_slice().len(), 2);
    assert_eq!((pieces.good(), pieces.bad(), pieces.n()), (5, 5, 10));
    assert_eq!(auc(&pieces), auc(&whole));
    assert_eq!(ks(&pieces), ks(&whole));
}

#[test]
fn what_cannot_be_measured_says_why() {
    let cell = |value, good, bad| Cell { value, good, bad };
    assert_eq!(Cells::new(Vec::new()), Err(Unmeasurable::Empty));
    assert_eq!(Cells::new(vec![cell(1.0, 0, 0)]), Err(Unmeasurable::Empty));
    assert_eq!(Cells::new(vec![cell(f64::NAN, 1, 1)]), Err(Unmeasurable::NotANumber));
    assert_eq!(Cells::new(vec![cell(f64::INFINITY, 1, 1)]), Err(Unmeasurable::NotANumber));
    assert_eq!(Cells::new(vec![cell(1.0, u64::MAX, 1)]), Err(Unmeasurable::TooMany));
    assert_eq!(Cells::new(vec![cell(1.0, (1 << 53) - 1, 2)]), Err(Unmeasurable::TooMany));
    for one_sided in [cell(1.0, 5, 0), cell(1.0, 0, 5)] {
        let cells = Cells::new(vec![one_sided]).unwrap();
        assert_eq!(auc(&cells), Err(Unmeasurable::OneOutcome));
        assert_eq!(ks(&cells).map(|_| ()), Err(Unmeasurable::OneOutcome));
    }
    // As many as there may be: nothing overflows.
    let many = Cells::new(vec![cell(0.0, 1 << 52, 1), cell(1.0, 1, (1 << 52) - 2)]).unwrap();
    assert!(auc(&many).unwrap().estimate.value > 0.999 && ks(&many).unwrap().estimate.value > 0.999);
}
