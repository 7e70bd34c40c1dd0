//! Tenants: recorded once, changed with a trace, listed in pages, each with its data key.

use riskport::domain::{
    quota::Quota,
    scope::{Scope, ScopeSet},
    tenant::{RequestRate, Tenant, TenantChange, TenantState},
    zone::TimeZone,
};
use serde_json::{Value, json};

use crate::support::samples::{at, by, pages_of, tenant, tenant_id, wrapped_key};

on_both!(a_tenant_is_recorded_once, async |world| {
    let store = world.open().await;
    let north = tenant("north");
    assert!(store.record_tenant(&north, &wrapped_key("dk-1"), &by(1, "create_tenant")).await.unwrap());
    assert_eq!(store.find_tenant(&north.id).await.unwrap(), Some(north.clone()));
    assert_eq!(store.find_tenant(&tenant_id("south")).await.unwrap(), None);

    let again = Tenant { display_name: "Somebody else".to_owned(), ..north.clone() };
    assert!(!store.record_tenant(&again, &wrapped_key("dk-2"), &by(2, "create_tenant")).await.unwrap());
    assert_eq!(store.find_tenant(&north.id).await.unwrap(), Some(north.clone()), "the first one was changed");
    assert_eq!(store.find_data_key(&north.id, Some("dk-2")).await.unwrap().map(|key| key.key_id), None);
    assert_eq!(store.count_changes().await.unwrap(), 1, "what was not done is in the record of changes");
});

on_both!(a_change_of_a_tenant_leaves_who_when_what_before_and_after, async |world| {
    let store = world.open().await;
    let north = tenant("north");
    store.record_tenant(&north, &wrapped_key("dk-1"), &by(1, "create_tenant")).await.unwrap();
    let change = TenantChange {
        display_name: Some("North & Söhne".to_owned()),
        scopes: Some([Scope::CreditScore].into_iter().collect()),
        rate: Some(RequestRate::parse(7).unwrap()),
        quotas: vec![(Quota::DecisionsPerDay, 5_000), (Quota::Keys, 3)],
        four_eyes: Some(true),
        time_zone: Some(TimeZone::parse("Asia/Shanghai").unwrap()),
    };
    let changed = store.update_tenant(&north.id, &change, None, &by(2, "update_tenant")).await.unwrap().unwrap();
    assert_eq!(changed.display_name, "North & Söhne");
    assert_eq!(changed.rate.per_second(), 7);
    assert_eq!(Quota::ALL.map(|quota| changed.quotas.set(quota)), [0, 5_000, 0, 0, 0, 0, 0, 0, 0, 0, 3]);
    assert!(changed.four_eyes);
    assert_eq!((changed.created, changed.updated), (at(0), at(2)));
    assert_eq!(store.find_tenant(&north.id).await.unwrap(), Some(changed));

    let mut raw = world.raw().await;
    let who = "by_tenant_id || ' ' || by_kid || ' ' || by_actor || ' ' || action || ' ' || tenant_id || ' ' || target";
    assert_eq!(
        raw.texts(&format!("SELECT {who} FROM audit ORDER BY seq")).await,
        [
            "operator op-1 alice create_tenant north tenants/north",
            "operator op-1 alice update_tenant north tenants/north"
        ]
    );
    assert_eq!(
        raw.integers("SELECT changed_us FROM audit ORDER BY seq").await,
        [by(1, "").at.micros(), by(2, "").at.micros()]
    );
    let json = |text: &String| serde_json::from_str::<Value>(text).unwrap();
    let created = json!({
        "display_name": "The bank north", "state": "active", "scopes": ScopeSet::partner().to_string(),
        "requests_per_second": 100, "quotas": {}, "four_eyes": false, "mode": "live", "time_zone": "UTC",
    });
    let updated = json!({
        "display_name": "North & Söhne", "state": "active", "scopes": "credit.score", "requests_per_second": 7,
        "quotas": { "decisions_per_day": 5_000, "max_keys": 3 },
        "four_eyes": true, "mode": "live", "time_zone": "Asia/Shanghai",
    });
    let before = raw.texts("SELECT COALESCE(before_json, 'null') FROM audit ORDER BY seq").await;
    let after = raw.texts("SELECT after_json FROM audit ORDER BY seq").await;
    assert_eq!(before.iter().map(json).collect::<Vec<_>>(), [Value::Null, created.clone()]);
    assert_eq!(after.iter().map(json).collect::<Vec<_>>(), [created, updated]);
});

