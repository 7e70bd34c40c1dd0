//! Decisions a day: not one too many, repeats answered, and nobody else's.

use std::{collections::BTreeSet, time::Duration};

use prost::Message;
use prost_reflect::{DynamicMessage, Value};
use riskport::rpc::proto::{
    credit::{ScoreCreditResponse, StreamScoreCreditRequest, stream_score_credit_response::Result as Item},
    tenant::Quotas,
};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use tonic_types::StatusExt;

use super::{
    both_counts,
    quotas::{assert_met, set_all},
};
use crate::{
    inputs::cases,
    support::{
        applicant, descriptors,
        platform::{Partner, Platform, token},
        wire::{self, Reply},
    },
};

const REASON: &str = "DAILY_DECISIONS_EXCEEDED";
const SUBJECT: &str = "tenant:decisions_per_day";

fn a_day(decisions_per_day: i64) -> Quotas {
    Quotas { decisions_per_day, ..Quotas::default() }
}

async fn score(platform: &Platform, by: &Partner, id: &str) -> Reply {
    let path = descriptors::path(&descriptors::method("ScoreCredit"));
    wire::call(&platform.channel().await, &path, &token(by, None), &applicant::request(id, 1)).await
}

/// The request of a method of the case files, which may hold the time of now.
fn asked(name: &str) -> Vec<u8> {
    cases::read().into_iter().find(|method| method.name == name).unwrap().valid()
}

async fn decide(platform: &Platform, by: &Partner, name: &str, body: &[u8]) -> Reply {
    let path = descriptors::path(&descriptors::method(name));
    wire::call_body(&platform.channel().await, &path, &token(by, None), body.to_vec()).await
}

/// The same request under another id.
fn renamed(name: &str, body: &[u8]) -> Vec<u8> {
    let input = descriptors::method(name).input();
    let mut message = DynamicMessage::decode(input, &body[5..]).unwrap();
    let field = if name == "ModelInfer" { "id" } else { "request_id" };
    message.set_field_by_name(field, Value::String(format!("new-{name}")));
    wire::frame(&message.encode_to_vec())
}

fn left(reply: &Reply) -> Option<i64> {
    Some(reply.metadata.get("riskport-decisions-remaining")?.to_str().unwrap().parse().unwrap())
}

const KINDS: [&str; 5] = ["ScoreCredit", "EvaluateRisk", "ModelInfer", "CheckFraud", "QuotePrice"];

on_both!(a_day_ends_at_its_quota_for_every_kind_and_repeats_are_answered, async |world| {
    let platform = Platform::start(world).await;
    let (bank, other) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    set_all(&platform, "north-bank", a_day(6)).await;
    let mut first = Vec::new();
    for (name, expected) in KINDS.into_iter().zip([5, 4, 3, 2, 1]) {
        let body = asked(name);
        let reply = decide(&platform, &bank, name, &body).await;
        assert_eq!((reply.code(), left(&reply)), (Code::Ok, Some(expected)), "{name}: {:?}", reply.status);
        first.push((body, reply.message().to_vec()));
    }
    assert_eq!(left(&score(&platform, &bank, "last").await), Some(0));
    let refused = score(&platform, &bank, "one-more").await;
    assert_met(&refused, REASON, SUBJECT, true);
    assert_eq!(left(&refused), Some(0));
    let wait = refused.status.get_error_details().retry_info().unwrap().retry_delay.unwrap();
    assert!(wait > Duration::ZERO && wait <= Duration::from_hours(24), "{wait:?}");
    // Each kind is refused now, and a repeat of each gets its answer.
    for (name, (body, first)) in KINDS.into_iter().zip(first) {
        let repeat = decide(&platform, &bank, name, &body).await;
        assert!(repeat.replayed() && repeat.message() == first, "{name}: {:?}", repeat.status);
        assert_met(&decide(&platform, &bank, name, &renamed(name, &body)).await, REASON, SUBJECT, true);
    }
    assert_eq!(score(&platform, &other, "other").await.code(), Code::Ok, "another tenant suffers");
    // A new quota holds at once where it is set, and usage is what the old and the new let through.
    set_all(&platform, "north-bank", a_day(7)).await;
    assert_eq!(score(&platform, &bank, "one-more").await.code(), Code::Ok);
    assert_met(&score(&platform, &bank, "two-more").await, REASON, SUBJECT, true);
    let mut raw = world.raw().await;
    let used = "SELECT CAST(SUM(decisions) AS BIGINT) FROM usage WHERE tenant_id = 'north-bank'";
    assert_eq!(raw.integer(used).await, 7);
    let (counted, there) = both_counts(&mut raw).await;
    assert_eq!(counted, there);
    platform.stop().await;
});

