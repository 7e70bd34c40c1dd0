//! What the built-in model's own file says of how good it is.

use super::{BUILT_IN, json};

const CARD: &str = include_str!("../../../models/credit/CARD.md");

#[test]
fn the_held_out_figures_are_as_good_as_asked_for() {
    let file = json(BUILT_IN);
    let held_out = |figure: &str| file["training"]["held_out"][figure].as_f64().unwrap();
    assert!(held_out("auc") >= 0.765, "AUC {}", held_out("auc"));
    assert!(held_out("ks") >= 0.40, "KS {}", held_out("ks"));
    assert!((0.9..=1.1).contains(&held_out("calibration_slope")), "slope {}", held_out("calibration_slope"));
    assert!((held_out("gini") - (2.0 * held_out("auc") - 1.0)).abs() < 1e-5);
    assert_eq!(file["training"]["split_seed"], 20_150_101);
    assert!(file["training"]["sha256"].as_str().unwrap().starts_with("af36211f57585cff"));
}

#[test]
fn the_card_prints_the_same_figures() {
    let file = json(BUILT_IN);
    for (name, figure) in [("AUC", "auc"), ("KS", "ks"), ("Brier", "brier"), ("Calibration slope", "calibration_slope")]
    {
        let line = format!("| {name} | {:.4} ", file["training"]["held_out"][figure].as_f64().unwrap());
        assert!(CARD.contains(&line), "the card has no line that begins with {line:?}");
    }
}

#[test]
fn neither_sex_nor_marital_status_is_a_characteristic() {
    let file = json(BUILT_IN);
    for one in file["characteristics"].as_array().unwrap() {
        let name = one["name"].as_str().unwrap();
        assert!(!["sex", "gender", "marriage", "marital_status"].contains(&name), "{name}");
    }
}
