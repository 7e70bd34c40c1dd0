//! How a program runs.

use std::fmt::Write as _;

use super::{
    AttributeKind, MAX_STACK, moment,
    program::{Facts, Field, Literal, Op},
    value::{Relation, Undecided, Value},
};
use crate::domain::{
    features::FeatureValue,
    fraud::{FeatureType, Scene},
};

/// Runs instructions to their end.
pub(super) fn run(ops: &[Op], names_scene: bool, facts: &Facts<'_>) -> Result<bool, Undecided> {
    let mut room = ScenePlace { bytes: [0; MAX_SCENE_BYTES], length: 0 };
    let scene = if names_scene { room.named(&facts.event.scene) } else { "" };
    let mut stack = Stack { places: [Value::Bool(false); MAX_STACK], held: 0 };
    let mut next = 0;
    while let Some(op) = ops.get(next) {
        next = step(op, next + 1, &mut stack, facts, scene);
    }
    match stack.pop() {
        Value::Bool(hit) => Ok(hit),
        Value::Unknown(why) => Err(why),
        _ => Err(Undecided::Missing),
    }
}

/// Runs an instruction, and answers which comes after it.
#[inline]
fn step<'a>(op: &'a Op, next: usize, stack: &mut Stack<'a>, facts: &Facts<'a>, scene: &'a str) -> usize {
    match op {
        Op::Push(literal) => stack.push(literal.value()),
        Op::Load(field) => stack.push(loaded(field, facts, scene)),
        Op::TestFeature(place, relation, bound) => {
            let feature = facts.features.get(*place).filter(|feature| !feature.is_nan());
            stack.push(match feature {
                Some(feature) => Value::Bool(relation.holds(feature.partial_cmp(bound))),
                None => Value::Unknown(Undecided::Missing),
            });
        }
        Op::Test(field, relation, literal) => {
            stack.push(loaded(field, facts, scene).compared(*relation, literal.value()));
        }
        Op::Has(field) => stack.push(Value::Bool(load(field, facts, scene).is_some())),
        Op::Listed(kind, slot) => stack.push(match (facts.event.entity(*kind), facts.listed.get(*slot)) {
            (Some(_), Some(listed)) => Value::Bool(*listed),
            _ => Value::Unknown(Undecided::Missing),
        }),
        Op::OneOf(literals) => stack.one(|value| one_of(value, literals)),
        Op::Compare(relation) => stack.two(|left, right| left.compared(*relation, right)),
        Op::Compute(how) => stack.two(|left, right| left.computed(*how, right)),
        Op::ComputeTime(how) => stack.two(|left, right| left.computed(*how, right).within(moment::time_us)),
        Op::ComputeDuration(how) => {
            stack.two(|left, right| left.computed(*how, right).within(moment::duration_us));
        }
        Op::Search(how) => stack.two(|text, part| text.searched(*how, part)),
        Op::Negate => stack.one(Value::negated),
        Op::Size => stack.one(Value::size),
        Op::ToInt => stack.one(Value::to_int),
        Op::ToDouble => stack.one(Value::to_double),
        Op::And => stack.two(Value::and),
        Op::Or => stack.two(Value::or),
        Op::AndThen(end) if matches!(stack.top(), Value::Bool(false)) => return *end,
        Op::OrElse(end) if matches!(stack.top(), Value::Bool(true)) => return *end,
        Op::AndThen(_) | Op::OrElse(_) => {}
        Op::Choose { otherwise, end } => match stack.top() {
            Value::Bool(holds) => {
                stack.pop();
                return if holds { next } else { *otherwise };
            }
            _ => return *end,
        },
        Op::Jump(end) => return *end,
    }
    next
}

#[inline]
fn loaded<'a>(field: &'a Field, facts: &Facts<'a>, scene: &'a str) -> Value<'a> {
    load(field, facts, scene).unwrap_or(Value::Unknown(Undecided::Missing))
}

