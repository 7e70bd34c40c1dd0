//! Streams that are open, by tenant, in this process.

use std::{
    collections::HashMap,
    sync::{
        Arc, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use super::held;
use crate::domain::{
    ids::TenantId,
    refusal::{Limit, Refusal},
};

/// When to try again whose streams are all open: one may end at any moment.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How many streams each tenant has open.
#[derive(Default)]
pub struct OpenStreams(RwLock<HashMap<TenantId, Arc<AtomicI64>>>);

/// A stream's place among those of its tenant, which is free again when this is dropped.
#[derive(Debug)]
pub struct OpenStream(Arc<AtomicI64>);

impl OpenStreams {
    /// Takes a place for a stream.
    ///
    /// # Errors
    /// Exhausted, when the tenant has `most` open already.
    pub fn open(&self, tenant: &TenantId, most: i64) -> Result<OpenStream, Refusal> {
        let known = held(self.0.read()).get(tenant).cloned();
        let count = known.unwrap_or_else(|| Arc::clone(held(self.0.write()).entry(tenant.clone()).or_default()));
        let room = |open: i64| (open < most).then_some(open + 1);
        match count.fetch_update(Ordering::AcqRel, Ordering::Acquire, room) {
            Ok(_) => Ok(OpenStream(count)),
            Err(_) => Err(Refusal::Exhausted { limit: Limit::Streams, retry_after: Some(RETRY_AFTER) }),
        }
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
