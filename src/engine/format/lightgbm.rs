//! `LightGBM`'s text format, version 4.

use crate::engine::{LoadError, predictor::Parsed};

pub(super) fn parse(_bytes: &[u8]) -> Result<Parsed, LoadError> {
    Err(LoadError::Unsupported("LightGBM text".to_owned()))
}
