//! The check: what is parsed becomes instructions, if its types fit.

use super::{
    Fault, MAX_INSTRUCTIONS, MAX_STACK, Schema, names,
    program::{Field, Literal, Op, Program},
    value::{Arithmetic, Relation, Search},
};
use crate::domain::fraud::{EntityKind, FeatureType};

/// The type of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Int,
    Double,
    Bool,
    Text,
    Time,
    Duration,
    /// It has no value: it is there for `in` and `has` alone, and makes no instruction.
    Entity(EntityKind),
}

impl Type {
    /// With its article, for refusals.
    fn described(self) -> String {
        match self {
            Self::Int => "an int".to_owned(),
            Self::Double => "a double".to_owned(),
            Self::Bool => "a bool".to_owned(),
            Self::Text => "a string".to_owned(),
            Self::Time => "a timestamp".to_owned(),
            Self::Duration => "a duration".to_owned(),
            Self::Entity(kind) => format!("entity.{}, which may only be held against a list with 'in'", kind.name()),
        }
    }

    const fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Double)
    }
}

/// An expression whose instructions are there: what it gives, and where it begins in the source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Typed {
    pub of: Type,
    pub at: usize,
}

impl Typed {
    /// Refuses another type than one.
    pub(super) fn require(self, of: Type, whose: &str) -> Result<(), Fault> {
        if self.of == of {
            return Ok(());
        }
        let message = format!("{whose} is {}: expected {}", self.of.described(), of.described());
        Err(Fault::new(self.at, message))
    }
}

/// The instructions so far.
pub(super) struct Code<'s> {
    schema: &'s Schema,
    ops: Vec<Op>,
    /// How many values are held when the instructions so far have run.
    held: usize,
    /// The furthest instruction that a jump goes to: those from there on run one after another.
    joined: usize,
}

impl<'s> Code<'s> {
    pub(super) const fn new(schema: &'s Schema) -> Self {
        Self { schema, ops: Vec::new(), held: 0, joined: 0 }
    }

    /// The program, if what was parsed is a condition.
    pub(super) fn finish(self, condition: Typed) -> Result<Program, Fault> {
        condition.require(Type::Bool, "the condition")?;
        Ok(Program::new(self.ops))
    }

    /// Adds an instruction that takes so many values off the stack and puts one on it.
    fn add(&mut self, op: Op, takes: usize, at: usize) -> Result<(), Fault> {
        if self.ops.len() >= MAX_INSTRUCTIONS {
            return Err(Fault::new(at, format!("the condition has more than {MAX_INSTRUCTIONS} instructions")));
        }
        self.held = self.held.saturating_sub(takes) + 1;
        if self.held > MAX_STACK {
            let message = format!("more than {MAX_STACK} values wait for each other: expected fewer open operations");
            return Err(Fault::new(at, message));
        }
        self.ops.push(op);
        Ok(())
    }

    pub(super) fn literal(&mut self, literal: Literal, of: Type, at: usize) -> Result<Typed, Fault> {
        self.add(Op::Push(literal), 0, at)?;
        Ok(Typed { of, at })
    }

    /// `group.name`.
    pub(super) fn load(&mut self, group: &str, name: &str, at: usize) -> Result<Typed, Fault> {
        let (field, of) = names::field(self.schema, group, name, at)?;
        if !matches!(of, Type::Entity(_)) {
            self.add(Op::Load(field), 0, at)?;
        }
        Ok(Typed { of, at })
    }

    /// `has(group.name)`.
    pub(super) fn has(&mut self, group: &str, name: &str, at: usize) -> Result<Typed, Fault> {
        let (field, _) = names::field(self.schema, group, name, at)?;
        self.add(Op::Has(field), 0, at)?;
        Ok(Typed { of: Type::Bool, at })
    }

