//! The life of a policy: stored, put in charge, replaced, rolled back, retired, read; and what stands in the way.

use riskport::rpc::proto::fraud::{
    CheckFraudResponse, CreatePolicyVersionRequest, FraudDecision, GetPolicyVersionRequest, ListPolicyVersionsRequest,
    PolicySpec, PolicyStage, PolicyVersion, Scene, Thresholds, fraud_check_service_client::FraudCheckServiceClient,
};
use tonic::Code;

use super::ruled::{
    Policies, activate, create, create_list, hits, not_found, plain, precondition, put_in_charge, refused, retire,
    rule, spec, version_name, wrong,
};
use crate::support::platform::{Platform, new_key};

type Checks = FraudCheckServiceClient<riskport::cli::client::SignedChannel>;

async fn get(client: &mut Policies, name: &str) -> Result<PolicyVersion, tonic::Status> {
    let request = GetPolicyVersionRequest { name: name.to_owned() };
    Ok(client.get_policy_version(request).await?.into_inner().version.unwrap())
}

async fn stages<const N: usize>(client: &mut Policies, policy: &str) -> [PolicyStage; N] {
    let mut stages = [PolicyStage::Unspecified; N];
    for (version, found) in (1..).zip(&mut stages) {
        *found = get(client, &version_name(policy, version)).await.unwrap().stage();
    }
    stages
}

async fn check(client: &mut Checks, id: &str) -> CheckFraudResponse {
    client.check_fraud(plain(id)).await.unwrap().into_inner()
}

/// A policy whose only rule always denies.
pub fn denying(id: &str) -> PolicySpec {
    spec(&[rule(id, "true", FraudDecision::Deny)])
}

on_both!(versions_are_put_in_charge_replaced_rolled_back_and_retired, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (mut policies, mut checks) = (platform.policies(&bank).await, platform.fraud(&bank).await);
    assert_eq!(check(&mut checks, "e-0").await.policy_version, "fraudPolicies/platform/versions/1");

    let first = create(&mut policies, "shop", denying("first")).await.unwrap();
    assert_eq!((&*first.name, first.stage()), ("fraudPolicies/shop/versions/1", PolicyStage::Draft));
    assert_eq!((&first.kid, first.digest.len()), (&bank.key.public.kid.as_str().to_owned(), 64));
    assert_eq!(first.create_time, first.update_time);
    assert_eq!(first.spec.as_ref(), Some(&denying("first")));
    // A draft decides nothing.
    assert_eq!(check(&mut checks, "e-1").await.policy_version, "fraudPolicies/platform/versions/1");

    let active = activate(&mut policies, &first.name).await.unwrap();
    assert_eq!((active.stage(), &active.digest), (PolicyStage::Active, &first.digest));
    assert!(active.update_time.unwrap().seconds >= first.update_time.unwrap().seconds);
    let asked = plain("e-2");
    let answer = checks.check_fraud(asked.clone()).await.unwrap().into_inner();
    assert_eq!((answer.decision(), hits(&answer)), (FraudDecision::Deny, vec![("first", false)]));
    assert_eq!((&answer.policy_version, &answer.policy_digest), (&first.name, &first.digest));
    // Once more changes nothing.
    assert_eq!(activate(&mut policies, &first.name).await.unwrap(), active);

    let second = put_in_charge(&mut policies, "shop", denying("second")).await;
    assert_ne!(second.digest, first.digest);
    assert_eq!(stages(&mut policies, "shop").await, [PolicyStage::Retired, PolicyStage::Active]);
    assert_eq!(check(&mut checks, "e-3").await.policy_version, second.name);
    activate(&mut policies, &first.name).await.unwrap();
    assert_eq!(stages(&mut policies, "shop").await, [PolicyStage::Active, PolicyStage::Retired]);
    let answer = check(&mut checks, "e-4").await;
    assert_eq!((&answer.policy_version, hits(&answer)), (&first.name, vec![("first", false)]));

    let retired = retire(&mut policies, "shop").await.unwrap();
    assert_eq!((&retired.name, retired.stage()), (&first.name, PolicyStage::Retired));
    let answer = check(&mut checks, "e-5").await;
    assert_eq!(
        (&*answer.policy_version, answer.decision()),
        ("fraudPolicies/platform/versions/1", FraudDecision::Allow)
    );
    assert_eq!(refused(retire(&mut policies, "shop").await), not_found());
    assert_eq!(refused(retire(&mut policies, "nobodys").await), not_found());
    for missing in ["fraudPolicies/shop/versions/3", "fraudPolicies/nobodys/versions/1"] {
        assert_eq!(refused(activate(&mut policies, missing).await), not_found());
        assert_eq!(refused(get(&mut policies, missing).await), not_found());
    }
    // An answer stays what it was, whatever is in charge since.
    assert_eq!(checks.check_fraud(asked).await.unwrap().into_inner().policy_version, first.name);
    platform.stop().await;
});

