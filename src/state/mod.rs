//! What lives in memory: registered keys, verified tokens, quotas, tenants' data keys. No I/O: whoever reads the store
//! puts what it read here.
//!
//! Everything here can be lost at any time and is read again from the store; nothing here is the only copy.

mod directory;
mod key_ring;
mod quotas;

pub use directory::{Directory, Known};
pub use key_ring::KeyRing;
pub use quotas::Quotas;

use std::sync::{LockResult, PoisonError};

/// The data behind a lock, also when a thread panicked while it held it: what these maps hold is either there whole or
/// not there.
fn held<G>(lock: LockResult<G>) -> G {
    lock.unwrap_or_else(PoisonError::into_inner)
}
