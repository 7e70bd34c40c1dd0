//! Messages of the contract as the JSON that grpcurl takes and gives.

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use serde::de::DeserializeSeed;
use serde_json::Value;

use super::Failure;
use crate::rpc::proto::FILE_DESCRIPTOR_SET;

/// Every type of the contract.
pub(super) struct Contract(DescriptorPool);

impl Contract {
    /// Reads the contract that the program has in it.
    pub(super) fn open() -> Result<Self, Failure> {
        Ok(Self(DescriptorPool::decode(FILE_DESCRIPTOR_SET)?))
    }

    fn descriptor(&self, name: &str) -> Result<MessageDescriptor, String> {
        self.0.get_message_by_name(name).ok_or_else(|| format!("the contract has no {name}"))
    }

    /// A message of a type, by its full name.
    pub(super) fn read<M: Message + Default>(&self, name: &str, json: Value) -> Result<M, String> {
        let message = self.descriptor(name)?.deserialize(json).map_err(|error| error.to_string())?;
        message.transcode_to().map_err(|error| error.to_string())
    }

    /// A message of a type as JSON, with the contract's own names.
    pub(super) fn write(&self, name: &str, message: &impl Message) -> Result<String, Failure> {
        let descriptor = self.descriptor(name).map_err(Failure::new)?;
        let message = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice())?;
        let options = prost_reflect::SerializeOptions::new().use_proto_field_name(true);
        let mut text = Vec::new();
        message.serialize_with_options(&mut serde_json::Serializer::pretty(&mut text), &options)?;
        Ok(String::from_utf8(text)?)
    }
}
