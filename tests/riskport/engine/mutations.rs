//! Scorecard files changed at random: each is refused, or scores.

use proptest::prelude::*;
use riskport::{
    domain::{
        credit::Language,
        features::{FeatureValue, Features},
    },
    engine::Scorecard,
};
use serde_json::{Value, json};

use super::{BUILT_IN, SHOP, assert_adds_up};

/// A change to a file's text.
#[derive(Debug, Clone)]
enum Change {
    /// Another byte in the place of one.
    Byte(prop::sample::Index, u8),
    /// A stretch is left out.
    Cut(prop::sample::Index, usize),
    /// A stretch stands twice.
    Double(prop::sample::Index, usize),
    /// A value becomes another one that is JSON: what follows the `at`th colon, up to the next comma or bracket.
    Value(prop::sample::Index, Value),
}

fn change() -> impl Strategy<Value = Change> {
    let values = vec![
        json!(null),
        json!(true),
        json!([]),
        json!({}),
        json!(""),
        json!("refuse"),
        json!("flag"),
        json!(0),
        json!(-1),
        json!(0.5),
        json!(i32::MIN),
        json!(i32::MAX),
        json!(i64::MIN),
        json!(1_000_000),
        json!(1.7e308),
        json!(-1.7e308),
        json!(5e-324),
        json!(1e9),
        json!(1e-9),
    ];
    let at = any::<prop::sample::Index>;
    prop_oneof![
        1 => (at(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        1 => (at(), 1..40_usize).prop_map(|(at, length)| Change::Cut(at, length)),
        1 => (at(), 1..40_usize).prop_map(|(at, length)| Change::Double(at, length)),
        4 => (at(), prop::sample::select(values)).prop_map(|(at, value)| Change::Value(at, value)),
    ]
}

fn apply(text: &mut Vec<u8>, change: &Change) {
    let stretch = |at: &prop::sample::Index, length: usize| {
        let start = at.index(text.len());
        start..(start + length).min(text.len())
    };
    match change {
        Change::Byte(at, byte) => {
            let at = at.index(text.len());
            text[at] = *byte;
        }
        Change::Cut(at, length) => drop(text.drain(stretch(at, *length))),
        Change::Double(at, length) => {
            let doubled = text[stretch(at, *length)].to_vec();
            let start = at.index(text.len());
            text.splice(start..start, doubled);
        }
        Change::Value(at, value) => {
            let colons: Vec<usize> = (0..text.len()).filter(|place| text[*place] == b':').collect();
            if colons.is_empty() {
                return;
            }
            let start = colons[at.index(colons.len())] + 1;
            let ends = |byte: &u8| b",]}".contains(byte);
            let end = text[start..].iter().position(ends).map_or(text.len(), |length| start + length);
            text.splice(start..end, value.to_string().into_bytes());
        }
    }
}

/// Scores an applicant of whom nothing is known, and some of whom extreme things are.
fn try_scoring(card: &Scorecard, file: &Value) {
    let numbers = [-1e300, -1.0, 0.0, 0.3, 5e4, 1e300].map(FeatureValue::Number);
    let others = [FeatureValue::Flag(true), FeatureValue::Flag(false), FeatureValue::Text("app".to_owned())];
    let mut applicants = vec![Features::default()];
    for number in numbers {
        let mut applicant = Features::default();
        for one in file["characteristics"].as_array().unwrap() {
            let value = match one["type"].as_str().unwrap() {
                "number" => &number,
                "flag" => &others[0],
                _ => &others[2],
            };
            applicant.insert(one["name"].as_str().unwrap(), value.clone()).unwrap();
        }
        applicants.push(applicant);
    }
    for applicant in applicants {
        if let Ok(score) = card.score(&applicant, Language::Chinese) {
            assert_adds_up(file, &score);
        }
    }
}

/// Loads so many changed files, and tells how many of them were taken.
fn check(original: &str, cases: u32) -> u32 {
    let taken = std::cell::Cell::new(0);
    let changes = prop::collection::vec(change(), 1..4);
    proptest!(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }, |(changes in changes)| {
        let mut text = original.as_bytes().to_vec();
        for one in &changes {
            if !text.is_empty() {
                apply(&mut text, one);
            }
        }
        if let Ok(card) = Scorecard::load(&text) {
            taken.set(taken.get() + 1);
            // A member that the loader skips may hold a number that is too large to be read here.
            if let Ok(file) = serde_json::from_slice(&text) {
                try_scoring(&card, &file);
            }
        }
    });
    taken.get()
}

#[test]
fn ten_thousand_changed_files_are_refused_or_score() {
    let taken = check(SHOP, 10_000);
    // Both ways must have been gone often, or the test shows less than it says.
    assert!((200..9_800).contains(&taken), "{taken} of 10000 were taken");
}

#[test]
fn changes_to_the_built_in_file_are_refused_or_score() {
    let taken = check(BUILT_IN, 500);
    assert!(taken > 5, "{taken} of 500 were taken");
}
