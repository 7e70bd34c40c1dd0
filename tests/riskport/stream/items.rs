//! Items: each is answered once and decided once, good or bad, first or again.

use prost::Message;
use riskport::rpc::proto::credit::{
    ScoreCreditRequest, StreamScoreCreditRequest, StreamScoreCreditResponse,
    stream_score_credit_response::Result as Item,
};
use tonic::Code;

use super::{item, open, to_the_end};
use crate::support::{
    applicant, descriptors,
    platform::{Platform, token},
    wire,
};

on_both!(a_thousand_items_get_a_thousand_answers, async |world| {
    const ITEMS: usize = 1_000;
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut talk = open(platform.channel().await, &token(&bank, None), None).await;
    let items = talk.items;
    // Every tenth item is bad: it has no subject.
    let is_bad = |at: usize| at % 10 == 3;
    let sending = tokio::spawn(async move {
        for at in 0..ITEMS {
            let mut request = applicant::request(&format!("item-{at}"), at);
            if is_bad(at) {
                request.subject = String::new();
            }
            items.send(item(request)).await.unwrap();
        }
    });
    let told = to_the_end(&mut talk.answers).await;
    sending.await.unwrap();
    assert_eq!(told.ended_with().0, Code::Ok);
    let bad = (0..ITEMS).filter(|at| is_bad(*at)).count();
    assert_eq!((told.scores.len(), told.refused.len()), (ITEMS - bad, bad));
    assert!(told.refused.values().all(|code| *code == Code::InvalidArgument));
    let mut raw = world.raw().await;
    assert_eq!(raw.integer("SELECT COUNT(*) FROM decisions").await, i64::try_from(ITEMS - bad).unwrap());
    assert_eq!(
        raw.integer("SELECT COUNT(DISTINCT request_id) FROM decisions").await,
        i64::try_from(ITEMS - bad).unwrap()
    );
    platform.stop().await;
});

on_both!(an_item_and_a_unary_call_with_one_id_have_one_answer, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (channel, token) = (platform.channel().await, token(&bank, None));
    let path = |method: &str| descriptors::path(&descriptors::method(method));
    let (unary, stream) = (path("ScoreCredit"), path("StreamScoreCredit"));
    let as_item = |id: &str| StreamScoreCreditRequest { request: Some(applicant::request(id, 0)) };
    let score_of = |reply: &wire::Reply| {
        let answer = StreamScoreCreditResponse::decode(reply.message()).unwrap();
        let Some(Item::Response(score)) = answer.result else { panic!("{answer:?}") };
        (score.encode_to_vec(), answer.replayed)
    };

    let first = wire::call(&channel, &stream, &token, &as_item("streamed")).await;
    let again = wire::call(&channel, &unary, &token, &applicant::request("streamed", 0)).await;
    assert_eq!(score_of(&first), (again.message().to_vec(), false));
    assert!(again.replayed());

    let first = wire::call(&channel, &unary, &token, &applicant::request("called", 0)).await;
    let again = wire::call(&channel, &stream, &token, &as_item("called")).await;
    assert!(!first.replayed());
    assert_eq!(score_of(&again), (first.message().to_vec(), true));

    // Other content under a streamed id is refused, on either way, and the stream goes on.
    let other = ScoreCreditRequest { subject: "somebody else".to_owned(), ..applicant::request("streamed", 0) };
    let refused = wire::call(&channel, &unary, &token, &other).await;
    assert_eq!((refused.code(), refused.reason().as_str()), (Code::FailedPrecondition, "REQUEST_ID_REUSED"));
    let mut talk = open(platform.channel().await, &token, None).await;
    talk.items.send(item(other)).await.unwrap();
    talk.items.send(item(applicant::request("after", 0))).await.unwrap();
    drop(talk.items);
    let told = to_the_end(&mut talk.answers).await;
    assert_eq!(told.refused.get("streamed"), Some(&Code::FailedPrecondition));
    assert!(told.scores.contains_key("after"));
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM decisions").await, 3);
    platform.stop().await;
});
