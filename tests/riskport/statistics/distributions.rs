//! Tails and quantiles against SciPy, far into the tails.

use riskport::engine::statistics::{chi_square_quantile, chi_square_tail, kolmogorov_tail, normal_tail, sign_test};
use serde_json::Value;

use super::{assert_relatively_close, count, list, number};

fn each(topic: &str, least: usize, check: impl Fn(&Value)) {
    let reference = super::reference!("distributions");
    let rows = list(&reference[topic]);
    assert!(rows.len() >= least, "{} rows of {topic}", rows.len());
    rows.iter().for_each(check);
}

#[test]
fn tails_and_quantiles_are_those_of_scipy() {
    each("chi_square_tail", 80, |row| {
        let (x, degrees) = (number(&row[0]), count(&row[1]));
        assert_relatively_close(&format!("chi-square tail of {row}"), chi_square_tail(x, degrees), &row[2]);
    });
    each("chi_square_quantile", 90, |row| {
        let (tail, degrees) = (number(&row[0]), count(&row[1]));
        assert_relatively_close(&format!("chi-square quantile of {row}"), chi_square_quantile(tail, degrees), &row[2]);
    });
    each("normal_tail", 12, |row| {
        assert_relatively_close(&format!("normal tail of {row}"), normal_tail(number(&row[0])), &row[1]);
    });
    each("kolmogorov_tail", 12, |row| {
        assert_relatively_close(&format!("Kolmogorov tail of {row}"), kolmogorov_tail(number(&row[0])), &row[1]);
    });
    each("sign_test", 9, |row| {
        assert_relatively_close(&format!("sign test of {row}"), sign_test(count(&row[0]), count(&row[1])), &row[2]);
    });
}

#[test]
fn what_is_no_number_or_out_of_range_still_has_an_answer() {
    for value in [f64::NAN, -1.0, 0.0, f64::INFINITY, f64::MAX, f64::MIN_POSITIVE] {
        for degrees in [0, 1, 9, u64::MAX] {
            for got in [chi_square_tail(value, degrees), kolmogorov_tail(value), normal_tail(value)] {
                assert!((0.0..=1.0).contains(&got), "{got} of {value} and {degrees}");
            }
            let quantile = chi_square_quantile(value, degrees.min(99));
            assert!(quantile >= 0.0 && quantile.is_finite(), "{quantile} of {value} and {degrees}");
        }
    }
    assert!(sign_test(0, 0) >= 1.0 && sign_test(0, u64::MAX) <= 0.0);
}
