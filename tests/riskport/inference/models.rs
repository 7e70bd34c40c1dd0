//! What is told of the server and of models, and to whom.

use prost::Message;
use riskport::rpc::proto::inference::{
    ModelInferRequest, ModelMetadataRequest, ModelMetadataResponse, ModelReadyRequest, ModelReadyResponse,
    ServerLiveRequest, ServerLiveResponse, ServerMetadataRequest, ServerMetadataResponse, ServerReadyRequest,
    ServerReadyResponse,
};
use tonic::{Code, transport::Channel};

use super::{INFER, classifier, income_and_employed, infer, regression, request, rows, serve, upload};
use crate::support::{
    platform::{Platform, token},
    wire::{self, Reply},
};

async fn call(channel: &Channel, token: &str, method: &str, message: &impl Message) -> Reply {
    wire::call(channel, &format!("/inference.GRPCInferenceService/{method}"), token, message).await
}

async fn ready(channel: &Channel, token: &str, name: &str, version: &str) -> bool {
    let message = ModelReadyRequest { name: name.to_owned(), version: version.to_owned() };
    ModelReadyResponse::decode(call(channel, token, "ModelReady", &message).await.message()).unwrap().ready
}

async fn metadata(channel: &Channel, token: &str, name: &str, version: &str) -> Reply {
    let message = ModelMetadataRequest { name: name.to_owned(), version: version.to_owned() };
    call(channel, token, "ModelMetadata", &message).await
}

on_both!(the_server_and_its_models_say_what_they_are, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    serve(&platform, &bank, "tree", classifier()).await;
    serve(&platform, &bank, "amount", regression()).await;
    let (channel, token) = (platform.channel().await, token(&bank, None));
    let live = call(&channel, &token, "ServerLive", &ServerLiveRequest {}).await;
    assert!(ServerLiveResponse::decode(live.message()).unwrap().live);
    let is_ready = call(&channel, &token, "ServerReady", &ServerReadyRequest {}).await;
    assert!(ServerReadyResponse::decode(is_ready.message()).unwrap().ready);
    let server = call(&channel, &token, "ServerMetadata", &ServerMetadataRequest {}).await;
    let server = ServerMetadataResponse::decode(server.message()).unwrap();
    assert_eq!((server.name.as_str(), server.version.as_str()), ("riskport", env!("CARGO_PKG_VERSION")));

    assert!(ready(&channel, &token, "tree", "").await && ready(&channel, &token, "tree", "1").await);
    let told = ModelMetadataResponse::decode(metadata(&channel, &token, "tree", "1").await.message()).unwrap();
    assert_eq!((told.name.as_str(), told.platform.as_str()), ("tree", "riskport_lightgbm-text"));
    assert_eq!(told.versions, ["1"]);
    let tensors = |told: &[riskport::rpc::proto::inference::model_metadata_response::TensorMetadata]| {
        assert!(told.iter().all(|one| one.shape == [-1, 1]));
        told.iter().map(|one| format!("{} {}", one.name, one.datatype)).collect::<Vec<_>>()
    };
    assert_eq!(tensors(&told.inputs), ["income FP64", "employed BOOL"]);
    assert_eq!(tensors(&told.outputs), ["prediction FP64", "raw FP64", "probability FP64"]);
    let told = ModelMetadataResponse::decode(metadata(&channel, &token, "amount", "").await.message()).unwrap();
    assert_eq!(tensors(&told.outputs), ["prediction FP64", "raw FP64"]);
    let told = ModelMetadataResponse::decode(metadata(&channel, &token, "card-behaviour", "").await.message()).unwrap();
    assert_eq!(told.platform, "riskport_riskport-scorecard");
    platform.stop().await;
});

on_both!(a_model_of_another_is_as_one_that_never_was, async |world| {
    let platform = Platform::start(world).await;
    let (north, south) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    serve(&platform, &north, "tree", classifier()).await;
    let (channel, stranger) = (platform.channel().await, token(&south, None));
    for (method, theirs, never) in [
        (
            "ModelReady",
            ModelReadyRequest { name: "tree".to_owned(), version: String::new() }.encode_to_vec(),
            ModelReadyRequest { name: "never".to_owned(), version: String::new() }.encode_to_vec(),
        ),
        (
            "ModelMetadata",
            ModelMetadataRequest { name: "tree".to_owned(), version: "1".to_owned() }.encode_to_vec(),
            ModelMetadataRequest { name: "never".to_owned(), version: "1".to_owned() }.encode_to_vec(),
        ),
        ("ModelInfer", request("tree", rows()).encode_to_vec(), request("never", rows()).encode_to_vec()),
    ] {
        let path = format!("/inference.GRPCInferenceService/{method}");
        let theirs = wire::call_bytes(&channel, &path, &stranger, &theirs).await;
        let never = wire::call_bytes(&channel, &path, &stranger, &never).await;
        assert_eq!((theirs.code(), theirs.reason().as_str()), (Code::NotFound, "NOT_FOUND"), "{method}");
        assert_eq!(theirs.status.message(), never.status.message(), "{method}");
        assert_eq!(theirs.status.details(), never.status.details(), "{method}");
    }
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM decisions").await, 0);
    platform.stop().await;
});

on_both!(only_the_champion_predicts, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (channel, token) = (platform.channel().await, token(&bank, None));
    upload(&platform, &bank, "draft", classifier(), income_and_employed()).await;
    let reply = infer(&channel, &token, &request("draft", rows())).await;
    assert_eq!((reply.code(), reply.reason().as_str()), (Code::FailedPrecondition, "MODEL_NOT_ACTIVE"));
    let reply = metadata(&channel, &token, "draft", "").await;
    assert_eq!((reply.code(), reply.reason().as_str()), (Code::FailedPrecondition, "MODEL_NOT_ACTIVE"));
    assert!(!ready(&channel, &token, "draft", "").await);

    serve(&platform, &bank, "tree", classifier()).await;
    let named = |version: &str| ModelInferRequest { model_version: version.to_owned(), ..request("tree", rows()) };
    assert_eq!(infer(&channel, &token, &named("1")).await.code(), Code::Ok);
    let reply = infer(&channel, &token, &named("2")).await;
    assert_eq!((reply.code(), reply.reason().as_str()), (Code::NotFound, "NOT_FOUND"));
    assert_eq!(metadata(&channel, &token, "tree", "2").await.code(), Code::NotFound);
    let other = ModelReadyRequest { name: "tree".to_owned(), version: "2".to_owned() };
    assert_eq!(call(&channel, &token, "ModelReady", &other).await.code(), Code::NotFound);
    let nobody = wire::send(&channel, INFER, &[], wire::frame(&named("1").encode_to_vec())).await;
    assert_eq!(nobody.code(), Code::Unauthenticated);
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM decisions").await, 1);
    platform.stop().await;
});
