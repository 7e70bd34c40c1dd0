//! One tenant and another: suspended ones, and names and ids that are somebody else's.

use prost::Message;
use prost_types::Timestamp;
use riskport::rpc::proto::{
    credit::{CreditAction, ReportCreditOutcomeRequest},
    decision::{GetDecisionRequest, ListDecisionsRequest},
    tenant::{
        AddKeyRequest, GetTenantRequest, ListKeysRequest, ResumeTenantRequest, RevokeKeyRequest, Scope,
        SuspendTenantRequest,
    },
};
use tonic::Code;

use crate::support::{
    World, applicant,
    by_path::{Answer, ByPath, methods},
    platform::{Partner, Platform, new_key, token},
};

const TENANT_SERVICE: &str = "/riskport.tenant.v1.TenantService";
/// A method that answers an empty message with a refusal of its own.
const SCORE_CREDIT: &str = "/riskport.credit.v1.CreditScoreService/ScoreCredit";

on_both!(a_suspended_tenant_calls_nothing_until_it_is_resumed, async |world| {
    let platform = Platform::start(world).await;
    let wire = ByPath::connect(platform.address).await;
    let (bank, other) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    // A token that was let in before is no better than a new one.
    let used = token(&bank, None);
    let before = wire.call_as(&used, SCORE_CREDIT, Vec::new()).await;
    assert_eq!(before.code, Code::InvalidArgument);

    let mut tenants = platform.tenants().await;
    let name = "tenants/north-bank".to_owned();
    tenants.suspend_tenant(SuspendTenantRequest { name: name.clone() }).await.unwrap();
    for path in methods() {
        for token in [&used, &token(&bank, Some("")), &token(&bank, Some("operator.tenants"))] {
            let answer = wire.call_as(token, &path, Vec::new()).await;
            assert!(answer.is(Code::PermissionDenied, "TENANT_SUSPENDED"), "{path}: {answer:?}");
        }
        let answer = wire.call_as(&token(&other, None), &path, Vec::new()).await;
        assert!(answer.code == Code::Ok || answer.reason().0 != "TENANT_SUSPENDED", "{path}: {answer:?}");
        // Who cannot sign for the tenant does not learn that it is suspended.
        let forged = token(&Partner { key: new_key(), ..bank.clone() }, None);
        let answer = wire.call_as(&forged, &path, Vec::new()).await;
        assert!(answer.is(Code::Unauthenticated, "UNAUTHENTICATED"), "{path}: {answer:?}");
    }

    tenants.resume_tenant(ResumeTenantRequest { name }).await.unwrap();
    assert_eq!(wire.call_as(&used, SCORE_CREDIT, Vec::new()).await, before);
    platform.stop().await;
});

#[tokio::test]
async fn a_partner_learns_nothing_about_names_that_are_not_its_own() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let wire = ByPath::connect(platform.address).await;
    let (bank, other) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let token = token(&bank, None);
    let mut answers: Vec<Answer> = Vec::new();
    for tenant in ["south-bank", "no-such-bank", "operator"] {
        let name = format!("tenants/{tenant}");
        let scopes = vec![Scope::CreditScore as i32];
        let add = AddKeyRequest { parent: name.clone(), jwk: new_key().jwk(), scopes, ..AddKeyRequest::default() };
        let add_wrong = AddKeyRequest { parent: name.clone(), jwk: "{}".to_owned(), ..AddKeyRequest::default() };
        let mut calls = vec![
            ("GetTenant", GetTenantRequest { name: name.clone() }.encode_to_vec()),
            ("ListKeys", ListKeysRequest { parent: name.clone() }.encode_to_vec()),
            ("AddKey", add.encode_to_vec()),
            ("AddKey", add_wrong.encode_to_vec()),
        ];
        for kid in [other.key.public.kid.as_str(), "no-such-key", "", "no key/at all"] {
            calls.push(("RevokeKey", RevokeKeyRequest { name: format!("{name}/keys/{kid}") }.encode_to_vec()));
        }
        for (method, message) in calls {
            let answer = wire.call_as(&token, &format!("{TENANT_SERVICE}/{method}"), message).await;
            assert!(answer.is(Code::PermissionDenied, "OTHER_TENANT"), "{method} of {tenant}: {answer:?}");
            answers.push(answer);
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "a name is answered unlike another");
    platform.stop().await;
}