on_both!(who_changed_what_is_on_record, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut policies = platform.policies(&bank).await;
    let first = put_in_charge(&mut policies, "shop", denying("first")).await;
    let second = create(&mut policies, "shop", denying("second")).await.unwrap();
    // Another key of the same tenant puts it in charge.
    let other = crate::support::platform::Partner { key: new_key(), ..bank.clone() };
    platform.add_key(&other, &[riskport::rpc::proto::tenant::Scope::FraudPolicy]).await;
    let mut others = platform.policies(&other).await;
    activate(&mut others, &second.name).await.unwrap();
    retire(&mut others, "shop").await.unwrap();
    let mut raw = world.raw().await;
    let changes = "SELECT action || ' ' || by_kid || ' ' || target || ' ' || COALESCE(before_json, '-') || ' ' || \
                   after_json FROM audit WHERE by_tenant_id = 'north-bank' AND tenant_id = 'north-bank' ORDER BY seq";
    let (kid, other) = (bank.key.public.kid.as_str(), other.key.public.kid.as_str());
    let stage = |stage: &str, digest: &str| format!(r#"{{"digest":"{digest}","stage":"{stage}"}}"#);
    let (one, two) = (&first.digest, &second.digest);
    let expected = [
        format!("create_policy_version {kid} fraudPolicies/shop/versions/1 - {}", stage("draft", one)),
        format!("activate_policy_version {kid} fraudPolicies/shop/versions/1 - {}", stage("active", one)),
        format!("create_policy_version {kid} fraudPolicies/shop/versions/2 - {}", stage("draft", two)),
        format!(
            "activate_policy_version {other} fraudPolicies/shop/versions/2 {} {}",
            r#"{"active":1}"#,
            stage("active", two)
        ),
        format!(
            "retire_policy {other} fraudPolicies/shop/versions/2 {} {}",
            stage("active", two),
            stage("retired", two)
        ),
    ];
    assert_eq!(raw.texts(changes).await, expected);
    // What was refused, and what changed nothing, leaves no trace.
    activate(&mut others, &first.name).await.unwrap();
    activate(&mut others, &first.name).await.unwrap();
    assert_eq!(refused(retire(&mut others, "nobodys").await), not_found());
    assert_eq!(raw.texts(changes).await.len(), expected.len() + 1);
    platform.stop().await;
});

on_both!(a_policy_that_is_only_checked_is_not_stored, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut policies = platform.policies(&bank).await;
    let only = |spec: PolicySpec| CreatePolicyVersionRequest {
        policy: "fraudPolicies/shop".to_owned(),
        spec: Some(spec),
        validate_only: true,
    };
    let checked = policies.create_policy_version(only(denying("first"))).await.unwrap().into_inner().version.unwrap();
    assert_eq!((checked.name.as_str(), checked.stage, checked.create_time, checked.update_time), ("", 0, None, None));
    assert_eq!(checked.spec, Some(denying("first")));
    let stored = create(&mut policies, "shop", denying("first")).await.unwrap();
    assert_eq!((&*stored.name, &stored.digest), ("fraudPolicies/shop/versions/1", &checked.digest));
    let bad = spec(&[rule("first", "event.amount > 1", FraudDecision::Deny)]);
    let refusal = policies.create_policy_version(only(bad)).await;
    assert_eq!(wrong(refusal)[0].0, "spec.rules[0].condition");
    platform.stop().await;
});

