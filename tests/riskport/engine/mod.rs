//! What the scorecard engine promises: the same arithmetic as the one that trained the model, sums that are exact, and
//! files that either score or are refused.

mod card;
mod contributions;
mod identities;
mod loader;
mod model;
mod model_card;
mod model_manifest;
mod mutations;
mod onnx;
pub mod parity;
mod partner;
mod reasons;
mod recalibration;
mod reference;
mod tree_files;

use riskport::{
    domain::{
        credit::{CreditScore, Language},
        features::{FeatureValue, Features},
    },
    engine::Scorecard,
};
use serde_json::Value;

/// The model that every tenant has.
const BUILT_IN: &str = include_str!("../../../models/credit/scorecard.json");
/// A small scorecard as a partner could bring it, with characteristics of every type.
const SHOP: &str = include_str!("../../cases/shop-scorecard.json");

fn load(text: &str) -> Scorecard {
    Scorecard::load(text.as_bytes()).unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Features from a JSON object; null is missing, as in a request.
fn features(from: &Value) -> Features {
    let mut features = Features::default();
    for (name, value) in from.as_object().unwrap() {
        let value = match value {
            Value::Null => continue,
            Value::Bool(flag) => FeatureValue::Flag(*flag),
            Value::String(text) => FeatureValue::Text(text.clone()),
            number => FeatureValue::Number(number.as_f64().unwrap()),
        };
        features.insert(name, value).unwrap();
    }
    features
}

fn score(card: &Scorecard, from: &Value) -> CreditScore {
    card.score(&features(from), Language::English).unwrap()
}

/// Holds a score against the file it came from: everything that must add up, adds up.
fn assert_adds_up(file: &Value, score: &CreditScore) {
    let contributed: i32 = score.contributions.iter().map(|one| one.points).sum();
    assert_eq!(score.score, score.base_points + contributed + score.clamp_points);
    let lost: i32 = score.reasons.iter().map(|one| one.points_lost).sum();
    assert_eq!(score.score - score.clamp_points + lost + score.other_points_lost, best_score(file));
    assert!(score.other_points_lost >= 0);
    assert!(score.reasons.len() <= 4 && score.reasons.iter().all(|one| one.points_lost > 0));
    assert!((0.0..=1.0).contains(&score.probability_of_default), "{}", score.probability_of_default);
    assert!(!score.band.is_empty());
}

/// The best score before clamping: the base, and the best attribute of each characteristic.
fn best_score(file: &Value) -> i32 {
    let points = |of: &Value| i32::try_from(of["points"].as_i64().unwrap()).unwrap();
    let best = |one: &Value| one["attributes"].as_array().unwrap().iter().map(points).max().unwrap();
    let base = i32::try_from(file["base_points"].as_i64().unwrap()).unwrap();
    base + file["characteristics"].as_array().unwrap().iter().map(best).sum::<i32>()
}
