//! Revoking, suspending and lowering a ceiling take effect within a second: in the process that did it, in another one
//! on the same database, and on streams that are open.

use std::time::Duration;

use riskport::rpc::proto::{
    credit::{StreamScoreCreditRequest, StreamScoreCreditResponse, stream_score_credit_response::Result as Item},
    tenant::{ResumeTenantRequest, RevokeKeyRequest, Scope, SuspendTenantRequest},
};
use tokio::{sync::mpsc, time::Instant};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt;

use super::set_ceiling;
use crate::support::{
    applicant,
    by_path::{Answer, ByPath},
    platform::{Partner, Platform, new_key, token},
};

/// A second is the promise; another is for a machine that is busy with other tests.
const PROMISE: Duration = Duration::from_secs(2);
const LIST: &str = "/riskport.decision.v1.DecisionService/ListDecisions";

/// Asks until the answer has a code, and tells how long that took.
async fn until(wire: &ByPath, token: &str, code: Code) -> (Duration, Answer) {
    let begun = Instant::now();
    loop {
        let answer = wire.call_as(token, LIST, Vec::new()).await;
        if answer.code == code {
            return (begun.elapsed(), answer);
        }
        assert!(begun.elapsed() < 5 * PROMISE, "{code:?} did not come: {answer:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

on_both!(revocation_reaches_every_process_within_a_second, async |world| {
    let first = Platform::start(world).await;
    let second = first.beside().await;
    let bank = first.onboard("north-bank").await;
    let spare = Partner { key: new_key(), ..bank.clone() };
    first.add_key(&spare, &[Scope::DecisionRead]).await;
    let (here, there) = (ByPath::connect(first.address).await, ByPath::connect(second.address).await);
    let (used, good) = (token(&bank, None), token(&spare, None));
    // Both processes have seen the token and keep what they found.
    for wire in [&here, &there, &here, &there] {
        assert_eq!(wire.call_as(&used, LIST, Vec::new()).await.code, Code::Ok);
    }

    let name = format!("tenants/north-bank/keys/{}", bank.key.public.kid);
    first.tenants().await.revoke_key(RevokeKeyRequest { name }).await.unwrap();
    assert_eq!(here.call_as(&used, LIST, Vec::new()).await.code, Code::Unauthenticated, "at once, where it was done");
    assert!(until(&there, &used, Code::Unauthenticated).await.0 < PROMISE);
    assert_eq!(there.call_as(&token(&bank, None), LIST, Vec::new()).await.code, Code::Unauthenticated);

    assert_eq!(there.call_as(&good, LIST, Vec::new()).await.code, Code::Ok);
    let name = "tenants/north-bank".to_owned();
    second.tenants().await.suspend_tenant(SuspendTenantRequest { name: name.clone() }).await.unwrap();
    let (took, answer) = until(&here, &good, Code::PermissionDenied).await;
    assert!(took < PROMISE && answer.reason().0 == "TENANT_SUSPENDED", "{took:?} {answer:?}");
    second.tenants().await.resume_tenant(ResumeTenantRequest { name }).await.unwrap();
    assert!(until(&here, &good, Code::Ok).await.0 < PROMISE);

    set_ceiling(&second, "north-bank", &[Scope::CreditScore]).await.unwrap();
    let (took, answer) = until(&here, &good, Code::PermissionDenied).await;
    assert!(took < PROMISE && answer.reason().0 == "SCOPE_MISSING", "{took:?} {answer:?}");

    // A key that nobody knew a moment ago is known at once to who asks for the first time, and within a second to who
    // has asked for it before.
    let late = Partner { key: new_key(), ..bank.clone() };
    let early = token(&late, None);
    assert_eq!(there.call_as(&early, LIST, Vec::new()).await.code, Code::Unauthenticated);
    set_ceiling(&first, "north-bank", &[Scope::DecisionRead]).await.unwrap();
    first.add_key(&late, &[Scope::DecisionRead]).await;
    assert!(until(&there, &early, Code::Ok).await.0 < PROMISE);
    second.stop().await;
    first.stop().await;
});

/// A stream that is open, and the hand that feeds it.
struct Open {
    items: mpsc::Sender<StreamScoreCreditRequest>,
    answers: Streaming<StreamScoreCreditResponse>,
}

impl Open {
    async fn by(platform: &Platform, partner: &Partner) -> Self {
        let (items, receiver) = mpsc::channel(1);
        let mut credit = platform.credit(partner).await;
        let answers = credit.stream_score_credit(ReceiverStream::new(receiver)).await.unwrap().into_inner();
        Self { items, answers }
    }

    async fn score(&mut self, request_id: &str) -> Result<StreamScoreCreditResponse, Status> {
        let item = StreamScoreCreditRequest { request: Some(applicant::request(request_id, 0)) };
        // Nobody takes it any more when the stream has ended already; then its end is what there is to read.
        let _ = self.items.send(item).await;
        Ok(self.answers.message().await?.expect("an answer"))
    }

    /// Sends one more item, which must not be scored; then the stream must end, with the same refusal.
    async fn assert_over(mut self, request_id: &str, code: Code, reason: &str) {
        let begun = Instant::now();
        if let Ok(answer) = self.score(request_id).await {
            let Some(Item::Error(error)) = answer.result else { panic!("{request_id} was scored") };
            assert_eq!((error.code, &*error.reason), (code as i32, reason));
            self.assert_ends(code, reason).await;
        }
        assert!(begun.elapsed() < PROMISE);
    }

    async fn assert_ends(mut self, code: Code, reason: &str) {
        let ended = tokio::time::timeout(PROMISE, self.answers.message()).await.expect("the stream ends in time");
        let status = ended.expect_err("the stream ends with a refusal");
        let details = status.get_error_details();
        assert_eq!((status.code(), &*details.error_info().unwrap().reason), (code, reason), "{status:?}");
    }
}

on_both!(an_open_stream_ends_when_its_caller_may_no_longer_go_on, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut tenants = platform.tenants().await;
    let name = "tenants/north-bank".to_owned();

    let mut open = Open::by(&platform, &bank).await;
    assert!(matches!(open.score("one").await.unwrap().result, Some(Item::Response(_))));
    set_ceiling(&platform, "north-bank", &[Scope::DecisionRead]).await.unwrap();
    open.assert_over("two", Code::PermissionDenied, "SCOPE_MISSING").await;
    set_ceiling(&platform, "north-bank", &[Scope::CreditScore]).await.unwrap();

    let open = Open::by(&platform, &bank).await;
    tenants.suspend_tenant(SuspendTenantRequest { name: name.clone() }).await.unwrap();
    open.assert_over("three", Code::PermissionDenied, "TENANT_SUSPENDED").await;
    tenants.resume_tenant(ResumeTenantRequest { name }).await.unwrap();

    let open = Open::by(&platform, &bank).await;
    let name = format!("tenants/north-bank/keys/{}", bank.key.public.kid);
    tenants.revoke_key(RevokeKeyRequest { name }).await.unwrap();
    open.assert_ends(Code::Unauthenticated, "UNAUTHENTICATED").await;
    let mut raw = world.raw().await;
    assert_eq!(raw.texts("SELECT request_id FROM decisions").await, ["one"]);
    platform.stop().await;
});
