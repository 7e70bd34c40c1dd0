//! Registering and revoking keys over gRPC, and what trace each change leaves.

use std::sync::Arc;

use riskport::{
    cli::key_file::PrivateKey,
    domain::key::KeyAlgorithm,
    rpc::proto::tenant::{
        ListKeysRequest, ResumeTenantRequest, Scope, SuspendTenantRequest, tenant_service_client::TenantServiceClient,
    },
};
use tonic::Code;
use tonic_types::StatusExt;

use super::{add, refused, revoke, set_ceiling, with_key, works};
use crate::support::{
    World,
    platform::{PARTNER_SCOPES, Platform, new_key},
};

on_both!(a_partner_rotates_its_key_without_a_gap, async |world| {
    let platform = Platform::start(world).await;
    let old = platform.onboard("north-bank").await;
    let new = with_key(&old, &new_key());
    assert!(!works(&platform, &new).await);
    add(&platform, &old, "north-bank", new.key.jwk(), &PARTNER_SCOPES).await.unwrap();
    assert!(works(&platform, &old).await && works(&platform, &new).await);
    let kid = old.key.public.kid.as_str();
    revoke(&platform, &new, "north-bank", kid).await.unwrap();
    assert!(!works(&platform, &old).await && works(&platform, &new).await);
    // Once more changes nothing, and does not bring it back.
    revoke(&platform, &new, "north-bank", kid).await.unwrap();
    assert_eq!(
        refused(add(&platform, &new, "north-bank", old.key.jwk(), &PARTNER_SCOPES).await).0,
        Code::AlreadyExists
    );
    assert!(!works(&platform, &old).await);
    let mut tenants = TenantServiceClient::new(platform.signed(&new).await);
    let listed = tenants.list_keys(ListKeysRequest { parent: "tenants/north-bank".to_owned() }).await.unwrap();
    let revoked: Vec<bool> = listed.into_inner().keys.iter().map(|key| key.revoke_time.is_some()).collect();
    assert_eq!(revoked, [true, false]);
    platform.stop().await;
});

on_both!(a_tenant_has_at_most_sixteen_good_keys, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut last = String::new();
    for _ in 1..16 {
        let key = new_key();
        add(&platform, &bank, "north-bank", key.jwk(), &[Scope::CreditScore]).await.unwrap();
        last = key.public.kid.to_string();
    }
    let status = add(&platform, &bank, "north-bank", new_key().jwk(), &[Scope::CreditScore]).await.unwrap_err();
    let details = status.get_error_details();
    assert_eq!((status.code(), &*details.error_info().unwrap().reason), (Code::ResourceExhausted, "TOO_MANY_KEYS"));
    assert_eq!(details.quota_failure().unwrap().violations[0].subject, "tenant:keys");
    revoke(&platform, &bank, "north-bank", &last).await.unwrap();
    // A kid is taken for ever within its tenant, and free in another.
    let jwk = bank.key.jwk();
    assert_eq!(
        refused(add(&platform, &bank, "north-bank", jwk.clone(), &[Scope::CreditScore]).await).0,
        Code::AlreadyExists
    );
    add(&platform, &bank, "north-bank", new_key().jwk(), &[Scope::CreditScore]).await.unwrap();
    let other = platform.onboard("south-bank").await;
    add(&platform, &other, "south-bank", jwk, &[Scope::CreditScore]).await.unwrap();
    platform.stop().await;
});