    /// `left in lists.name`.
    pub(super) fn listed(&mut self, left: Typed, name: &str, at: usize) -> Result<Typed, Fault> {
        let (slot, holds) = names::list(self.schema, name, at)?;
        let Type::Entity(kind) = left.of else {
            let is = left.of.described();
            return Err(Fault::new(
                left.at,
                format!("{is} is held against lists.{name}: expected entity.{}", holds.name()),
            ));
        };
        if kind != holds {
            let (kind, holds) = (kind.name(), holds.name());
            let message =
                format!("entity.{kind} is held against lists.{name}: expected entity.{holds}, which it holds");
            return Err(Fault::new(left.at, message));
        }
        self.add(Op::Listed(kind, slot), 0, at)?;
        Ok(Typed { of: Type::Bool, at: left.at })
    }

    /// `left in [..]`, whose elements are all of one type.
    pub(super) fn one_of(&mut self, left: Typed, literals: Vec<Literal>, of: Type, at: usize) -> Result<Typed, Fault> {
        left.require(of, "what is looked for")?;
        self.add(Op::OneOf(literals.into()), 1, at)?;
        Ok(Typed { of: Type::Bool, at: left.at })
    }

    pub(super) fn compare(&mut self, left: Typed, sign: &str, right: Typed, how: Relation) -> Result<Typed, Fault> {
        let entity = [left, right].into_iter().find(|side| matches!(side.of, Type::Entity(_)));
        if let Some(entity) = entity {
            return Err(Fault::new(entity.at, format!("there is {}", entity.of.described())));
        }
        if left.of != right.of && !(left.of.is_number() && right.of.is_number()) {
            let (left, is) = (left.of.described(), right.of.described());
            return Err(Fault::new(right.at, format!("right of '{sign}' is {is}: expected {left}, as on the left")));
        }
        self.add(Op::Compare(how), 2, right.at)?;
        self.shorten();
        Ok(Typed { of: Type::Bool, at: left.at })
    }

    /// Makes one instruction of the last three, if they load a field and compare it with a literal, and no jump ends in them.
    fn shorten(&mut self) {
        let Some(start) = self.ops.len().checked_sub(3).filter(|start| *start >= self.joined) else { return };
        if let Some([Op::Load(field), Op::Push(literal), Op::Compare(how)]) = self.ops.get(start..) {
            let test = match (field, literal.as_exact_double()) {
                (Field::Feature(place, FeatureType::Int | FeatureType::Double), Some(bound)) => {
                    Op::TestFeature(*place, *how, bound)
                }
                _ => Op::Test(field.clone(), *how, literal.clone()),
            };
            self.ops.truncate(start);
            self.ops.push(test);
        }
    }

    pub(super) fn compute(&mut self, left: Typed, sign: &str, right: Typed, how: Arithmetic) -> Result<Typed, Fault> {
        let add_or_subtract = matches!(how, Arithmetic::Add | Arithmetic::Subtract);
        let (op, of) = match (left.of, right.of) {
            (Type::Int, Type::Int) => (Op::Compute(how), Type::Int),
            (Type::Double, Type::Double) if how != Arithmetic::Remainder => (Op::Compute(how), Type::Double),
            (Type::Time, Type::Duration) if add_or_subtract => (Op::ComputeTime(how), Type::Time),
            (Type::Duration, Type::Time) if how == Arithmetic::Add => (Op::ComputeTime(how), Type::Time),
            (Type::Time, Type::Time) if how == Arithmetic::Subtract => (Op::ComputeDuration(how), Type::Duration),
            (Type::Duration, Type::Duration) if add_or_subtract => (Op::ComputeDuration(how), Type::Duration),
            (a, b) => {
                let advice = match (a, b) {
                    (Type::Int, Type::Double) | (Type::Double, Type::Int) => {
                        "expected two of one type, as double(x) makes"
                    }
                    _ if how == Arithmetic::Remainder => "expected two ints",
                    _ if add_or_subtract => "expected two ints or two doubles, or times and durations",
                    _ => "expected two ints or two doubles",
                };
                let message = format!("'{sign}' stands between {} and {}: {advice}", a.described(), b.described());
                return Err(Fault::new(right.at, message));
            }
        };
        self.add(op, 2, right.at)?;
        Ok(Typed { of, at: left.at })
    }

