//! The features of an applicant, and the one byte form of them that is hashed, sealed and compared.

use std::collections::BTreeMap;

/// The most features one request may have.
pub const MAX_FEATURES: usize = 256;
/// The longest name of a feature, and the longest text value, in bytes.
pub const MAX_TEXT_BYTES: usize = 256;

/// A feature's name as far as a refusal shows it: it came from the caller, and may be anything.
#[must_use]
pub fn shown(name: &str) -> String {
    name.chars().take(64).map(|one| if one.is_ascii_graphic() { one } else { '?' }).collect()
}

/// The value of a feature that is not missing.
#[derive(Debug, Clone, PartialEq)]
pub enum FeatureValue {
    /// A finite number.
    Number(f64),
    /// A category.
    Text(String),
    /// A flag.
    Flag(bool),
}

/// Features by name. A missing feature is simply not in the map.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Features(BTreeMap<String, FeatureValue>);

impl Features {
    /// Adds a feature; a name that is there already keeps the later value.
    ///
    /// # Errors
    /// One sentence, when the name, the number or the text breaks a limit, or there are too many.
    pub fn insert(&mut self, name: &str, value: FeatureValue) -> Result<(), String> {
        if self.0.len() >= MAX_FEATURES {
            return Err(format!("must have at most {MAX_FEATURES} entries"));
        }
        if name.is_empty() || name.len() > MAX_TEXT_BYTES || name.chars().any(char::is_control) {
            return Err(format!("a name must have 1 to {MAX_TEXT_BYTES} bytes and no control characters"));
        }
        let value = match value {
            FeatureValue::Number(number) if !number.is_finite() => return Err("must be a finite number".to_owned()),
            // One zero: the two zeros are equal as numbers and must be equal as bytes.
            FeatureValue::Number(number) => FeatureValue::Number(if number == 0.0 { 0.0 } else { number }),
            FeatureValue::Text(text) if text.len() > MAX_TEXT_BYTES || text.contains('\0') => {
                return Err(format!("must have at most {MAX_TEXT_BYTES} bytes and no U+0000"));
            }
            other => other,
        };
        self.0.insert(name.to_owned(), value);
        Ok(())
    }

    /// The value of a feature; nothing when it is missing.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&FeatureValue> {
        self.0.get(name)
    }

    /// The features, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &FeatureValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The canonical bytes, sorted by name. For each feature: the name's length (2 bytes) and the name; then `n` and the
    /// IEEE 754 bits (8 bytes), or `t`, the text's length (4 bytes) and the text, or `b` and 0 or 1. All big-endian.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() * 32);
        for (name, value) in &self.0 {
            bytes.extend(u16::try_from(name.len()).unwrap_or(u16::MAX).to_be_bytes());
            bytes.extend(name.as_bytes());
            match value {
                FeatureValue::Number(number) => {
                    bytes.push(b'n');
                    bytes.extend(number.to_bits().to_be_bytes());
                }
                FeatureValue::Text(text) => {
                    bytes.push(b't');
                    bytes.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
                    bytes.extend(text.as_bytes());
                }
                FeatureValue::Flag(flag) => bytes.extend([b'b', u8::from(*flag)]),
            }
        }
        bytes
    }

    /// Reads canonical bytes back; nothing when they are not what [`Self::canonical`] writes.
    #[must_use]
    pub fn from_canonical(bytes: &[u8]) -> Option<Self> {
        Self::read_canonical(bytes).filter(|(_, rest)| rest.is_empty()).map(|(features, _)| features)
    }

    /// Reads canonical bytes up to their end, or to where no feature can begin, for its name would be empty; and gives what
    /// is there.
    pub(super) fn read_canonical(mut bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut features = Self::default();
        while !bytes.is_empty() {
            let (length, rest) = bytes.split_first_chunk::<2>()?;
            if *length == [0, 0] {
                break;
            }
            let (name, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            let (tag, rest) = rest.split_first()?;
            let (value, rest) = read_value(*tag, rest)?;
            features.insert(std::str::from_utf8(name).ok()?, value).ok()?;
            bytes = rest;
        }
        Some((features, bytes))
    }
}

fn read_value(tag: u8, bytes: &[u8]) -> Option<(FeatureValue, &[u8])> {
    match tag {
        b'n' => {
            let (bits, rest) = bytes.split_first_chunk::<8>()?;
            Some((FeatureValue::Number(f64::from_bits(u64::from_be_bytes(*bits))), rest))
        }
        b't' => {
            let (length, rest) = bytes.split_first_chunk::<4>()?;
            let (text, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
            Some((FeatureValue::Text(String::from_utf8(text.to_vec()).ok()?), rest))
        }
        b'b' => {
            let (flag, rest) = bytes.split_first()?;
            Some((FeatureValue::Flag(*flag == 1), rest))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = FeatureValue> {
        prop_oneof![
            (-1e12..1e12f64).prop_map(FeatureValue::Number),
            "[a-z]{0,12}".prop_map(FeatureValue::Text),
            any::<bool>().prop_map(FeatureValue::Flag),
        ]
    }

    proptest! {
        #[test]
        fn canonical_bytes_read_back_and_do_not_depend_on_order(
            pairs in prop::collection::btree_map("[a-z_]{1,8}", value(), 0..20)
        ) {
            let (mut forward, mut backward) = (Features::default(), Features::default());
            for (name, value) in &pairs {
                forward.insert(name, value.clone()).unwrap();
            }
            for (name, value) in pairs.iter().rev() {
                backward.insert(name, value.clone()).unwrap();
            }
            prop_assert_eq!(forward.canonical(), backward.canonical());
            prop_assert_eq!(Features::from_canonical(&forward.canonical()), Some(forward));
        }

        #[test]
        fn reading_any_bytes_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = Features::from_canonical(&bytes);
        }
    }

    #[test]
    fn the_two_zeros_are_one() {
        let (mut plus, mut minus) = (Features::default(), Features::default());
        plus.insert("x", FeatureValue::Number(0.0)).unwrap();
        minus.insert("x", FeatureValue::Number(-0.0)).unwrap();
        assert_eq!(plus.canonical(), minus.canonical());
        assert!(plus.insert("y", FeatureValue::Number(f64::NAN)).is_err());
    }
}
