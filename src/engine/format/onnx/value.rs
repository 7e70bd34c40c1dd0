//! What a tensor of a graph is to the engine: a constant, columns derived from the inputs, or scores of a model.

use super::tensor::Tensor;
use crate::engine::{columns::Columns, forest::ForestSpec};
use std::rc::Rc;

/// The element type of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// 32-bit floats.
    Single,
    /// 64-bit floats.
    Double,
    /// Whole numbers or truths.
    Whole,
    /// Texts; a column of them is always an input, as the place of its text among the input's categories.
    Text,
}

/// A tensor.
#[derive(Debug, Clone)]
pub enum Value {
    /// The same for each row.
    Constant(Rc<Tensor>),
    /// A table of columns.
    Table(Table),
    /// A table of scores.
    Scores(Vec<Score>),
}

/// A table of columns, a row for each row of the input.
#[derive(Debug, Clone)]
pub struct Table {
    /// The places of the columns.
    pub places: Rc<[u32]>,
    /// The type of all of them.
    pub element: Element,
    /// Whether a one-hot encoder made it of several columns, so that it has a third dimension until it is reshaped.
    pub deep: bool,
}

/// One number a row that a model computes: `form` of `factor` x the sum + `term`.
#[derive(Debug, Clone, Copy)]
pub struct Score {
    /// The place of the sum.
    pub sum: usize,
    pub factor: f64,
    pub term: f64,
    pub form: Form,
}

/// What is made of a score's sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Nothing.
    Raw,
    /// 1 / (1 + exp(-sum)).
    Logistic,
    /// exp(sum).
    Exp,
    /// 1 + exp(sum), which stands on the way to a logistic.
    OnePlusExp,
    /// Something that is there and that the engine does not follow.
    Opaque,
}

/// What adds up to a score.
#[derive(Debug)]
pub enum Sum {
    /// A weighted sum of columns.
    Linear { places: Rc<[u32]>, coefficients: Vec<f64>, intercept: f64 },
    /// Trees over columns.
    Forest {
        spec: ForestSpec,
        columns: Columns,
        /// The least and the greatest output that its leaves could add up to.
        bounds: (f64, f64),
    },
}

impl Score {
    /// A sum as it is.
    pub const fn of(sum: usize) -> Self {
        Self { sum, factor: 1.0, term: 0.0, form: Form::Raw }
    }

    /// It times one number plus another, if that has a form.
    pub fn affine(self, factor: f64, term: f64) -> Option<Self> {
        let changed = match self.form {
            _ if is(factor, 1.0) && is(term, 0.0) => self,
            Form::Raw => Self { factor: self.factor * factor, term: self.term * factor + term, ..self },
            Form::Logistic if is(factor, -1.0) && is(term, 1.0) => self.negated(),
            Form::Exp if factor > 0.0 && is(term, 0.0) => Self { term: self.term + factor.ln(), ..self },
            Form::Exp if is(factor, 1.0) && is(term, 1.0) => Self { form: Form::OnePlusExp, ..self },
            _ => return None,
        };
        Some(changed)
    }

    /// The logistic, the exponential or another function of it, if that has a form.
    pub fn then(self, form: Form) -> Option<Self> {
        (self.form == Form::Raw).then_some(Self { form, ..self })
    }

    /// A number divided by it, if that has a form: 1 / (1 + exp(sum)).
    pub fn divide(self, number: f64) -> Option<Self> {
        let logistic = self.form == Form::OnePlusExp && is(number, 1.0);
        logistic.then(|| Self { form: Form::Logistic, ..self.negated() })
    }

    fn negated(self) -> Self {
        Self { factor: -self.factor, term: -self.term, ..self }
    }
}

/// Whether two scores add up to 1 whatever the row: then a division by their sum changes nothing.
pub fn complements(one: Score, other: Score, sums: &[Sum]) -> bool {
    let opposite = |a: f64, b: f64| is(one.factor * a, -other.factor * b);
    if one.form != other.form {
        return false;
    }
    match (one.form, sums.get(one.sum), sums.get(other.sum)) {
        (Form::Raw, ..) => one.sum == other.sum && is(one.factor, -other.factor) && is(one.term + other.term, 1.0),
        (Form::Logistic, ..) if one.sum == other.sum => is(one.factor, -other.factor) && is(one.term, -other.term),
        (
            Form::Logistic,
            Some(Sum::Linear { places, coefficients, intercept }),
            Some(Sum::Linear { places: others, coefficients: weights, intercept: start }),
        ) => {
            places == others
                && coefficients.iter().zip(weights).all(|(a, b)| opposite(*a, *b))
                && is(one.factor * intercept + one.term, -(other.factor * start + other.term))
        }
        _ => false,
    }
}

/// Whether two numbers of a file are the same.
#[allow(clippy::float_cmp, reason = "a file says exactly this number or it does not")]
pub fn is(one: f64, other: f64) -> bool {
    one == other
}
