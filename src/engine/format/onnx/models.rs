//! The operators that are models: tree ensembles, linear models and products with a constant.

use super::{
    graph::Operator,
    lower::{Lowering, OPAQUE},
    nodes,
    tensor::Tensor,
    trees,
    value::{Element, Form, Score, Sum, Table, Value},
};
use crate::engine::{
    LoadError,
    forest::{ForestSpec, Precision},
};
use std::rc::Rc;

/// How much more than 1 the leaves of an average of probabilities may add up to, as each was rounded to 32 bits.
const ROUNDING: f64 = 1e-3;

fn labels(operator: &Operator<'_>, integers: &str) -> Result<(), LoadError> {
    let integers = operator.integers(integers, |_| ())?.len();
    let texts = operator.texts("classlabels_strings")?.len();
    if [(2, 0), (0, 2)].contains(&(integers, texts)) {
        return Ok(());
    }
    Err(operator.unsupported(&format!(" of {} classes", integers.max(texts))))
}

/// The two scores of a binary classifier.
///
/// With the weights of one class only, both classes are made of the same sum: when it is a probability the other is 1 - it.
pub fn tree_classifier<'a>(
    lowering: &mut Lowering<'a>,
    operator: &Operator<'a>,
    table: &Table,
) -> Result<Vec<Score>, LoadError> {
    labels(operator, "classlabels_int64s")?;
    let mut seen = [false; 2];
    let mut beyond = false;
    operator.integers("class_ids", |class| match class {
        0 => seen[0] = true,
        1 => seen[1] = true,
        _ => beyond = true,
    })?;
    if beyond || seen == [false; 2] {
        return Err(operator.rule("a weight is of a class that is not there"));
    }
    let base = nodes::floats(operator, "base_values")?;
    let post = operator.text("post_transform")?;
    let both = seen == [true; 2];
    let start = match (&base[..], seen) {
        ([], _) => 0.0,
        ([one], [true, false]) => *one,
        // What a runtime makes of other combinations differs from version to version.
        _ => return Err(operator.unsupported(" with these base values")),
    };
    let softmax = match post {
        "" | "NONE" | "LOGISTIC" => false,
        "SOFTMAX" if seen[1] => true,
        other => return Err(operator.unsupported(&format!(" with post transform {other:.20}"))),
    };
    let factor = |class| match class {
        0 if both && softmax => -1.0,
        0 if both => 0.0,
        _ => 1.0,
    };
    let ensemble = trees::read(lowering, operator, table, "class", factor)?;
    let (score, probability) = forest(lowering, ensemble, start, false)?;
    let other = if both { OPAQUE } else { negative(score, probability, post)? };
    let form = if softmax || post == "LOGISTIC" { Form::Logistic } else { Form::Raw };
    Ok(vec![if form == Form::Logistic && !both { Score { form, ..other } } else { other }, Score { form, ..score }])
}

/// The score of the class that has no weights.
fn negative(score: Score, probability: bool, post: &str) -> Result<Score, LoadError> {
    let complement = probability && post != "LOGISTIC";
    let other = score.affine(-1.0, if complement { 1.0 } else { 0.0 });
    other.ok_or_else(|| LoadError::rule("trees", "a score has no form"))
}

/// Whether all outputs between two bounds are probabilities.
pub fn is_probability(bounds: (f64, f64)) -> bool {
    bounds.0 >= 0.0 && bounds.1 <= 1.0 + ROUNDING
}

/// Adds a forest to the sums; also says whether its outputs are probabilities.
fn forest(
    lowering: &mut Lowering<'_>,
    ensemble: trees::Ensemble,
    base: f64,
    average: bool,
) -> Result<(Score, bool), LoadError> {
    let trees::Ensemble { trees, mut places, precision, bounds } = ensemble;
    if precision == Precision::Single {
        // The forest rounds by itself what it reads.
        for place in &mut places {
            *place = lowering.before_rounding(*place);
        }
    }
    #[allow(clippy::cast_precision_loss, reason = "there are fewer trees than bytes in a file")]
    let scale = if average { 1.0 / trees.len() as f64 } else { 1.0 };
    let bounds = (base + scale * bounds.0, base + scale * bounds.1);
    let spec = ForestSpec { inputs: places.len(), precision, sums: Precision::Double, base, scale, trees };
    let columns = lowering.columns.select(&places);
    let score = lowering.sum(Sum::Forest { spec, columns, bounds })?;
    Ok((score, is_probability(bounds)))
}

