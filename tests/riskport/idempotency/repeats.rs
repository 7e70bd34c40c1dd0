//! A repeat of the same content.

use prost::Message;
use riskport::rpc::proto::credit::ScoreCreditResponse;

use super::{SCORE, in_order, score};
use crate::support::{
    applicant,
    platform::{Platform, token},
    wire,
};

on_both!(a_repeat_gets_the_same_bytes_also_after_a_restart, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (token, request) = (token(&bank, None), applicant::request("first", 0));
    let channel = platform.channel().await;
    let first = score(&channel, &token, &request).await;
    let again = score(&channel, &token, &request).await;
    assert!(!first.replayed() && again.replayed());
    assert_eq!(first.message(), again.message());
    let body_only = |reply: &wire::Reply| !reply.mentions("client-0");
    assert!(body_only(&first) && body_only(&again), "the subject is nobody's business");

    let platform = platform.restart().await;
    let restarted = score(&platform.channel().await, &token, &request).await;
    assert!(restarted.replayed());
    assert_eq!(first.message(), restarted.message());
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM decisions").await, 1);
    platform.stop().await;
});

on_both!(the_order_of_the_features_is_no_content, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (channel, token, request) = (platform.channel().await, token(&bank, None), applicant::request("first", 0));
    let (forwards, backwards) = (in_order(&request, false), in_order(&request, true));
    assert_ne!(forwards, backwards);
    let first = wire::call_bytes(&channel, SCORE, &token, &forwards).await;
    let again = wire::call_bytes(&channel, SCORE, &token, &backwards).await;
    assert!(!first.replayed() && again.replayed());
    assert_eq!(first.message(), again.message());

    // Null is missing, and so is absent; the two zeros are one number.
    let mut nulls = applicant::request("nulls", 0);
    let fields = &mut nulls.features.as_mut().unwrap().fields;
    fields.remove("payment_amount_6");
    fields.insert("payment_amount_5".to_owned(), number(0.0));
    let first = score(&channel, &token, &nulls).await;
    let fields = &mut nulls.features.as_mut().unwrap().fields;
    fields.insert(
        "payment_amount_6".to_owned(),
        prost_types::Value { kind: Some(prost_types::value::Kind::NullValue(0)) },
    );
    fields.insert("payment_amount_5".to_owned(), number(-0.0));
    let again = score(&channel, &token, &nulls).await;
    assert!(again.replayed());
    assert_eq!(first.message(), again.message());
    platform.stop().await;
});

fn number(value: f64) -> prost_types::Value {
    prost_types::Value { kind: Some(prost_types::value::Kind::NumberValue(value)) }
}

on_both!(two_tenants_may_use_the_same_id, async |world| {
    let platform = Platform::start(world).await;
    let (north, south) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let (channel, request) = (platform.channel().await, applicant::request("first", 0));
    let one = score(&channel, &token(&north, None), &request).await;
    let other = score(&channel, &token(&south, None), &request).await;
    assert!(!one.replayed() && !other.replayed());
    let id = |reply: &wire::Reply| ScoreCreditResponse::decode(reply.message()).unwrap().decision;
    assert_ne!(id(&one), id(&other));
    platform.stop().await;
});
