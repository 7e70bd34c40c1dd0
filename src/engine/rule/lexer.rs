//! The source as tokens.

use super::{Fault, literal};

/// A piece of the source, and the byte it begins at.
#[derive(Debug)]
pub(super) struct Token {
    pub at: usize,
    pub kind: Kind,
}

/// What a piece of the source is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A whole number without its sign.
    Int(u64),
    /// A number with a fraction or an exponent, without its sign.
    Double(f64),
    /// A text, its escapes taken as what they stand for.
    Text(String),
    /// A word.
    Name(String),
    /// An operator or a bracket.
    Sign(&'static str),
    /// The end of the source.
    End,
}

impl Kind {
    /// What it is, for refusals.
    pub(super) fn described(&self) -> String {
        match self {
            Self::Int(_) | Self::Double(_) => "a number".to_owned(),
            Self::Text(_) => "a string".to_owned(),
            Self::Name(name) => crate::domain::features::shown(name),
            Self::Sign(sign) => format!("'{sign}'"),
            Self::End => "the end".to_owned(),
        }
    }
}

/// Every operator and bracket; one that another begins with comes after it.
const SIGNS: [&str; 22] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "%", "?", ":", "(", ")", "[", "]", ",", ".",
];

/// The tokens of a source, the end last.
pub(super) fn tokens(source: &str) -> Result<Vec<Token>, Fault> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        at = blank_until(source, at);
        let rest = source.get(at..).unwrap_or_default();
        let Some(first) = rest.chars().next() else {
            tokens.push(Token { at, kind: Kind::End });
            return Ok(tokens);
        };
        let (kind, length) = match first {
            '"' | '\'' => literal::text(rest, at)?,
            _ if first.is_ascii_digit() || begins_fraction(rest) => literal::number(rest, at)?,
            _ if begins_word(first) => word(rest, at)?,
            _ => sign(rest, first, at)?,
        };
        tokens.push(Token { at, kind });
        at += length;
    }
}

/// The first byte from `at` on that is neither white space nor in a comment.
fn blank_until(source: &str, mut at: usize) -> usize {
    loop {
        let rest = source.get(at..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']).len();
        let rest = rest.get(blank..).unwrap_or_default();
        at += blank;
        if !rest.starts_with("//") {
            return at;
        }
        at += rest.find('\n').unwrap_or(rest.len());
    }
}

fn begins_fraction(rest: &str) -> bool {
    rest.strip_prefix('.').is_some_and(|after| after.starts_with(|one: char| one.is_ascii_digit()))
}

const fn begins_word(one: char) -> bool {
    one.is_ascii_alphabetic() || one == '_'
}

/// A name, or a text with a letter before its quotes.
fn word(rest: &str, at: usize) -> Result<(Kind, usize), Fault> {
    let length = rest.find(|one: char| !one.is_ascii_alphanumeric() && one != '_').unwrap_or(rest.len());
    let (name, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
    if after.starts_with(['"', '\'']) {
        return match name {
            "r" | "R" => literal::text(rest, at),
            _ => Err(Fault::new(at, format!("a string begins after {name}, and only r may stand before one"))),
        };
    }
    Ok((Kind::Name(name.to_owned()), length))
}

fn sign(rest: &str, first: char, at: usize) -> Result<(Kind, usize), Fault> {
    if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        return Ok((Kind::Sign(sign), sign.len()));
    }
    let message = match first {
        '&' => "'&' is no operator: expected '&&'".to_owned(),
        '|' => "'|' is no operator: expected '||'".to_owned(),
        '=' => "'=' is no operator: expected '=='".to_owned(),
        '{' | '}' => format!("'{first}' is there: maps and messages are not part of conditions"),
        _ => format!("the character U+{:04X} has no meaning outside a string", u32::from(first)),
    };
    Err(Fault::new(at, message))
}