on_both!(each_policy_has_its_scenes, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (mut policies, mut checks) = (platform.policies(&bank).await, platform.fraud(&bank).await);
    let of = |id: &str, scenes: &[Scene], custom: &[&str]| PolicySpec {
        scenes: scenes.iter().map(|scene| *scene as i32).collect(),
        custom_scenes: custom.iter().map(|&scene| scene.to_owned()).collect(),
        ..denying(id)
    };
    put_in_charge(&mut policies, "logins", of("login", &[Scene::Login, Scene::Registration], &[])).await;
    put_in_charge(&mut policies, "games", of("game", &[], &["x-game", "x-raffle"])).await;
    let decided = async |checks: &mut Checks, id: &str, scene: Scene, custom: &str| {
        let mut request = plain(id);
        let event = request.event.as_mut().unwrap();
        (event.scene, event.custom_scene) = (scene as i32, custom.to_owned());
        let answer = checks.check_fraud(request).await.unwrap().into_inner();
        answer.policy_version.split('/').nth(1).unwrap().to_owned()
    };
    let table = [
        (Scene::Login, "", "logins"),
        (Scene::Registration, "", "logins"),
        (Scene::Payment, "", "platform"),
        (Scene::Custom, "x-game", "games"),
        (Scene::Custom, "x-raffle", "games"),
        (Scene::Custom, "x-other", "platform"),
    ];
    for (at, (scene, custom, policy)) in table.into_iter().enumerate() {
        assert_eq!(decided(&mut checks, &format!("a-{at}"), scene, custom).await, policy, "{scene:?} {custom}");
    }
    // One without scenes decides what is left.
    let rest = put_in_charge(&mut policies, "rest", denying("rest")).await;
    for (at, (scene, custom, policy)) in table.into_iter().enumerate() {
        let policy = if policy == "platform" { "rest" } else { policy };
        assert_eq!(decided(&mut checks, &format!("b-{at}"), scene, custom).await, policy, "{scene:?} {custom}");
    }
    let taken = [
        of("login", &[Scene::Payment, Scene::Login], &[]),
        of("game", &[Scene::Payment], &["x-raffle"]),
        denying("all"),
    ];
    for (at, taken) in taken.into_iter().enumerate() {
        let stored = create(&mut policies, &format!("late-{at}"), taken).await.unwrap();
        assert_eq!(refused(activate(&mut policies, &stored.name).await), precondition("SCENE_TAKEN"));
        assert_eq!(get(&mut policies, &stored.name).await.unwrap().stage(), PolicyStage::Draft);
    }
    // A version of its own policy is in nobody's way, and a policy that left makes room.
    let fewer = put_in_charge(&mut policies, "logins", of("login", &[Scene::Login], &[])).await;
    assert_eq!(decided(&mut checks, "c-1", Scene::Registration, "").await, "rest");
    retire(&mut policies, "rest").await.unwrap();
    activate(&mut policies, "fraudPolicies/late-2/versions/1").await.unwrap();
    assert_eq!(decided(&mut checks, "c-2", Scene::Registration, "").await, "late-2");
    assert_eq!(refused(activate(&mut policies, &rest.name).await), precondition("SCENE_TAKEN"));
    assert_eq!(get(&mut policies, &fewer.name).await.unwrap().spec.unwrap().scenes, [Scene::Login as i32]);
    platform.stop().await;
});

on_both!(the_platforms_own_policy_is_there_to_read_only, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut policies = platform.policies(&bank).await;
    let own = get(&mut policies, "fraudPolicies/platform/versions/1").await.unwrap();
    assert_eq!(own.stage(), PolicyStage::Active);
    let said = own.spec.unwrap();
    assert_eq!(said.thresholds, Some(Thresholds { challenge: 1_001, review: 1_001, deny: 1_001 }), "it stops somebody");
    assert!(said.rules.is_empty() && said.scenes.is_empty());
    let answer = check(&mut platform.fraud(&bank).await, "e-1").await;
    assert_eq!(answer.policy_digest, own.digest);
    assert_eq!(wrong(create(&mut policies, "platform", denying("mine")).await)[0].0, "policy");
    assert_eq!(refused(get(&mut policies, "fraudPolicies/platform/versions/2").await), not_found());
    assert_eq!(refused(activate(&mut policies, "fraudPolicies/platform/versions/1").await), not_found());
    assert_eq!(refused(retire(&mut policies, "platform").await), not_found());
    let listed = policies.list_policy_versions(ListPolicyVersionsRequest::default()).await.unwrap().into_inner();
    assert!(listed.versions.is_empty());
    platform.stop().await;
});

