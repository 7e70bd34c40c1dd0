//! The Open Inference Protocol: rows are predicted as `EvaluateRisk` predicts, recorded as one decision, and refused in the
//! contract's own words.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "the numbers are small and whole, and the same arithmetic gives the same bits"
)]

mod calls;
mod limits;
mod models;
mod refusals;
mod repeats;

use prost::Message;
use riskport::rpc::proto::{
    inference::{
        InferTensorContents, ModelInferRequest, ModelInferResponse,
        infer_parameter::ParameterChoice,
        model_infer_request::{InferInputTensor, InferRequestedOutputTensor},
    },
    risk::{
        FeatureSpec, FeatureType, MissingPolicy, ModelKind, ModelManifest, PromoteModelVersionRequest, ReferenceRow,
        ReferenceRows, UploadHeader, UploadModelRequest, upload_model_request::Part,
    },
};
use tonic::transport::Channel;

use crate::support::{
    platform::{Partner, Platform},
    wire::{self, Reply},
};

const INFER: &str = "/inference.GRPCInferenceService/ModelInfer";

/// A tree over `income` and `employed`: 1.5 up to an income of 50, above it 0.5 for who is not employed, else -1.5.
const TREE: &str = "tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=OBJECTIVE
feature_names=income employed
feature_infos=[0:100] [0:1]
tree_sizes=1

Tree=0
num_leaves=3
num_cat=0
split_feature=0 1
threshold=50 0.5
decision_type=10 10
left_child=-1 -2
right_child=1 -3
leaf_value=1.5 0.5 -1.5
leaf_count=10 10 10
internal_count=30 20
is_linear=0

end of trees
";

/// The tree as a classifier, whose raw outputs are log odds.
fn classifier() -> Vec<u8> {
    TREE.replace("OBJECTIVE", "binary sigmoid:1").into_bytes()
}

/// The tree as a regression.
fn regression() -> Vec<u8> {
    TREE.replace("OBJECTIVE", "regression").into_bytes()
}

fn feature(name: &str, kind: FeatureType, missing: MissingPolicy) -> FeatureSpec {
    FeatureSpec { name: name.to_owned(), r#type: kind as i32, missing: missing as i32, ..FeatureSpec::default() }
}

fn income_and_employed() -> Vec<FeatureSpec> {
    vec![
        FeatureSpec { max: Some(1_000.0), ..feature("income", FeatureType::Number, MissingPolicy::Refuse) },
        feature("employed", FeatureType::Flag, MissingPolicy::Accept),
    ]
}

/// Uploads a version of a model, and shows that it predicts 0.5 or more for whoever has nothing, if it is to be promoted.
async fn upload(
    platform: &Platform,
    partner: &Partner,
    model: &str,
    file: Vec<u8>,
    features: Vec<FeatureSpec>,
) -> String {
    upload_with(platform, partner, model, file, features, Vec::new()).await
}

async fn upload_with(
    platform: &Platform,
    partner: &Partner,
    model: &str,
    file: Vec<u8>,
    features: Vec<FeatureSpec>,
    rows: Vec<ReferenceRow>,
) -> String {
    let manifest = ModelManifest {
        title: model.to_owned(),
        kind: ModelKind::Generic as i32,
        features,
        ..ModelManifest::default()
    };
    let header = UploadHeader {
        model: format!("models/{model}"),
        manifest: Some(manifest),
        file_bytes: file.len().try_into().unwrap(),
        tolerance: 0.0,
    };
    let parts = [Part::Header(header), Part::Chunk(file), Part::ReferenceRows(ReferenceRows { rows })];
    let parts = parts.into_iter().map(|part| UploadModelRequest { part: Some(part) });
    let uploaded = platform.models(partner).await.upload_model(tokio_stream::iter(parts.collect::<Vec<_>>())).await;
    uploaded.unwrap().into_inner().version.unwrap().name
}

/// Uploads the tree as a model and puts it in charge.
async fn serve(platform: &Platform, partner: &Partner, model: &str, file: Vec<u8>) {
    let is_regression = file == regression();
    let features = prost_types::Struct { fields: [("income".to_owned(), number(10.0))].into() };
    let expected = if is_regression { 1.5 } else { 1.0 / (1.0 + (-1.5_f64).exp()) };
    let rows = vec![ReferenceRow { features: Some(features), expected }];
    let name = upload_with(platform, partner, model, file, income_and_employed(), rows).await;
    promote(platform, partner, name).await;
}

async fn promote(platform: &Platform, partner: &Partner, name: String) {
    platform.models(partner).await.promote_model_version(PromoteModelVersionRequest { name }).await.unwrap();
}

fn number(value: f64) -> prost_types::Value {
    prost_types::Value { kind: Some(prost_types::value::Kind::NumberValue(value)) }
}

fn request(model: &str, inputs: Vec<InferInputTensor>) -> ModelInferRequest {
    ModelInferRequest { model_name: model.to_owned(), inputs, ..ModelInferRequest::default() }
}

/// A tensor without elements.
fn tensor(name: &str, datatype: &str, shape: &[i64]) -> InferInputTensor {
    let (name, datatype) = (name.to_owned(), datatype.to_owned());
    InferInputTensor { name, datatype, shape: shape.to_vec(), ..InferInputTensor::default() }
}

fn with(tensor: InferInputTensor, contents: InferTensorContents) -> InferInputTensor {
    InferInputTensor { contents: Some(contents), ..tensor }
}

fn fp64(values: &[f64]) -> InferTensorContents {
    InferTensorContents { fp64_contents: values.to_vec(), ..InferTensorContents::default() }
}

/// The same rows for the tree in every test: each of its leaves once.
fn rows() -> Vec<InferInputTensor> {
    let flags = InferTensorContents { bool_contents: vec![true, false, true], ..InferTensorContents::default() };
    vec![
        with(tensor("income", "FP64", &[3]), fp64(&[10.0, 60.0, 70.0])),
        with(tensor("employed", "BOOL", &[3, 1]), flags),
    ]
}

fn little_endian(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn outputs(names: &[&str]) -> Vec<InferRequestedOutputTensor> {
    let one = |name: &&str| InferRequestedOutputTensor { name: (*name).to_owned(), ..Default::default() };
    names.iter().map(one).collect()
}

async fn infer(channel: &Channel, token: &str, request: &ModelInferRequest) -> Reply {
    wire::call(channel, INFER, token, request).await
}

fn answer(reply: &Reply) -> ModelInferResponse {
    ModelInferResponse::decode(reply.message()).unwrap()
}

/// An output's values.
fn output(response: &ModelInferResponse, name: &str) -> Vec<f64> {
    let at = response.outputs.iter().position(|one| one.name == name).unwrap_or_else(|| panic!("no output {name}"));
    let values: Vec<f64> = response.raw_output_contents[at]
        .chunks_exact(8)
        .map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()))
        .collect();
    assert_eq!(response.outputs[at].shape, [i64::try_from(values.len()).unwrap(), 1]);
    assert_eq!((response.outputs[at].datatype.as_str(), &response.outputs[at].contents), ("FP64", &None));
    values
}

fn parameter(response: &ModelInferResponse, name: &str) -> String {
    match response.parameters.get(name).and_then(|one| one.parameter_choice.clone()) {
        Some(ParameterChoice::StringParam(text)) => text,
        other => panic!("{name}: {other:?}"),
    }
}
