//! Ids of the fraud services that are another tenant's: events, decisions, policies and lists are answered like unknown ones,
//! and stay as they are.

use prost::Message;
use riskport::rpc::proto::{
    decision::{GetDecisionRequest, ListDecisionsRequest},
    fraud::{
        ActivatePolicyVersionRequest, BacktestPolicyRequest, ChangeListEntriesRequest, CheckFraudRequest,
        CheckFraudResponse, CheckListEntryRequest, CheckListEntryResponse, CreateListRequest,
        CreatePolicyVersionRequest, DeleteListRequest, Entities, EntityKind, FraudDecision, FraudEvent, FraudLabel,
        FraudList, FraudOutcome, GetPolicyVersionRequest, GetPolicyVersionResponse, ListEntry, ListListsRequest,
        ListListsResponse, ListPolicyVersionsRequest, ListPolicyVersionsResponse, PolicySpec, PolicyStage,
        ReportFraudOutcomeRequest, RetirePolicyRequest, Rule, Scene, Thresholds, change_list_entries_request::Change,
        fraud_outcome::Target,
    },
};
use tonic::Code;

use crate::support::{
    by_path::{Answer, ByPath},
    now,
    platform::{Platform, token},
};

const GET_DECISION: &str = "/riskport.decision.v1.DecisionService/GetDecision";

fn check(name: &str) -> String {
    format!("/riskport.fraud.v1.FraudCheckService/{name}")
}

fn policy(name: &str) -> String {
    format!("/riskport.fraud.v1.FraudPolicyService/{name}")
}

fn asked(id: &str) -> CheckFraudRequest {
    let entities = Entities { account: "account-1".to_owned(), ..Entities::default() };
    let event = FraudEvent {
        scene: Scene::Payment as i32,
        event_time: Some(now()),
        entities: Some(entities),
        ..FraudEvent::default()
    };
    CheckFraudRequest { request_id: id.to_owned(), event: Some(event), ..CheckFraudRequest::default() }
}

/// A policy that stops every event whose account stands in a list.
fn stopping(name: &str, list: &str) -> CreatePolicyVersionRequest {
    let rule = Rule {
        id: "listed".to_owned(),
        condition: format!("entity.account in lists.{list}"),
        outcome: FraudDecision::Deny as i32,
        reason_code: "LISTED".to_owned(),
        sentence_en: "The account is listed.".to_owned(),
        ..Rule::default()
    };
    let thresholds = Some(Thresholds { challenge: 600, review: 750, deny: 900 });
    let spec = PolicySpec { thresholds, rules: vec![rule], ..PolicySpec::default() };
    CreatePolicyVersionRequest { policy: format!("fraudPolicies/{name}"), spec: Some(spec), validate_only: false }
}

fn add(list: &str) -> ChangeListEntriesRequest {
    let change = Some(Change::Add(ListEntry { value: "account-1".to_owned(), expire_time: None }));
    ChangeListEntriesRequest { list: format!("fraudLists/{list}"), change }
}

fn report(event: &str, request_id: &str) -> ReportFraudOutcomeRequest {
    let outcome = FraudOutcome {
        target: Some(Target::Event(event.to_owned())),
        label: FraudLabel::Fraud as i32,
        known_time: Some(now()),
        ..FraudOutcome::default()
    };
    ReportFraudOutcomeRequest { request_id: request_id.to_owned(), outcome: Some(outcome) }
}

/// Every call that names something by an id, as it is made for one set of ids.
fn naming(decision: &str, event: &str, name: &str, list: &str) -> Vec<(String, Vec<u8>)> {
    let version = format!("fraudPolicies/{name}/versions/1");
    let (policy_name, list_name) = (format!("fraudPolicies/{name}"), format!("fraudLists/{list}"));
    let (start_time, end_time) = (Some(now()), Some(now()));
    let get = |view| GetDecisionRequest { name: decision.to_owned(), view }.encode_to_vec();
    let value = "account-1".to_owned();
    vec![
        (GET_DECISION.to_owned(), get(0)),
        (GET_DECISION.to_owned(), get(2)),
        (check("ReportFraudOutcome"), report(event, &format!("r-{event}")).encode_to_vec()),
        (policy("GetPolicyVersion"), GetPolicyVersionRequest { name: version.clone() }.encode_to_vec()),
        (policy("ActivatePolicyVersion"), ActivatePolicyVersionRequest { name: version.clone() }.encode_to_vec()),
        (policy("RetirePolicy"), RetirePolicyRequest { policy: policy_name }.encode_to_vec()),
        (policy("BacktestPolicy"), BacktestPolicyRequest { name: version, start_time, end_time }.encode_to_vec()),
        (policy("ChangeListEntries"), add(list).encode_to_vec()),
        (policy("CheckListEntry"), CheckListEntryRequest { list: list_name.clone(), value }.encode_to_vec()),
        (policy("DeleteList"), DeleteListRequest { name: list_name }.encode_to_vec()),
    ]
}

