//! What lives in memory: registered keys, verified tokens, quotas, tenants' data keys, loaded models. No I/O: whoever
//! reads the store puts what it read here.
//!
//! Everything here can be lost at any time and is read again from the store; nothing here is the only copy.

mod behaviour;
mod day_quotas;
mod directory;
mod event_row;
pub mod fraud;
mod key_ring;
mod known_ids;
mod load;
mod models;
mod plans;
mod policies;
mod quotas;
mod streams;

pub use behaviour::{Begun, Behaviours, Current, TenantBehaviour};
pub use day_quotas::{DayQuotas, Stale};
pub use directory::{Directory, Generation, Known, KnownModel, KnownPlan};
pub use event_row::EventRow;
pub use key_ring::KeyRing;
pub use known_ids::{EntryId, KnownIds};
pub use load::{Load, Place};
pub use models::{LoadedVersions, ServedModel, ServedVersion};
pub use plans::ServedPlan;
pub use policies::{ListShelf, ServedList, ServedPolicies, ServedPolicy};
pub use quotas::Quotas;
pub use streams::{OpenStream, OpenStreams};

use std::sync::{LockResult, PoisonError};

/// The data behind a lock, also when a thread panicked while it held it: what these maps hold is either there whole or
/// not there.
fn held<G>(lock: LockResult<G>) -> G {
    lock.unwrap_or_else(PoisonError::into_inner)
}
