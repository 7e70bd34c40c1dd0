//! Looks over the bytes of a `ModelInfer` message before they are decoded. Decoded, an empty tensor of two bytes takes three
//! hundred, so that a message within its limit could take the memory of hundreds: what has no use in such numbers is
//! refused here.

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use crate::domain::{
    inference::MAX_TENSORS,
    refusal::{Refusal, Violations},
};

/// The most outputs that are asked for, before it is looked whether they are known.
const MAX_OUTPUTS: usize = 16;
/// The most parameters in the whole message.
const MAX_PARAMETERS: usize = 1_024;
/// The most bytes of all shapes together; a shape of two dimensions takes at most 22.
const MAX_SHAPE_BYTES: usize = 32 * MAX_TENSORS;
/// The most elements of BYTES tensors in their own lists; there may be more in `raw_input_contents`.
const MAX_TEXTS: usize = 500_000;

/// What was counted.
#[derive(Default)]
struct Counts {
    inputs: usize,
    outputs: usize,
    raw: usize,
    parameters: usize,
    shape_bytes: usize,
    texts: usize,
}

/// Refuses a `ModelInfer` message that holds far more parts than any call needs. One that cannot be read passes: the decoder
/// refuses it.
///
/// # Errors
/// Invalid, with the lists that are too long.
pub fn check_parts(message: &[u8]) -> Result<(), Refusal> {
    let mut counts = Counts::default();
    each_field(message, |tag, content| match tag {
        4 => counts.parameters += 1,
        5 => {
            counts.inputs += 1;
            each_field(content, |tag, content| match tag {
                3 => counts.shape_bytes += content.len(),
                4 => counts.parameters += 1,
                5 => each_field(content, |tag, _| counts.texts += usize::from(tag == 8)),
                _ => {}
            });
        }
        6 => {
            counts.outputs += 1;
            each_field(content, |tag, _| counts.parameters += usize::from(tag == 2));
        }
        7 => counts.raw += 1,
        _ => {}
    });
    let mut violations = Violations::default();
    for (field, count, most) in [
        ("inputs", counts.inputs, MAX_TENSORS),
        ("outputs", counts.outputs, MAX_OUTPUTS),
        ("raw_input_contents", counts.raw, MAX_TENSORS),
        ("parameters", counts.parameters, MAX_PARAMETERS),
        ("inputs.shape", counts.shape_bytes, MAX_SHAPE_BYTES),
        ("inputs.contents.bytes_contents", counts.texts, MAX_TEXTS),
    ] {
        if count > most {
            violations.add(field, "is far longer than any call needs");
        }
    }
    if violations.is_empty() { Ok(()) } else { Err(Refusal::Invalid(violations)) }
}

/// Visits every field of a message, up to the first that cannot be read, with its content if that has a length; a number's
/// content is its bytes.
fn each_field(mut bytes: &[u8], mut visit: impl FnMut(u32, &[u8])) {
    while let Ok((tag, wire_type)) = decode_key(&mut bytes) {
        let before = bytes;
        let content = if wire_type == WireType::LengthDelimited {
            let length = decode_varint(&mut bytes).ok().and_then(|length| usize::try_from(length).ok());
            let Some((content, rest)) = length.and_then(|length| bytes.split_at_checked(length)) else { return };
            bytes = rest;
            content
        } else {
            if skip_field(wire_type, tag, &mut bytes, DecodeContext::default()).is_err() {
                return;
            }
            &before[..before.len() - bytes.len()]
        };
        visit(tag, content);
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::rpc::proto::inference::{
        InferParameter, InferTensorContents, ModelInferRequest, model_infer_request::*,
    };

    fn violated(message: &ModelInferRequest) -> Vec<String> {
        match check_parts(&message.encode_to_vec()) {
            Ok(()) => Vec::new(),
            Err(Refusal::Invalid(violations)) => violations.as_slice().iter().map(|one| one.field.clone()).collect(),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_swells_when_it_is_decoded_is_refused_before() {
        let texts = |count| InferTensorContents { bytes_contents: vec![Vec::new(); count], ..Default::default() };
        let tensor = |texts| InferInputTensor { shape: vec![10_000, 1], contents: Some(texts), ..Default::default() };
        let fine = ModelInferRequest {
            inputs: vec![tensor(texts(MAX_TEXTS / 256)); 256],
            outputs: vec![InferRequestedOutputTensor::default(); 16],
            raw_input_contents: vec![vec![7; 1000]; 256],
            ..Default::default()
        };
        assert_eq!(violated(&fine), Vec::<String>::new());
        let parameters = |count: usize| (0..count).map(|at| (at.to_string(), InferParameter::default())).collect();
        let worse = ModelInferRequest {
            inputs: vec![tensor(texts(MAX_TEXTS / 256 + 1)); 257],
            outputs: vec![InferRequestedOutputTensor { parameters: parameters(65), ..Default::default() }; 17],
            raw_input_contents: vec![Vec::new(); 257],
            ..Default::default()
        };
        let lists = ["inputs", "outputs", "raw_input_contents", "parameters", "inputs.contents.bytes_contents"];
        assert_eq!(violated(&worse), lists);
        let shape = InferInputTensor { shape: vec![1; MAX_SHAPE_BYTES + 1], ..Default::default() };
        let long = ModelInferRequest { inputs: vec![shape], ..Default::default() };
        assert_eq!(violated(&long), ["inputs.shape"]);
    }

    #[test]
    fn what_is_no_message_passes() {
        for bytes in [&b"\xff\xff\xff"[..], b"\x0f", b"\x2a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\x2a\x7f"] {
            assert_eq!(check_parts(bytes), Ok(()));
        }
    }
}
