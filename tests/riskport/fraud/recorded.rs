//! Decisions on events as they are kept: what decided them, what they were decided on, and how they are found.

use prost_types::value::Kind;
use riskport::rpc::proto::{
    decision::{Decision, DecisionKind, DecisionView, GetDecisionRequest, ListDecisionsRequest, decision::Reply},
    fraud::{EntityKind, FraudDecision, PolicySpec},
    risk::ModelKind,
};

use super::{
    asked::check_now,
    ruled::{add, change, create_list, plain, put_in_charge, rule, spec},
    scored,
};
use crate::support::{
    applicant,
    platform::{Partner, Platform},
};

async fn get(platform: &Platform, bank: &Partner, name: &str, view: DecisionView) -> Decision {
    let request = GetDecisionRequest { name: name.to_owned(), view: view as i32 };
    platform.decisions(bank).await.get_decision(request).await.unwrap().into_inner().decision.unwrap()
}

fn sha256(text: &str) -> String {
    riskport::vault::hex(&riskport::vault::sha256(&[text.as_bytes()]))
}

on_both!(a_decision_tells_what_decided_it, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    scored::upload(&platform, &bank, "amounts", ModelKind::Fraud).await;
    let (mut policies, mut checks) = (platform.policies(&bank).await, platform.fraud(&bank).await);
    for list in ["stolen", "unnamed"] {
        create_list(&mut policies, list, EntityKind::Card).await.unwrap();
        change(&mut policies, list, [add("card-1", None)]).await.unwrap();
    }
    let naming = PolicySpec {
        model: "models/amounts".to_owned(),
        ..spec(&[rule("stolen", "entity.card in lists.stolen", FraudDecision::Deny)])
    };
    let stored = put_in_charge(&mut policies, "shop", naming).await;
    let answer = checks.check_fraud(plain("e-1")).await.unwrap().into_inner();
    let decision = get(&platform, &bank, &answer.decision_name, DecisionView::Basic).await;
    assert_eq!(decision.kind(), DecisionKind::FraudCheck);
    assert_eq!([&decision.policy_digest, &answer.policy_digest], [&stored.digest; 2]);
    assert_eq!(decision.catalogue_digest, answer.catalogue_digest);
    assert_eq!((&*decision.model_version, &decision.model_digest), ("models/amounts/versions/1", &answer.model_digest));
    assert_eq!(decision.lists_digest, sha256("stolen 1\nunnamed 0\n"));
    assert_eq!(decision.reply, Some(Reply::FraudCheck(answer)));
    assert!(decision.features.is_none());

    // A change of a list that the policy names is another digest; of one that it does not name is not.
    change(&mut policies, "unnamed", [add("card-2", None)]).await.unwrap();
    let second = checks.check_fraud(plain("e-2")).await.unwrap().into_inner();
    assert_eq!(
        get(&platform, &bank, &second.decision_name, DecisionView::Basic).await.lists_digest,
        decision.lists_digest
    );
    change(&mut policies, "stolen", [add("card-2", None)]).await.unwrap();
    let third = checks.check_fraud(plain("e-3")).await.unwrap().into_inner();
    let third = get(&platform, &bank, &third.decision_name, DecisionView::Basic).await;
    assert_eq!(third.lists_digest, sha256("stolen 2\nunnamed 0\n"));
    platform.stop().await;
});

on_both!(a_decision_keeps_what_it_was_decided_on_and_is_found, async |world| {
    let platform = Platform::start(world).await;
    let (bank, other) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let mut checks = platform.fraud(&bank).await;
    let mut answers = Vec::new();
    for at in 0..6 {
        let mut request = check_now(&format!("e-{at}"), at);
        request.event.as_mut().unwrap().entities.as_mut().unwrap().account = format!("account-{}", at % 2);
        answers.push(checks.check_fraud(request).await.unwrap().into_inner());
    }
    // Another kind of decision may have the same id.
    platform.credit(&bank).await.score_credit(applicant::request("e-0", 0)).await.unwrap();
    for answer in &answers {
        let full = get(&platform, &bank, &answer.decision_name, DecisionView::Full).await;
        // The inputs are the features that were answered, every one.
        assert_eq!(full.features, answer.features);
        assert!(full.features.unwrap().fields.values().any(|one| matches!(one.kind, Some(Kind::NumberValue(_)))));
        assert_eq!(full.input_commitment.len(), 64);
    }
    let list = async |bank: &Partner, filter: ListDecisionsRequest| {
        let page = platform.decisions(bank).await.list_decisions(filter).await.unwrap().into_inner();
        page.decisions.into_iter().map(|one| one.request_id).collect::<Vec<_>>()
    };
    let kind = DecisionKind::FraudCheck as i32;
    let of_kind = ListDecisionsRequest { kind, ..ListDecisionsRequest::default() };
    assert_eq!(list(&bank, of_kind.clone()).await, ["e-5", "e-4", "e-3", "e-2", "e-1", "e-0"]);
    let of_subject = ListDecisionsRequest { subject: "account-1".to_owned(), ..of_kind.clone() };
    assert_eq!(list(&bank, of_subject).await, ["e-5", "e-3", "e-1"]);
    assert_eq!(list(&other, of_kind).await, Vec::<String>::new());
    let credit = ListDecisionsRequest { kind: DecisionKind::CreditScore as i32, ..ListDecisionsRequest::default() };
    assert_eq!(list(&bank, credit).await, ["e-0"]);
    platform.stop().await;
});
