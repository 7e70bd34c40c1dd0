//! How the contract's methods take their messages: what gRPC's library does not hold clients to, the layers do.

use std::collections::HashSet;

use prost::{DecodeError, Message};
use prost_types::FileDescriptorSet;

use super::proto::FILE_DESCRIPTOR_SET;

/// The contract's methods by their paths.
pub struct Methods {
    one_message: HashSet<String>,
    gathering: HashSet<String>,
}

impl Methods {
    /// Those of the contract that this program was built with.
    ///
    /// # Errors
    /// When its descriptors cannot be read: a fault of the build.
    pub fn of_contract() -> Result<Self, DecodeError> {
        let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET)?;
        let (mut one_message, mut gathering) = (HashSet::new(), HashSet::new());
        for file in &set.file {
            for service in &file.service {
                for method in &service.method {
                    let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                    match (method.client_streaming(), method.server_streaming()) {
                        (false, _) => drop(one_message.insert(path)),
                        (true, false) => drop(gathering.insert(path)),
                        (true, true) => {}
                    }
                }
            }
        }
        Ok(Self { one_message, gathering })
    }

    /// Whether the method takes exactly one message.
    #[must_use]
    pub fn takes_one(&self, path: &str) -> bool {
        self.one_message.contains(path)
    }

    /// Whether the method answers once its client has sent all that it has: how long that takes is the client's doing, and says
    /// nothing of the load.
    #[must_use]
    pub fn gathers(&self, path: &str) -> bool {
        self.gathering.contains(path)
    }
}
