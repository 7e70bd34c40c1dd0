//! The formats of model files: each reader gives the inputs, the link and a checked body, or says what is wrong.

mod lightgbm;
mod onnx;

use super::{LoadError, predictor::Parsed};

/// Finds out a file's format and reads it.
pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, LoadError> {
    if bytes.starts_with(b"tree\n") {
        return lightgbm::parse(bytes);
    }
    if onnx::begins(bytes) {
        return onnx::parse(bytes);
    }
    Err(LoadError::Form(
        "not a model file: LightGBM text, XGBoost JSON or UBJ, ONNX and riskport.scorecard/1 are read".to_owned(),
    ))
}
