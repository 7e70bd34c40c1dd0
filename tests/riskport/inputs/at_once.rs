//! What a case file cannot say: where in a condition the fault is, and what stays of a stream whose later message is refused.

use prost::Message;
use riskport::rpc::proto::fraud::{
    ChangeListEntriesRequest, CheckListEntryRequest, CheckListEntryResponse, CreateListRequest,
    CreatePolicyVersionRequest, EntityKind, FraudDecision, FraudList, ListEntry, PolicySpec, Rule, Thresholds,
    change_list_entries_request::Change,
};
use tonic::Code;
use tonic_types::StatusExt;

use crate::support::{
    World, descriptors,
    platform::{Platform, token},
    wire,
};

fn path(method: &str) -> String {
    descriptors::path(&descriptors::method(method))
}

fn rule(id: &str, condition: &str) -> Rule {
    Rule {
        id: id.to_owned(),
        condition: condition.to_owned(),
        outcome: FraudDecision::Review as i32,
        reason_code: "ODD".to_owned(),
        sentence_en: "It is odd.".to_owned(),
        ..Rule::default()
    }
}

#[tokio::test]
async fn every_condition_that_is_none_is_told_with_the_place_and_what_was_expected() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let (channel, token) = (platform.channel().await, token(&bank, None));
    let rules = vec![
        rule("one", "event.amount_minor > 'kanarie'"),
        rule("fine", "event.amount_minor > 5"),
        rule("two", "true &&\n  entity.card in lists.nobodys"),
    ];
    // Wrong in another way too, and all is told at once.
    let thresholds = Some(Thresholds { challenge: 5, review: 4, deny: 900 });
    let request = CreatePolicyVersionRequest {
        policy: "fraudPolicies/fine".to_owned(),
        spec: Some(PolicySpec { thresholds, rules, scenes: vec![771_977], ..PolicySpec::default() }),
        validate_only: false,
    };
    let reply = wire::call(&channel, &path("CreatePolicyVersion"), &token, &request).await;
    let mut told: Vec<(String, String)> = Vec::new();
    for violation in reply.status.get_details_bad_request().unwrap().field_violations {
        told.push((violation.field, violation.description));
    }
    told.sort_unstable();
    let fields: Vec<&str> = told.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["spec.rules[0].condition", "spec.rules[2].condition", "spec.scenes[0]", "spec.thresholds"]);
    assert!(told[0].1.starts_with("line 1, column 22: "), "{told:?}");
    assert!(told[0].1.contains("expected an int"), "{told:?}");
    assert!(told[1].1.starts_with("line 2, column 18: "), "{told:?}");
    assert!(!reply.mentions("kanarie") && !reply.mentions("771977"));
    platform.stop().await;
}

on_both!(what_was_changed_before_a_refused_change_stays, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (channel, token) = (platform.channel().await, token(&bank, None));
    let list =
        FraudList { name: "fraudLists/odd".to_owned(), entity: EntityKind::Email as i32, ..FraudList::default() };
    let created = wire::call(&channel, &path("CreateList"), &token, &CreateListRequest { list: Some(list) }).await;
    created.message();
    let add = |list: &str, value: &str| {
        let change = Some(Change::Add(ListEntry { value: value.to_owned(), expire_time: None }));
        wire::frame(&ChangeListEntriesRequest { list: list.to_owned(), change }.encode_to_vec())
    };
    let refused = [
        (add("", "kanarie"), vec!["changes[1].add.value"]),
        (add("fraudLists/kanarie", "kanarie"), vec!["changes[1].add.value", "changes[1].list"]),
        (wire::frame(&[]), vec!["changes[1].change"]),
    ];
    for (at, (second, violated)) in refused.into_iter().enumerate() {
        let value = format!("someone-{at}@example.com");
        let body = [add("fraudLists/odd", &value), second].concat();
        let reply = wire::call_body(&channel, &path("ChangeListEntries"), &token, body).await;
        assert_eq!((reply.code(), reply.reason().as_str()), (Code::InvalidArgument, "INVALID_FIELDS"));
        assert_eq!(reply.violated(), violated);
        assert!(!reply.mentions("kanarie"));
        let check = CheckListEntryRequest { list: "fraudLists/odd".to_owned(), value };
        let found = wire::call(&channel, &path("CheckListEntry"), &token, &check).await;
        assert!(CheckListEntryResponse::decode(found.message()).unwrap().listed, "{violated:?}");
    }
    platform.stop().await;
});
