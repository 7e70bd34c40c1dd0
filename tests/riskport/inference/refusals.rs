//! What is wrong with tensors that only their model can tell; all of it at once. What is wrong with any message is in the
//! case files.

use riskport::rpc::proto::inference::{InferTensorContents, ModelInferRequest, model_infer_request::InferInputTensor};
use tonic::Code;

use super::{classifier, fp64, infer, little_endian, request, rows, serve, tensor, with};
use crate::support::{
    World,
    platform::{Platform, token},
};

fn typed(name: &str, shape: &[i64], values: &[f64]) -> InferInputTensor {
    with(tensor(name, "FP64", shape), fp64(values))
}

#[tokio::test]
async fn every_tensor_that_does_not_fit_the_model_is_named() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    serve(&platform, &bank, "tree", classifier()).await;
    let (channel, token) = (platform.channel().await, token(&bank, None));
    let employed = || rows().remove(1);
    let int64 = |values: &[i64]| InferTensorContents { int64_contents: values.to_vec(), ..Default::default() };
    let many = vec![f64::NAN; 5_000];
    let cases: Vec<(Vec<InferInputTensor>, &[&str])> = vec![
        // Two of the same, one that is none, one that must be there.
        (vec![typed("income", &[1], &[1.0]), typed("income", &[1], &[1.0])], &["inputs[1].name"]),
        (vec![typed("shoe_size", &[1], &[1.0])], &["inputs", "inputs[0].name"]),
        (vec![employed()], &["inputs"]),
        // Data types and shapes.
        (vec![typed("income", &[3], &[1.0; 3]), typed("employed", &[3], &[1.0; 3])], &["inputs[1].datatype"]),
        (vec![typed("income", &[1, 3], &[1.0; 3]), employed()], &["inputs[0].shape", "inputs[1].shape"]),
        (vec![typed("income", &[2], &[1.0; 2]), employed()], &["inputs[1].shape"]),
        // Values: out of range, missing, infinite, not to be told apart as numbers.
        (vec![typed("income", &[3], &[1.0, 1001.0, 5.0]), employed()], &["inputs[0].contents"]),
        (vec![typed("income", &[3], &[1.0, f64::NAN, 5.0]), employed()], &["inputs[0].contents"]),
        (vec![typed("income", &[3], &[1.0, f64::NEG_INFINITY, 5.0]), employed()], &["inputs[0].contents"]),
        (vec![with(tensor("income", "INT64", &[1]), int64(&[(1 << 53) + 1]))], &["inputs[0].contents"]),
        // The one tensor.
        (vec![typed("input", &[2, 3], &[1.0; 6])], &["inputs[0].shape"]),
        (vec![typed("input", &[2, 2], &[1.0, 0.5, 2000.0, 1.0])], &["inputs[0].contents[1]", "inputs[0].contents[2]"]),
        (vec![with(tensor("input", "INT64", &[1, 2]), int64(&[1, 1]))], &["inputs[0].datatype"]),
        (vec![typed("input", &[3, 2], &[1.0; 6]), employed()], &["inputs", "inputs[0].name"]),
        // A fault in every row hides no other.
        (
            vec![typed("income", &[5_000], &many), typed("employed", &[5_000], &many)],
            &["inputs[0].contents", "inputs[1].datatype"],
        ),
    ];
    for (at, (tensors, violated)) in cases.into_iter().enumerate() {
        let reply = infer(&channel, &token, &request("tree", tensors)).await;
        assert_eq!((reply.code(), reply.reason().as_str()), (Code::InvalidArgument, "INVALID_FIELDS"), "case {at}");
        assert_eq!(reply.violated(), violated, "case {at}");
    }
    // Bytes that are no flags, and too many or too few bytes.
    let tensors = || vec![tensor("income", "FP64", &[3]), tensor("employed", "BOOL", &[3])];
    let good = little_endian(&[1.0; 3]);
    for (raw, violated) in [
        (vec![good.clone(), vec![0, 2, 1]], vec!["inputs[1].contents"]),
        (vec![good[1..].to_vec(), vec![0, 1]], vec!["inputs[0].contents", "inputs[1].contents"]),
        (vec![[good.as_slice(), &[0]].concat(), vec![0; 3]], vec!["inputs[0].contents"]),
        (vec![good.clone()], vec!["raw_input_contents"]),
    ] {
        let request = ModelInferRequest { raw_input_contents: raw, ..request("tree", tensors()) };
        assert_eq!(infer(&channel, &token, &request).await.violated(), violated);
    }
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM decisions").await, 0);
    platform.stop().await;
}
