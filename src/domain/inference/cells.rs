//! The elements of a tensor, one at a time, as a row has them.

use std::collections::HashMap;

use super::{Datatype, Tensor};

/// Whole numbers up to here in either direction are numbers of their own in binary64.
const MAX_WHOLE: u64 = 1 << 53;

/// Where each element begins in bytes that are texts, each after its length; nothing unless they are exactly so many.
pub(super) fn starts(bytes: &[u8], elements: usize) -> Option<Vec<u32>> {
    // Every element takes at least the bytes of its length, so what is allocated is in the message.
    if bytes.len() / 4 < elements {
        return None;
    }
    let mut starts = Vec::with_capacity(elements);
    let mut rest = bytes;
    while !rest.is_empty() && starts.len() < elements {
        starts.push(u32::try_from(bytes.len() - rest.len()).ok()?);
        (_, rest) = text(rest)?;
    }
    (rest.is_empty() && starts.len() == elements).then_some(starts)
}

/// The text at the beginning of bytes, and the bytes after it.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
}

impl Tensor {
    /// An element as a number.
    pub(super) fn number(&self, element: usize) -> Result<f64, String> {
        let bytes = &self.bytes;
        match self.datatype {
            Datatype::Fp64 => Ok(f64::from_le_bytes(at(bytes, element))),
            Datatype::Fp32 => Ok(f64::from(f32::from_le_bytes(at(bytes, element)))),
            Datatype::Int64 => whole(i64::from_le_bytes(at(bytes, element))),
            Datatype::Uint64 => whole(u64::from_le_bytes(at(bytes, element))),
            Datatype::Int32 => Ok(f64::from(i32::from_le_bytes(at(bytes, element)))),
            Datatype::Uint32 => Ok(f64::from(u32::from_le_bytes(at(bytes, element)))),
            Datatype::Int16 => Ok(f64::from(i16::from_le_bytes(at(bytes, element)))),
            Datatype::Uint16 => Ok(f64::from(u16::from_le_bytes(at(bytes, element)))),
            Datatype::Int8 => Ok(f64::from(i8::from_le_bytes(at(bytes, element)))),
            Datatype::Uint8 => Ok(f64::from(u8::from_le_bytes(at(bytes, element)))),
            Datatype::Bool | Datatype::Bytes => Err("must be a number".to_owned()),
        }
    }

    /// An element of a BOOL tensor as 0 or 1.
    pub(super) fn flag(&self, element: usize) -> Result<f64, String> {
        match at(&self.bytes, element) {
            [flag @ (0 | 1)] => Ok(f64::from(flag)),
            _ => Err("must be 0 or 1".to_owned()),
        }
    }

    /// An element of a BYTES tensor as the place of its text in the manifest's list.
    pub(super) fn category(&self, element: usize, places: &HashMap<&str, f64>) -> Result<f64, String> {
        let start = self.starts.get(element).and_then(|start| usize::try_from(*start).ok());
        let text = start.and_then(|start| self.bytes.get(start..)).and_then(text).map(|(text, _)| text);
        let text = text.and_then(|text| std::str::from_utf8(text).ok()).ok_or("must be UTF-8")?;
        places.get(text).copied().ok_or_else(|| "is not one of the model's values".to_owned())
    }
}

/// The bytes of an element of fixed width. There are as many as the shape says, so one that is looked for is there.
fn at<const WIDTH: usize>(bytes: &[u8], element: usize) -> [u8; WIDTH] {
    bytes.get(element * WIDTH..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; WIDTH])
}

/// A whole number, if it is one of its own as a number.
#[expect(clippy::cast_precision_loss, reason = "exact within the limit")]
fn whole(number: impl Into<i128>) -> Result<f64, String> {
    let number: i128 = number.into();
    if number.unsigned_abs() <= u128::from(MAX_WHOLE) {
        Ok(number as f64)
    } else {
        Err("must be a whole number of at most 2^53".to_owned())
    }
}
