//! Real applicants to score: held-out clients of the data that the built-in model was trained on.

use std::{collections::BTreeMap, sync::LazyLock};

use prost_types::{Struct, Value, value::Kind};
use riskport::rpc::proto::credit::ScoreCreditRequest;
use serde::Deserialize;

/// The clients that the demo shows; none of them was trained on.
const SAMPLE: &str = include_str!("../../../models/credit/sample.json");

#[derive(Deserialize)]
struct Sample {
    rows: Vec<Client>,
}

#[derive(Deserialize)]
struct Client {
    features: BTreeMap<String, Option<f64>>,
}

static CLIENTS: LazyLock<Vec<Client>> = LazyLock::new(|| serde_json::from_str::<Sample>(SAMPLE).unwrap().rows);

/// A valid request for the score of the `at`th client, under a request id.
pub fn request(request_id: &str, at: usize) -> ScoreCreditRequest {
    let client = &CLIENTS[at % CLIENTS.len()];
    let kind = |value: Option<f64>| value.map_or(Kind::NullValue(0), Kind::NumberValue);
    let fields =
        client.features.iter().map(|(name, value)| (name.clone(), Value { kind: Some(kind(*value)) })).collect();
    ScoreCreditRequest {
        request_id: request_id.to_owned(),
        subject: format!("client-{at}"),
        features: Some(Struct { fields }),
        ..ScoreCreditRequest::default()
    }
}