on_both!(of_many_at_once_exactly_as_many_as_may_be_are_decided, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    set_all(&platform, "north-bank", a_day(50)).await;
    let (channel, token) = (platform.channel().await, token(&bank, None));
    let path = descriptors::path(&descriptors::method("ScoreCredit"));
    // Each id twice at once, and some that are refused for what they hold: those and repeats take nothing. Who is told to come back
    // in a moment does, for the last places may be given back.
    let mut calls = JoinSet::new();
    for at in 0..160 {
        let (channel, token, path) = (channel.clone(), token.clone(), path.clone());
        calls.spawn(async move {
            let mut request = applicant::request(&format!("c-{}", at / 2), at / 2);
            if at % 16 == 15 {
                request.subject.clear();
            }
            loop {
                let reply = wire::call(&channel, &path, &token, &request).await;
                let wait = reply.status.get_error_details().retry_info().and_then(|info| info.retry_delay);
                match wait {
                    Some(wait) if wait <= Duration::from_secs(1) => tokio::time::sleep(wait).await,
                    _ => return reply,
                }
            }
        });
    }
    let (mut decided, mut exhausted) = (BTreeSet::new(), 0);
    for reply in calls.join_all().await {
        match reply.code() {
            Code::Ok => drop(decided.insert(ScoreCreditResponse::decode(reply.message()).unwrap().decision)),
            Code::InvalidArgument => {}
            _ => {
                assert_met(&reply, REASON, SUBJECT, true);
                exhausted += 1;
            }
        }
    }
    assert!(exhausted > 0);
    assert_eq!(decided.len(), 50);
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM decisions").await, 50);
    // The day is as full for the process that comes after.
    let platform = platform.restart().await;
    assert_met(&score(&platform, &bank, "after").await, REASON, SUBJECT, true);
    platform.stop().await;
});

on_both!(the_items_of_a_stream_are_refused_one_by_one_and_by_the_quota_of_now, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    set_all(&platform, "north-bank", a_day(3)).await;
    let (items, receiver) = mpsc::channel(1);
    let mut credit = platform.credit(&bank).await;
    let mut answers = credit.stream_score_credit(ReceiverStream::new(receiver)).await.unwrap().into_inner();
    let mut ask = async |at: usize| {
        let request = Some(applicant::request(&format!("s-{at}"), at));
        items.send(StreamScoreCreditRequest { request }).await.unwrap();
        answers.message().await.unwrap().unwrap()
    };
    for at in 0..3 {
        assert!(matches!(ask(at).await.result, Some(Item::Response(_))));
    }
    let Some(Item::Error(error)) = ask(3).await.result else { panic!("one decision too many") };
    assert_eq!((error.code, &*error.reason), (Code::ResourceExhausted as i32, REASON));
    assert!((1..=86_400_000).contains(&error.retry_after_ms), "{error:?}");
    // The stream goes on, a repeat is answered on it, and a new quota holds for it.
    let repeat = ask(0).await;
    assert!(repeat.replayed && matches!(repeat.result, Some(Item::Response(_))));
    set_all(&platform, "north-bank", a_day(4)).await;
    assert!(matches!(ask(4).await.result, Some(Item::Response(_))));
    assert!(matches!(ask(5).await.result, Some(Item::Error(_))));
    platform.stop().await;
});

on_both!(a_second_process_learns_what_the_first_decided, async |world| {
    let first = Platform::start(world).await;
    let bank = first.onboard("north-bank").await;
    set_all(&first, "north-bank", a_day(10)).await;
    let second = first.beside().await;
    // Both know the day before anything is decided on it.
    for (at, platform) in [&first, &second].into_iter().enumerate() {
        assert_eq!(score(platform, &bank, &format!("known-{at}")).await.code(), Code::Ok);
    }
    for at in 0..5 {
        assert_eq!(score(&first, &bank, &format!("first-{at}")).await.code(), Code::Ok);
    }
    // Longer than what the second knows of the first is believed.
    tokio::time::sleep(Duration::from_millis(2_200)).await;
    let mut taken = 0;
    while score(&second, &bank, &format!("second-{taken}")).await.code() == Code::Ok {
        taken += 1;
    }
    assert_eq!(taken, 3, "seven were decided of ten");
    assert_met(&score(&second, &bank, "more").await, REASON, SUBJECT, true);
    // A quota that the first is told of holds for the second as well, soon.
    set_all(&first, "north-bank", a_day(11)).await;
    while score(&second, &bank, "more").await.code() != Code::Ok {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    second.stop().await;
    first.stop().await;
});
