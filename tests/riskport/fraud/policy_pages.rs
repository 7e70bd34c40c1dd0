//! Versions of policies listed in pages, and how many there may be.

use riskport::rpc::proto::fraud::{FraudDecision, GetPolicyVersionRequest, ListPolicyVersionsRequest};
use tonic::Code;

use super::{
    policies::denying,
    ruled::{activate, create, refused, rule, spec, version_name, wrong},
};
use crate::support::platform::Platform;

on_both!(versions_are_listed_in_pages, async |world| {
    let platform = Platform::start(world).await;
    let (bank, other) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let mut policies = platform.policies(&bank).await;
    for (policy, versions) in [("b", 3), ("a-long-name", 2), ("a", 1), ("c", 1)] {
        for at in 0..versions {
            create(&mut policies, policy, denying(&format!("rule-{at}"))).await.unwrap();
        }
    }
    create(&mut platform.policies(&other).await, "b", denying("theirs")).await.unwrap();
    let all = ["a/1", "a-long-name/2", "a-long-name/1", "b/3", "b/2", "b/1", "c/1"];
    let list = async |policy: &str, page_size: i32| {
        let (mut names, mut pages, mut page_token) = (Vec::new(), 0, String::new());
        loop {
            let request = ListPolicyVersionsRequest { policy: policy.to_owned(), page_size, page_token };
            let page = policies.clone().list_policy_versions(request).await.unwrap().into_inner();
            let short = |name: &str| name.trim_start_matches("fraudPolicies/").replace("/versions", "");
            names.extend(page.versions.iter().map(|version| short(&version.name)));
            pages += 1;
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return (names, pages);
            }
        }
    };
    for page_size in [0, 1, 2, 3, 6, 7, 8] {
        let size = usize::try_from(page_size).unwrap();
        let pages = if size == 0 { 1 } else { all.len().div_ceil(size) };
        assert_eq!(list("", page_size).await, (all.map(str::to_owned).to_vec(), pages), "pages of {page_size}");
    }
    assert_eq!(list("fraudPolicies/b", 2).await, (all[3..6].iter().map(|&name| name.to_owned()).collect(), 2));
    assert_eq!(list("fraudPolicies/nobodys", 2).await, (Vec::new(), 1));
    let asked = async |policy: &str, page_size: i32, page_token: &str| {
        let (policy, page_token) = (policy.to_owned(), page_token.to_owned());
        let request = ListPolicyVersionsRequest { policy, page_size, page_token };
        let fields = wrong(policies.clone().list_policy_versions(request).await);
        fields.into_iter().map(|(field, _)| field).collect::<Vec<_>>()
    };
    assert_eq!(asked("b", 501, "x").await, ["policy", "page_token", "page_size"]);
    // A page of one policy does not go on with another's.
    assert_eq!(asked("fraudPolicies/b", 2, "fraudPolicies/c/versions/2").await, ["page_token"]);
    platform.stop().await;
});

on_both!(a_page_of_large_policies_fits_what_clients_take, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut policies = platform.policies(&bank).await;
    let condition = format!("true // {}", "x".repeat(1_100));
    let rules: Vec<_> = (0..180).map(|at| rule(&format!("rule-{at}"), &condition, FraudDecision::Deny)).collect();
    // Together they have more than the 4 MiB that clients take in one message.
    for _ in 0..22 {
        create(&mut policies, "shop", spec(&rules)).await.unwrap();
    }
    let (mut versions, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListPolicyVersionsRequest { page_size: 500, page_token, ..Default::default() };
        let page = policies.list_policy_versions(request).await.unwrap().into_inner();
        versions.extend(page.versions.into_iter().map(|version| version.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let expected: Vec<_> = (1..=22).rev().map(|version| version_name("shop", version)).collect();
    assert_eq!(versions, expected);
    platform.stop().await;
});

on_both!(there_are_so_many_policies_and_versions_and_no_more, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut policies = platform.policies(&bank).await;
    for at in 0..32 {
        create(&mut policies, &format!("policy-{at}"), denying("r")).await.unwrap();
    }
    let full = (Code::ResourceExhausted, "TOO_MANY_POLICIES".to_owned());
    assert_eq!(refused(create(&mut policies, "one-more", denying("r")).await), full);
    let second = create(&mut policies, "policy-0", denying("r")).await.unwrap();
    assert_eq!(second.name, version_name("policy-0", 2));
    // As if there had been all versions that there may be.
    let all = "UPDATE fraud_policies SET version = 1000 WHERE policy_id = 'policy-0' AND version = 2";
    world.raw().await.execute(all).await;
    assert_eq!(refused(create(&mut policies, "policy-0", denying("r")).await), full);
    activate(&mut policies, &version_name("policy-0", 1_000)).await.unwrap();
    for wrong_name in ["fraudPolicies/policy-0/versions/01", "fraudPolicies/policy-0/versions/0", "policy-0", ""] {
        let asked = GetPolicyVersionRequest { name: wrong_name.to_owned() };
        assert_eq!(wrong(policies.get_policy_version(asked).await)[0].0, "name", "{wrong_name}");
    }
    platform.stop().await;
});
