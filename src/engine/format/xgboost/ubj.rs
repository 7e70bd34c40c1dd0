//! A reader of Universal Binary JSON (ubjson.org, draft 12), as far as `XGBoost` writes it: no high-precision numbers,
//! and no objects with a type or count. It hands serde one value at a time, so that what is not asked for takes no
//! memory.

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor, value::BorrowedStrDeserializer};
use std::{error, fmt};

/// The deepest that values may lie in values: a model is 8 deep.
const MAX_DEPTH: usize = 64;

/// What is wrong with a file. It repeats nothing of it.
#[derive(Debug)]
pub(super) struct Fault(String);

impl fmt::Display for Fault {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

impl error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self("a member has another type than it should".to_owned())
    }

    fn missing_field(field: &'static str) -> Self {
        Self(format!("missing field `{field}`"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self(format!("duplicate field `{field}`"))
    }
}

fn fault<T>(about: &str) -> Result<T, Fault> {
    Err(Fault(about.to_owned()))
}

/// Reads values from the front of bytes.
pub(super) struct Reader<'de> {
    rest: &'de [u8],
    depth: usize,
}

impl<'de> Reader<'de> {
    pub fn new(bytes: &'de [u8]) -> Self {
        Self { rest: bytes, depth: 0 }
    }

    /// Checks that nothing follows.
    pub fn end(&self) -> Result<(), Fault> {
        if self.rest.is_empty() { Ok(()) } else { fault("something follows the model") }
    }

    fn bytes(&mut self, count: usize) -> Result<&'de [u8], Fault> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else { return fault("it ends too early") };
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    fn marker(&mut self) -> Result<u8, Fault> {
        self.array().map(|[marker]| marker)
    }

    /// Takes the next byte if it is this one.
    fn take(&mut self, marker: u8) -> bool {
        let found = self.rest.first() == Some(&marker);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    /// A whole number of the type that the marker says: all are big-endian.
    fn integer(&mut self, marker: u8) -> Result<i64, Fault> {
        Ok(match marker {
            b'i' => i64::from(i8::from_be_bytes(self.array()?)),
            b'U' | b'C' => i64::from(u8::from_be_bytes(self.array()?)),
            b'I' => i64::from(i16::from_be_bytes(self.array()?)),
            b'l' => i64::from(i32::from_be_bytes(self.array()?)),
            b'L' => i64::from_be_bytes(self.array()?),
            _ => return fault("a whole number was expected"),
        })
    }

    /// A count of things of `size` bytes each at least, which cannot be more than the bytes that are left.
    fn count(&mut self, size: usize) -> Result<usize, Fault> {
        let marker = self.marker()?;
        let count = usize::try_from(self.integer(marker)?).unwrap_or(usize::MAX);
        if count > self.rest.len() / size { fault("it ends too early") } else { Ok(count) }
    }

    fn text(&mut self) -> Result<&'de str, Fault> {
        let count = self.count(1)?;
        std::str::from_utf8(self.bytes(count)?).or_else(|_| fault("a text is not UTF-8"))
    }

    fn value<V: Visitor<'de>>(&mut self, marker: u8, visitor: V) -> Result<V::Value, Fault> {
        match marker {
            b'Z' => visitor.visit_unit(),
            b'T' => visitor.visit_bool(true),
            b'F' => visitor.visit_bool(false),
            b'd' => visitor.visit_f32(f32::from_be_bytes(self.array()?)),
            b'D' => visitor.visit_f64(f64::from_be_bytes(self.array()?)),
            b'S' => visitor.visit_borrowed_str(self.text()?),
            b'[' | b'{' => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return fault("it is nested too deep");
                }
                let value = if marker == b'[' { self.list(visitor) } else { visitor.visit_map(Members(self)) };
                self.depth -= 1;
                value
            }
            marker => visitor.visit_i64(self.integer(marker)?),
        }
    }

    fn list<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Fault> {
        let marker = self.take(b'$').then(|| self.marker()).transpose()?;
        // Values without bytes, such as null, would let a few bytes become any number of values.
        let size = match marker {
            None | Some(b'i' | b'U' | b'C') => 1,
            Some(b'I') => 2,
            Some(b'l' | b'd') => 4,
            Some(b'L' | b'D') => 8,
            Some(_) => return fault("a list has a type that it cannot have"),
        };
        let left = if self.take(b'#') {
            Some(self.count(size)?)
        } else if marker.is_some() {
            return fault("a list has a type and no count");
        } else {
            None
        };
        let mut elements = Elements { reader: self, marker, left };
        let value = visitor.visit_seq(&mut elements)?;
        if elements.left.is_some_and(|left| left > 0) { fault("a list has too many values") } else { Ok(value) }
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let marker = self.marker()?;
        self.value(marker, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.take(b'Z') { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The elements of a list: of one type and so many, so many, or up to the end mark.
struct Elements<'a, 'de> {
    reader: &'a mut Reader<'de>,
    marker: Option<u8>,
    left: Option<usize>,
}

impl<'de> SeqAccess<'de> for &mut Elements<'_, 'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        match &mut self.left {
            Some(0) => return Ok(None),
            Some(left) => *left -= 1,
            None if self.reader.take(b']') => return Ok(None),
            None => {}
        }
        match self.marker {
            None => seed.deserialize(&mut *self.reader).map(Some),
            Some(marker) => seed.deserialize(Element { reader: self.reader, marker }).map(Some),
        }
    }

    /// Known only for numbers, of which the count was held against the bytes.
    fn size_hint(&self) -> Option<usize> {
        self.left.filter(|_| self.marker.is_some())
    }
}

/// A number whose type stands at its list.
struct Element<'a, 'de> {
    reader: &'a mut Reader<'de>,
    marker: u8,
}

impl<'de> Deserializer<'de> for Element<'_, 'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.reader.value(self.marker, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The members of an object, up to its end mark.
struct Members<'a, 'de>(&'a mut Reader<'de>);

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        if self.0.take(b'}') {
            return Ok(None);
        }
        seed.deserialize(BorrowedStrDeserializer::new(self.0.text()?)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        seed.deserialize(&mut *self.0)
    }
}
