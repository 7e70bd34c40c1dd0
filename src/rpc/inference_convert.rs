//! Models and predictions as the Open Inference Protocol has them.

use super::proto::inference::{
    InferParameter, ModelInferResponse, infer_parameter::ParameterChoice, model_infer_response::InferOutputTensor,
    model_metadata_response::TensorMetadata,
};
use crate::{
    domain::{
        ids::RequestId,
        inference::{Datatype, Output, Predictions},
        model::{FeatureKind, Manifest},
    },
    ops::Turn,
};

/// Every output, in the order in which they are answered when none is named.
const OUTPUTS: [Output; 3] = [Output::Prediction, Output::Raw, Output::Probability];

/// The tensors of a model's features.
pub(super) fn inputs(manifest: &Manifest) -> Vec<TensorMetadata> {
    let tensor = |name: &str, datatype: Datatype| metadata(name, datatype);
    let of_kind = |kind| match kind {
        FeatureKind::Number => Datatype::Fp64,
        FeatureKind::Category => Datatype::Bytes,
        FeatureKind::Flag => Datatype::Bool,
    };
    manifest.features.iter().map(|one| tensor(&one.name, of_kind(one.kind))).collect()
}

/// The outputs of a model.
pub(super) fn outputs(with_probability: bool) -> Vec<TensorMetadata> {
    let given = OUTPUTS.into_iter().filter(|one| *one != Output::Probability || with_probability);
    given.map(|one| metadata(one.name(), Datatype::Fp64)).collect()
}

fn metadata(name: &str, datatype: Datatype) -> TensorMetadata {
    TensorMetadata { name: name.to_owned(), datatype: datatype.name().to_owned(), shape: vec![-1, 1] }
}

/// Predictions as the message that is sent and stored, in the order of `asked`, or all when that is empty.
pub(super) fn response(turn: &Turn<'_>, id: &RequestId, asked: &[Output], from: &Predictions) -> ModelInferResponse {
    let values = |output| match output {
        Output::Prediction => &from.prediction,
        Output::Raw => &from.raw,
        Output::Probability => &from.probability,
    };
    let asked = if asked.is_empty() { &OUTPUTS } else { asked };
    // Every call has a row: without values there is no such output.
    let given: Vec<Output> = asked.iter().copied().filter(|one| !values(*one).is_empty()).collect();
    let tensor = |output: &Output| InferOutputTensor {
        name: output.name().to_owned(),
        datatype: Datatype::Fp64.name().to_owned(),
        shape: vec![i64::try_from(values(*output).len()).unwrap_or(i64::MAX), 1],
        ..InferOutputTensor::default()
    };
    let text = |text: String| InferParameter { parameter_choice: Some(ParameterChoice::StringParam(text)) };
    let version = turn.version;
    ModelInferResponse {
        model_name: version.name.model.as_str().to_owned(),
        model_version: version.version.to_string(),
        id: id.as_str().to_owned(),
        parameters: [
            ("decision".to_owned(), text(format!("decisions/{}", turn.decision))),
            ("model_digest".to_owned(), text(version.model.digest().to_owned())),
        ]
        .into(),
        outputs: given.iter().map(tensor).collect(),
        raw_output_contents: given.iter().map(|one| little_endian(values(*one))).collect(),
    }
}

fn little_endian(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
