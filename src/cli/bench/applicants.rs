//! Real applicants to score: held-out clients of the data that the built-in model was trained on.

use std::collections::BTreeMap;

use prost::Message as _;
use prost_types::{Struct, Value, value::Kind};
use serde::Deserialize;

use super::super::Failure;
use crate::rpc::proto::credit::ScoreCreditRequest;

const SAMPLE: &str = include_str!("../../../models/credit/sample.json");

#[derive(Deserialize)]
struct Sample {
    rows: Vec<Client>,
}

#[derive(Deserialize)]
struct Client {
    client: String,
    features: BTreeMap<String, Option<f64>>,
}

/// An encoded request but for its id. Encoded once, so that the generator's own work stays small beside the servers',
/// and is the same for both of them.
pub(super) struct Message(pub Vec<u8>);

/// The id of a request, which is the first field of both servers' messages.
#[derive(Clone, PartialEq, prost::Message)]
struct Id {
    #[prost(string, tag = "1")]
    request_id: String,
}

impl Message {
    /// The whole request, under an id made of a number.
    pub(super) fn under(&self, number: u64) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.size());
        // Encoding into a vector cannot fail: it grows.
        let _ = Id { request_id: format!("bench-{number:012}") }.encode(&mut bytes);
        bytes.extend_from_slice(&self.0);
        bytes
    }

    /// The size of the whole request in bytes.
    pub(super) fn size(&self) -> usize {
        // Tag, length, and the id as `under` writes it.
        2 + "bench-".len() + 12 + self.0.len()
    }
}

/// A message for each applicant.
pub(super) fn messages() -> Result<Vec<Message>, Failure> {
    let sample: Sample = serde_json::from_str(SAMPLE)?;
    Ok(sample.rows.into_iter().map(message).collect())
}

fn message(from: Client) -> Message {
    let kind = |value: Option<f64>| value.map_or(Kind::NullValue(0), Kind::NumberValue);
    let fields = from.features.into_iter().map(|(name, value)| (name, Value { kind: Some(kind(value)) })).collect();
    let request = ScoreCreditRequest {
        subject: from.client,
        features: Some(Struct { fields }),
        purpose: "bench".to_owned(),
        ..ScoreCreditRequest::default()
    };
    Message(request.encode_to_vec())
}
