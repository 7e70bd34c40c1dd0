//! Real applicants to score: held-out clients of the data that the built-in model was trained on.

use bytes::Bytes;
use prost::Message as _;

use crate::{
    cli::{
        Failure,
        sample::{Client, Sample},
    },
    rpc::proto::credit::ScoreCreditRequest,
};

/// The bytes of a request's id as [`Message::under`] writes it.
const ID_BYTES: usize = "bench-".len() + 12;
/// What gRPC puts before a message: whether it is compressed, and its length in 4 bytes.
const FRAME_HEAD: usize = 5;

/// An encoded request but for its id. Encoded once, so that the generator's own work stays small beside the servers',
/// and is the same for all of them.
pub(in crate::cli) struct Message(pub Vec<u8>);

/// The id of a request, which is the first field of every message that is sent.
#[derive(Clone, PartialEq, prost::Message)]
struct Id {
    #[prost(string, tag = "1")]
    request_id: String,
}

impl Message {
    /// The whole request, under an id made of a number.
    pub(in crate::cli) fn under(&self, number: u64) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.size());
        self.put(number, &mut bytes);
        bytes
    }

    /// The same in gRPC's frame, as it stands in a DATA frame.
    pub(in crate::cli) fn framed(&self, number: u64) -> Bytes {
        let mut bytes = Vec::with_capacity(FRAME_HEAD + self.size());
        bytes.push(0);
        bytes.extend_from_slice(&u32::try_from(self.size()).unwrap_or(u32::MAX).to_be_bytes());
        self.put(number, &mut bytes);
        Bytes::from(bytes)
    }

    fn put(&self, number: u64, bytes: &mut Vec<u8>) {
        // Encoding into a vector cannot fail: it grows.
        let _ = Id { request_id: format!("bench-{number:012}") }.encode(bytes);
        bytes.extend_from_slice(&self.0);
    }

    /// The size of the whole request in bytes.
    pub(in crate::cli) fn size(&self) -> usize {
        // Tag, length, and the id.
        2 + ID_BYTES + self.0.len()
    }
}

/// A message for each applicant, to be scored by the default model.
pub(in crate::cli) fn messages() -> Result<Vec<Message>, Failure> {
    messages_for("")
}

/// A message for each applicant, to be scored by a model, `models/{model}`.
pub(in crate::cli) fn messages_for(model: &str) -> Result<Vec<Message>, Failure> {
    Ok(Sample::read()?.clients.iter().map(|client| message(client, model)).collect())
}

fn message(client: &Client, model: &str) -> Message {
    let request = client.request("bench");
    Message(ScoreCreditRequest { request_id: String::new(), model: model.to_owned(), ..request }.encode_to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_framed_message_is_the_request_with_its_length_before_it() {
        let message = &messages_for("models/mine").unwrap()[0];
        let framed = message.framed(7);
        assert_eq!(framed[0], 0);
        assert_eq!(framed[1..FRAME_HEAD], u32::try_from(framed.len() - FRAME_HEAD).unwrap().to_be_bytes());
        let request = ScoreCreditRequest::decode(&framed[FRAME_HEAD..]).unwrap();
        assert_eq!((request.request_id.as_str(), request.model.as_str()), ("bench-000000000007", "models/mine"));
        assert_eq!(message.under(7), framed[FRAME_HEAD..]);
    }
}
