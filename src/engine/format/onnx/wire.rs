//! Protocol buffers' wire format, read in place: nothing is copied or allocated, whatever a file says.
//!
//! A generated schema would not do here: it spends 24 bytes on a text of none and hundreds on an empty message, and a file
//! can have one of either for every two of its bytes. Source: the encoding as the Protocol Buffers documentation gives it.

use crate::engine::LoadError;

/// The value of one field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wire<'a> {
    /// A whole number.
    Varint(u64),
    /// Eight bytes: a double.
    Fixed64([u8; 8]),
    /// Bytes, a text, a message, or packed numbers.
    Bytes(&'a [u8]),
    /// Four bytes: a float.
    Fixed32([u8; 4]),
}

/// The fields of a message, in the order of the file. It ends after the first error.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The fields of a message.
    pub const fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*head)
    }

    fn field(&mut self) -> Option<(u64, Wire<'a>)> {
        let key = varint(&mut self.rest)?;
        let value = match key & 7 {
            0 => Wire::Varint(varint(&mut self.rest)?),
            1 => Wire::Fixed64(self.take()?),
            2 => {
                let length = usize::try_from(varint(&mut self.rest)?).ok()?;
                let (head, rest) = self.rest.split_at_checked(length)?;
                self.rest = rest;
                Wire::Bytes(head)
            }
            5 => Wire::Fixed32(self.take()?),
            _ => return None,
        };
        Some((key >> 3, value)).filter(|(number, _)| *number > 0)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Wire<'a>), LoadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        Some(self.field().ok_or_else(|| {
            self.rest = &[];
            LoadError::Form("not a whole protocol buffer".to_owned())
        }))
    }
}

/// Takes a whole number off the front.
fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for (at, byte) in rest.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            *rest = rest.get(at + 1..)?;
            return Some(value);
        }
    }
    None
}

/// A kind of number that a field repeats, packed or not.
pub trait Number: Sized {
    /// The number as a field of its own.
    fn of(value: Wire<'_>) -> Option<Self>;
    /// Takes a packed number off the front.
    fn unpack(rest: &mut &[u8]) -> Option<Self>;
}

macro_rules! number {
    ($kind:ty, $wire:ident) => {
        impl Number for $kind {
            fn of(value: Wire<'_>) -> Option<Self> {
                let Wire::$wire(bytes) = value else { return None };
                Some(Self::from_le_bytes(bytes))
            }

            fn unpack(rest: &mut &[u8]) -> Option<Self> {
                let (head, tail) = rest.split_first_chunk()?;
                *rest = tail;
                Some(Self::from_le_bytes(*head))
            }
        }
    };
}

number!(f32, Fixed32);
number!(f64, Fixed64);

impl Number for i64 {
    fn of(value: Wire<'_>) -> Option<Self> {
        let Wire::Varint(value) = value else { return None };
        Some(value.cast_signed())
    }

    fn unpack(rest: &mut &[u8]) -> Option<Self> {
        varint(rest).map(u64::cast_signed)
    }
}

/// Calls for each number of a repeated field.
fn each<T: Number>(message: &[u8], field: u64, mut call: impl FnMut(T)) -> Result<(), LoadError> {
    let broken = || LoadError::Form("a list of numbers is broken".to_owned());
    for one in Fields::of(message) {
        match one? {
            (number, Wire::Bytes(mut packed)) if number == field => {
                while !packed.is_empty() {
                    call(T::unpack(&mut packed).ok_or_else(broken)?);
                }
            }
            (number, value) if number == field => call(T::of(value).ok_or_else(broken)?),
            _ => {}
        }
    }
    Ok(())
}

/// The numbers of a repeated field, as `keep` makes them, in a list of exactly their size.
pub fn numbers<T: Number, U>(message: &[u8], field: u64, mut keep: impl FnMut(T) -> U) -> Result<Vec<U>, LoadError> {
    let mut count = 0;
    each(message, field, |_: T| count += 1)?;
    let mut list = Vec::with_capacity(count);
    each(message, field, |one| list.push(keep(one)))?;
    Ok(list)
}

/// The bytes of each occurrence of a field, in a list of exactly their size.
pub fn parts(message: &[u8], field: u64) -> Result<Vec<&[u8]>, LoadError> {
    let mut count = 0;
    for one in Fields::of(message) {
        count += usize::from(one?.0 == field);
    }
    let mut list = Vec::with_capacity(count);
    for one in Fields::of(message) {
        match one? {
            (number, Wire::Bytes(bytes)) if number == field => list.push(bytes),
            (number, _) if number == field => {
                return Err(LoadError::Form("a message or text is not there".to_owned()));
            }
            _ => {}
        }
    }
    Ok(list)
}

/// The last occurrence of a field that is bytes: a message or a text of its own.
pub fn part(message: &[u8], field: u64) -> Result<Option<&[u8]>, LoadError> {
    let mut found = None;
    for one in Fields::of(message) {
        if let (number, Wire::Bytes(bytes)) = one?
            && number == field
        {
            found = Some(bytes);
        }
    }
    Ok(found)
}

/// The last occurrence of a field that is a whole number.
pub fn integer(message: &[u8], field: u64) -> Result<Option<i64>, LoadError> {
    let mut found = None;
    for one in Fields::of(message) {
        if let (number, Wire::Varint(value)) = one?
            && number == field
        {
            found = Some(value.cast_signed());
        }
    }
    Ok(found)
}

/// Bytes as a text.
pub fn text(bytes: &[u8]) -> Result<&str, LoadError> {
    std::str::from_utf8(bytes).map_err(|_| LoadError::Form("a text is not UTF-8".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_packed_and_one_by_one() {
        let message = [0x42, 3, 1, 0x96, 1, 0x40, 7, 0x3a, 4, 0, 0, 0x80, 0x3f];
        assert_eq!(numbers(&message, 8, |one: i64| one).unwrap(), [1, 150, 7]);
        assert_eq!(numbers(&message, 7, |one: f32| one).unwrap(), [1.0]);
        assert_eq!(integer(&message, 8).unwrap(), Some(7));
    }

    #[test]
    fn what_is_cut_or_of_a_wrong_kind_is_refused() {
        for message in
            [&[0x42, 3, 1][..], &[0x42], &[0x0b, 0], &[0x80; 11], &[0x42, 1, 0x80], &[0x3a, 2, 0, 0], &[0, 1]]
        {
            let integers = numbers(message, 8, |one: i64| one);
            let floats = numbers(message, 7, |one: f32| one);
            assert!(integers.is_err() || floats.is_err(), "{message:?}");
        }
        assert!(parts(&[0x08, 1], 1).is_err());
        assert!(text(&[0xff]).is_err());
    }
}
