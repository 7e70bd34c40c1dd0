//! Reads a call of the Open Inference Protocol: what is wrong with a message whatever the model is.

use super::{
    inference_elements::elements,
    proto::inference::{
        InferTensorContents, ModelInferRequest, model_infer_request::InferInputTensor,
        model_infer_request::InferRequestedOutputTensor,
    },
};
use crate::domain::{
    ids::{ModelId, RequestId},
    inference::{Datatype, InferenceQuery, MAX_TENSORS, Output, Shape, Tensor, Tensors},
    model::VersionNumber,
    refusal::{Refusal, Violations},
    text,
};

/// A model, and the version that must be in charge of it.
pub(super) fn model(name: &str, version: &str) -> Result<(ModelId, Option<VersionNumber>), Refusal> {
    let mut violations = Violations::default();
    let model = violations.take("name", ModelId::parse(name));
    let version = read_version("version", version, &mut violations);
    match model {
        Some(model) if violations.is_empty() => Ok((model, version)),
        _ => Err(Refusal::Invalid(violations)),
    }
}

/// The version that is named, if one is.
fn read_version(field: &str, version: &str, violations: &mut Violations) -> Option<VersionNumber> {
    if version.is_empty() { None } else { violations.take(field, VersionNumber::parse(version)) }
}

/// What is wrong with a message, and what of it can be held against the model, if it names one.
pub(super) type Misread = Box<(Violations, Option<InferenceQuery>)>;

/// A message as a valid call.
pub(super) fn query(from: ModelInferRequest) -> Result<InferenceQuery, Misread> {
    let mut violations = Violations::default();
    let model = violations.take("model_name", ModelId::parse(&from.model_name));
    let version = read_version("model_version", &from.model_version, &mut violations);
    let id = match from.id.as_str() {
        "" => None,
        id => violations.take("id", RequestId::parse(id)),
    };
    let tensors = tensors(from.inputs, from.raw_input_contents, &mut violations);
    let outputs = outputs(&from.outputs, &mut violations);
    let query = model.map(|model| InferenceQuery { id, model, version, outputs, tensors });
    match query {
        Some(query) if violations.is_empty() => Ok(query),
        query => Err(Box::new((violations, query))),
    }
}

fn outputs(from: &[InferRequestedOutputTensor], violations: &mut Violations) -> Vec<Output> {
    let mut outputs = Vec::new();
    for (at, one) in from.iter().enumerate() {
        match Output::from_name(&one.name) {
            Some(output) if !outputs.contains(&output) => outputs.push(output),
            Some(_) => violations.add(format!("outputs[{at}].name"), "stands twice"),
            None => violations.add(format!("outputs[{at}].name"), "must be prediction, raw or probability"),
        }
    }
    outputs
}

fn tensors(from: Vec<InferInputTensor>, raw: Vec<Vec<u8>>, violations: &mut Violations) -> Tensors {
    let mut tensors = Tensors::default();
    if from.is_empty() || from.len() > MAX_TENSORS {
        violations.add("inputs", format!("must have 1 to {MAX_TENSORS} entries"));
        return tensors;
    }
    let is_raw = !raw.is_empty();
    if is_raw && raw.len() != from.len() {
        violations.add("raw_input_contents", "must have one entry for each input, or none");
    }
    let mut raw = raw.into_iter();
    for (at, one) in from.into_iter().enumerate() {
        let content = if is_raw { Content::Raw(raw.next()) } else { Content::Typed };
        match tensor(at, one, content, violations) {
            Ok(tensor) => tensors.read.push(tensor),
            Err(name) => tensors.refused.push(name),
        }
    }
    tensors
}

/// Where the elements of a tensor stand.
enum Content {
    /// In `raw_input_contents`, if there are enough.
    Raw(Option<Vec<u8>>),
    /// In the tensor itself.
    Typed,
}

/// One input, or its name when it is refused.
fn tensor(at: usize, from: InferInputTensor, content: Content, violations: &mut Violations) -> Result<Tensor, String> {
    let field = |name: &str| format!("inputs[{at}].{name}");
    let name = violations.take(&field("name"), text::plain(&from.name, 1, 64));
    let known = Datatype::from_name(&from.datatype)
        .ok_or_else(|| "must be one of BOOL, INT8 to INT64, UINT8 to UINT64, FP32, FP64 and BYTES".to_owned());
    let datatype = violations.take(&field("datatype"), known);
    let shape = violations.take(&field("shape"), Shape::parse(&from.shape));
    let typed = from.contents.unwrap_or_default();
    let bytes = match content {
        Content::Raw(bytes) => {
            if typed != InferTensorContents::default() {
                violations.add(field("contents"), "must be empty beside raw_input_contents");
                return Err(from.name);
            }
            // That there are too few is told already.
            bytes
        }
        Content::Typed => match (datatype, shape) {
            (Some(datatype), Some(shape)) => {
                violations.take(&field("contents"), elements(datatype, shape.elements(), typed))
            }
            _ => None,
        },
    };
    match (name, datatype, shape, bytes) {
        (Some(name), Some(datatype), Some(shape), Some(bytes)) => {
            violations.take(&field("contents"), Tensor::parse(at, name, datatype, shape, bytes)).ok_or(from.name)
        }
        _ => Err(from.name),
    }
}
