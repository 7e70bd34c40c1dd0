//! Rows 22 and 25 to 28, for every method of the contract: what breaks below the contract has the contract's codes and
//! reasons all the same.

use prost::Message;
use prost_reflect::{Kind, MessageDescriptor};
use prost_types::{ListValue, Struct, Value, value::Kind as ValueKind};
use riskport::{
    config::SettingsSource,
    rpc::{
        MAX_INFERENCE_BYTES, MAX_MESSAGE_BYTES,
        proto::{
            credit::{ScoreCreditRequest, StreamScoreCreditRequest},
            decision::ListDecisionsRequest,
        },
    },
};
use tonic::Code;

use super::token_for;
use crate::support::{
    World, applicant, descriptors,
    platform::{Partner, Platform, token},
    wire::{self, Reply, frame, frame_with},
};

/// A field number that no message of the contract has.
const UNKNOWN_FIELD: u32 = 1_000;

/// Sends a body to every method, and holds each answer against a code and a reason.
async fn on_every_method(
    platform: &Platform,
    bank: &Partner,
    encoding: &str,
    body: impl Fn(&MessageDescriptor) -> Vec<u8>,
    expected: (Code, &str),
) {
    let channel = platform.channel().await;
    let methods = descriptors::methods();
    assert!(methods.len() >= 14, "{} methods", methods.len());
    for method in methods {
        let token = format!("Bearer {}", token_for(&method, platform, bank));
        let headers = [("authorization", token.as_str()), ("grpc-encoding", encoding)];
        let reply = wire::send(&channel, &descriptors::path(&method), &headers, body(&method.input())).await;
        assert_eq!((reply.code(), reply.reason().as_str()), expected, "{}: {:?}", method.name(), reply.status);
        assert!(reply.messages.is_empty(), "{}", method.name());
    }
}

/// A message whose first text holds bytes that are no UTF-8, in the message itself or in one inside it. One of several texts
/// is written like a single one.
fn bad_text(message: &MessageDescriptor) -> Vec<u8> {
    let delimited = |number: u32, content: &[u8]| {
        let key = u8::try_from(number << 3 | 2).unwrap();
        [&[key, u8::try_from(content.len()).unwrap()], content].concat()
    };
    if let Some(text) = message.fields().find(|field| field.kind() == Kind::String) {
        return delimited(text.number(), b"\xff\xfe");
    }
    if message.fields().len() == 0 {
        // Nothing in it is a text: a field that is not known, cut off.
        return b"\x0a\x05a".to_vec();
    }
    let inner = message.fields().find_map(|field| match field.kind() {
        Kind::Message(inner) => Some((field.number(), inner)),
        _ => None,
    });
    let (number, inner) = inner.unwrap_or_else(|| panic!("{} has no text", message.full_name()));
    delimited(number, &bad_text(&inner))
}

/// Groups inside groups, in a field that is not known: skipping them needs as deep a walk as reading them.
fn deep_groups(depth: usize) -> Vec<u8> {
    let key = |wire_type: u32| {
        let mut bytes = Vec::new();
        prost::encoding::encode_varint(u64::from(UNKNOWN_FIELD << 3 | wire_type), &mut bytes);
        bytes
    };
    [key(3).repeat(depth), key(4).repeat(depth)].concat()
}

/// A message of exactly so many bytes, all of them in a field that is not known.
fn sized(bytes: usize) -> Vec<u8> {
    let mut message = Vec::new();
    prost::encoding::encode_key(UNKNOWN_FIELD, prost::encoding::WireType::LengthDelimited, &mut message);
    let length = if bytes > 1 << 21 { 4 } else { 3 };
    let content = bytes - message.len() - length;
    prost::encoding::encode_varint(content as u64, &mut message);
    message.resize(bytes, 0);
    assert_eq!(prost::encoding::encoded_len_varint(content as u64), length);
    message
}

/// A platform with a partner; its database goes when the world does.
async fn with_bank() -> (World, Platform, Partner) {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    (world, platform, bank)
}

#[tokio::test]
async fn row_25_what_is_no_message_is_13() {
    let (_world, platform, bank) = with_bank().await;
    let expected = (Code::Internal, "MALFORMED_MESSAGE");
    for bytes in [&b"\xff\xff\xff"[..], b"\x0f", b"\x0a\x05a", b"\x00\x00"] {
        on_every_method(&platform, &bank, "identity", |_| frame(bytes), expected).await;
    }
    on_every_method(&platform, &bank, "identity", |message| frame(&bad_text(message)), expected).await;
    on_every_method(&platform, &bank, "identity", |_| frame(&deep_groups(101)), expected).await;
    platform.stop().await;
}

#[tokio::test]
async fn row_25_lists_inside_lists_are_13() {
    let (_world, platform, bank) = with_bank().await;
    let mut value = Value { kind: Some(ValueKind::NumberValue(1.0)) };
    for _ in 0..60 {
        value = Value { kind: Some(ValueKind::ListValue(ListValue { values: vec![value] })) };
    }
    let features = Some(Struct { fields: [("credit_limit".to_owned(), value)].into() });
    let request = ScoreCreditRequest { features, ..applicant::request("deep", 0) };
    let path = descriptors::path(&descriptors::method("ScoreCredit"));
    let reply = wire::call(&platform.channel().await, &path, &token(&bank, None), &request).await;
    assert_eq!((reply.code(), reply.reason().as_str()), (Code::Internal, "MALFORMED_MESSAGE"));
    platform.stop().await;
}

