//! A model that `LightGBM` trained on real clients, with rows and what the library itself predicts for them.

use std::{fs, path::PathBuf};

use prost_types::{Struct, Value, value::Kind};
use riskport::rpc::proto::risk::{FeatureSpec, FeatureType, MissingPolicy, ModelKind, ModelManifest, ReferenceRow};
use serde::Deserialize;

use super::{Upload, number};

/// The categories of the file, which lists their texts itself.
const CATEGORIES: [(&str, &[&str]); 3] = [
    ("sex", &["female", "male"]),
    ("education", &["graduate school", "high school", "others", "university"]),
    ("marriage", &["married", "others", "single"]),
];

#[derive(Deserialize)]
struct Expected {
    rows: Vec<Vec<Option<f64>>>,
    prediction: Vec<f64>,
}

pub fn file(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases/models").join(name);
    fs::read(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

fn names() -> Vec<String> {
    let text = String::from_utf8(file("lightgbm-binary.txt")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("feature_names=")).unwrap();
    line.split(' ').map(str::to_owned).collect()
}

fn texts(name: &str) -> Option<&'static [&'static str]> {
    CATEGORIES.iter().find(|(known, _)| *known == name).map(|(_, texts)| *texts)
}

/// An upload of it with every row that can be said in a request: a category's number that stands for no text cannot.
pub fn upload(model: &str) -> Upload {
    let names = names();
    let features = names.iter().map(|name| match texts(name) {
        None => number(name, MissingPolicy::Accept),
        Some(_) => FeatureSpec { r#type: FeatureType::Category as i32, ..number(name, MissingPolicy::Accept) },
    });
    let manifest = ModelManifest {
        title: "Late card payments".to_owned(),
        kind: ModelKind::Generic as i32,
        features: features.collect(),
        ..ModelManifest::default()
    };
    let expected: Expected = serde_json::from_slice(&file("lightgbm-binary.expected.json")).unwrap();
    let rows: Vec<ReferenceRow> = expected
        .rows
        .iter()
        .zip(expected.prediction)
        .filter_map(|(row, expected)| Some(ReferenceRow { features: Some(said(&names, row)?), expected }))
        .collect();
    assert!(rows.len() > 250, "only {} rows", rows.len());
    Upload { rows, ..Upload::new(model, manifest, file("lightgbm-binary.txt")) }
}

fn said(names: &[String], row: &[Option<f64>]) -> Option<Struct> {
    let mut said = Struct::default();
    for (name, value) in names.iter().zip(row) {
        let Some(value) = value else { continue };
        let kind = match texts(name) {
            None => Kind::NumberValue(*value),
            Some(texts) => {
                let (_, text) = (0_u32..).zip(texts).find(|(at, _)| f64::from(*at) == *value)?;
                Kind::StringValue((*text).to_owned())
            }
        };
        said.fields.insert(name.clone(), Value { kind: Some(kind) });
    }
    Some(said)
}