on_both!(every_change_leaves_who_and_what, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let key = new_key();
    add(&platform, &bank, "north-bank", key.jwk(), &[Scope::DecisionRead]).await.unwrap();
    revoke(&platform, &bank, "north-bank", key.public.kid.as_str()).await.unwrap();
    set_ceiling(&platform, "north-bank", &[Scope::DecisionRead]).await.unwrap();
    set_ceiling(&platform, "north-bank", &[Scope::DecisionRead]).await.unwrap();
    let (mut tenants, name) = (platform.tenants().await, "tenants/north-bank".to_owned());
    tenants.suspend_tenant(SuspendTenantRequest { name: name.clone() }).await.unwrap();
    tenants.resume_tenant(ResumeTenantRequest { name }).await.unwrap();
    let mut raw = world.raw().await;
    let seqs = raw.integers("SELECT seq FROM audit ORDER BY seq").await;
    let rows = raw
        .texts(
            "SELECT action || '|' || by_tenant_id || '|' || by_kid || '|' || by_actor || '|' || target || '|' ||
             COALESCE(before_json, '-') || '|' || after_json FROM audit ORDER BY seq",
        )
        .await;
    let (operator, partner) = (platform.operator.public.kid.as_str(), bank.key.public.kid.as_str());
    let added = key.public.kid.as_str();
    let actor = "riskport command line";
    let found: Vec<Vec<&str>> = rows.iter().map(|row| row.splitn(6, '|').take(5).collect()).collect();
    let target = format!("tenants/north-bank/keys/{added}");
    let expected = [
        // The program itself, before there is anybody else.
        ["publish_built_in", "operator", "platform", "", "tenants/operator/models/card-behaviour/versions/1"],
        ["publish_built_in", "operator", "platform", "", "tenants/operator/models/fraud-simulated/versions/1"],
        ["publish_built_in_plan", "operator", "platform", "", "ratePlans/account-safety/versions/1"],
        ["publish_built_in_plan", "operator", "platform", "", "ratePlans/consumer-loan/versions/1"],
        ["found_operator", "operator", operator, "command line", "tenants/operator"],
        ["found_operator", "operator", operator, "command line", &format!("tenants/operator/keys/{operator}")],
        ["create_tenant", "operator", operator, actor, "tenants/north-bank"],
        ["add_key", "operator", operator, actor, &format!("tenants/north-bank/keys/{partner}")],
        ["add_key", "north-bank", partner, actor, &target],
        ["revoke_key", "north-bank", partner, actor, &target],
        // The second time nothing changed, so there is nothing to record.
        ["update_tenant", "operator", operator, actor, "tenants/north-bank"],
        ["suspend_tenant", "operator", operator, actor, "tenants/north-bank"],
        ["resume_tenant", "operator", operator, actor, "tenants/north-bank"],
    ];
    assert_eq!(found, expected);
    assert_eq!(seqs, (1..=13).collect::<Vec<i64>>(), "the record of changes has gaps");
    let json = |at: usize| -> (serde_json::Value, serde_json::Value) {
        let parts: Vec<&str> = rows[at].splitn(7, '|').skip(5).collect();
        (serde_json::from_str(parts[0]).unwrap(), serde_json::from_str(parts[1]).unwrap())
    };
    let (before, after) = json(9);
    assert_eq!((&before["revoked"], &after["revoked"]), (&false.into(), &true.into()));
    assert_eq!(before["scopes"], "decision.read");
    let (before, after) = json(10);
    let all = "credit.score credit.report decision.read tenant.self risk.evaluate model.read model.manage model.promote \
               fraud.check fraud.report fraud.backfill fraud.policy fraud.export \
               pricing.quote pricing.plan";
    assert_eq!(before["scopes"], all);
    assert_eq!(after["scopes"], "decision.read");
    let (before, after) = json(11);
    assert_eq!((&before["state"], &after["state"]), (&"active".into(), &"suspended".into()));
    assert!(rows[8].contains("|-|"), "a new key had nothing before: {}", rows[8]);
    platform.stop().await;
});

#[tokio::test]
async fn every_kind_of_key_signs() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    for algorithm in KeyAlgorithm::ALL {
        let partner = with_key(&bank, &Arc::new(PrivateKey::generate(algorithm).unwrap().0));
        add(&platform, &bank, "north-bank", partner.key.jwk(), &PARTNER_SCOPES).await.unwrap();
        assert!(works(&platform, &partner).await, "{algorithm:?}");
    }
    platform.stop().await;
}