/// The value of a regression.
pub fn tree_regressor<'a>(
    lowering: &mut Lowering<'a>,
    operator: &Operator<'a>,
    table: &Table,
) -> Result<Value, LoadError> {
    one_target(operator, "n_targets")?;
    let average = match operator.text("aggregate_function")? {
        "" | "SUM" => false,
        "AVERAGE" => true,
        other => return Err(operator.unsupported(&format!(" with aggregate {other:.20}"))),
    };
    let start = match nodes::floats(operator, "base_values")?[..] {
        [] => 0.0,
        [one] => one,
        _ => return Err(operator.rule("it must have one base value")),
    };
    let mut beyond = false;
    operator.integers("target_ids", |target| beyond |= target != 0)?;
    if beyond {
        return Err(operator.rule("a weight is of a target that is not there"));
    }
    let ensemble = trees::read(lowering, operator, table, "target", |_| 1.0)?;
    Ok(Value::Scores(vec![forest(lowering, ensemble, start, average)?.0]))
}

/// A regression must have one target, and no transform: runtimes leave out those that the format has.
fn one_target(operator: &Operator<'_>, attribute: &str) -> Result<(), LoadError> {
    if operator.integer(attribute, 1)? != 1 {
        return Err(operator.unsupported(" of several targets"));
    }
    match operator.text("post_transform")? {
        "" | "NONE" => Ok(()),
        other => Err(operator.unsupported(&format!(" with post transform {other:.20}"))),
    }
}

/// The two scores of a binary linear classifier.
pub fn linear_classifier<'a>(
    lowering: &mut Lowering<'a>,
    operator: &Operator<'a>,
    table: &Table,
) -> Result<Vec<Score>, LoadError> {
    labels(operator, "classlabels_ints")?;
    let coefficients = operator.floats("coefficients")?;
    let intercepts = operator.floats("intercepts")?;
    let width = table.places.len();
    if intercepts.len().checked_mul(width) != Some(coefficients.len()) || ![1, 2].contains(&intercepts.len()) {
        return Err(
            operator.rule("it must have a coefficient for each column and class, and an intercept for each class")
        );
    }
    let class = |at: usize| (coefficients[at * width..(at + 1) * width].to_vec(), intercepts[at]);
    let second = class(intercepts.len() - 1);
    let post = operator.text("post_transform")?;
    if post == "SOFTMAX" && intercepts.len() == 2 {
        let (mut weights, intercept) = second;
        weights.iter_mut().zip(&coefficients).for_each(|(weight, first)| *weight -= first);
        let score = linear(lowering, operator, table, weights, intercept - intercepts[0])?;
        let score = Score { form: Form::Logistic, ..score };
        return Ok(vec![Score { factor: -1.0, ..score }, score]);
    }
    let form = match post {
        "" | "NONE" => Form::Raw,
        "LOGISTIC" => Form::Logistic,
        other => return Err(operator.unsupported(&format!(" with post transform {other:.20}"))),
    };
    let score = linear(lowering, operator, table, second.0, second.1)?;
    let other = match (intercepts.len(), form) {
        (2, _) => {
            let (weights, intercept) = class(0);
            linear(lowering, operator, table, weights, intercept)?
        }
        (_, Form::Raw) => Score { factor: -1.0, term: 1.0, ..score },
        _ => Score { factor: -1.0, ..score },
    };
    Ok(vec![Score { form, ..other }, Score { form, ..score }])
}

/// The value of a linear regression.
pub fn linear_regressor<'a>(
    lowering: &mut Lowering<'a>,
    operator: &Operator<'a>,
    table: &Table,
) -> Result<Value, LoadError> {
    one_target(operator, "targets")?;
    let intercept = match operator.floats("intercepts")?[..] {
        [] => 0.0,
        [one] => one,
        _ => return Err(operator.rule("it must have one intercept")),
    };
    let coefficients = operator.floats("coefficients")?;
    Ok(Value::Scores(vec![linear(lowering, operator, table, coefficients, intercept)?]))
}

/// A table times a constant matrix of one or two columns.
pub fn product<'a>(
    lowering: &mut Lowering<'a>,
    operator: &Operator<'a>,
    table: &Table,
    by: &Tensor,
) -> Result<Value, LoadError> {
    let columns = match by.dims[..] {
        [_] => 1,
        [_, columns @ (1 | 2)] => columns,
        _ => return Err(operator.unsupported(" with this matrix")),
    };
    let column = |at: usize| by.values.iter().skip(at).step_by(columns).copied().collect();
    let scores = (0..columns).map(|at| linear(lowering, operator, table, column(at), 0.0));
    Ok(Value::Scores(scores.collect::<Result<_, _>>()?))
}

fn linear<'a>(
    lowering: &mut Lowering<'a>,
    operator: &Operator<'a>,
    table: &Table,
    coefficients: Vec<f64>,
    intercept: f64,
) -> Result<Score, LoadError> {
    if table.deep || table.element == Element::Text {
        return Err(operator.unsupported(" on these tensors"));
    }
    if table.places.len() != coefficients.len() {
        return Err(operator.rule("it must have a coefficient for each column"));
    }
    lowering.charge(coefficients.len())?;
    lowering.sum(Sum::Linear { places: Rc::clone(&table.places), coefficients, intercept })
}
