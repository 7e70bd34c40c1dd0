//! What a program computes with.

use std::cmp::Ordering;

use thiserror::Error;

/// Why a condition is neither true nor false.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Undecided {
    /// A value that it needs is missing.
    #[error("a value is missing")]
    Missing,
    /// A number leaves 64 bits, or a time or duration its range.
    #[error("a number leaves its range")]
    Overflow,
    /// A whole number is divided by 0.
    #[error("a divisor is 0")]
    DivisionByZero,
}

/// A value. Times and durations are whole numbers of microseconds: the check keeps them apart.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    Int(i64),
    Double(f64),
    Bool(bool),
    Text(&'a str),
    Unknown(Undecided),
}

/// Two values of types that the check does not let meet: it makes no program that comes here.
const UNCHECKED: Value<'static> = Value::Unknown(Undecided::Missing);

/// A comparison, as the outcomes that make it true: one bit each for less, equal, greater, and neither for NaN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Relation(u8);

impl Relation {
    pub(super) const LESS: Self = Self(0b0001);
    pub(super) const EQUAL: Self = Self(0b0010);
    pub(super) const LESS_OR_EQUAL: Self = Self(0b0011);
    pub(super) const GREATER: Self = Self(0b0100);
    pub(super) const GREATER_OR_EQUAL: Self = Self(0b0110);
    pub(super) const NOT_EQUAL: Self = Self(0b1101);

    pub(super) const fn holds(self, order: Option<Ordering>) -> bool {
        let outcome = match order {
            Some(Ordering::Less) => 0b0001,
            Some(Ordering::Equal) => 0b0010,
            Some(Ordering::Greater) => 0b0100,
            None => 0b1000,
        };
        self.0 & outcome != 0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    StartsWith,
    EndsWith,
    Contains,
}

impl Value<'_> {
    /// The number, or the overflow that it is absent for.
    pub(super) fn fitting(number: Option<i64>) -> Self {
        number.map_or(Self::Unknown(Undecided::Overflow), Self::Int)
    }

    #[inline]
    pub(super) fn compared(self, relation: Relation, other: Self) -> Self {
        let order = match (self, other) {
            (Self::Unknown(_), _) => return self,
            (_, Self::Unknown(_)) => return other,
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(&b)),
            (Self::Double(a), Self::Double(b)) => a.partial_cmp(&b),
            (Self::Int(a), Self::Double(b)) => int_to_double(a, b),
            (Self::Double(a), Self::Int(b)) => int_to_double(b, a).map(Ordering::reverse),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(&b)),
            _ => return UNCHECKED,
        };
        Self::Bool(relation.holds(order))
    }

    pub(super) fn computed(self, how: Arithmetic, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown(_), _) => self,
            (_, Self::Unknown(_)) => other,
            (Self::Int(a), Self::Int(b)) => match how {
                Arithmetic::Add => Self::fitting(a.checked_add(b)),
                Arithmetic::Subtract => Self::fitting(a.checked_sub(b)),
                Arithmetic::Multiply => Self::fitting(a.checked_mul(b)),
                Arithmetic::Divide | Arithmetic::Remainder if b == 0 => Self::Unknown(Undecided::DivisionByZero),
                Arithmetic::Divide => Self::fitting(a.checked_div(b)),
                Arithmetic::Remainder => Self::fitting(a.checked_rem(b)),
            },
            (Self::Double(a), Self::Double(b)) => match how {
                Arithmetic::Add => Self::Double(a + b),
                Arithmetic::Subtract => Self::Double(a - b),
                Arithmetic::Multiply => Self::Double(a * b),
                Arithmetic::Divide => Self::Double(a / b),
                Arithmetic::Remainder => UNCHECKED,
            },
            _ => UNCHECKED,
        }
    }

    /// The number, if the range has it.
    pub(super) fn within(self, range: fn(i64) -> Option<i64>) -> Self {
        match self {
            Self::Int(number) => Self::fitting(range(number)),
            other => other,
        }
    }

    pub(super) fn searched(self, how: Search, part: Self) -> Self {
        match (self, part) {
            (Self::Unknown(_), _) => self,
            (_, Self::Unknown(_)) => part,
            (Self::Text(text), Self::Text(part)) => Self::Bool(match how {
                Search::StartsWith => text.starts_with(part),
                Search::EndsWith => text.ends_with(part),
                Search::Contains => text.contains(part),
            }),
            _ => UNCHECKED,
        }
    }

    pub(super) fn negated(self) -> Self {
        match self {
            Self::Unknown(_) => self,
            Self::Int(number) => Self::fitting(number.checked_neg()),
            Self::Double(number) => Self::Double(-number),
            Self::Bool(flag) => Self::Bool(!flag),
            Self::Text(_) => UNCHECKED,
        }
    }

    pub(super) fn size(self) -> Self {
        match self {
            Self::Unknown(_) => self,
            Self::Text(text) => Self::fitting(i64::try_from(text.chars().count()).ok()),
            _ => UNCHECKED,
        }
    }

    /// `int(x)`: the limits, both excluded, are those of other implementations.
    #[expect(clippy::cast_possible_truncation, reason = "the number lies within 64 bits, and the fraction is to go")]
    pub(super) fn to_int(self) -> Self {
        match self {
            Self::Unknown(_) | Self::Int(_) => self,
            Self::Double(number) => Self::fitting((number.abs() < TWO_TO_63).then_some(number as i64)),
            _ => UNCHECKED,
        }
    }

    /// `double(x)`: the nearest one.
    #[expect(clippy::cast_precision_loss, reason = "it is what CEL says")]
    pub(super) fn to_double(self) -> Self {
        match self {
            Self::Unknown(_) | Self::Double(_) => self,
            Self::Int(number) => Self::Double(number as f64),
            _ => UNCHECKED,
        }
    }

    /// `&&`: one false decides, whatever the other is.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Bool(false), _) | (_, Self::Bool(false)) => Self::Bool(false),
            (Self::Bool(true), _) => other,
            _ => self,
        }
    }

    /// `||`: one true decides, whatever the other is.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Bool(true), _) | (_, Self::Bool(true)) => Self::Bool(true),
            (Self::Bool(false), _) => other,
            _ => self,
        }
    }
}

const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

/// How a whole number stands to any number, without rounding it; nothing for NaN.
#[expect(clippy::cast_possible_truncation, reason = "the number lies within 64 bits")]
fn int_to_double(int: i64, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        None
    } else if double >= TWO_TO_63 {
        Some(Ordering::Less)
    } else if double < -TWO_TO_63 {
        Some(Ordering::Greater)
    } else {
        let beyond = 0.0_f64.partial_cmp(&double.fract())?;
        Some(int.cmp(&(double.trunc() as i64)).then(beyond))
    }
}
