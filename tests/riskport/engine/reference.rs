//! The rows that the training script scored, scored again here.

use serde_json::Value;

use super::{BUILT_IN, assert_adds_up, json, load, score};

const REFERENCE: &str = include_str!("../../../models/credit/reference.json");

#[test]
fn every_reference_row_is_reproduced() {
    let (card, file, reference) = (load(BUILT_IN), json(BUILT_IN), json(REFERENCE));
    let rows = reference["rows"].as_array().unwrap();
    assert!(rows.len() >= 200, "{} rows", rows.len());
    for (at, row) in rows.iter().enumerate() {
        let got = score(&card, &row["features"]);
        assert_eq!(i64::from(got.score), row["score"].as_i64().unwrap(), "score of row {at}");
        let unclamped = got.score - got.clamp_points;
        assert_eq!(i64::from(unclamped), row["unclamped_score"].as_i64().unwrap(), "unclamped score of row {at}");
        let expected = row["pd"].as_f64().unwrap();
        assert!((got.probability_of_default - expected).abs() <= 1e-9, "PD of row {at}: {got:?}, not {expected}");
        let points = row["points"].as_object().unwrap();
        assert_eq!(got.contributions.len(), points.len(), "characteristics of row {at}");
        for one in &got.contributions {
            assert_eq!(points[&one.characteristic], Value::from(one.points), "{} of row {at}", one.characteristic);
        }
        assert_adds_up(&file, &got);
    }
}

/// The rows are worth little if they do not meet the edges of the model.
#[test]
fn the_reference_rows_meet_clamping_missing_values_and_both_ends_of_the_pd() {
    let reference = json(REFERENCE);
    let rows = reference["rows"].as_array().unwrap();
    let clamped = rows.iter().filter(|row| row["score"] != row["unclamped_score"]).count();
    assert!(clamped > 0, "no row is clamped");
    let characteristics = json(BUILT_IN)["characteristics"].as_array().unwrap().len();
    let given = |row: &Value| row["features"].as_object().unwrap().values().filter(|value| !value.is_null()).count();
    assert!(rows.iter().any(|row| given(row) < characteristics), "no row has a missing value");
    let pd = |row: &Value| row["pd"].as_f64().unwrap();
    assert!(rows.iter().any(|row| pd(row) < 0.06) && rows.iter().any(|row| pd(row) > 0.8));
}