/// The value that a field has; nothing when it is missing.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "a feature that is a whole number is kept as one, and fits")]
fn load<'a>(field: &'a Field, facts: &Facts<'a>, scene: &'a str) -> Option<Value<'a>> {
    let event = facts.event;
    Some(match field {
        Field::Scene => Value::Text(scene),
        Field::Amount => Value::Int(event.amount.as_ref()?.minor),
        Field::Currency => Value::Text(event.amount.as_ref()?.currency.as_str()),
        Field::Time => Value::Int(event.occurred.micros()),
        Field::Hour => Value::Int(i64::from(event.local.hour)),
        Field::Weekday => Value::Int(i64::from(event.local.weekday)),
        Field::Score => Value::Int(i64::from(facts.score?)),
        Field::Entity(kind) => event.entity(*kind).map(|_| Value::Bool(true))?,
        Field::Feature(place, kind) => {
            let feature = facts.features.get(*place).copied().filter(|feature| !feature.is_nan())?;
            match kind {
                FeatureType::Int => Value::Int(feature as i64),
                FeatureType::Double => Value::Double(feature),
                FeatureType::Flag => Value::Bool(feature != 0.0),
                FeatureType::Category(names) => {
                    let place = usize::try_from(feature as i64).ok()?;
                    Value::Text(names.get(place)?)
                }
            }
        }
        Field::Attribute(name, kind) => match (event.attributes.get(name)?, kind) {
            (FeatureValue::Number(number), AttributeKind::Number) => Value::Double(*number),
            (FeatureValue::Text(text), AttributeKind::Text) => Value::Text(text),
            (FeatureValue::Flag(flag), AttributeKind::Flag) => Value::Bool(*flag),
            _ => return None,
        },
    })
}

/// `in` a list that is written out.
fn one_of<'a>(value: Value<'a>, literals: &'a [Literal]) -> Value<'a> {
    if let Value::Unknown(_) = value {
        return value;
    }
    let equal = |literal: &Literal| matches!(value.compared(Relation::EQUAL, literal.value()), Value::Bool(true));
    Value::Bool(literals.iter().any(equal))
}

/// The values that are held. The check has counted them: there are at most as many as there are places.
struct Stack<'a> {
    places: [Value<'a>; MAX_STACK],
    held: usize,
}

impl<'a> Stack<'a> {
    fn push(&mut self, value: Value<'a>) {
        if let Some(place) = self.places.get_mut(self.held) {
            *place = value;
            self.held += 1;
        }
    }

    fn top(&self) -> Value<'a> {
        let last = self.held.checked_sub(1).and_then(|last| self.places.get(last));
        last.copied().unwrap_or(Value::Unknown(Undecided::Missing))
    }

    fn pop(&mut self) -> Value<'a> {
        let top = self.top();
        self.held = self.held.saturating_sub(1);
        top
    }

    fn one(&mut self, make: impl FnOnce(Value<'a>) -> Value<'a>) {
        if let Some(top) = self.held.checked_sub(1).and_then(|last| self.places.get_mut(last)) {
            *top = make(*top);
        }
    }

    fn two(&mut self, make: impl FnOnce(Value<'a>, Value<'a>) -> Value<'a>) {
        let right = self.pop();
        self.one(|left| make(left, right));
    }
}

/// The longest name of a scene: `x-` and 40 characters.
const MAX_SCENE_BYTES: usize = 42;

/// Room for the name of a scene, so that one of the tenant's own is named without allocating.
struct ScenePlace {
    bytes: [u8; MAX_SCENE_BYTES],
    length: usize,
}

impl ScenePlace {
    fn named(&mut self, scene: &Scene) -> &str {
        // Writing fails for a name that no scene can have; it is cut off there.
        let _ = write!(self, "{scene}");
        self.bytes.get(..self.length).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default()
    }
}

impl std::fmt::Write for ScenePlace {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = self.bytes.get_mut(self.length..self.length + text.len()).ok_or(std::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length += text.len();
        Ok(())
    }
}
