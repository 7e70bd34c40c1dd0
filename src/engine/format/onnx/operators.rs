//! The operators that move and combine columns and scores. Semantics: the ONNX operator reference, and where that leaves
//! something open, what ONNX Runtime 1.31 computes.

use super::{
    encode,
    graph::{Operator, kind},
    lower::Lowering,
    models,
    tensor::Tensor,
    value::{Element, Form, Score, Table, Value, complements, is},
};
use crate::engine::{LoadError, columns::Step};
use std::rc::Rc;

/// Computes the outputs of an operator from its inputs.
pub fn compute<'a>(lowering: &mut Lowering<'a>, operator: &Operator<'a>, inputs: &[Value]) -> Result<(), LoadError> {
    let value = match (operator.kind, inputs) {
        ("TreeEnsembleClassifier", [Value::Table(table)]) => {
            let scores = models::tree_classifier(lowering, operator, table)?;
            lowering.set(operator, 1, Value::Scores(scores));
            return Ok(());
        }
        ("LinearClassifier", [Value::Table(table)]) => {
            let scores = models::linear_classifier(lowering, operator, table)?;
            lowering.set(operator, 1, Value::Scores(scores));
            return Ok(());
        }
        ("TreeEnsembleRegressor", [Value::Table(table)]) => models::tree_regressor(lowering, operator, table)?,
        ("LinearRegressor", [Value::Table(table)]) => models::linear_regressor(lowering, operator, table)?,
        ("MatMul", [Value::Table(table), Value::Constant(by)]) => models::product(lowering, operator, table, by)?,
        ("Identity" | "ZipMap", [value]) => value.clone(),
        ("Sum", [Value::Scores(scores)]) => Value::Scores(scores.clone()),
        ("Constant", []) => {
            let tensor = operator.tensor("value")?.ok_or_else(|| operator.unsupported(" without a tensor"))?;
            Value::Constant(Rc::new(Tensor::of(tensor)?))
        }
        ("Cast", [value]) => cast(lowering, operator, value)?,
        ("Concat" | "FeatureVectorizer", [_, ..]) => concat(lowering, operator, inputs)?,
        ("Reshape" | "Flatten", [value, rest @ ..]) => reshape(operator, value, rest)?,
        ("Gather" | "ArrayFeatureExtractor", [value, Value::Constant(at)]) => pick(lowering, operator, value, at)?,
        ("Add" | "Sub" | "Mul" | "Div", [one, other]) => arithmetic(lowering, operator, one, other)?,
        ("Sigmoid", [Value::Scores(scores)]) => each(operator, scores, |score| score.then(Form::Logistic))?,
        ("Exp", [Value::Scores(scores)]) => each(operator, scores, |score| score.then(Form::Exp))?,
        ("Neg", [Value::Scores(scores)]) => each(operator, scores, |score| score.affine(-1.0, 0.0))?,
        ("Abs", [Value::Scores(scores)]) => each(operator, scores, |score| {
            [Form::Logistic, Form::Exp, Form::OnePlusExp].contains(&score.form).then_some(score)
        })?,
        ("ReduceSum", [Value::Scores(scores), ..]) => match scores[..] {
            [one, other] if complements(one, other, &lowering.sums) => {
                Value::Constant(Rc::new(Tensor { dims: Vec::new(), values: vec![1.0] }))
            }
            _ => return Err(operator.unsupported("")),
        },
        (_, [Value::Table(table), rest @ ..]) => return encode::compute(lowering, operator, table, rest),
        _ => return Err(operator.unsupported("")),
    };
    lowering.set(operator, 0, value);
    Ok(())
}

fn each(
    operator: &Operator<'_>,
    scores: &[Score],
    change: impl Fn(Score) -> Option<Score>,
) -> Result<Value, LoadError> {
    let changed = scores.iter().map(|score| change(*score)).collect::<Option<_>>();
    Ok(Value::Scores(changed.ok_or_else(|| operator.unsupported(" on these scores"))?))
}

fn cast<'a>(lowering: &mut Lowering<'a>, operator: &Operator<'a>, value: &Value) -> Result<Value, LoadError> {
    let to = match operator.integer("to", 0)? {
        kind::FLOAT => Element::Single,
        kind::DOUBLE => Element::Double,
        kind::INT32 | kind::INT64 => Element::Whole,
        other => return Err(operator.unsupported(&format!(" to type {other}"))),
    };
    let Value::Table(table) = value else {
        return if to == Element::Whole { Err(operator.unsupported(" of scores")) } else { Ok(value.clone()) };
    };
    let places = match (table.element, to) {
        (Element::Text, _) => return Err(operator.unsupported(" of texts")),
        (Element::Double, Element::Single) => lowering.derive(&table.places, |_| Step::Single)?,
        (Element::Single | Element::Double, Element::Whole) => lowering.derive(&table.places, |_| Step::Truncate)?,
        _ => Rc::clone(&table.places),
    };
    Ok(Value::Table(Table { places, element: to, deep: table.deep }))
}

