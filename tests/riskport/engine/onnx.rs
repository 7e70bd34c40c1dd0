//! ONNX models score as the libraries that trained them do. The expected outputs are those libraries' own
//! (`models/fixtures/make_onnx.py`), on real rows with missing values and texts that no training row had.

mod build;
mod hostile;
mod semantics;

use riskport::engine::{Format, Link, LoadError, Predictor};
use serde::Deserialize;
use std::{fs, path::PathBuf};

const LOGISTIC: Link = Link::Logistic { steepness: 1.0 };
/// The models that are read, how their raw output becomes the prediction, and how near it is to the library's.
const MODELS: [(&str, Link, f64); 25] = [
    ("sklearn-forest", Link::Probability, 1e-6),
    ("sklearn-forest-regression", Link::Identity, 1e-6),
    ("sklearn-extra-trees", Link::Probability, 1e-6),
    ("sklearn-tree", Link::Probability, 1e-6),
    ("sklearn-boosting", LOGISTIC, 1e-6),
    ("sklearn-boosting-regression", Link::Identity, 1e-6),
    ("sklearn-logistic", LOGISTIC, 1e-6),
    ("sklearn-logistic-double", LOGISTIC, 1e-12),
    ("sklearn-ridge", Link::Identity, 1e-6),
    ("sklearn-ridge-double", Link::Identity, 1e-12),
    ("sklearn-sgd", LOGISTIC, 1e-6),
    ("sklearn-bins", LOGISTIC, 1e-6),
    ("sklearn-table", LOGISTIC, 1e-6),
    ("sklearn-table-forest", Link::Probability, 1e-6),
    ("sklearn-table-ordinal", LOGISTIC, 1e-6),
    ("sklearn-calibrated", LOGISTIC, 1e-6),
    ("sklearn-calibrated-boosting", LOGISTIC, 1e-6),
    ("sklearn-calibrated-forest", LOGISTIC, 1e-6),
    ("onnx-lightgbm", LOGISTIC, 1e-6),
    ("onnx-lightgbm-plain", LOGISTIC, 1e-6),
    ("onnx-lightgbm-codes", LOGISTIC, 1e-6),
    ("onnx-lightgbm-poisson", Link::Exp, 1e-6),
    ("onnx-xgboost", LOGISTIC, 1e-6),
    ("onnx-xgboost-poisson", Link::Exp, 1e-6),
    ("sklearn-poisson", Link::Exp, 1e-6),
];

/// What a library gave for rows of its model.
#[derive(Deserialize)]
struct Expected {
    rows: Vec<Vec<Option<f64>>>,
    raw: Vec<f64>,
    prediction: Vec<f64>,
}

fn file(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases/models").join(name);
    fs::read(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

fn model(name: &str) -> Predictor {
    Predictor::load(&file(&format!("{name}.onnx"))).unwrap_or_else(|why| panic!("{name}: {why}"))
}

fn rows(expected: &Expected) -> Vec<Vec<f64>> {
    expected.rows.iter().map(|row| row.iter().map(|value| value.unwrap_or(f64::NAN)).collect()).collect()
}

fn assert_parity(name: &str, link: Link, within: f64) {
    let model = model(name);
    assert_eq!((model.format(), model.link()), (Format::Onnx, link), "{name}");
    let expected: Expected = serde_json::from_slice(&file(&format!("{name}.expected.json"))).unwrap();
    let rows = rows(&expected);
    assert!(rows.len() >= 300, "{name}: too few rows");
    let distinct: std::collections::BTreeSet<u64> = expected.raw.iter().map(|raw| raw.to_bits()).collect();
    assert!(distinct.len() > 15, "{name}: the rows would not tell models apart");
    for (at, row) in rows.iter().enumerate() {
        assert_eq!(row.len(), model.inputs().len(), "{name}");
        let raw = model.raw(row);
        for (found, wanted) in [(raw, expected.raw[at]), (model.link().apply(raw), expected.prediction[at])] {
            let difference = (found - wanted).abs() / wanted.abs().max(1.0);
            assert!(difference <= within, "{name}, row {at}: {found} instead of {wanted}");
        }
    }
    let single: Vec<u64> = rows.iter().map(|row| model.raw(row).to_bits()).collect();
    let batch: Vec<u64> = model.raw_batch(&rows.concat()).into_iter().map(f64::to_bits).collect();
    assert_eq!(batch, single, "{name}");
}

#[test]
fn models_score_as_in_the_library_that_trained_them() {
    for (name, link, within) in MODELS {
        assert_parity(name, link, within);
    }
    // XGBoost itself adds up 32-bit floats, and these outputs are in the hundreds.
    assert_parity("onnx-xgboost-regression", Link::Identity, 2e-6);
}

/// skl2onnx leaves out where a forest of scikit-learn sends missing values: the file is well formed and wrong, and only the
/// library's own outputs tell.
#[test]
fn a_model_that_was_exported_wrongly_differs() {
    let model = model("sklearn-forest-missing");
    let expected: Expected = serde_json::from_slice(&file("sklearn-forest-missing.expected.json")).unwrap();
    let (complete, missing): (Vec<_>, Vec<_>) = rows(&expected)
        .into_iter()
        .zip(&expected.prediction)
        .map(|(row, wanted)| (row.iter().any(|value| value.is_nan()), (model.raw(&row) - wanted).abs()))
        .partition(|(missing, _)| !missing);
    assert!(complete.len() > 50 && complete.iter().all(|(_, difference)| *difference < 1e-6));
    assert!(missing.iter().any(|(_, difference)| *difference > 1e-3), "{missing:?}");
}

/// Calibration over several folds is no sum, nearest-point isotonic calibration is not what scikit-learn computes, and
/// the sigmoid calibration of a pipeline is exported over probabilities where scikit-learn uses log odds: it is wrong.
#[test]
fn what_is_no_sum_over_the_inputs_is_refused_by_the_operators_name() {
    for (name, operator) in [
        ("sklearn-isotonic", "ONNX operator Clip"),
        ("sklearn-calibrated-folds", "ONNX operator Mul on these scores"),
        ("sklearn-calibrated-pipeline", "ONNX operator Mul on these scores"),
    ] {
        let refused = Predictor::load(&file(&format!("{name}.onnx"))).unwrap_err();
        assert_eq!(refused, LoadError::Unsupported(operator.to_owned()), "{name}");
    }
}

#[test]
fn named_columns_are_inputs_and_their_texts_are_categories() {
    for name in ["sklearn-table", "sklearn-table-ordinal"] {
        let model = model(name);
        let inputs = model.inputs();
        let of = |name: &str| inputs.iter().position(|input| input.name == name).unwrap();
        assert_eq!(inputs[of("sex")].categories.as_deref().unwrap(), ["female", "male", "unknown"]);
        assert_eq!(inputs[of("age")].categories, None);
        let expected: Expected = serde_json::from_slice(&file(&format!("{name}.expected.json"))).unwrap();
        let mut row = rows(&expected).remove(1);
        let raws = [f64::NAN, -1.0, 99.0].map(|code| {
            row[of("education")] = code;
            model.raw(&row).to_bits()
        });
        assert!(raws[0] == raws[1] && raws[1] == raws[2], "{name}: an unknown text is none of the known ones");
        row[of("education")] = 1.0;
        assert!(name == "sklearn-table-ordinal" || model.raw(&row).to_bits() != raws[0]);
    }
    let numbered = model("sklearn-logistic");
    assert_eq!(numbered.inputs()[8].name, "f8");
}