on_both!(a_policy_that_does_not_fit_any_more_stays_out_of_charge, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut policies = platform.policies(&bank).await;
    let card = riskport::rpc::proto::fraud::EntityKind::Card;
    create_list(&mut policies, "stolen", card).await.unwrap();
    let listed = spec(&[rule("stolen", "entity.card in lists.stolen", FraudDecision::Deny)]);
    let stored = create(&mut policies, "shop", listed).await.unwrap();
    let delete = |name: &str| riskport::rpc::proto::fraud::DeleteListRequest { name: format!("fraudLists/{name}") };
    policies.delete_list(delete("stolen")).await.unwrap();
    assert_eq!(refused(activate(&mut policies, &stored.name).await), precondition("POLICY_UNSUITABLE"));
    // A list of the same name that holds something else does not do.
    create_list(&mut policies, "stolen", riskport::rpc::proto::fraud::EntityKind::Account).await.unwrap();
    assert_eq!(refused(activate(&mut policies, &stored.name).await), precondition("POLICY_UNSUITABLE"));
    policies.delete_list(delete("stolen")).await.unwrap();
    create_list(&mut policies, "stolen", card).await.unwrap();
    activate(&mut policies, &stored.name).await.unwrap();
    platform.stop().await;
});

on_both!(what_one_process_puts_in_charge_decides_in_another, async |world| {
    let deciding = Platform::start(world).await;
    let bank = deciding.onboard("north-bank").await;
    let mut checks = deciding.fraud(&bank).await;
    check(&mut checks, "warm").await;
    let other = deciding.beside().await;
    let mut policies = other.policies(&bank).await;
    let mut asked = 0;
    let mut by = async |version: &str| {
        let started = std::time::Instant::now();
        loop {
            asked += 1;
            let answer = check(&mut checks, &format!("e-{asked}")).await;
            if answer.policy_version == version {
                return;
            }
            assert!(started.elapsed().as_secs() < 10, "after 10 s it is decided by {}", answer.policy_version);
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
    };
    let first = put_in_charge(&mut policies, "shop", denying("first")).await;
    by(&first.name).await;
    let second = put_in_charge(&mut policies, "shop", denying("second")).await;
    by(&second.name).await;
    activate(&mut policies, &first.name).await.unwrap();
    by(&first.name).await;
    retire(&mut policies, "shop").await.unwrap();
    by("fraudPolicies/platform/versions/1").await;
    other.stop().await;
    deciding.stop().await;
});

on_both!(policies_are_their_tenants_own_and_need_the_scope, async |world| {
    let platform = Platform::start(world).await;
    let (north, south) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let stored = put_in_charge(&mut platform.policies(&north).await, "shop", denying("first")).await;
    let mut theirs = platform.policies(&south).await;
    assert_eq!(refused(get(&mut theirs, &stored.name).await), not_found());
    assert_eq!(refused(activate(&mut theirs, &stored.name).await), not_found());
    assert_eq!(refused(retire(&mut theirs, "shop").await), not_found());
    let answer = check(&mut platform.fraud(&south).await, "e-1").await;
    assert_eq!(answer.policy_version, "fraudPolicies/platform/versions/1");
    let weak = crate::support::platform::Partner { key: new_key(), ..north.clone() };
    platform.add_key(&weak, &[riskport::rpc::proto::tenant::Scope::FraudCheck]).await;
    let denied = refused(create(&mut platform.policies(&weak).await, "shop", denying("first")).await);
    assert_eq!(denied, (Code::PermissionDenied, "SCOPE_MISSING".to_owned()));
    platform.stop().await;
});