on_both!(a_change_that_changes_nothing_leaves_no_trace, async |world| {
    let store = world.open().await;
    let north = tenant("north");
    store.record_tenant(&north, &wrapped_key("dk-1"), &by(1, "create_tenant")).await.unwrap();
    let same = TenantChange { display_name: Some(north.display_name.clone()), ..TenantChange::default() };
    for change in [same, TenantChange::default()] {
        let active = Some(TenantState::Active);
        let unchanged = store.update_tenant(&north.id, &change, active, &by(2, "update_tenant")).await.unwrap();
        assert_eq!(unchanged, Some(north.clone()));
    }
    let nobody = tenant_id("nobody");
    let suspended = Some(TenantState::Suspended);
    let missing = store.update_tenant(&nobody, &TenantChange::default(), suspended, &by(3, "suspend_tenant")).await;
    assert_eq!(missing.unwrap(), None);
    assert_eq!(store.count_changes().await.unwrap(), 1);
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM audit").await, 1);

    // A real change after those takes the very next place: none was left empty by what was rolled back.
    store.update_tenant(&north.id, &TenantChange::default(), suspended, &by(4, "suspend_tenant")).await.unwrap();
    assert_eq!(world.raw().await.integers("SELECT seq FROM audit ORDER BY seq").await, [1, 2]);
    assert_eq!(store.find_tenant(&north.id).await.unwrap().unwrap().state, TenantState::Suspended);
});

on_both!(tenants_are_listed_in_pages_in_the_order_of_bytes, async |world| {
    let store = world.open().await;
    // A collation of words would ignore the hyphen and put a-2 after a1: the order must be that of the bytes.
    for id in ["a1x", "a-2", "b10", "b9x", "z-z"] {
        assert!(store.record_tenant(&tenant(id), &wrapped_key(id), &by(1, "create_tenant")).await.unwrap());
    }
    let (mut seen, mut after) = (Vec::new(), None);
    for expected in [2, 2, 1] {
        let page = store.list_tenants(after.as_ref(), pages_of(2)).await.unwrap();
        assert_eq!(page.items.len(), expected);
        seen.extend(page.items.iter().map(|tenant| tenant.id.as_str().to_owned()));
        after = page.next;
    }
    assert_eq!(seen, ["a-2", "a1x", "b10", "b9x", "z-z"]);
    assert_eq!(after, None, "a page follows the last");
    // As many as fit exactly is the last page too.
    assert_eq!(store.list_tenants(None, pages_of(5)).await.unwrap().next, None);
});

on_both!(each_tenant_finds_its_own_data_key, async |world| {
    let store = world.open().await;
    for (id, key_id) in [("north", "dk-n"), ("south", "dk-s")] {
        store.record_tenant(&tenant(id), &wrapped_key(key_id), &by(1, "create_tenant")).await.unwrap();
    }
    let (north, south) = (tenant_id("north"), tenant_id("south"));
    let newest = store.find_data_key(&north, None).await.unwrap().unwrap();
    assert_eq!((newest.key_id.as_str(), newest.wrapped), ("dk-n", wrapped_key("dk-n").wrapped));
    assert_eq!(store.find_data_key(&south, Some("dk-s")).await.unwrap().unwrap().key_id, "dk-s");
    assert!(store.find_data_key(&south, Some("dk-n")).await.unwrap().is_none(), "south found north's key");
    assert!(store.find_data_key(&tenant_id("nobody"), None).await.unwrap().is_none());

    // A key that came later seals from then on; the older one still opens.
    let later = format!("INSERT INTO data_keys VALUES ('north', 'dk-a', {}, {})", blob(world), at(5).micros());
    world.raw().await.execute(&later).await;
    assert_eq!(store.find_data_key(&north, None).await.unwrap().unwrap().key_id, "dk-a");
    assert_eq!(store.find_data_key(&north, Some("dk-n")).await.unwrap().unwrap().key_id, "dk-n");
});

/// Two bytes as the database writes them in SQL.
fn blob(world: &crate::support::World) -> &'static str {
    match world.database {
        riskport::store::Database::Sqlite(_) => "x'0102'",
        riskport::store::Database::Postgres(_) => r"'\x0102'",
    }
}
