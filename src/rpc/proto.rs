//! What the build script made of `proto/`: messages, servers, clients, and the descriptor set for reflection.

#![allow(clippy::all, clippy::pedantic, missing_docs, reason = "generated code")]

include!(concat!(env!("OUT_DIR"), "/riskport.rs"));

pub use self::riskport::{
    common::v1 as common, credit::v1 as credit, decision::v1 as decision, fraud::v1 as fraud, pricing::v1 as pricing,
    risk::v1 as risk, tenant::v1 as tenant,
};

/// Every file of the contract with its imports, as an encoded `google.protobuf.FileDescriptorSet`.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));
