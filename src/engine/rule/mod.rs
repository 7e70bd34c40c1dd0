//! The conditions of fraud rules: a strict, typed, loop-free subset of the Common Expression Language (CEL).
//!
//! A condition is checked when a rule is saved: every name must be known and every type must fit. What is left is a
//! [`Program`], a flat list of instructions that are each run at most once, so that its cost is bounded by its size. What is
//! accepted means what CEL says (<https://github.com/google/cel-spec/blob/master/doc/langdef.md>):
//!
//! - A value that is missing is an error, and so are a number that leaves 64 bits and a whole number divided by 0. `&&` and
//!   `||` absorb an error on either side when the other side alone decides; any other error leaves the rule undecided.
//! - `int` and `double` are compared as points of one line of numbers, exactly: 2^53 + 1 is above 2^53 as a `double`.
//!   Arithmetic does not mix them. `double` follows IEEE 754: 1.0 / 0.0 is infinite, and NaN is neither equal to, below nor
//!   above anything.
//! - `int(x)` cuts the fraction off, and is an error from 2^63 on and at -2^63 and below. `size` counts code points.
//! - Times are whole microseconds. A duration has at most 2^63 nanoseconds, and a time lies in the years 1 to 9999.
//!
//! Not in it: comprehensions and other macros than `has`, regular expressions, `+` of strings, `uint`, `bytes`, `null`, maps,
//! and lists but on the right of `in`.

mod check;
mod lexer;
mod literal;
mod moment;
mod names;
mod operand;
mod parse;
mod program;
mod run;
mod value;

use std::collections::BTreeMap;

use thiserror::Error;

pub use program::{Facts, Program};
pub use value::Undecided;

use crate::domain::fraud::EntityKind;

/// The longest condition, in bytes. It is measured before anything else is done.
pub const MAX_SOURCE_BYTES: usize = 2_048;
/// How many levels of parentheses, arguments and branches may lie within each other.
pub const MAX_NESTING: usize = 32;
/// The most instructions of a program.
pub const MAX_INSTRUCTIONS: usize = 512;
/// The most values that a program may hold at once.
pub const MAX_STACK: usize = 32;
/// The most elements of a list that is written out.
pub const MAX_LIST_ELEMENTS: usize = 64;
/// The longest text that is written out, in bytes, its escapes taken as what they stand for.
pub const MAX_LITERAL_BYTES: usize = 256;

/// The names that a condition may use beside those that every condition may.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    /// What each attribute holds, by name.
    pub attributes: BTreeMap<String, AttributeKind>,
    /// The lists by name, and what each holds. A list's slot is its place here.
    pub lists: Vec<(String, EntityKind)>,
}

/// What an attribute holds. An event that gives it as something else counts as not having it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeKind {
    /// A number: `double`.
    Number,
    /// A text: `string`.
    Text,
    /// True or false: `bool`.
    Flag,
}

/// Why a text is no condition, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {message}")]
pub struct RuleError {
    /// The line, from 1 on.
    pub line: u32,
    /// The character in the line, from 1 on.
    pub column: u32,
    /// One sentence: what is there, and what was expected.
    pub message: String,
}

/// What is wrong at a byte of the source.
#[derive(Debug)]
struct Fault {
    at: usize,
    message: String,
}

impl Fault {
    fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }

    /// The fault as the author of the condition finds it.
    fn located(self, source: &str) -> RuleError {
        let before = source.get(..self.at).unwrap_or(source);
        let in_line = before.rsplit('\n').next().unwrap_or_default().chars().count();
        let from_one = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
        RuleError { line: from_one(before.matches('\n').count()), column: from_one(in_line), message: self.message }
    }
}

/// Makes a program of a condition.
///
/// # Errors
/// The first thing that is wrong: a limit, the grammar, a name that the schema does not know, or a type that does not fit.
pub fn compile(source: &str, schema: &Schema) -> Result<Program, RuleError> {
    if source.len() > MAX_SOURCE_BYTES {
        let message = format!("the condition has {} bytes, and may have {MAX_SOURCE_BYTES}", source.len());
        return Err(RuleError { line: 1, column: 1, message });
    }
    let tokens = lexer::tokens(source).map_err(|fault| fault.located(source))?;
    parse::program(tokens, schema).map_err(|fault| fault.located(source))
}
