//! Calibrations fitted anew, against scikit-learn and SciPy.

use riskport::{
    domain::model::Calibration,
    engine::statistics::{Cell, Cells, Coefficient, FitError, intercept_only, isotonic, platt},
};

use super::{assert_close, cells, list};

fn assert_coefficient(what: &str, got: Coefficient, value: &serde_json::Value, error: &serde_json::Value) {
    assert_close(what, got.value, value);
    assert_close(&format!("error of {what}"), got.standard_error, error);
}

#[test]
fn platt_and_the_intercept_alone_are_those_of_the_references() {
    let reference = super::reference!("recalibration");
    for (at, case) in list(&reference["platt"]).iter().enumerate() {
        let cells = cells(&case["cells"]);
        let fitted = platt(&cells).unwrap();
        assert_coefficient(&format!("intercept {at}"), fitted.intercept, &case["intercept"], &case["errors"][0]);
        assert_coefficient(&format!("slope {at}"), fitted.slope, &case["slope"], &case["errors"][1]);
        assert_eq!(fitted.n, cells.n());
        let whole = Calibration::Platt { intercept: fitted.intercept.value, slope: fitted.slope.value };
        assert_eq!(fitted.calibration(), whole);
        let shifted = intercept_only(&cells, 1.0).unwrap();
        assert_coefficient(&format!("shift {at}"), shifted.intercept, &case["shift"], &case["shift_error"]);
        assert_eq!(shifted.calibration(), Calibration::Platt { intercept: shifted.intercept.value, slope: 1.0 });
    }
}

#[test]
fn isotonic_is_that_of_scikit_learn() {
    let reference = super::reference!("recalibration");
    for case in list(&reference["isotonic"]) {
        let Calibration::Isotonic { points } = isotonic(&cells(&case["cells"])).unwrap() else { panic!() };
        let expected = list(&case["points"]);
        assert_eq!(points.len(), expected.len());
        for (point, expected) in points.iter().zip(expected) {
            assert_close("prediction", point.0, &expected[0]);
            assert_close("probability", point.1, &expected[1]);
        }
    }
}

fn of(cells: &[(f64, u64, u64)]) -> Cells {
    Cells::new(cells.iter().map(|&(value, good, bad)| Cell { value, good, bad }).collect()).unwrap()
}

#[test]
fn what_cannot_be_fitted_says_why() {
    let few = of(&[(0.0, 19, 10), (1.0, 0, 10)]);
    assert_eq!(platt(&few), Err(FitError::TooFew { needed: 20, good: 19, bad: 20 }));
    assert!(intercept_only(&few, 1.0).is_ok());
    let fewer = of(&[(0.0, 19, 1), (1.0, 0, 8)]);
    assert_eq!(intercept_only(&fewer, 1.0), Err(FitError::TooFew { needed: 10, good: 19, bad: 9 }));
    for slope in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(intercept_only(&few, slope), Err(FitError::NotRising));
    }
    // Parted wholly, parted but for one value, the wrong way round, and only one value.
    for parted in [
        [(0.0, 50, 0), (1.0, 0, 50)],
        [(0.0, 50, 0), (1.0, 10, 50)],
        [(0.0, 0, 50), (1.0, 50, 0)],
        [(0.0, 50, 50), (0.0, 1, 1)],
    ] {
        // Goods at both values and bads at one is still parted by the higher value.
        assert_eq!(platt(&of(&parted)), Err(FitError::Separated), "{parted:?}");
    }
    assert_eq!(platt(&of(&[(0.0, 20, 80), (1.0, 80, 20)])), Err(FitError::NotRising));
    assert_eq!(platt(&of(&[(0.0, 80, 20), (1e308, 20, 80)])), Err(FitError::NotConverged));
    let falling = of(&[(0.0, 20, 800), (1.0, 800, 20)]);
    assert_eq!(isotonic(&falling), Err(FitError::NotRising));
    let small = of(&[(0.0, 80, 20), (1.0, 20, 80)]);
    assert_eq!(isotonic(&small), Err(FitError::TooFewAltogether { needed: 1_000, n: 200 }));
    assert_eq!(isotonic(&few), Err(FitError::TooFew { needed: 20, good: 19, bad: 20 }));
}

/// Values that lie anywhere on the scale of log odds, and slopes from flat to steep.
#[test]
fn newtons_method_arrives_from_any_data() {
    for offset in [-1e6, -40.0, 0.0, 40.0, 1e6] {
        for width in [1e-3, 1.0, 500.0] {
            let cells = of(&[
                (offset, 100_000, 1),
                (offset + width, 9_000, 500),
                (offset + 2.0 * width, 700, 9_000),
                (offset + 3.0 * width, 1, 90_000),
            ]);
            let fitted = platt(&cells).unwrap();
            // At the greatest likelihood as many bad ones are expected as there were, in sum and weighted by the value.
            let surplus = |weight: fn(f64) -> f64| -> f64 {
                let one = |cell: &Cell| {
                    let log_odds = fitted.intercept.value + fitted.slope.value * cell.value;
                    let n = (cell.good + cell.bad) as f64;
                    weight((cell.value - offset) / width) * (n / (1.0 + (-log_odds).exp()) - cell.bad as f64)
                };
                cells.as_slice().iter().map(one).sum()
            };
            assert!(surplus(|_| 1.0).abs() < 1.0, "{offset} {width} {}", surplus(|_| 1.0));
            assert!(surplus(|x| x).abs() < 1.0, "{offset} {width}");
        }
    }
}