fn concat<'a>(lowering: &mut Lowering<'a>, operator: &Operator<'a>, inputs: &[Value]) -> Result<Value, LoadError> {
    if operator.kind == "Concat" && ![1, -1].contains(&operator.integer("axis", 1)?) {
        return Err(operator.unsupported(" along the rows"));
    }
    if inputs.iter().all(|value| matches!(value, Value::Scores(_))) {
        let scores =
            inputs.iter().filter_map(|value| if let Value::Scores(scores) = value { Some(scores) } else { None });
        let scores: Vec<Score> = scores.flatten().copied().take(3).collect();
        return if scores.len() < 3 { Ok(Value::Scores(scores)) } else { Err(operator.unsupported(" of many scores")) };
    }
    let mut tables = Vec::with_capacity(inputs.len());
    for value in inputs {
        match value {
            Value::Table(table) if !table.deep || inputs.len() == 1 => tables.push(table),
            _ => return Err(operator.unsupported(" of these tensors")),
        }
    }
    let width = tables.iter().map(|table| table.places.len()).sum();
    lowering.charge(width)?;
    let element = tables[0].element;
    if operator.kind == "Concat" && tables.iter().any(|table| table.element != element) {
        return Err(operator.rule("its inputs must have one type"));
    }
    if operator.kind == "FeatureVectorizer" {
        let widths = operator.integers("inputdimensions", |one| usize::try_from(one).unwrap_or(usize::MAX))?;
        let same = widths.iter().copied().eq(tables.iter().map(|table| table.places.len()));
        if !same || tables.iter().any(|table| table.element == Element::Text) {
            return Err(operator.rule("its inputs must be tables of numbers as wide as it says"));
        }
    }
    let mut places = Vec::with_capacity(width);
    for table in &tables {
        places.extend_from_slice(&table.places);
    }
    let element = if operator.kind == "Concat" { element } else { Element::Single };
    Ok(Value::Table(Table { places: places.into(), element, deep: tables[0].deep }))
}

/// A reshape that leaves every value in its row and its place.
fn reshape(operator: &Operator<'_>, value: &Value, rest: &[Value]) -> Result<Value, LoadError> {
    let width = match value {
        Value::Table(table) => table.places.len(),
        Value::Scores(scores) => scores.len(),
        Value::Constant(_) => return Err(operator.unsupported(" of a constant")),
    };
    #[allow(clippy::cast_precision_loss, reason = "there are fewer columns than bytes in a file")]
    let wide = width as f64;
    let keeps = match rest {
        [] if operator.kind == "Flatten" => operator.integer("axis", 1)? == 1,
        [Value::Constant(shape)] if operator.kind == "Reshape" => {
            matches!(shape.values[..], [rows, columns] if is(rows, -1.0) && is(columns, wide))
        }
        _ => false,
    };
    if !keeps {
        return Err(operator.unsupported(" that moves values"));
    }
    Ok(match value {
        Value::Table(table) => Value::Table(Table { deep: false, ..table.clone() }),
        other => other.clone(),
    })
}

fn pick<'a>(
    lowering: &mut Lowering<'a>,
    operator: &Operator<'a>,
    value: &Value,
    at: &Tensor,
) -> Result<Value, LoadError> {
    if operator.kind == "Gather" && ![1, -1].contains(&operator.integer("axis", 0)?) {
        return Err(operator.unsupported(" along the rows"));
    }
    let places = |width| at.indices(width).filter(|places| !places.is_empty());
    let beyond = || operator.rule("its indices must be columns of its input");
    match value {
        Value::Table(table) if !table.deep => {
            let picked = places(table.places.len()).ok_or_else(beyond)?;
            lowering.charge(picked.len())?;
            let places = picked.into_iter().map(|at| table.places[at]).collect();
            Ok(Value::Table(Table { places, ..table.clone() }))
        }
        Value::Scores(scores) => match places(scores.len()).ok_or_else(beyond)?[..] {
            [at] => Ok(Value::Scores(vec![scores[at]])),
            _ => Err(operator.unsupported(" of several scores")),
        },
        _ => Err(operator.unsupported(" of this tensor")),
    }
}

fn arithmetic<'a>(
    lowering: &mut Lowering<'a>,
    operator: &Operator<'a>,
    one: &Value,
    other: &Value,
) -> Result<Value, LoadError> {
    let wrong = || operator.rule("its constant must be a finite number, or one for each column");
    match (one, other) {
        (Value::Table(table), Value::Constant(by)) | (Value::Constant(by), Value::Table(table)) => {
            let swapped = matches!(one, Value::Constant(_));
            if table.element == Element::Text || table.deep || swapped && operator.kind == "Div" {
                return Err(operator.unsupported(" on these tensors"));
            }
            let by = by.broadcast(table.places.len()).ok_or_else(wrong)?;
            let step = |at| match (operator.kind, swapped) {
                ("Add", _) => Step::Affine { factor: 1.0, term: by(at) },
                ("Sub", false) => Step::Scale { offset: by(at), factor: 1.0 },
                ("Sub", true) => Step::Affine { factor: -1.0, term: by(at) },
                ("Mul", _) => Step::Affine { factor: by(at), term: 0.0 },
                _ => Step::Divide(by(at)),
            };
            if (0..table.places.len()).any(|at| !by(at).is_finite() || operator.kind == "Div" && is(by(at), 0.0)) {
                return Err(wrong());
            }
            let places = lowering.derive(&table.places, step)?;
            Ok(Value::Table(Table { places, ..table.clone() }))
        }
        (Value::Scores(scores), Value::Constant(by)) | (Value::Constant(by), Value::Scores(scores)) => {
            let swapped = matches!(one, Value::Constant(_));
            let by = by.broadcast(scores.len()).ok_or_else(wrong)?;
            let change = |(at, score): (usize, &Score)| match (operator.kind, swapped) {
                ("Add", _) => score.affine(1.0, by(at)),
                ("Sub", false) => score.affine(1.0, -by(at)),
                ("Sub", true) => score.affine(-1.0, by(at)),
                ("Mul", _) => score.affine(by(at), 0.0),
                (_, false) if !is(by(at), 0.0) => score.affine(1.0 / by(at), 0.0),
                (_, false) => None,
                _ => score.divide(by(at)),
            };
            let changed = scores.iter().enumerate().map(change).collect::<Option<_>>();
            Ok(Value::Scores(changed.ok_or_else(|| operator.unsupported(" on these scores"))?))
        }
        _ => Err(operator.unsupported(" on these tensors")),
    }
}
