//! Policies and lists as partners write them.

use riskport::{
    cli::client::SignedChannel,
    rpc::proto::fraud::{
        ActivatePolicyVersionRequest, ChangeListEntriesRequest, ChangeListEntriesResponse, CheckFraudRequest,
        CheckFraudResponse, CreateListRequest, CreatePolicyVersionRequest, EntityKind, FraudDecision, FraudList,
        ListEntry, PolicySpec, PolicyVersion, RetirePolicyRequest, Rule, RuleMode, Thresholds,
        change_list_entries_request::Change, fraud_policy_service_client::FraudPolicyServiceClient,
    },
};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::asked::check_now;

/// Callers of the policy service.
pub type Policies = FraudPolicyServiceClient<SignedChannel>;

/// A live rule whose code is its id in capitals, with sentences in both languages.
pub fn rule(id: &str, condition: &str, outcome: FraudDecision) -> Rule {
    Rule {
        id: id.to_owned(),
        condition: condition.to_owned(),
        outcome: outcome as i32,
        reason_code: id.to_uppercase().replace('-', "_"),
        sentence_en: format!("The rule {id} hits."),
        sentence_zh: format!("规则{id}命中。"),
        priority: 0,
        mode: RuleMode::Live as i32,
    }
}

/// The same rule, only tried.
pub fn shadow(rule: Rule) -> Rule {
    Rule { mode: RuleMode::Shadow as i32, ..rule }
}

/// A policy of some rules for every scene, with score thresholds in the middle.
pub fn spec(rules: &[Rule]) -> PolicySpec {
    PolicySpec {
        thresholds: Some(Thresholds { challenge: 600, review: 750, deny: 900 }),
        rules: rules.to_vec(),
        ..PolicySpec::default()
    }
}

/// The name of a version.
pub fn version_name(policy: &str, version: i64) -> String {
    format!("fraudPolicies/{policy}/versions/{version}")
}

pub async fn create(client: &mut Policies, policy: &str, spec: PolicySpec) -> Result<PolicyVersion, Status> {
    let request = CreatePolicyVersionRequest {
        policy: format!("fraudPolicies/{policy}"),
        spec: Some(spec),
        validate_only: false,
    };
    Ok(client.create_policy_version(request).await?.into_inner().version.unwrap())
}

pub async fn activate(client: &mut Policies, name: &str) -> Result<PolicyVersion, Status> {
    let request = ActivatePolicyVersionRequest { name: name.to_owned() };
    Ok(client.activate_policy_version(request).await?.into_inner().version.unwrap())
}

pub async fn retire(client: &mut Policies, policy: &str) -> Result<PolicyVersion, Status> {
    let request = RetirePolicyRequest { policy: format!("fraudPolicies/{policy}") };
    Ok(client.retire_policy(request).await?.into_inner().version.unwrap())
}

/// Stores a policy and puts it in charge.
pub async fn put_in_charge(client: &mut Policies, policy: &str, spec: PolicySpec) -> PolicyVersion {
    let stored = create(client, policy, spec).await.unwrap();
    activate(client, &stored.name).await.unwrap()
}

pub async fn create_list(client: &mut Policies, list: &str, entity: EntityKind) -> Result<FraudList, Status> {
    let list = FraudList {
        name: format!("fraudLists/{list}"),
        entity: entity as i32,
        display_name: format!("The list {list}"),
        ..FraudList::default()
    };
    Ok(client.create_list(CreateListRequest { list: Some(list) }).await?.into_inner().list.unwrap())
}

/// An entry to add, for ever or until a second.
pub fn add(value: &str, until: Option<i64>) -> Change {
    Change::Add(ListEntry { value: value.to_owned(), expire_time: until.and_then(super::asked::time) })
}

pub fn remove(value: &str) -> Change {
    Change::Remove(value.to_owned())
}

/// Changes a list; only the first message names it.
pub async fn change(
    client: &mut Policies,
    list: &str,
    changes: impl IntoIterator<Item = Change>,
) -> Result<ChangeListEntriesResponse, Status> {
    let messages = changes.into_iter().enumerate().map(|(at, change)| ChangeListEntriesRequest {
        list: if at == 0 { format!("fraudLists/{list}") } else { String::new() },
        change: Some(change),
    });
    Ok(client.change_list_entries(tokio_stream::iter(messages.collect::<Vec<_>>())).await?.into_inner())
}

/// A request for an event of now with one account and a card, and no features in the answer.
pub fn plain(id: &str) -> CheckFraudRequest {
    let mut request = check_now(id, 1);
    request.include_features = false;
    let event = request.event.as_mut().unwrap();
    event.amount = None;
    event.entities = Some(riskport::rpc::proto::fraud::Entities {
        account: "anna".to_owned(),
        card: "card-1".to_owned(),
        ..Default::default()
    });
    request
}

/// The ids of the rules that an answer says hit, and whether each was only tried.
pub fn hits(answer: &CheckFraudResponse) -> Vec<(&str, bool)> {
    answer.rules.iter().map(|hit| (hit.rule.as_str(), hit.shadow)).collect()
}

/// The codes of an answer's reasons.
pub fn codes(answer: &CheckFraudResponse) -> Vec<&str> {
    answer.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

/// Code and reason of a refusal.
pub fn refused<T: std::fmt::Debug>(result: Result<T, Status>) -> (Code, String) {
    crate::auth::refused(result)
}

pub fn precondition(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

pub fn not_found() -> (Code, String) {
    (Code::NotFound, "NOT_FOUND".to_owned())
}

/// The fields that a refusal names with why, in their order.
pub fn wrong<T: std::fmt::Debug>(result: Result<T, Status>) -> Vec<(String, String)> {
    let status = result.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let violations = status.get_details_bad_request().unwrap().field_violations;
    violations.into_iter().map(|one| (one.field, one.description)).collect()
}
