//! Scores of random applicants: whatever is known of them, everything adds up.

use proptest::prelude::*;
use riskport::domain::{
    credit::Language,
    features::{FeatureValue, Features},
};
use serde_json::Value;

use super::{BUILT_IN, SHOP, assert_adds_up, json, load};

/// Any value that a characteristic takes, or nothing where it may be missing; bounds of its attributes come up often.
fn value_of(one: &Value) -> BoxedStrategy<Option<FeatureValue>> {
    let attributes = one["attributes"].as_array().unwrap();
    let given = match one["type"].as_str().unwrap() {
        "flag" => any::<bool>().prop_map(FeatureValue::Flag).boxed(),
        "category" => {
            let values = attributes.iter().filter_map(|one| one["values"].as_array()).flatten();
            let values: Vec<String> = values.map(|value| value.as_str().unwrap().to_owned()).collect();
            proptest::sample::select(values).prop_map(FeatureValue::Text).boxed()
        }
        _ => {
            let (min, max) = (one["min"].as_f64().unwrap_or(-1e12), one["max"].as_f64().unwrap_or(1e12));
            let bounds = attributes.iter().filter_map(|one| one["below"].as_f64());
            let edges: Vec<f64> = bounds.flat_map(|at| [at, at.next_down(), at.next_up()]).chain([min, max]).collect();
            let edges = proptest::sample::select(edges).prop_map(move |value| value.clamp(min, max));
            prop_oneof![edges, min..=max].prop_map(FeatureValue::Number).boxed()
        }
    };
    match one["missing"].as_str().unwrap() {
        "refuse" => given.prop_map(Some).boxed(),
        _ => proptest::option::weighted(0.8, given).boxed(),
    }
}

fn applicant(file: &Value) -> impl Strategy<Value = Features> + use<> {
    let characteristics = file["characteristics"].as_array().unwrap();
    let names: Vec<String> = characteristics.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    let values: Vec<_> = characteristics.iter().map(value_of).collect();
    values.prop_map(move |values| {
        let mut features = Features::default();
        for (name, value) in names.iter().zip(values) {
            if let Some(value) = value {
                features.insert(name, value).unwrap();
            }
        }
        features
    })
}

fn check(text: &str) {
    let (card, file) = (load(text), json(text));
    proptest!(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() }, |(features in applicant(&file))| {
        let english = card.score(&features, Language::English).unwrap();
        assert_adds_up(&file, &english);
        let missing = english.contributions.iter().filter(|one| one.missing);
        prop_assert!(missing.clone().all(|one| features.get(&one.characteristic).is_none()));
        prop_assert_eq!(missing.count(), english.contributions.len() - features.iter().count());
        // The language changes sentences and nothing else.
        let mut chinese = card.score(&features, Language::Chinese).unwrap();
        for (one, other) in chinese.reasons.iter_mut().zip(&english.reasons) {
            prop_assert!(one.sentence != other.sentence);
            one.sentence.clone_from(&other.sentence);
        }
        prop_assert_eq!(chinese, english);
    });
}

#[test]
fn any_card_client_gets_a_score_that_adds_up() {
    check(BUILT_IN);
}

#[test]
fn any_buyer_of_a_partners_scorecard_gets_a_score_that_adds_up() {
    check(SHOP);
}

/// What is kept and sealed can be read back as it was, whatever it was.
#[test]
fn canonical_bytes_read_back() {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(features in applicant(&json(SHOP)))| {
        prop_assert_eq!(Features::from_canonical(&features.canonical()), Some(features));
    });
}
