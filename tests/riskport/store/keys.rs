//! Callers' keys: few, never reused, and the operator keeps one.

use riskport::{
    domain::{ids::TenantId, tenant::Tenant},
    store::{AddKey, RevokeKey, Store},
};

use crate::support::{
    World,
    samples::{at, by, key, kid, tenant, tenant_id, wrapped_key},
};

/// How many good keys a tenant may have whose quota is not set.
const MAX_GOOD_KEYS: usize = 16;

/// A store with these tenants in it.
async fn open_with(world: &World, ids: &[&str]) -> Store {
    let store = world.open().await;
    for id in ids {
        let new = Tenant { id: tenant_id(id), ..tenant("any") };
        assert!(store.record_tenant(&new, &wrapped_key(id), &by(0, "create_tenant")).await.unwrap());
    }
    store
}

on_both!(a_key_is_added_once_and_found_with_its_tenant, async |world| {
    let store = open_with(world, &["north", "south"]).await;
    let (first, foreign) = (key("north", "k1"), key("south", "k1"));
    assert_eq!(store.add_key(&first, &by(1, "add_key")).await.unwrap(), AddKey::Added);
    assert_eq!(store.add_key(&first, &by(2, "add_key")).await.unwrap(), AddKey::Exists);
    assert_eq!(store.find_key(&foreign.tenant, &foreign.kid).await.unwrap(), None, "south found north's key");
    // Key ids are a tenant's own: the same one elsewhere is another key.
    assert_eq!(store.add_key(&foreign, &by(3, "add_key")).await.unwrap(), AddKey::Added);
    assert_eq!(store.add_key(&key("nobody", "k1"), &by(4, "add_key")).await.unwrap(), AddKey::NoTenant);

    let (found, owner) = store.find_key(&first.tenant, &first.kid).await.unwrap().unwrap();
    assert_eq!((found, owner.id), (first.clone(), first.tenant.clone()));
    assert_eq!(store.find_key(&first.tenant, &kid("k2")).await.unwrap(), None);
    assert_eq!(store.find_key(&tenant_id("nobody"), &first.kid).await.unwrap(), None);
    assert_eq!(store.list_keys(&first.tenant).await.unwrap(), [first]);
    // Two tenants and two keys; what was not done left nothing.
    assert_eq!(store.count_changes().await.unwrap(), 4);
});

on_both!(a_tenant_has_at_most_sixteen_good_keys, async |world| {
    let store = open_with(world, &["north"]).await;
    for n in 0..MAX_GOOD_KEYS {
        assert_eq!(store.add_key(&key("north", &format!("k{n}")), &by(1, "add_key")).await.unwrap(), AddKey::Added);
    }
    let one_more = key("north", "one-more");
    assert_eq!(store.add_key(&one_more, &by(2, "add_key")).await.unwrap(), AddKey::TooMany);
    // A revoked key counts no longer, so that keys rotate without a gap.
    store.revoke_key(&one_more.tenant, &kid("k3"), &by(3, "revoke_key")).await.unwrap();
    assert_eq!(store.add_key(&one_more, &by(4, "add_key")).await.unwrap(), AddKey::Added);
    assert_eq!(store.list_keys(&one_more.tenant).await.unwrap().len(), MAX_GOOD_KEYS + 1);
});

on_both!(racing_callers_do_not_pass_the_limit_of_keys, async |world| {
    let store = open_with(world, &["north"]).await;
    let other = world.open().await;
    let mut adding = tokio::task::JoinSet::new();
    for n in 0..MAX_GOOD_KEYS + 8 {
        let store = if n % 2 == 0 { store.clone() } else { other.clone() };
        adding.spawn(async move { store.add_key(&key("north", &format!("k{n}")), &by(1, "add_key")).await.unwrap() });
    }
    let done = adding.join_all().await;
    assert_eq!(done.iter().filter(|one| **one == AddKey::Added).count(), MAX_GOOD_KEYS);
    assert_eq!(done.iter().filter(|one| **one == AddKey::TooMany).count(), 8);
});

on_both!(a_revoked_key_stays_revoked_and_used, async |world| {
    let store = open_with(world, &["north", "south"]).await;
    let first = key("north", "k1");
    store.add_key(&first, &by(1, "add_key")).await.unwrap();
    assert_eq!(
        store.revoke_key(&tenant_id("south"), &first.kid, &by(2, "revoke_key")).await.unwrap(),
        RevokeKey::NoKey,
        "south revoked north's key"
    );
    let RevokeKey::Revoked(revoked) = store.revoke_key(&first.tenant, &first.kid, &by(3, "revoke_key")).await.unwrap()
    else {
        panic!("not revoked")
    };
    assert_eq!(revoked.revoked, Some(at(3)));
    // Revoking again answers what is there: the first time counts, and no change is recorded.
    let again = store.revoke_key(&first.tenant, &first.kid, &by(4, "revoke_key")).await.unwrap();
    assert_eq!(again, RevokeKey::Revoked(revoked.clone()));
    assert_eq!(store.add_key(&first, &by(5, "add_key")).await.unwrap(), AddKey::Exists);
    assert_eq!(store.find_key(&first.tenant, &first.kid).await.unwrap().unwrap().0, revoked);
    let actions = world.raw().await.texts("SELECT action FROM audit WHERE target LIKE '%/keys/%' ORDER BY seq").await;
    assert_eq!(actions, ["add_key", "revoke_key"]);
});

on_both!(the_operators_last_good_key_cannot_be_revoked, async |world| {
    let store = open_with(world, &[TenantId::OPERATOR, "north"]).await;
    let operator = TenantId::operator();
    for id in ["op-1", "op-2"] {
        store.add_key(&key(TenantId::OPERATOR, id), &by(1, "add_key")).await.unwrap();
    }
    store.add_key(&key("north", "k1"), &by(1, "add_key")).await.unwrap();
    // Two at once: whichever comes second must find that the first left it alone.
    let (left, right) = (store.clone(), world.open().await);
    let (first, second) = (kid("op-1"), kid("op-2"));
    let by_left = by(2, "revoke_key");
    let both =
        tokio::join!(left.revoke_key(&operator, &first, &by_left), right.revoke_key(&operator, &second, &by_left));
    let both = [both.0.unwrap(), both.1.unwrap()];
    assert_eq!(both.iter().filter(|one| matches!(one, RevokeKey::Revoked(_))).count(), 1, "{both:?}");
    assert_eq!(both.iter().filter(|one| **one == RevokeKey::LastOperatorKey).count(), 1, "{both:?}");
    // A partner may lock itself out: the operator can give it a new key.
    let partners = store.revoke_key(&tenant_id("north"), &kid("k1"), &by(3, "revoke_key")).await.unwrap();
    assert!(matches!(partners, RevokeKey::Revoked(_)));
});
