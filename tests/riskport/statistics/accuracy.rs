//! Brier score and calibration against scikit-learn and SciPy.

use riskport::engine::statistics::{CalibrationRow, SquaredErrors, Unmeasurable, brier, calibration_table};
use serde_json::Value;

use super::{assert_close, assert_estimate, assert_interval, assert_relatively_close, count, list, number};

fn rows(case: &Value) -> Vec<CalibrationRow> {
    let row = |one: &Value| CalibrationRow { n: count(&one[0]), expected: number(&one[1]), bad: count(&one[2]) };
    list(&case["rows"]).iter().map(row).collect()
}

#[test]
fn the_brier_score_is_that_of_the_rows() {
    let reference = super::reference!("accuracy");
    let mut sums = SquaredErrors { n: 0, squares: 0.0, fourths: 0.0 };
    for (probability, bad) in list(&reference["probabilities"]).iter().zip(list(&reference["outcomes"])) {
        let square = (number(probability) - number(bad)).powi(2);
        sums = SquaredErrors { n: sums.n + 1, squares: sums.squares + square, fourths: sums.fourths + square * square };
    }
    let got = brier(sums).unwrap();
    assert_estimate("Brier", got, &reference["brier"], &reference["brier_interval"], 300);
}

#[test]
fn calibration_is_that_of_the_references() {
    let reference = super::reference!("accuracy");
    for (at, case) in list(&reference["tables"]).iter().enumerate() {
        let table = calibration_table(&rows(case)).unwrap();
        for (place, row) in table.rows.iter().enumerate() {
            assert_close("predicted", row.predicted, &case["predicted"][place]);
            let n = count(&case["rows"][place][0]);
            let interval = &case["observed_interval"][place];
            assert_estimate("observed", row.observed, &case["observed"][place], interval, n);
        }
        assert_eq!(table.rows.len(), list(&case["rows"]).len());
        let test = table.hosmer_lemeshow.unwrap();
        assert_close(&format!("statistic of {at}"), test.statistic, &case["statistic"]);
        assert_eq!(test.degrees, count(&case["degrees"]));
        assert_relatively_close(&format!("p of {at}"), test.p, &case["p"]);
        let ratio = table.expected_to_observed.unwrap();
        assert_close(&format!("ratio of {at}"), ratio.value, &case["ratio"]);
        assert_interval(&format!("ratio of {at}"), ratio.interval, &case["ratio_interval"]);
    }
}

#[test]
fn the_ends_of_accuracy() {
    let sums = |n, squares, fourths| brier(SquaredErrors { n, squares, fourths });
    assert_eq!(sums(0, 0.0, 0.0), Err(Unmeasurable::Empty));
    assert_eq!(sums(2, f64::NAN, 0.0), Err(Unmeasurable::NotANumber));
    assert_eq!(sums(2, 2.1, 0.0), Err(Unmeasurable::Inconsistent));
    assert_eq!(sums(2, 0.5, 0.6), Err(Unmeasurable::Inconsistent));
    assert_eq!(sums(2, -0.5, 0.1), Err(Unmeasurable::Inconsistent));
    assert_eq!(sums(1, 0.25, 0.0625).unwrap().interval, None);

    let row = |n, expected, bad| CalibrationRow { n, expected, bad };
    assert_eq!(calibration_table(&[]), Err(Unmeasurable::Empty));
    assert_eq!(calibration_table(&[row(0, 0.0, 0)]), Err(Unmeasurable::Empty));
    assert_eq!(calibration_table(&[row(5, 1.0, 6)]), Err(Unmeasurable::Inconsistent));
    assert_eq!(calibration_table(&[row(5, 5.5, 1)]), Err(Unmeasurable::Inconsistent));
    assert_eq!(calibration_table(&[row(5, f64::NAN, 1)]), Err(Unmeasurable::NotANumber));
    let certain = calibration_table(&[row(5, 0.0, 0), row(0, 0.0, 0), row(5, 5.0, 5)]).unwrap();
    assert_eq!((certain.rows.len(), certain.hosmer_lemeshow), (2, None));
    assert_close("ratio", certain.expected_to_observed.unwrap().value, &1.0.into());
    assert_eq!(calibration_table(&[row(5, 1.0, 0)]).unwrap().expected_to_observed, None);
}
