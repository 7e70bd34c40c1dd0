//! Answers as the contract's JSON, the same that grpcurl prints.

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};

use super::Failure;
use crate::rpc::proto::FILE_DESCRIPTOR_SET;

/// A type of the contract by its full name.
pub(super) fn descriptor(name: &str) -> Result<MessageDescriptor, Failure> {
    let found = DescriptorPool::decode(FILE_DESCRIPTOR_SET)?.get_message_by_name(name);
    found.ok_or_else(|| Failure::new(format!("the contract has no {name}")))
}

/// A message, by the full name of its type, as JSON with the contract's own field names.
pub(super) fn json(name: &str, message: &impl Message) -> Result<String, Failure> {
    let message = DynamicMessage::decode(descriptor(name)?, message.encode_to_vec().as_slice())?;
    let options = SerializeOptions::new().use_proto_field_name(true);
    let mut text = Vec::new();
    message.serialize_with_options(&mut serde_json::Serializer::pretty(&mut text), &options)?;
    Ok(String::from_utf8(text)?)
}