/// Calls, and decodes what must be an answer.
async fn told<M: Message + Default>(wire: &ByPath, token: &str, path: &str, message: &impl Message) -> M {
    let Answer { code, replies, .. } = wire.call_as(token, path, message.encode_to_vec()).await;
    assert_eq!(code, Code::Ok, "{path}");
    M::decode(replies[0].as_slice()).unwrap()
}

on_both!(anothers_fraud_ids_are_answered_like_unknown_ones, async |world| {
    let platform = Platform::start(world).await;
    let wire = ByPath::connect(platform.address).await;
    let (bank, other) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let (mine, theirs) = (token(&bank, None), token(&other, None));
    let list =
        FraudList { name: "fraudLists/theirs".to_owned(), entity: EntityKind::Account as i32, ..FraudList::default() };
    told::<()>(&wire, &theirs, &policy("CreateList"), &CreateListRequest { list: Some(list) }).await;
    told::<()>(&wire, &theirs, &policy("ChangeListEntries"), &add("theirs")).await;
    told::<()>(&wire, &theirs, &policy("CreatePolicyVersion"), &stopping("theirs", "theirs")).await;
    let activate = ActivatePolicyVersionRequest { name: "fraudPolicies/theirs/versions/1".to_owned() };
    told::<()>(&wire, &theirs, &policy("ActivatePolicyVersion"), &activate).await;
    let stopped: CheckFraudResponse = told(&wire, &theirs, &check("CheckFraud"), &asked("theirs")).await;
    assert_eq!(stopped.decision, FraudDecision::Deny as i32);

    let foreign = naming(&stopped.decision_name, "theirs", "theirs", "theirs");
    let unknown = naming("decisions/01890a5d-ac96-774b-bcce-b302099a8057", "nobodys", "nobodys", "nobodys");
    for ((path, foreign), (_, unknown)) in foreign.into_iter().zip(unknown) {
        let foreign = wire.call_as(&mine, &path, foreign).await;
        assert!(foreign.is(Code::NotFound, "NOT_FOUND"), "{path}: {foreign:?}");
        assert_eq!(foreign, wire.call_as(&mine, &path, unknown).await, "{path}");
    }
    // A condition cannot find out either whether another has a list of that name, not even by what is nearly its name.
    for list in ["theirs", "their"] {
        let refused = wire.call_as(&mine, &policy("CreatePolicyVersion"), stopping("mine", list).encode_to_vec()).await;
        assert!(refused.is(Code::InvalidArgument, "INVALID_FIELDS"), "{refused:?}");
        let described = format!("{:?}", refused.status());
        assert!(!described.contains("nearest"), "{described}");
    }

    // Nothing of the other's decides here, or stands in a list of what there is.
    let passed: CheckFraudResponse = told(&wire, &mine, &check("CheckFraud"), &asked("theirs")).await;
    assert_eq!(passed.decision, FraudDecision::Allow as i32);
    assert!(passed.lists.is_empty() && passed.rules.is_empty(), "{passed:?}");
    let lists: ListListsResponse = told(&wire, &mine, &policy("ListLists"), &ListListsRequest {}).await;
    let versions = ListPolicyVersionsRequest::default();
    let versions: ListPolicyVersionsResponse = told(&wire, &mine, &policy("ListPolicyVersions"), &versions).await;
    assert!(lists.lists.is_empty() && versions.versions.is_empty(), "{lists:?} {versions:?}");
    let decisions = platform.decisions(&bank).await.list_decisions(ListDecisionsRequest::default()).await;
    assert_eq!(decisions.unwrap().into_inner().decisions.len(), 1);

    // And all of it is as it was.
    let version = GetPolicyVersionRequest { name: "fraudPolicies/theirs/versions/1".to_owned() };
    let version: GetPolicyVersionResponse = told(&wire, &theirs, &policy("GetPolicyVersion"), &version).await;
    assert_eq!(version.version.unwrap().stage, PolicyStage::Active as i32);
    let entry = CheckListEntryRequest { list: "fraudLists/theirs".to_owned(), value: "account-1".to_owned() };
    let entry: CheckListEntryResponse = told(&wire, &theirs, &policy("CheckListEntry"), &entry).await;
    assert!(entry.listed);
    let again: CheckFraudResponse = told(&wire, &theirs, &check("CheckFraud"), &asked("theirs-2")).await;
    assert_eq!(again.decision, FraudDecision::Deny as i32);
    platform.stop().await;
});
