//! The most that is taken: rows, bytes, and calls at once.

use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use http::{Request, header};
use prost::Message;
use riskport::{
    ops::MAX_INFERENCES,
    rpc::{MAX_INFERENCE_BYTES, proto::inference::ModelInferRequest},
};
use tokio::task::JoinSet;
use tonic::Code;
use tower::Service;

use super::{INFER, answer, classifier, infer, little_endian, output, request, rows, serve, tensor};
use crate::support::{
    platform::{Platform, token},
    wire,
};

on_both!(ten_thousand_rows_are_one_decision, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    serve(&platform, &bank, "tree", classifier()).await;
    let (channel, token) = (platform.channel().await, token(&bank, None));
    let incomes: Vec<f64> = (0..10_000).map(|at| f64::from(at % 1_000)).collect();
    let of = |rows: i64| {
        let count = usize::try_from(rows).unwrap();
        let incomes: Vec<f64> = incomes.iter().copied().cycle().take(count).collect();
        let raw = vec![little_endian(&incomes), vec![1; count]];
        let tensors = vec![tensor("income", "FP64", &[rows]), tensor("employed", "BOOL", &[rows])];
        ModelInferRequest { raw_input_contents: raw, id: format!("rows-{rows}"), ..request("tree", tensors) }
    };
    let first = infer(&channel, &token, &of(10_000)).await;
    let raw = output(&answer(&first), "raw");
    assert_eq!(raw.len(), 10_000);
    assert!(raw.iter().zip(&incomes).all(|(raw, income)| *raw == if *income <= 50.0 { 1.5 } else { -1.5 }));
    let again = infer(&channel, &token, &of(10_000)).await;
    assert!(again.replayed() && again.message() == first.message());
    assert_eq!(world.raw().await.integer("SELECT CAST(SUM(billable_units) AS BIGINT) FROM decisions").await, 10_000);
    let more = infer(&channel, &token, &of(10_001)).await;
    assert_eq!(more.violated(), ["inputs[0].shape", "inputs[1].shape"]);
    platform.stop().await;
});

/// The largest message there can be is recorded with its inputs like any other.
#[tokio::test]
async fn inputs_of_four_mebibytes_are_sealed() {
    let world = crate::support::World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let features: Vec<_> = (0..100)
        .map(|at| super::feature(&format!("f{at}"), super::FeatureType::Number, super::MissingPolicy::Accept))
        .collect();
    let names: Vec<&str> = features.iter().map(|one| one.name.as_str()).collect();
    let wide = String::from_utf8(classifier()).unwrap();
    let wide = wide.replace("max_feature_idx=1", "max_feature_idx=99");
    let wide = wide.replace("feature_names=income employed", &format!("feature_names={}", names.join(" ")));
    let wide =
        wide.replace("feature_infos=[0:100] [0:1]", &format!("feature_infos={}", vec!["[0:100]"; 100].join(" ")));
    let row = super::ReferenceRow { features: None, expected: 1.0 / (1.0 + (-1.5_f64).exp()) };
    let name = super::upload_with(&platform, &bank, "wide", wide.into_bytes(), features, vec![row]).await;
    super::promote(&platform, &bank, name).await;
    let bytes = vec![0; 10_000 * 100 * 4];
    let sent = ModelInferRequest {
        raw_input_contents: vec![bytes],
        ..request("wide", vec![tensor("input", "FP32", &[10_000, 100])])
    };
    assert!(sent.encoded_len() > MAX_INFERENCE_BYTES * 9 / 10);
    let reply = infer(&platform.channel().await, &token(&bank, None), &sent).await;
    assert_eq!(output(&answer(&reply), "raw"), vec![1.5; 10_000]);
    let sealed = world.raw().await.integer("SELECT LENGTH(sealed) FROM decision_inputs").await;
    assert!(sealed > 4_000_000, "{sealed} bytes");
    platform.stop().await;
}

/// A call whose message has begun and does not end: until it is dropped it has its place.
fn begin_call(token: &str, size: u32) -> Request<tonic::body::Body> {
    let head = Bytes::from([&[0], size.to_be_bytes().as_slice()].concat());
    let begun =
        tokio_stream::StreamExt::chain(tokio_stream::once(Ok::<_, std::io::Error>(head)), tokio_stream::pending());
    Request::post(INFER)
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::TE, "trailers")
        .header("authorization", format!("Bearer {token}"))
        .body(tonic::body::Body::new(Body::from_stream(begun)))
        .unwrap()
}

on_both!(no_more_than_sixteen_large_messages_are_taken_at_once, async |world| {
    let platform = Platform::start(world).await;
    let (north, south) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    serve(&platform, &south, "tree", classifier()).await;
    let (north, south) = (token(&north, None), token(&south, None));
    let mut held = JoinSet::new();
    for _ in 0..MAX_INFERENCES {
        let (mut channel, request) = (platform.channel().await, begin_call(&north, 1_000));
        held.spawn(async move {
            std::future::poll_fn(|context| channel.poll_ready(context)).await.unwrap();
            channel.call(request).await
        });
    }
    let channel = platform.channel().await;
    let good = request("tree", rows());
    let until = Instant::now() + Duration::from_secs(5);
    let full = loop {
        let reply = infer(&channel, &south, &good).await;
        if reply.code() != Code::Ok {
            break reply;
        }
        assert!(Instant::now() < until, "the {MAX_INFERENCES} calls took no places");
    };
    assert_eq!((full.code(), full.reason().as_str()), (Code::ResourceExhausted, "OVERLOADED"));
    // Nobody else waits for them, and who may not call at all is not told of places.
    let live = "/inference.GRPCInferenceService/ServerLive";
    assert_eq!(wire::call_bytes(&channel, live, &south, b"").await.code(), Code::Ok);
    assert_eq!(wire::call_bytes(&channel, INFER, "nonsense", b"").await.code(), Code::Unauthenticated);
    held.shutdown().await;
    let until = Instant::now() + Duration::from_secs(5);
    while infer(&channel, &south, &good).await.code() != Code::Ok {
        assert!(Instant::now() < until, "the places are not free again");
    }
    platform.stop().await;
});
