//! Models of the training libraries score as the libraries themselves do. The expected outputs are the libraries' own
//! (`models/fixtures/make_trees.py`), on real rows with missing values and on values that no training row had.

use riskport::engine::{Format, Link, Predictor};
use serde::Deserialize;
use std::{fs, path::PathBuf};

/// What a library gave for rows of its model.
#[derive(Deserialize)]
pub struct Expected {
    pub rows: Vec<Vec<Option<f64>>>,
    pub raw: Vec<f64>,
    pub prediction: Vec<f64>,
}

impl Expected {
    pub fn of(name: &str) -> Self {
        serde_json::from_slice(&file(&format!("{name}.expected.json"))).unwrap()
    }

    pub fn rows(&self) -> impl Iterator<Item = Vec<f64>> {
        self.rows.iter().map(|row| row.iter().map(|value| value.unwrap_or(f64::NAN)).collect())
    }
}

pub fn file(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases/models").join(name);
    fs::read(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// Holds a model against its expected outputs; `within` is relative to the output, or absolute below 1.
pub fn assert_parity(name: &str, extension: &str, within: f64) -> Predictor {
    let model = Predictor::load(&file(&format!("{name}.{extension}"))).unwrap();
    let expected = Expected::of(name);
    assert!(expected.rows.len() >= 300, "{name}: too few rows");
    let distinct: std::collections::BTreeSet<u64> = expected.raw.iter().map(|raw| raw.to_bits()).collect();
    assert!(distinct.len() > 50, "{name}: the rows would not tell models apart");
    for (at, row) in expected.rows().enumerate() {
        let raw = model.raw(&row);
        let prediction = model.link().apply(raw);
        for (found, wanted) in [(raw, expected.raw[at]), (prediction, expected.prediction[at])] {
            let difference = (found - wanted).abs() / wanted.abs().max(1.0);
            assert!(difference <= within, "{name}.{extension}, row {at}: {found} instead of {wanted}");
        }
    }
    let all: Vec<f64> = expected.rows().flatten().collect();
    let single: Vec<u64> = expected.rows().map(|row| model.raw(&row).to_bits()).collect();
    assert_eq!(model.raw_batch(&all).into_iter().map(f64::to_bits).collect::<Vec<_>>(), single, "{name}");
    model
}

#[test]
fn lightgbm_models_score_as_in_lightgbm() {
    let cases = [
        ("lightgbm-binary", Link::Logistic { steepness: 1.0 }),
        ("lightgbm-steep", Link::Logistic { steepness: 0.7 }),
        ("lightgbm-zero-missing", Link::Logistic { steepness: 1.0 }),
        ("lightgbm-no-missing", Link::Logistic { steepness: 1.0 }),
        ("lightgbm-complete", Link::Identity),
        ("lightgbm-tweedie", Link::Exp),
        ("lightgbm-poisson", Link::Exp),
        ("lightgbm-average", Link::Logistic { steepness: 1.0 }),
        ("lightgbm-many", Link::Logistic { steepness: 1.0 }),
        ("lightgbm-dart", Link::Identity),
    ];
    for (name, link) in cases {
        let model = assert_parity(name, "txt", 1e-12);
        assert_eq!((model.format(), model.link()), (Format::LightGbmText, link), "{name}");
    }
}

#[test]
fn lightgbm_categories_have_their_texts() {
    let model = Predictor::load(&file("lightgbm-binary.txt")).unwrap();
    let named = |name: &str| model.inputs().iter().find(|input| input.name == name).unwrap().categories.clone();
    assert_eq!(named("education").unwrap(), ["graduate school", "high school", "others", "university"]);
    assert_eq!(named("sex").unwrap(), ["female", "male"]);
    assert_eq!(named("age"), None);
    let many = Predictor::load(&file("lightgbm-many.txt")).unwrap();
    let bills = many.inputs().last().unwrap().categories.clone().unwrap();
    assert_eq!((bills.len(), bills[0].as_str(), bills[999].as_str()), (1_000, "0", "999"));
}

#[test]
fn xgboost_models_score_as_in_xgboost() {
    let cases = [
        ("xgboost-binary", Link::Logistic { steepness: 1.0 }),
        ("xgboost-categories", Link::Logistic { steepness: 1.0 }),
        ("xgboost-many", Link::Logistic { steepness: 1.0 }),
        ("xgboost-dart", Link::Logistic { steepness: 1.0 }),
        ("xgboost-poisson", Link::Exp),
        ("xgboost-base", Link::Logistic { steepness: 1.0 }),
        ("xgboost-raw", Link::Identity),
        ("xgboost-squared", Link::Identity),
    ];
    for (name, link) in cases {
        for (extension, format) in [("json", Format::XgboostJson), ("ubj", Format::XgboostUbj)] {
            let model = assert_parity(name, extension, 1e-6);
            assert_eq!((model.format(), model.link()), (format, link), "{name}.{extension}");
        }
    }
}

#[test]
fn xgboost_categories_have_their_texts() {
    for extension in ["json", "ubj"] {
        let model = Predictor::load(&file(&format!("xgboost-categories.{extension}"))).unwrap();
        let named = |name: &str| model.inputs().iter().find(|input| input.name == name).unwrap().categories.clone();
        assert_eq!(named("education").unwrap(), ["graduate school", "high school", "others", "university"]);
        assert_eq!(named("sex").unwrap(), ["female", "male"]);
        assert_eq!(named("age"), None);
        let many = Predictor::load(&file(&format!("xgboost-many.{extension}"))).unwrap();
        let bills = many.inputs().last().unwrap().categories.clone().unwrap();
        assert_eq!((bills.len(), bills[0].as_str(), bills[999].as_str()), (1_000, "0", "999"));
    }
}
