//! Tenants: recorded once, changed with a trace, listed in pages.

use crate::support::samples::{by, pages_of, tenant, tenant_id, wrapped_key};

on_both!(a_tenant_is_recorded_once, async |world| {
    let store = world.open().await;
    let north = tenant("north");
    assert!(store.record_tenant(&north, &wrapped_key("dk-1"), &by(1, "create_tenant")).await.unwrap());
    assert_eq!(store.find_tenant(&north.id).await.unwrap(), Some(north.clone()));
    assert_eq!(store.find_tenant(&tenant_id("south")).await.unwrap(), None);
    assert_eq!(store.list_tenants(None, pages_of(1)).await.unwrap().items, [north]);
});
