//! Tenants' data keys, unwrapped.

use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
};

use super::held;
use crate::{domain::ids::TenantId, vault::TenantKey};

/// The key that each tenant's data is sealed under now. A key that was made stays good, so none is ever thrown out.
#[derive(Default)]
pub struct KeyRing(RwLock<HashMap<TenantId, Arc<TenantKey>>>);

impl KeyRing {
    /// A tenant's key, if it was unwrapped before.
    #[must_use]
    pub fn get(&self, tenant: &TenantId) -> Option<Arc<TenantKey>> {
        held(self.0.read()).get(tenant).cloned()
    }

    /// Keeps a tenant's key.
    pub fn keep(&self, tenant: TenantId, key: Arc<TenantKey>) {
        held(self.0.write()).insert(tenant, key);
    }
}
