//! What tenants used and may use, and who changed what.

mod audit_calls;
mod audit_steps;
mod audit_walk;
mod day_quota;
mod open_streams;
mod quotas;
mod usage;
mod usage_calls;
mod usage_command;

use prost::Message;
use prost_reflect::DynamicMessage;
pub use usage::both_counts;

use crate::support::{descriptors, wire};

/// The messages of a call as a list in JSON, each in its frame.
fn json_body(method: &str, messages: &serde_json::Value) -> Vec<u8> {
    let input = descriptors::method(method).input();
    let frame = |message: &serde_json::Value| {
        let message = DynamicMessage::deserialize(input.clone(), message.clone()).unwrap();
        wire::frame(&message.encode_to_vec())
    };
    messages.as_array().unwrap().iter().flat_map(frame).collect()
}
