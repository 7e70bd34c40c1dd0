//! Contributions are what the training libraries themselves say (`pred_contrib` and `pred_contribs`), and add up.

use serde::Deserialize;

use super::parity::{Expected, file};
use riskport::engine::Predictor;

/// What a library says of the first rows: a contribution for each input, then the base.
#[derive(Deserialize)]
struct Explained {
    contributions: Vec<Vec<f64>>,
}

/// Holds a model against its library; `within` is relative to the raw output, or absolute below 1.
fn assert_explained(name: &str, extension: &str, within: f64) {
    let model = Predictor::load(&file(&format!("{name}.{extension}"))).unwrap();
    let explained: Explained = serde_json::from_slice(&file(&format!("{name}.expected.json"))).unwrap();
    assert!(explained.contributions.len() >= 20, "{name}: too few rows");
    let expected = Expected::of(name);
    let (mut rows, mut moved) = (expected.rows(), 0);
    for (at, wanted) in explained.contributions.iter().enumerate() {
        let row = rows.next().unwrap();
        let (raw, found) = (model.raw(&row), model.contributions(&row).unwrap());
        let sum = found.base + found.values.iter().sum::<f64>();
        let scale = raw.abs().max(found.base.abs()).max(1.0);
        assert!((sum - raw).abs() <= within * scale, "{name}, row {at}: {sum} is not {raw}");
        assert_eq!(found.values.len(), model.inputs().len());
        moved += found.values.iter().filter(|value| **value != 0.0).count();
        for (input, (found, wanted)) in found.values.iter().chain([&found.base]).zip(wanted).enumerate() {
            assert!((found - wanted).abs() <= within * scale, "{name}, row {at}, input {input}: {found}, not {wanted}");
        }
    }
    assert!(moved > 100, "{name}: hardly any input moves the output");
}

#[test]
fn lightgbm_models_are_explained_as_in_lightgbm() {
    let names =
        ["binary", "steep", "zero-missing", "no-missing", "complete", "tweedie", "poisson", "many", "dart", "average"];
    for name in names {
        assert_explained(&format!("lightgbm-{name}"), "txt", 1e-12);
    }
}

#[test]
fn xgboost_models_are_explained_as_in_xgboost() {
    // Its covers, shares and sums are 32-bit floats, and so are the sums here.
    for name in ["binary", "categories", "many", "dart", "poisson", "base", "raw", "squared"] {
        assert_explained(&format!("xgboost-{name}"), "json", 1e-6);
        assert_explained(&format!("xgboost-{name}"), "ubj", 1e-6);
    }
}

#[test]
fn a_model_without_covers_is_not_explained() {
    let text = String::from_utf8(file("lightgbm-binary.txt")).unwrap();
    let counts = |line: &str| line.starts_with("leaf_count=") || line.starts_with("internal_count=");
    let zeroes = |line: &str| {
        let (key, values) = line.split_once('=').unwrap();
        format!("{key}={}", vec!["0"; values.split(' ').count()].join(" "))
    };
    let without: Vec<String> =
        text.lines().map(|line| if counts(line) { zeroes(line) } else { line.to_owned() }).collect();
    let model = Predictor::load((without.join("\n") + "\n").as_bytes()).unwrap();
    let row = vec![0.0; model.inputs().len()];
    assert!(model.raw(&row).is_finite());
    assert_eq!(model.contributions(&row), None);
}
