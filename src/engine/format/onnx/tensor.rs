//! Constant tensors.

use super::{
    graph::kind,
    wire::{integer, numbers, part},
};
use crate::engine::LoadError;

/// A constant: `TensorProto`.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Its extents; none for a scalar.
    pub dims: Vec<usize>,
    /// Its numbers, the last extent running fastest.
    pub values: Vec<f64>,
}

impl Tensor {
    /// Reads a tensor of floats, doubles or whole numbers.
    pub fn of(message: &[u8]) -> Result<Self, LoadError> {
        if integer(message, 14)?.unwrap_or_default() != 0 {
            return Err(LoadError::Unsupported("ONNX data outside the file".to_owned()));
        }
        let dims = numbers(message, 1, |one: i64| one)?;
        if dims.len() > 8 {
            return Err(LoadError::rule("constant", "must have at most 8 dimensions"));
        }
        let dims = dims.into_iter().map(usize::try_from).collect::<Result<Vec<_>, _>>();
        let dims = dims.map_err(|_| LoadError::rule("constant", "a dimension is negative"))?;
        let size = dims.iter().try_fold(1_usize, |size, dim| size.checked_mul(*dim));
        let values = read(message)?;
        if size != Some(values.len()) {
            return Err(LoadError::rule("constant", "its dimensions and its data do not agree"));
        }
        Ok(Self { dims, values })
    }

    /// The whole numbers of a list of indices, if it is one and all are below a limit.
    pub fn indices(&self, limit: usize) -> Option<Vec<usize>> {
        let place = |value: &f64| {
            let whole = value.fract() == 0.0 && *value >= 0.0 && *value < 4e9;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked in the line above")]
            let place = *value as usize;
            (whole && place < limit).then_some(place)
        };
        let flat = self.dims.len() < 2 || self.dims.len() == 2 && self.dims[0] == 1;
        if flat { self.values.iter().map(place).collect() } else { None }
    }

    /// The number for each of so many columns, when it is one number or a row of that many.
    pub fn broadcast(&self, columns: usize) -> Option<impl Fn(usize) -> f64> {
        let row = self.dims.iter().rev().skip(1).all(|dim| *dim == 1);
        let one = self.values.len() == 1;
        (row && (one || self.values.len() == columns)).then_some(move |at: usize| self.values[if one { 0 } else { at }])
    }
}

fn read(message: &[u8]) -> Result<Vec<f64>, LoadError> {
    let data_type = integer(message, 2)?.unwrap_or_default();
    if let Some(raw) = part(message, 9)? {
        return match data_type {
            kind::FLOAT => chunks(raw, |bytes| f64::from(f32::from_le_bytes(bytes))),
            kind::DOUBLE => chunks(raw, f64::from_le_bytes),
            kind::INT32 => chunks(raw, |bytes| f64::from(i32::from_le_bytes(bytes))),
            kind::INT64 => chunks(raw, |bytes| double(i64::from_le_bytes(bytes))),
            _ => Err(LoadError::Unsupported(format!("ONNX data of type {data_type}"))),
        };
    }
    match data_type {
        kind::FLOAT => numbers(message, 4, |one: f32| f64::from(one)),
        kind::DOUBLE => numbers(message, 10, |one: f64| one),
        kind::INT32 | kind::BOOL => numbers(message, 5, double),
        kind::INT64 => numbers(message, 7, double),
        _ => Err(LoadError::Unsupported(format!("ONNX data of type {data_type}"))),
    }
}

fn chunks<const N: usize>(raw: &[u8], read: impl Fn([u8; N]) -> f64) -> Result<Vec<f64>, LoadError> {
    let (chunks, rest) = raw.as_chunks::<N>();
    if !rest.is_empty() {
        return Err(LoadError::rule("constant", "its data ends in the middle of a number"));
    }
    Ok(chunks.iter().map(|bytes| read(*bytes)).collect())
}

/// A whole number as a double; the codes of a model are far below 2^53.
#[allow(clippy::cast_precision_loss, reason = "said above")]
pub const fn double(value: i64) -> f64 {
    value as f64
}
