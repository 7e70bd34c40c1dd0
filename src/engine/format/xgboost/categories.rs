//! The texts of categories, which are in the file since release 3.1 when the training data had them.

use super::file::{Cats, Encoding};
use crate::engine::{LoadError, format::max_categories, parsed::Input};

const PART: &str = "cats";

/// Gives the inputs that have categories their texts.
pub(super) fn attach(cats: Cats, inputs: &mut [Input], size: usize) -> Result<(), LoadError> {
    if cats.enc.is_empty() {
        return Ok(());
    }
    if cats.enc.len() != inputs.len() {
        return Err(LoadError::rule(PART, "must have one entry for each feature"));
    }
    let places = |encoding: &Encoding| encoding.offsets.as_ref().map_or(encoding.values.0.len(), |list| list.0.len());
    if cats.enc.iter().map(places).sum::<usize>() > max_categories(size) {
        return Err(LoadError::rule(PART, "have more categories than a file of this size can have"));
    }
    for (input, encoding) in inputs.iter_mut().zip(cats.enc) {
        let texts = match &encoding.offsets {
            Some(offsets) => texts(&offsets.0, &encoding.values.0)?,
            None => encoding.values.0.iter().map(|value| number(*value, encoding.kind)).collect(),
        };
        input.categories = Some(texts).filter(|texts| !texts.is_empty());
    }
    Ok(())
}

/// Cuts the bytes, which the file may have as signed numbers, at the offsets.
fn texts(offsets: &[i64], bytes: &[i64]) -> Result<Vec<String>, LoadError> {
    let fail = |rule| LoadError::rule(PART, rule);
    let mut texts = Vec::with_capacity(offsets.len().saturating_sub(1));
    for pair in offsets.windows(2) {
        let place = |offset: i64| usize::try_from(offset).ok();
        let cut = place(pair[0]).zip(place(pair[1])).and_then(|(start, end)| bytes.get(start..end));
        let cut = cut.ok_or_else(|| fail("offsets must rise and stay within the values"))?;
        let text = cut.iter().map(|byte| u8::try_from(byte & 0xFF).unwrap_or_default()).collect();
        texts.push(String::from_utf8(text).map_err(|_| fail("a category is not UTF-8"))?);
    }
    Ok(texts)
}

/// A whole number as text. UBJ has no unsigned numbers above 8 bits: the library stores their bits as signed ones of the
/// same width, and the type tells (12, 14 and 16 are unsigned of 16, 32 and 64 bits).
fn number(value: i64, kind: Option<i64>) -> String {
    match kind {
        Some(12) => (value & 0xFFFF).to_string(),
        Some(14) => (value & 0xFFFF_FFFF).to_string(),
        Some(16) => value.cast_unsigned().to_string(),
        _ => value.to_string(),
    }
}
