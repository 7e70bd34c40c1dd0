//! Items of a stream of checks: each is answered once, and one that is refused holds up none.

use prost::Message;
use riskport::rpc::proto::fraud::{
    CheckFraudRequest, CheckFraudResponse, StreamCheckFraudRequest, StreamCheckFraudResponse,
    stream_check_fraud_response::Result as Item,
};
use tonic::Code;

use super::asked::check_now;
use crate::support::{
    descriptors,
    platform::{Platform, token},
    wire,
};

fn path(method: &str) -> String {
    descriptors::path(&descriptors::method(method))
}

fn answered(message: &[u8]) -> StreamCheckFraudResponse {
    StreamCheckFraudResponse::decode(message).unwrap()
}

on_both!(an_item_and_a_check_with_one_id_have_one_answer, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (channel, token) = (platform.channel().await, token(&bank, None));
    let (unary, stream) = (path("CheckFraud"), path("StreamCheckFraud"));
    let (streamed, called) = (check_now("streamed", 1), check_now("called", 2));
    let as_item = |request: &CheckFraudRequest| StreamCheckFraudRequest { request: Some(request.clone()) };
    let decided = |reply: &wire::Reply| {
        let answer = answered(reply.message());
        let Some(Item::Response(decided)) = answer.result else { panic!("{answer:?}") };
        (decided.encode_to_vec(), answer.replayed)
    };

    let first = wire::call(&channel, &stream, &token, &as_item(&streamed)).await;
    let again = wire::call(&channel, &unary, &token, &streamed).await;
    assert_eq!(decided(&first), (again.message().to_vec(), false));
    assert!(again.replayed());

    let first = wire::call(&channel, &unary, &token, &called).await;
    let again = wire::call(&channel, &stream, &token, &as_item(&called)).await;
    assert!(!first.replayed());
    assert_eq!(decided(&again), (first.message().to_vec(), true));
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM decisions").await, 2);
    platform.stop().await;
});

on_both!(one_bad_item_of_each_kind_does_not_end_its_stream, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (channel, token, stream) = (platform.channel().await, token(&bank, None), path("StreamCheckFraud"));
    let first = check_now("taken", 1);
    let other = CheckFraudRequest { purpose: "another".to_owned(), ..first.clone() };
    let nameless = CheckFraudRequest { request_id: String::new(), ..check_now("", 1) };
    let mut stale = check_now("stale", 1);
    stale.event.as_mut().unwrap().event_time = Some(prost_types::Timestamp { seconds: 1_000_000_000, nanos: 0 });
    let empty = CheckFraudRequest { request_id: "empty".to_owned(), ..CheckFraudRequest::default() };
    let items = [Some(first), None, Some(other), Some(nameless), Some(stale), Some(empty), Some(check_now("after", 1))];
    let frames = items.map(|request| wire::frame(&StreamCheckFraudRequest { request }.encode_to_vec()));
    let reply = wire::call_body(&channel, &stream, &token, frames.concat()).await;
    assert_eq!(reply.code(), Code::Ok, "{:?}", reply.status);
    let mut told: Vec<(String, Code)> = Vec::new();
    for message in &reply.messages {
        let StreamCheckFraudResponse { request_id, result, .. } = answered(message);
        let code = match result.unwrap() {
            Item::Response(CheckFraudResponse { .. }) => Code::Ok,
            Item::Error(error) => Code::from(error.code),
        };
        told.push((request_id, code));
    }
    told.sort_by_key(|(id, code)| (id.clone(), *code as i32));
    let told: Vec<(&str, Code)> = told.iter().map(|(id, code)| (id.as_str(), *code)).collect();
    let expected = [
        ("", Code::InvalidArgument),
        ("", Code::InvalidArgument),
        ("after", Code::Ok),
        ("empty", Code::InvalidArgument),
        ("stale", Code::InvalidArgument),
        ("taken", Code::Ok),
        ("taken", Code::FailedPrecondition),
    ];
    assert_eq!(told, expected);
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM fraud_log").await, 2);
    platform.stop().await;
});
