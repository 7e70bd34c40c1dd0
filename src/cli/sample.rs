//! The bundled clients, for the demo and the bench: real ones, held out when the built-in model was trained.

use std::collections::BTreeMap;

use prost_types::{Struct, Value, value::Kind};
use serde::Deserialize;

use super::Failure;
use crate::rpc::proto::credit::ScoreCreditRequest;

const SAMPLE: &str = include_str!("../../models/credit/sample.json");

/// Clients, and whom to thank for them.
#[derive(Deserialize)]
pub(super) struct Sample {
    /// What the licence of the data asks to be said.
    pub(super) attribution: String,
    #[serde(rename = "rows")]
    pub(super) clients: Vec<Client>,
}

/// One client as the data has it.
#[derive(Deserialize)]
pub(super) struct Client {
    #[serde(rename = "client")]
    pub(super) id: String,
    features: BTreeMap<String, Option<f64>>,
    /// Whether the next payment was really not made. The model never sees it.
    pub(super) defaulted: bool,
}

impl Sample {
    pub(super) fn read() -> Result<Self, Failure> {
        Ok(serde_json::from_str(SAMPLE)?)
    }
}

impl Client {
    /// What is known of this client; features that are missing are left out.
    pub(super) fn features(&self) -> impl Iterator<Item = (&str, f64)> {
        self.features.iter().filter_map(|(name, value)| Some((name.as_str(), (*value)?)))
    }

    /// The request for this client's score, for a purpose. The id is always the same, so that a repeat is a retry.
    pub(super) fn request(&self, purpose: &str) -> ScoreCreditRequest {
        let kind = |value: Option<f64>| value.map_or(Kind::NullValue(0), Kind::NumberValue);
        let field = |(name, value): (&String, &Option<f64>)| (name.clone(), Value { kind: Some(kind(*value)) });
        ScoreCreditRequest {
            request_id: format!("{purpose}-{}", self.id),
            subject: self.id.clone(),
            features: Some(Struct { fields: self.features.iter().map(field).collect() }),
            purpose: purpose.to_owned(),
            ..ScoreCreditRequest::default()
        }
    }
}