#[tokio::test]
async fn rows_23_and_24_none_or_two_messages_where_one_is_taken_are_12() {
    let (_world, platform, bank) = with_bank().await;
    let channel = platform.channel().await;
    for method in descriptors::methods().iter().filter(|method| !method.is_client_streaming()) {
        let token = format!("Bearer {}", token_for(method, &platform, &bank));
        for body in [Vec::new(), [frame(b""), frame(b"")].concat(), [frame(b""), vec![0]].concat()] {
            let reply =
                wire::send(&channel, &descriptors::path(method), &[("authorization", &token)], body.clone()).await;
            let expected = (Code::Unimplemented, "NOT_ONE_MESSAGE");
            assert_eq!((reply.code(), reply.reason().as_str()), expected, "{} {body:?}", method.name());
        }
    }
    let path = descriptors::path(&descriptors::method("ScoreCredit"));
    let twice = [applicant::request("first", 0), applicant::request("second", 1)];
    let body = twice.iter().flat_map(|request| frame(&request.encode_to_vec())).collect();
    let reply = wire::call_body(&channel, &path, &token(&bank, None), body).await;
    assert_eq!(reply.code(), Code::Unimplemented);
    let listed = platform.decisions(&bank).await.list_decisions(ListDecisionsRequest::default()).await.unwrap();
    assert_eq!(listed.into_inner().decisions.len(), 0, "neither was decided");
    platform.stop().await;
}

#[tokio::test]
async fn row_26_what_is_no_frame_is_13() {
    let (_world, platform, bank) = with_bank().await;
    let expected = (Code::Internal, "MALFORMED_MESSAGE");
    on_every_method(&platform, &bank, "identity", |_| frame_with(0, 100, b"short"), expected).await;
    on_every_method(&platform, &bank, "identity", |_| vec![0, 0, 0], expected).await;
    on_every_method(&platform, &bank, "identity", |_| frame_with(7, 0, b""), expected).await;
    on_every_method(&platform, &bank, "identity", |_| frame_with(1, 0, b""), expected).await;
    platform.stop().await;
}

#[tokio::test]
async fn row_27_a_compressed_message_is_12() {
    let (_world, platform, bank) = with_bank().await;
    for encoding in ["gzip", "br", "deflate", "zstd", "nonsense"] {
        let expected = (Code::Unimplemented, "UNIMPLEMENTED");
        on_every_method(&platform, &bank, encoding, |_| frame_with(1, 4, b"\x1f\x8b\x08\x00"), expected).await;
    }
    platform.stop().await;
}

#[tokio::test]
async fn row_28_a_message_above_the_limit_is_8() {
    let (_world, platform, bank) = with_bank().await;
    let expected = (Code::ResourceExhausted, "MESSAGE_TOO_LARGE");
    let too_large = |message: &MessageDescriptor| {
        let larger = message.package_name() == "inference";
        frame(&sized(if larger { MAX_INFERENCE_BYTES } else { MAX_MESSAGE_BYTES } + 1))
    };
    on_every_method(&platform, &bank, "identity", too_large, expected).await;
    on_every_method(&platform, &bank, "identity", |_| frame_with(0, u32::MAX, b""), expected).await;

    // One byte less is read: whatever is wrong with it then is not its size.
    let channel = platform.channel().await;
    for (method, most) in [("GetDecision", MAX_MESSAGE_BYTES), ("ModelInfer", MAX_INFERENCE_BYTES)] {
        let path = descriptors::path(&descriptors::method(method));
        let reply = wire::call_bytes(&channel, &path, &token(&bank, None), &sized(most)).await;
        assert_eq!(reply.code(), Code::InvalidArgument, "{method}");
    }
    platform.stop().await;
}

#[tokio::test]
async fn a_broken_item_ends_its_stream_after_what_came_before_it_was_answered() {
    let (_world, platform, bank) = with_bank().await;
    let (channel, token) = (platform.channel().await, format!("Bearer {}", token(&bank, None)));
    let path = descriptors::path(&descriptors::method("StreamScoreCredit"));
    let good = StreamScoreCreditRequest { request: Some(applicant::request("good", 0)) }.encode_to_vec();
    let broken = [
        (frame(&sized(MAX_MESSAGE_BYTES + 1)), Code::ResourceExhausted),
        (frame(b"\xff\xff"), Code::Internal),
        (frame_with(7, 0, b""), Code::Internal),
        (frame_with(0, 9, b"cut"), Code::Internal),
    ];
    for (item, code) in broken {
        let body = [frame(&good), item].concat();
        let reply: Reply = wire::send(&channel, &path, &[("authorization", &token)], body).await;
        assert_eq!(reply.messages.len(), 1, "{:?}", reply.status);
        assert_eq!(reply.code(), code, "{:?}", reply.status);
        reply.reason();
    }
    platform.stop().await;
}

#[tokio::test]
async fn row_22_what_is_not_there_is_12() {
    let settings = SettingsSource { reflection: Some(false), ..SettingsSource::default() };
    let world = World::sqlite();
    let platform = Platform::start_with(&world, settings).await;
    let bank = platform.onboard("north-bank").await;
    let (channel, token) = (platform.channel().await, format!("Bearer {}", token(&bank, None)));
    for path in [
        "/riskport.credit.v1.CreditScoreService/ScoreEverybody",
        "/riskport.nothing.v1.NothingService/Get",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ] {
        let reply = wire::send(&channel, path, &[("authorization", &token)], frame(b"")).await;
        assert_eq!((reply.code(), reply.reason().as_str()), (Code::Unimplemented, "UNIMPLEMENTED"), "{path}");
    }
    platform.stop().await;
}