    /// `!` or unary `-`, so often; every two cancel out, as in other implementations.
    pub(super) fn negate(&mut self, value: Typed, sign: &str, times: usize, at: usize) -> Result<Typed, Fault> {
        if sign == "!" {
            value.require(Type::Bool, "what is negated")?;
        } else if !value.of.is_number() {
            let message = format!("behind '-' is {}: expected an int or a double", value.of.described());
            return Err(Fault::new(value.at, message));
        }
        if times % 2 == 1 {
            self.add(Op::Negate, 1, at)?;
        }
        Ok(Typed { of: value.of, at })
    }

    /// `int(x)` and `double(x)`.
    pub(super) fn convert(&mut self, value: Typed, to: Type, at: usize) -> Result<Typed, Fault> {
        if !value.of.is_number() {
            let message = format!("what is converted is {}: expected an int or a double", value.of.described());
            return Err(Fault::new(value.at, message));
        }
        self.add(if to == Type::Int { Op::ToInt } else { Op::ToDouble }, 1, at)?;
        Ok(Typed { of: to, at })
    }

    /// `size(text)`.
    pub(super) fn size(&mut self, text: Typed, at: usize) -> Result<Typed, Fault> {
        text.require(Type::Text, "what size is asked of")?;
        self.add(Op::Size, 1, at)?;
        Ok(Typed { of: Type::Int, at })
    }

    /// `text.startsWith(part)` and its like.
    pub(super) fn search(&mut self, text: Typed, how: Search, part: Typed) -> Result<Typed, Fault> {
        part.require(Type::Text, "the part that is looked for")?;
        self.add(Op::Search(how), 2, part.at)?;
        Ok(Typed { of: Type::Bool, at: text.at })
    }

    /// Adds the jump behind the left side of `&&` or `||`, and answers its place.
    pub(super) fn left_of(&mut self, left: Typed, sign: &'static str) -> Result<usize, Fault> {
        left.require(Type::Bool, &format!("left of '{sign}'"))?;
        let place = self.ops.len();
        self.add(if sign == "&&" { Op::AndThen(0) } else { Op::OrElse(0) }, 1, left.at)?;
        Ok(place)
    }

    /// Joins the sides of `&&` or `||`, whose jump stands at the place.
    pub(super) fn join(&mut self, left: Typed, sign: &'static str, right: Typed, place: usize) -> Result<Typed, Fault> {
        right.require(Type::Bool, &format!("right of '{sign}'"))?;
        self.add(if sign == "&&" { Op::And } else { Op::Or }, 2, right.at)?;
        let end = self.ops.len();
        self.joined = end;
        if let Some(Op::AndThen(to) | Op::OrElse(to)) = self.ops.get_mut(place) {
            *to = end;
        }
        Ok(left)
    }

    /// Adds the jump behind the condition of `?:`, and answers its place.
    pub(super) fn choose(&mut self, condition: Typed) -> Result<usize, Fault> {
        condition.require(Type::Bool, "left of '?'")?;
        let place = self.ops.len();
        self.add(Op::Choose { otherwise: 0, end: 0 }, 1, condition.at)?;
        self.held -= 1;
        Ok(place)
    }

    /// Adds the jump behind the first branch, and answers its place.
    pub(super) fn end_of_branch(&mut self, at: usize) -> Result<usize, Fault> {
        let place = self.ops.len();
        self.add(Op::Jump(0), 1, at)?;
        self.held -= 1;
        Ok(place)
    }

    /// Joins the branches of `?:`, whose jumps stand at the places.
    pub(super) fn chosen(&mut self, places: [usize; 2], branches: [Typed; 2], at: usize) -> Result<Typed, Fault> {
        let [first, second] = branches;
        if let Type::Entity(_) = first.of {
            return Err(Fault::new(first.at, format!("there is {}", first.of.described())));
        }
        second.require(first.of, "right of ':'")?;
        let beyond = self.ops.len();
        self.joined = beyond;
        let [choose, jump] = places;
        if let Some(Op::Choose { otherwise, end }) = self.ops.get_mut(choose) {
            (*otherwise, *end) = (jump + 1, beyond);
        }
        if let Some(Op::Jump(end)) = self.ops.get_mut(jump) {
            *end = beyond;
        }
        Ok(Typed { of: first.of, at })
    }
}
