//! The statistics of model monitoring, held against SciPy and scikit-learn on the same rows, and against what they promise.
//!
//! The references are written by `models/fixtures/make_statistics.py`.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of a test are far below 2^53"
)]

mod accuracy;
mod agreement;
mod alarms;
mod comparison;
mod coverage;
mod discrimination;
mod distributions;
mod properties;
mod proportions;
pub mod random;
mod recalibration;
mod stability;

use riskport::engine::statistics::{Cell, Cells, Estimate, Interval};
use serde_json::Value;

/// The references of one topic.
macro_rules! reference {
    ($topic:literal) => {
        serde_json::from_str::<serde_json::Value>(include_str!(concat!("../../cases/statistics/", $topic, ".json")))
            .unwrap()
    };
}
use reference;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no count"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list"))
}

fn counts(value: &Value) -> Vec<u64> {
    list(value).iter().map(count).collect()
}

/// Within 1e-9 of the reference, of itself or, near 0, of 1; a tail, which may be as small as it likes, of itself alone.
fn assert_close(what: &str, got: f64, expected: &Value) {
    let expected = number(expected);
    let off = (got - expected).abs();
    assert!(off <= 1e-9 * expected.abs().max(1.0), "{what}: {got:e} is not {expected:e}");
}

fn assert_relatively_close(what: &str, got: f64, expected: &Value) {
    let expected = number(expected);
    let off = (got - expected).abs();
    assert!(off <= 1e-9 * expected.abs(), "{what}: {got:e} is not {expected:e}");
}

fn assert_interval(what: &str, got: Option<Interval>, expected: &Value) {
    match (got, expected) {
        (None, Value::Null) => {}
        (Some(Interval { low, high }), Value::Array(ends)) => {
            assert_close(&format!("{what}, low"), low, &ends[0]);
            assert_close(&format!("{what}, high"), high, &ends[1]);
        }
        _ => panic!("{what}: {got:?} is not {expected}"),
    }
}

fn assert_estimate(what: &str, got: Estimate, value: &Value, interval: &Value, n: u64) {
    assert_close(what, got.value, value);
    assert_interval(what, got.interval, interval);
    assert_eq!(got.n, n, "{what}");
}

/// Cells from their lists of value, good and bad.
fn cells(from: &Value) -> Cells {
    let cell = |one: &Value| Cell { value: number(&one[0]), good: count(&one[1]), bad: count(&one[2]) };
    Cells::new(list(from).iter().map(cell).collect()).unwrap()
}
