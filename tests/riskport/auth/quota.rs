//! Requests a second: what a tenant may not exceed, and nobody else suffers from.

use std::time::Duration;

use riskport::rpc::proto::{
    credit::{StreamScoreCreditRequest, stream_score_credit_response::Result as Item},
    tenant::{Tenant, UpdateTenantRequest},
};
use tokio::{sync::mpsc, task::JoinSet, time::Instant};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use tonic_types::StatusExt;

use crate::support::{
    World, applicant,
    by_path::{Answer, ByPath},
    platform::{Partner, Platform, new_key, token},
};

const LIST: &str = "/riskport.decision.v1.DecisionService/ListDecisions";

/// Makes many calls at once.
async fn burst(wire: &ByPath, token: &str, calls: usize) -> Vec<Answer> {
    let one = |_| {
        let (wire, token) = (wire.clone(), token.to_owned());
        async move { wire.call_as(&token, LIST, Vec::new()).await }
    };
    (0..calls).map(one).collect::<JoinSet<Answer>>().join_all().await
}

/// How many calls a quota lets through since `begun` at most: its burst, and what has come back meanwhile.
fn allowed(rate: u32, begun: Instant) -> usize {
    let back = begun.elapsed().as_secs_f64() * f64::from(rate);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a test")]
    let back = back.ceil() as usize;
    rate as usize + back
}

fn count(answers: &[Answer], code: Code) -> usize {
    answers.iter().filter(|answer| answer.code == code).count()
}

#[tokio::test]
async fn a_tenants_burst_is_cut_off_and_leaves_the_others_alone() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let small = platform.onboard_with("small-bank", 5, new_key()).await;
    let other = platform.onboard_with("other-bank", 5, new_key()).await;
    let wire = ByPath::connect(platform.address).await;
    // Nobody can use up a tenant's quota who cannot sign for it.
    let forged = token(&Partner { key: new_key(), ..small.clone() }, None);
    assert_eq!(count(&burst(&wire, &forged, 50).await, Code::Unauthenticated), 50);

    let begun = Instant::now();
    let answers = burst(&wire, &token(&small, None), 80).await;
    let (taken, refused) = (count(&answers, Code::Ok), count(&answers, Code::ResourceExhausted));
    assert_eq!(taken + refused, 80);
    assert!((5..=allowed(5, begun)).contains(&taken), "{taken} were taken in {:?}", begun.elapsed());
    assert_eq!(count(&burst(&wire, &token(&other, None), 5).await, Code::Ok), 5, "another tenant suffers");

    let answer = answers.iter().find(|answer| answer.code == Code::ResourceExhausted).unwrap();
    let status = answer.status();
    let details = status.get_error_details();
    assert!(answer.is(Code::ResourceExhausted, "REQUEST_RATE_EXCEEDED"));
    assert_eq!(details.quota_failure().unwrap().violations[0].subject, "tenant:requests_per_second");
    let wait = details.retry_info().unwrap().retry_delay.unwrap();
    assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
    // Who waits as it is told is let in.
    tokio::time::sleep(wait + Duration::from_millis(200)).await;
    assert_eq!(wire.call_as(&token(&small, None), LIST, Vec::new()).await.code, Code::Ok);
    platform.stop().await;
}

#[tokio::test]
async fn the_items_of_a_stream_are_charged_one_by_one() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let small = platform.onboard_with("small-bank", 5, new_key()).await;
    let begun = Instant::now();
    let items =
        (0..80).map(|at| StreamScoreCreditRequest { request: Some(applicant::request(&format!("r-{at}"), at)) });
    let mut credit = platform.credit(&small).await;
    let mut answers = credit.stream_score_credit(tokio_stream::iter(items)).await.unwrap().into_inner();
    let (mut scored, mut refused) = (0, 0);
    // The stream goes on to its end and answers every item.
    while let Some(answer) = answers.message().await.unwrap() {
        match answer.result.unwrap() {
            Item::Response(_) => scored += 1,
            Item::Error(error) => {
                assert_eq!((error.code, &*error.reason), (Code::ResourceExhausted as i32, "REQUEST_RATE_EXCEEDED"));
                assert!((1..=1_000).contains(&error.retry_after_ms), "{error:?}");
                refused += 1;
            }
        }
    }
    assert_eq!(scored + refused, 80);
    // Opening the stream was one of the five.
    assert!((4..=allowed(5, begun)).contains(&scored), "{scored} were scored in {:?}", begun.elapsed());
    platform.stop().await;
}

#[tokio::test]
async fn a_new_rate_holds_for_streams_that_are_open() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let small = platform.onboard_with("small-bank", 5, new_key()).await;
    let (items, receiver) = mpsc::channel(1);
    let mut credit = platform.credit(&small).await;
    let mut answers = credit.stream_score_credit(ReceiverStream::new(receiver)).await.unwrap().into_inner();
    let tenant = Tenant { name: "tenants/small-bank".to_owned(), requests_per_second: 6, ..Tenant::default() };
    let update_mask = Some(prost_types::FieldMask { paths: vec!["requests_per_second".to_owned()] });
    let request = UpdateTenantRequest { tenant: Some(tenant), update_mask };
    platform.tenants().await.update_tenant(request).await.unwrap();

    // Stream and unary calls by turns: both draw on the one new quota, not each on a fresh one.
    let (wire, token) = (ByPath::connect(platform.address).await, token(&small, None));
    let begun = Instant::now();
    let mut let_in = 0;
    for at in 0..20 {
        let item = StreamScoreCreditRequest { request: Some(applicant::request(&format!("r-{at}"), at)) };
        items.send(item).await.unwrap();
        let answer = answers.message().await.unwrap().unwrap();
        let_in += usize::from(matches!(answer.result, Some(Item::Response(_))));
        let_in += count(&burst(&wire, &token, 3).await, Code::Ok);
    }
    assert!((6..=allowed(6, begun)).contains(&let_in), "{let_in} were let_in in {:?}", begun.elapsed());
    platform.stop().await;
}
