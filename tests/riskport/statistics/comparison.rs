//! Differences of areas against DeLong's covariance over every pair.

use riskport::engine::statistics::{
    Auc, Cell, Cells, Difference, Pair, PairedAuc, Unmeasurable, auc, auc_difference, paired_auc,
};
use serde_json::Value;

use super::{assert_close, assert_estimate, assert_interval, assert_relatively_close, cells, count, list, number};

fn assert_difference(what: &str, got: &Difference, expected: &Value) {
    let interval = &expected["interval"];
    assert_estimate(what, got.estimate, &expected["value"], interval, count(&expected["n"]));
    let test = got.test.unwrap();
    assert_close(&format!("z of {what}"), test.z, &expected["z"]);
    assert_relatively_close(&format!("p of {what}"), test.p, &expected["p"]);
}

fn assert_area(what: &str, got: &Auc, expected: &Value) {
    assert_close(what, got.estimate.value, &expected["auc"]);
    assert_close(what, got.standard_error.unwrap(), &expected["standard_error"]);
    assert_close(what, got.tie_bound, &expected["tie_bound"]);
    assert_interval(what, got.estimate.interval, &expected["interval"]);
}

fn pairs(case: &Value) -> Vec<Pair> {
    let columns = list(&case["first"]).iter().zip(list(&case["second"])).zip(list(&case["bad"]));
    let pair = |((first, second), bad): ((&Value, &Value), &Value)| Pair {
        first: number(first),
        second: number(second),
        bad: count(bad) == 1,
    };
    columns.map(pair).collect()
}

#[test]
fn paired_areas_are_those_over_every_pair() {
    let reference = super::reference!("comparison");
    for (at, case) in list(&reference["paired"]).iter().enumerate() {
        let PairedAuc { first, second, difference } = paired_auc(&pairs(case)).unwrap();
        assert_area(&format!("first of {at}"), &first, &case["areas"][0]);
        assert_area(&format!("second of {at}"), &second, &case["areas"][1]);
        assert_difference(&format!("difference {at}"), &difference, &case["difference"]);
    }
}

#[test]
fn independent_areas_are_those_of_the_reference() {
    let case = &super::reference!("comparison")["independent"];
    let (first, second) = (auc(&cells(&case["first"])).unwrap(), auc(&cells(&case["second"])).unwrap());
    assert_difference("independent", &auc_difference(&first, &second), &case["difference"]);
}

#[test]
fn equal_models_do_not_differ_and_nothing_is_tested() {
    let mut same = pairs(&super::reference!("comparison")["paired"][0]);
    for pair in &mut same {
        pair.second = pair.first * 7.0 - 3.0;
    }
    let difference = paired_auc(&same).unwrap().difference;
    assert_eq!((difference.estimate.value.abs().to_bits(), difference.estimate.interval), (0, None));
    assert_eq!(difference.test, None);
}

#[test]
fn what_cannot_be_compared_says_why() {
    let pair = |first, bad| Pair { first, second: 1.0, bad };
    assert_eq!(paired_auc(&[]), Err(Unmeasurable::Empty));
    assert_eq!(paired_auc(&[pair(1.0, true), pair(f64::NAN, false)]), Err(Unmeasurable::NotANumber));
    assert_eq!(paired_auc(&[pair(1.0, true), pair(2.0, true)]), Err(Unmeasurable::OneOutcome));
    // One of either: areas, and nothing that would need their spread.
    let two = paired_auc(&[pair(1.0, true), pair(2.0, false)]).unwrap();
    assert_eq!((two.difference.test, two.first.standard_error, two.difference.estimate.interval), (None, None, None));
    let one_each = auc(&Cells::new(vec![Cell { value: 0.0, good: 1, bad: 1 }]).unwrap()).unwrap();
    assert_eq!(auc_difference(&one_each, &one_each).test, None);
}
