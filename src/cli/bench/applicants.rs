//! Real applicants to score: held-out clients of the data that the built-in model was trained on.

use prost::Message as _;

use super::super::{
    Failure,
    sample::{Client, Sample},
};
use crate::rpc::proto::credit::ScoreCreditRequest;

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
    Ok(Sample::read()?.clients.iter().map(message).collect())
}

fn message(client: &Client) -> Message {
    Message(ScoreCreditRequest { request_id: String::new(), ..client.request("bench") }.encode_to_vec())
}
