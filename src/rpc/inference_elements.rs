//! The elements of a tensor that stand in its own lists, as the bytes that they would be in `raw_input_contents`.

use super::proto::inference::InferTensorContents;
use crate::domain::inference::Datatype;

/// The bytes of exactly `expected` elements, which must stand in the list for their data type and in no other.
pub(super) fn elements(datatype: Datatype, expected: usize, from: InferTensorContents) -> Result<Vec<u8>, String> {
    let lists = [
        from.bool_contents.len(),
        from.int_contents.len(),
        from.int64_contents.len(),
        from.uint_contents.len(),
        from.uint64_contents.len(),
        from.fp32_contents.len(),
        from.fp64_contents.len(),
        from.bytes_contents.len(),
    ];
    let own = match datatype {
        Datatype::Bool => 0,
        Datatype::Int8 | Datatype::Int16 | Datatype::Int32 => 1,
        Datatype::Int64 => 2,
        Datatype::Uint8 | Datatype::Uint16 | Datatype::Uint32 => 3,
        Datatype::Uint64 => 4,
        Datatype::Fp32 => 5,
        Datatype::Fp64 => 6,
        Datatype::Bytes => 7,
    };
    if lists.iter().enumerate().any(|(at, length)| at != own && *length > 0) {
        return Err("must stand in the list for the data type".to_owned());
    }
    if lists.get(own) != Some(&expected) {
        return Err("must have as many elements as the shape says".to_owned());
    }
    match datatype {
        Datatype::Bool => Ok(from.bool_contents.into_iter().map(u8::from).collect()),
        Datatype::Int8 => narrow(&from.int_contents, |one| i8::try_from(one).map(i8::to_le_bytes)),
        Datatype::Int16 => narrow(&from.int_contents, |one| i16::try_from(one).map(i16::to_le_bytes)),
        Datatype::Int32 => Ok(from.int_contents.iter().flat_map(|one| one.to_le_bytes()).collect()),
        Datatype::Int64 => Ok(from.int64_contents.iter().flat_map(|one| one.to_le_bytes()).collect()),
        Datatype::Uint8 => narrow(&from.uint_contents, |one| u8::try_from(one).map(u8::to_le_bytes)),
        Datatype::Uint16 => narrow(&from.uint_contents, |one| u16::try_from(one).map(u16::to_le_bytes)),
        Datatype::Uint32 => Ok(from.uint_contents.iter().flat_map(|one| one.to_le_bytes()).collect()),
        Datatype::Uint64 => Ok(from.uint64_contents.iter().flat_map(|one| one.to_le_bytes()).collect()),
        Datatype::Fp32 => Ok(from.fp32_contents.iter().flat_map(|one| one.to_le_bytes()).collect()),
        Datatype::Fp64 => Ok(from.fp64_contents.iter().flat_map(|one| one.to_le_bytes()).collect()),
        Datatype::Bytes => Ok(texts(&from.bytes_contents)),
    }
}

/// Whole numbers that travel wider than they are.
fn narrow<T: Copy, const WIDTH: usize, E>(
    wide: &[T],
    convert: impl Fn(T) -> Result<[u8; WIDTH], E>,
) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(wide.len() * WIDTH);
    for one in wide {
        bytes.extend(convert(*one).map_err(|_| "must be within the range of the data type".to_owned())?);
    }
    Ok(bytes)
}

/// Texts, each after its length.
fn texts(from: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(from.iter().map(|one| one.len() + 4).sum());
    for one in from {
        bytes.extend(u32::try_from(one.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(one);
    }
    bytes
}
