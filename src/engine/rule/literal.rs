//! Numbers and texts that are written out.

use std::{iter::Peekable, str::CharIndices};

use super::{Fault, MAX_LITERAL_BYTES, lexer::Kind};

/// The number that a text begins with, and how many bytes it has.
pub(super) fn number(rest: &str, at: usize) -> Result<(Kind, usize), Fault> {
    let too_large = || Fault::new(at, "the number does not fit 64 bits");
    let digits_from = |from: usize| {
        let rest = rest.get(from..).unwrap_or_default();
        from + rest.find(|one: char| !one.is_ascii_digit()).unwrap_or(rest.len())
    };
    let is_digit = |place: usize| rest.as_bytes().get(place).is_some_and(u8::is_ascii_digit);
    let (kind, length) = if let Some(hex) = rest.strip_prefix("0x") {
        let length = hex.find(|one: char| !one.is_ascii_hexdigit()).unwrap_or(hex.len());
        let digits = hex.get(..length).unwrap_or_default();
        if digits.is_empty() {
            return Err(Fault::new(at, "0x is there without digits: expected a hexadecimal number"));
        }
        (Kind::Int(u64::from_str_radix(digits, 16).map_err(|_| too_large())?), length + 2)
    } else {
        let whole = digits_from(0);
        let mut end = whole;
        if rest.get(end..).is_some_and(|rest| rest.starts_with('.')) && is_digit(end + 1) {
            end = digits_from(end + 1);
        }
        if rest.get(end..).is_some_and(|rest| rest.starts_with(['e', 'E'])) {
            let signed = rest.get(end + 1..).is_some_and(|rest| rest.starts_with(['+', '-']));
            let digits = end + 1 + usize::from(signed);
            end = if is_digit(digits) { digits_from(digits) } else { end };
        }
        let text = rest.get(..end).unwrap_or_default();
        let kind = if end == whole {
            Kind::Int(text.parse().map_err(|_| too_large())?)
        } else {
            let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
            Kind::Double(value.ok_or_else(too_large)?)
        };
        (kind, end)
    };
    match rest.get(length..).and_then(|rest| rest.chars().next()) {
        Some('u' | 'U') => Err(Fault::new(at, "a number ends in u: unsigned numbers are not part of conditions")),
        Some(next) if next.is_ascii_alphanumeric() || next == '_' => {
            let rule =
                format!("a number is followed by {next}: expected an operator; times are written duration('1h')");
            Err(Fault::new(at + length, rule))
        }
        _ => Ok((kind, length)),
    }
}

/// The text in quotes that a text begins with, and how many bytes it has there, quotes and all.
pub(super) fn text(rest: &str, at: usize) -> Result<(Kind, usize), Fault> {
    let mut chars = rest.char_indices().peekable();
    let raw = chars.next_if(|(_, one)| matches!(one, 'r' | 'R')).is_some();
    let (start, quote) = chars.next().unwrap_or_default();
    if rest.get(start..).is_some_and(|rest| rest.starts_with("'''") || rest.starts_with("\"\"\"")) {
        return Err(Fault::new(at, "three quotes are there: expected a string in one pair of quotes"));
    }
    let mut value = String::new();
    while let Some((place, one)) = chars.next() {
        match one {
            '\n' | '\r' => break,
            _ if one == quote => return Ok((Kind::Text(value), place + 1)),
            '\\' if !raw => value.push(escaped(&mut chars).map_err(|message| Fault::new(at + place, message))?),
            _ => value.push(one),
        }
        if value.len() > MAX_LITERAL_BYTES {
            return Err(Fault::new(at, format!("the string has more than {MAX_LITERAL_BYTES} bytes")));
        }
    }
    Err(Fault::new(at, format!("the string has no end: expected {quote} before the end of the line")))
}

/// The character that an escape stands for, the backslash being read.
fn escaped(chars: &mut Peekable<CharIndices<'_>>) -> Result<char, &'static str> {
    let unknown = "the escape is unknown: expected one of \\\\ \\? \\\" \\' \\` \\a \\b \\f \\n \\r \\t \\v \\x41 \\101 \\u0041 \\U00000041";
    let (_, one) = chars.next().ok_or(unknown)?;
    match one {
        '\\' | '?' | '"' | '\'' | '`' => Ok(one),
        'a' => Ok('\u{7}'),
        'b' => Ok('\u{8}'),
        'f' => Ok('\u{c}'),
        'n' => Ok('\n'),
        'r' => Ok('\r'),
        't' => Ok('\t'),
        'v' => Ok('\u{b}'),
        'x' | 'X' => code_point(chars, 0, 2, 16),
        'u' => code_point(chars, 0, 4, 16),
        'U' => code_point(chars, 0, 8, 16),
        '0'..='3' => code_point(chars, one.to_digit(8).unwrap_or_default(), 2, 8),
        _ => Err(unknown),
    }
}

/// The code point of so many digits more.
fn code_point(
    chars: &mut Peekable<CharIndices<'_>>,
    first: u32,
    digits: usize,
    radix: u32,
) -> Result<char, &'static str> {
    let mut value = first;
    for _ in 0..digits {
        let digit = chars.next_if(|(_, one)| one.is_digit(radix)).and_then(|(_, one)| one.to_digit(radix));
        let digit =
            digit.ok_or("the escape is too short: \\x has two digits, \\u four, \\U eight, an octal one three")?;
        value =
            value.checked_mul(radix).and_then(|value| value.checked_add(digit)).ok_or("the escape is no character")?;
    }
    char::from_u32(value).ok_or("the escape is no character")
}
