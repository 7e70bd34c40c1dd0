//! Nobody gives more than there is: not a partner, not a token that asks for less, not the operator, which cannot even
//! give itself away.

use prost::Message;
use riskport::rpc::proto::tenant::{AddKeyRequest, Scope, SuspendTenantRequest};
use tonic::Code;

use super::{add, operator, refused, revoke, set_ceiling, with_key, works};
use crate::support::{
    World, applicant,
    by_path::ByPath,
    platform::{PARTNER_SCOPES, Platform, new_key, token},
};

#[tokio::test]
async fn nobody_gives_more_than_there_is() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let narrow = with_key(&bank, &new_key());
    let given = [Scope::TenantSelf, Scope::DecisionRead];
    add(&platform, &bank, "north-bank", narrow.key.jwk(), &given).await.unwrap();
    add(&platform, &narrow, "north-bank", new_key().jwk(), &[Scope::DecisionRead]).await.unwrap();
    for more in [&[Scope::CreditScore][..], &PARTNER_SCOPES] {
        let result = add(&platform, &narrow, "north-bank", new_key().jwk(), more).await;
        assert_eq!(refused(result), (Code::PermissionDenied, "SCOPE_NOT_GRANTABLE".to_owned()));
    }
    // Operator scopes are no partner's, and partner scopes are not the operator's, whoever gives them.
    for by in [&bank, &operator(&platform)] {
        for never in [Scope::OperatorTenants, Scope::OperatorKeys, Scope::OperatorModels] {
            let result = add(&platform, by, "north-bank", new_key().jwk(), &[Scope::CreditScore, never]).await;
            assert_eq!(refused(result), (Code::InvalidArgument, "INVALID_FIELDS".to_owned()));
        }
    }
    let deciding = [Scope::CreditScore, Scope::RiskEvaluate, Scope::DecisionRead, Scope::FraudCheck];
    let about_events = [Scope::FraudReport, Scope::FraudBackfill, Scope::FraudPolicy, Scope::FraudExport];
    for never in deciding.into_iter().chain(about_events) {
        let result = add(&platform, &operator(&platform), "operator", new_key().jwk(), &[never]).await;
        assert_eq!(refused(result).0, Code::InvalidArgument);
    }
    // What is done with models is done by partners with theirs, and by the operator with the platform's.
    let models = [Scope::ModelRead, Scope::ModelManage, Scope::ModelPromote];
    add(&platform, &operator(&platform), "operator", new_key().jwk(), &models).await.unwrap();
    add(&platform, &bank, "north-bank", new_key().jwk(), &models).await.unwrap();
    platform.stop().await;
}

#[tokio::test]
async fn a_token_that_asks_for_less_gives_less() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let token = token(&bank, Some("tenant.self decision.read"));
    let wire = ByPath::connect(platform.address).await;
    for (scope, code) in [(Scope::DecisionRead, Code::Ok), (Scope::CreditScore, Code::PermissionDenied)] {
        let parent = "tenants/north-bank".to_owned();
        let scopes = vec![scope as i32];
        let request = AddKeyRequest { parent, jwk: new_key().jwk(), scopes, ..AddKeyRequest::default() };
        let message = request.encode_to_vec();
        let answer = wire.call_as(&token, "/riskport.tenant.v1.TenantService/AddKey", message).await;
        assert_eq!(answer.code, code, "{answer:?}");
    }
    platform.stop().await;
}

on_both!(a_lower_ceiling_holds_for_tokens_that_are_out, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut credit = platform.credit(&bank).await;
    credit.score_credit(applicant::request("before", 0)).await.unwrap();
    set_ceiling(&platform, "north-bank", &[Scope::DecisionRead, Scope::TenantSelf]).await.unwrap();
    let result = credit.score_credit(applicant::request("after", 0)).await;
    assert_eq!(refused(result), (Code::PermissionDenied, "SCOPE_MISSING".to_owned()));
    assert!(works(&platform, &bank).await);
    // What the tenant no longer has, nobody gives to its keys.
    for by in [&bank, &operator(&platform)] {
        let result = add(&platform, by, "north-bank", new_key().jwk(), &[Scope::CreditScore]).await;
        assert_eq!(refused(result), (Code::PermissionDenied, "SCOPE_NOT_GRANTABLE".to_owned()));
    }
    set_ceiling(&platform, "north-bank", &PARTNER_SCOPES).await.unwrap();
    credit.score_credit(applicant::request("after", 0)).await.unwrap();
    platform.stop().await;
});

on_both!(the_operator_cannot_lock_itself_out, async |world| {
    let platform = Platform::start(world).await;
    let first = operator(&platform);
    let kid = first.key.public.kid.as_str();
    let last = (Code::FailedPrecondition, "LAST_OPERATOR_KEY".to_owned());
    assert_eq!(refused(revoke(&platform, &first, "operator", kid).await), last);
    // A key that cannot add another is no way back in.
    let narrow = with_key(&first, &new_key());
    add(&platform, &first, "operator", narrow.key.jwk(), &[Scope::OperatorTenants, Scope::TenantSelf]).await.unwrap();
    assert_eq!(refused(revoke(&platform, &first, "operator", kid).await), last);
    for ceiling in [&[Scope::TenantSelf][..], &[Scope::OperatorTenants], &[]] {
        let result = set_ceiling(&platform, "operator", ceiling).await;
        assert_eq!(refused(result), (Code::FailedPrecondition, "OPERATOR_TENANT".to_owned()));
    }
    let mut tenants = platform.tenants().await;
    let request = SuspendTenantRequest { name: "tenants/operator".to_owned() };
    let suspended = tenants.suspend_tenant(request).await;
    assert_eq!(refused(suspended), (Code::FailedPrecondition, "OPERATOR_TENANT".to_owned()));
    // With another key that can, the first may go.
    let second = with_key(&first, &new_key());
    let all = [Scope::OperatorTenants, Scope::OperatorKeys, Scope::TenantSelf];
    add(&platform, &first, "operator", second.key.jwk(), &all).await.unwrap();
    revoke(&platform, &second, "operator", kid).await.unwrap();
    assert_eq!(refused(revoke(&platform, &first, "operator", kid).await).0, Code::Unauthenticated);
    revoke(&platform, &second, "operator", narrow.key.public.kid.as_str()).await.unwrap();
    platform.stop().await;
});
