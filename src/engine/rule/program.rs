//! A checked condition.

use std::collections::BTreeSet;

use super::{
    AttributeKind, run,
    value::{Arithmetic, Relation, Search, Undecided, Value},
};
use crate::domain::fraud::{EntityKind, Event, FeatureType};

/// A value that a condition may name.
#[derive(Debug, Clone)]
pub(super) enum Field {
    Scene,
    Amount,
    Currency,
    Time,
    Hour,
    Weekday,
    Score,
    /// By its place in the catalogue.
    Feature(usize, FeatureType),
    Attribute(Box<str>, AttributeKind),
    /// True when there is one.
    Entity(EntityKind),
}

/// A value that is written out.
#[derive(Debug, Clone)]
pub(super) enum Literal {
    Int(i64),
    Double(f64),
    Bool(bool),
    Text(Box<str>),
}

impl Literal {
    pub(super) fn value(&self) -> Value<'_> {
        match self {
            Self::Int(number) => Value::Int(*number),
            Self::Double(number) => Value::Double(*number),
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Text(text) => Value::Text(text),
        }
    }

    /// The number as a `double`, if that is no other number.
    pub(super) fn as_exact_double(&self) -> Option<f64> {
        match self {
            Self::Int(number) => i32::try_from(*number).ok().map(f64::from),
            Self::Double(number) => Some(*number),
            _ => None,
        }
    }
}

/// One instruction of a machine with a stack. Jumps only go forward, to an instruction by its place, so every program ends.
#[derive(Debug, Clone)]
pub(super) enum Op {
    Push(Literal),
    Load(Field),
    Has(Field),
    /// Whether the event's entity of the kind stands in the list of the slot.
    Listed(EntityKind, usize),
    OneOf(Box<[Literal]>),
    Compare(Relation),
    /// `field relation literal` in one: what most of a rule is.
    Test(Field, Relation, Literal),
    /// The same of a feature that is a number, by its place.
    TestFeature(usize, Relation, f64),
    Compute(Arithmetic),
    /// The result is a time: the years 1 to 9999.
    ComputeTime(Arithmetic),
    /// The result is a duration.
    ComputeDuration(Arithmetic),
    Search(Search),
    /// `!` and unary `-`.
    Negate,
    Size,
    ToInt,
    ToDouble,
    /// Goes there, the left side staying, when it decides.
    AndThen(usize),
    And,
    OrElse(usize),
    Or,
    /// `?:` takes its condition off and goes on, or to the other branch; to the end, when the condition is unknown.
    Choose {
        otherwise: usize,
        end: usize,
    },
    Jump(usize),
}

/// What a condition is held against.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The event.
    pub event: &'a Event,
    /// The features in the order of the catalogue; NaN is a missing one.
    pub features: &'a [f64],
    /// The model's score; missing without a model.
    pub score: Option<i32>,
    /// By list slot: whether the event's entity of the list's kind stands in the list.
    pub listed: &'a [bool],
}

/// A condition that was checked. It runs at most [`MAX_INSTRUCTIONS`](super::MAX_INSTRUCTIONS) instructions, each once, and
/// allocates nothing.
#[derive(Debug, Clone)]
pub struct Program {
    ops: Vec<Op>,
    names_scene: bool,
}

impl Program {
    pub(super) fn new(ops: Vec<Op>) -> Self {
        let names_scene = ops.iter().any(|op| matches!(op, Op::Load(Field::Scene) | Op::Test(Field::Scene, ..)));
        Self { ops, names_scene }
    }

    /// How many instructions it has.
    #[must_use]
    pub fn instructions(&self) -> usize {
        self.ops.len()
    }

    /// The slots of the lists that it names, the lowest first, each once.
    pub fn lists(&self) -> impl Iterator<Item = usize> {
        let slot = |op: &Op| if let Op::Listed(_, slot) = op { Some(*slot) } else { None };
        self.ops.iter().filter_map(slot).collect::<BTreeSet<usize>>().into_iter()
    }

    /// Whether it names the model's score.
    #[must_use]
    pub fn uses_score(&self) -> bool {
        self.ops
            .iter()
            .any(|op| matches!(op, Op::Load(Field::Score) | Op::Test(Field::Score, ..) | Op::Has(Field::Score)))
    }

    /// Whether the condition is definitely true.
    #[must_use]
    pub fn hits(&self, facts: &Facts<'_>) -> bool {
        self.evaluate(facts) == Ok(true)
    }

    /// Whether the condition is true.
    ///
    /// # Errors
    /// Why it is neither true nor false.
    pub fn evaluate(&self, facts: &Facts<'_>) -> Result<bool, Undecided> {
        run::run(&self.ops, self.names_scene, facts)
    }
}
