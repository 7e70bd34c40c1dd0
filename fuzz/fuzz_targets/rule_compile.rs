//! Whatever a condition says, it is refused at a place within it, or it is a bounded program that ends; nothing panics.
//!
//! From the root of the repository:
//!
//! ```text
//! cargo install cargo-fuzz
//! RUSTC_BOOTSTRAP=1 cargo fuzz run rule_compile -- -rss_limit_mb=512 -timeout=1 -max_len=2100
//! ```

#![no_main]

use libfuzzer_sys::fuzz_target;
use riskport::{
    domain::{
        features::{FeatureValue, Features},
        fraud::{Catalogue, ENTITY_KINDS, EntityKey, EntityKind, Event, LocalTime, Scene},
        time::Timestamp,
    },
    engine::rule::{AttributeKind, Facts, MAX_INSTRUCTIONS, Schema, compile},
};

fuzz_target!(|source: &str| {
    let attributes = [("n", AttributeKind::Number), ("t", AttributeKind::Text), ("b", AttributeKind::Flag)];
    let schema = Schema {
        attributes: attributes.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect(),
        lists: vec![("l".to_owned(), EntityKind::Card)],
    };
    let program = match compile(source, &schema) {
        Ok(program) => program,
        Err(error) => {
            let lines = source.matches('\n').count() + 1;
            assert!(error.line >= 1 && error.line as usize <= lines && error.column >= 1, "{error}");
            return;
        }
    };
    assert!(program.instructions() <= MAX_INSTRUCTIONS);
    let mut attributes = Features::default();
    attributes.insert("n", FeatureValue::Number(1e300)).unwrap();
    attributes.insert("t", FeatureValue::Text("text".to_owned())).unwrap();
    let mut event = Event {
        scene: Scene::Custom("own".to_owned()),
        occurred: Timestamp::from_micros(0),
        local: LocalTime { hour: 0, weekday: 0 },
        amount: None,
        entities: [None; ENTITY_KINDS],
        networks: Vec::new(),
        attributes,
    };
    for value in [f64::NAN, 0.0, -1.0, f64::INFINITY, 1e300] {
        event.entities[EntityKind::Card.index()] = (value == 0.0).then_some(EntityKey::from_bytes([0; 16]));
        let features = vec![value; Catalogue::get().features().len()];
        let facts = Facts { event: &event, features: &features, score: None, listed: &[true] };
        assert_eq!(program.hits(&facts), program.evaluate(&facts) == Ok(true));
    }
});