on_both!(anothers_ids_are_answered_like_unknown_ones, async |world| {
    let platform = Platform::start(world).await;
    let wire = ByPath::connect(platform.address).await;
    let (bank, other) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let request = applicant::request("theirs", 0);
    let theirs = platform.credit(&other).await.score_credit(request).await.unwrap().into_inner().decision;
    let unknown = "decisions/01890a5d-ac96-774b-bcce-b302099a8057".to_owned();
    let token = token(&bank, None);

    let get = |name: &String, view| GetDecisionRequest { name: name.clone(), view }.encode_to_vec();
    let report = |decision: &String, request_id: &str| {
        let request = ReportCreditOutcomeRequest {
            request_id: request_id.to_owned(),
            decision: decision.clone(),
            action: CreditAction::Approved as i32,
            observe_time: Some(Timestamp { seconds: 1_700_000_000, nanos: 0 }),
            ..ReportCreditOutcomeRequest::default()
        };
        request.encode_to_vec()
    };
    let revoke = |kid: &str| RevokeKeyRequest { name: format!("tenants/north-bank/keys/{kid}") }.encode_to_vec();
    let pairs = [
        ("/riskport.decision.v1.DecisionService/GetDecision", get(&theirs, 0), get(&unknown, 0)),
        ("/riskport.decision.v1.DecisionService/GetDecision", get(&theirs, 2), get(&unknown, 2)),
        (
            "/riskport.credit.v1.CreditScoreService/ReportCreditOutcome",
            report(&theirs, "report-1"),
            report(&unknown, "report-2"),
        ),
        ("/riskport.tenant.v1.TenantService/RevokeKey", revoke(other.key.public.kid.as_str()), revoke("no-such-key")),
    ];
    for (path, foreign, unknown) in pairs {
        let foreign = wire.call_as(&token, path, foreign).await;
        assert!(foreign.is(Code::NotFound, "NOT_FOUND"), "{path}: {foreign:?}");
        assert_eq!(foreign, wire.call_as(&token, path, unknown).await, "{path}");
    }
    // The key and the decision of the other tenant are as they were.
    let mut decisions = platform.decisions(&other).await;
    let request = GetDecisionRequest { name: theirs, ..GetDecisionRequest::default() };
    let found = decisions.get_decision(request).await.unwrap().into_inner().decision.unwrap();
    assert_eq!((found.request_id.as_str(), found.credit_outcome), ("theirs", None));
    platform.stop().await;
});

#[tokio::test]
async fn a_page_token_of_another_tenant_leads_to_ones_own_decisions_only() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let (bank, other) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    for at in 0..3 {
        // The same subjects, and even the same request ids.
        for partner in [&bank, &other] {
            platform.credit(partner).await.score_credit(applicant::request(&format!("r-{at}"), at)).await.unwrap();
        }
    }
    let page = ListDecisionsRequest { page_size: 1, ..ListDecisionsRequest::default() };
    let first = platform.decisions(&other).await.list_decisions(page.clone()).await.unwrap().into_inner();
    let request = ListDecisionsRequest { page_token: first.next_page_token, page_size: 500, ..page };
    let mine = platform.decisions(&bank).await.list_decisions(request).await.unwrap().into_inner();
    let theirs = platform.decisions(&other).await.list_decisions(ListDecisionsRequest::default()).await;
    let theirs = theirs.unwrap().into_inner().decisions;
    assert_eq!(theirs.len(), 3);
    for decision in mine.decisions {
        assert_eq!(decision.kid, bank.key.public.kid.as_str());
        // Even of the same person, two tenants' records cannot be told to be of one.
        assert!(theirs.iter().all(|one| one.name != decision.name && one.subject_hmac != decision.subject_hmac));
    }
    platform.stop().await;
}
