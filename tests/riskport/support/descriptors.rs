//! The contract as the server publishes it, to walk over: what is not known by name here cannot be forgotten.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, MethodDescriptor};
use riskport::rpc::proto::FILE_DESCRIPTOR_SET;

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap());

/// Every message, enum and service of the contract, with what it imports.
pub fn pool() -> &'static DescriptorPool {
    &POOL
}

/// Every method of the contract.
pub fn methods() -> Vec<MethodDescriptor> {
    POOL.services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

/// The method of that name, which must be there.
pub fn method(name: &str) -> MethodDescriptor {
    methods().into_iter().find(|method| method.name() == name).unwrap_or_else(|| panic!("no method {name}"))
}

/// The path that a method is called at.
pub fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}
