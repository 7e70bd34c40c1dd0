//! The keys of the platform: a master key outside the database wraps one key for each tenant, and a tenant's key seals
//! its inputs and hashes its subjects and payloads.
//!
//! Knows nothing of SQL or gRPC. Secrets are never printed: the types here have no `Debug` that shows them.

mod master;
mod tenant_key;

pub use master::{MasterKey, MasterKeyError};
pub use tenant_key::{TenantKey, WrappedKey};

use aws_lc_rs::{digest, rand};

use crate::domain::refusal::Refusal;

/// Fills an array with random bytes of the operating system's generator.
///
/// # Errors
/// Internal, when the generator fails.
pub fn random<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Refusal::Internal)?;
    Ok(bytes)
}

/// SHA-256 over several parts, one after the other.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
