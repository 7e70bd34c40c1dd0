//! The bytes of a feature vector: most features of an event are missing, zero or a small number.
//!
//! Version (1 byte), what was cut (3 bytes), how many features there are (2 bytes), two bits for each, four to a byte from the
//! lowest on, that say how it is written, and then those that are written: 0 is missing, 1 is zero, 2 is a whole number from 1
//! on in groups of seven bits, the lowest first (LEB128), 3 is the eight bytes of a double. All big-endian.

use super::vector::{FeatureVector, Truncated};
use crate::domain::fraud::{Catalogue, ENTITY_KINDS};

const VERSION: u8 = 1;
const MISSING: u8 = 0;
const ZERO: u8 = 1;
const WHOLE: u8 = 2;
const DOUBLE: u8 = 3;
/// Up to here every whole number is a double of its own.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

impl FeatureVector {
    /// The bytes in which it is sealed with a decision.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(cut_bits(self.truncated()));
        bytes.extend(u16::try_from(self.values().len()).unwrap_or(u16::MAX).to_be_bytes());
        let tags = bytes.len();
        bytes.resize(tags + self.values().len().div_ceil(4), 0);
        for (at, value) in self.values().iter().enumerate() {
            let tag = put(*value, &mut bytes);
            if let Some(byte) = bytes.get_mut(tags + at / 4) {
                *byte |= tag << (2 * (at % 4));
            }
        }
        bytes
    }

    /// Reads bytes back; nothing when they are not what [`Self::to_bytes`] writes for the catalogue of now.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        let (cut, rest) = rest.split_first_chunk::<3>()?;
        let (count, rest) = rest.split_first_chunk::<2>()?;
        let count = usize::from(u16::from_be_bytes(*count));
        if *version != VERSION || count != Catalogue::get().features().len() {
            return None;
        }
        let (tags, mut rest) = rest.split_at_checked(count.div_ceil(4))?;
        let mut values = Vec::with_capacity(count);
        for at in 0..count {
            let tag = tags.get(at / 4).map_or(MISSING, |byte| byte >> (2 * (at % 4)) & 3);
            let (value, after) = take(tag, rest)?;
            values.push(value);
            rest = after;
        }
        rest.is_empty().then(|| Self::from_parts(values, cut_of(*cut)))
    }
}

/// Puts a value behind the bytes, and tells how.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be whole and in range")]
fn put(value: f64, bytes: &mut Vec<u8>) -> u8 {
    if value.is_nan() {
        return MISSING;
    }
    if value.to_bits() == 0 {
        return ZERO;
    }
    if (1.0..=MAX_WHOLE).contains(&value) && value.fract() == 0.0 {
        let mut left = value as u64;
        while left >= 0x80 {
            bytes.push((left & 0x7f) as u8 | 0x80);
            left >>= 7;
        }
        bytes.push(left as u8);
        return WHOLE;
    }
    bytes.extend(value.to_be_bytes());
    DOUBLE
}

#[allow(clippy::cast_precision_loss, reason = "at most 2^53 was written")]
fn take(tag: u8, bytes: &[u8]) -> Option<(f64, &[u8])> {
    match tag {
        MISSING => Some((f64::NAN, bytes)),
        ZERO => Some((0.0, bytes)),
        WHOLE => {
            let length = bytes.iter().take(8).position(|byte| byte & 0x80 == 0)? + 1;
            let (groups, rest) = bytes.split_at_checked(length)?;
            let whole = groups.iter().rev().fold(0_u64, |whole, group| whole << 7 | u64::from(group & 0x7f));
            Some((whole as f64, rest))
        }
        _ => {
            let (double, rest) = bytes.split_first_chunk::<8>()?;
            Some((f64::from_be_bytes(*double), rest))
        }
    }
}

fn cut_bits(cut: &Truncated) -> [u8; 3] {
    let kinds = cut.entities.iter().enumerate().fold(0_u32, |bits, (at, cut)| bits | u32::from(*cut) << at);
    let bits = kinds | u32::from(cut.relations) << ENTITY_KINDS | u32::from(cut.events) << (ENTITY_KINDS + 1);
    let [_, first, second, third] = bits.to_be_bytes();
    [first, second, third]
}

fn cut_of([first, second, third]: [u8; 3]) -> Truncated {
    let bits = u32::from_be_bytes([0, first, second, third]);
    let mut cut = Truncated::default();
    for (at, kind) in cut.entities.iter_mut().enumerate() {
        *kind = bits >> at & 1 == 1;
    }
    cut.relations = bits >> ENTITY_KINDS & 1 == 1;
    cut.events = bits >> (ENTITY_KINDS + 1) & 1 == 1;
    cut
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![Just(f64::NAN), Just(0.0), (0_u32..500).prop_map(f64::from), any::<f64>(), Just(MAX_WHOLE)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_written_is_read_back(
            values in prop::collection::vec(value(), Catalogue::get().features().len()),
            cut in any::<[bool; ENTITY_KINDS + 2]>(),
        ) {
            let mut truncated = Truncated { relations: cut[ENTITY_KINDS], events: cut[ENTITY_KINDS + 1], ..Truncated::default() };
            truncated.entities.copy_from_slice(&cut[..ENTITY_KINDS]);
            let bytes = FeatureVector::from_parts(values.clone(), truncated).to_bytes();
            let read = FeatureVector::from_bytes(&bytes).unwrap();
            prop_assert_eq!(read.truncated(), &truncated);
            for (written, read) in values.iter().zip(read.values()) {
                prop_assert!(written.to_bits() == read.to_bits() || written.is_nan() && read.is_nan());
            }
            prop_assert!(FeatureVector::from_bytes(&bytes[..bytes.len() - 1]).is_none() || values.iter().all(|one| one.is_nan()));
        }

        #[test]
        fn reading_any_bytes_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..900)) {
            let _ = FeatureVector::from_bytes(&bytes);
        }
    }
}
