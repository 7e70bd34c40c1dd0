//! The formats of model files: each reader gives the inputs, the link and a checked body, or says what is wrong.

mod lightgbm;
mod onnx;
mod xgboost;

use super::{LoadError, parsed::Parsed};

/// The most nodes that the trees of a file of so many bytes may have. A node in memory is about five times that large,
/// and in files that the libraries write it takes more than 30 bytes.
fn max_nodes(size: usize) -> usize {
    size / 16
}

/// The most categories that a file of so many bytes may have: in files that the libraries write, each takes a text or
/// number and a place in some list.
fn max_categories(size: usize) -> usize {
    size / 4
}

/// Finds out a file's format and reads it.
pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, LoadError> {
    let parsed = if lightgbm::is_it(bytes) {
        lightgbm::parse(bytes)?
    } else if xgboost::is_ubj(bytes) {
        xgboost::parse_ubj(bytes)?
    } else if xgboost::is_json(bytes) {
        xgboost::parse_json(bytes)?
    } else if onnx::begins(bytes) {
        onnx::parse(bytes)?
    } else {
        return Err(LoadError::Form(
            "not a model file: LightGBM text, XGBoost JSON or UBJ, ONNX and riskport.scorecard/1 are read".to_owned(),
        ));
    };
    check_names(&parsed)?;
    Ok(parsed)
}

/// A row is made from names, so each must mean one input.
fn check_names(parsed: &Parsed) -> Result<(), LoadError> {
    let mut names: Vec<&str> = parsed.inputs.iter().map(|input| input.name.as_str()).collect();
    names.sort_unstable();
    if names.first().is_some_and(|name| name.is_empty()) || names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(LoadError::rule("feature names", "must not be empty or repeat"));
    }
    Ok(())
}
