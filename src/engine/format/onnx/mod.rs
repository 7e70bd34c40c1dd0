//! ONNX: what skl2onnx and onnxmltools make of binary classifiers and regressions.
//!
//! Not a runtime for tensors: the graph is followed backwards from the probability (or the value of a regression), and
//! what that needs becomes columns of single inputs and one weighted sum or forest over them, so that contributions stay
//! exact. Labels are never computed. Anything else is refused with the operator's name.

mod encode;
mod graph;
mod lower;
mod models;
mod nodes;
mod operators;
mod tensor;
mod trees;
mod value;
mod wire;

use crate::engine::{
    Format, Link, LoadError,
    derived::DerivedForest,
    forest::Forest,
    linear::Linear,
    parsed::{Body, Parsed},
};
use graph::{Graph, Port, kind};
use lower::Lowering;
use value::{Form, Score, Sum, Value};

/// Whether a file begins as ONNX does: with the version of the format, a small number, in field 1.
pub(super) fn begins(bytes: &[u8]) -> bool {
    matches!(bytes, [0x08, 1..=99, ..])
}

/// Reads an ONNX file.
pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, LoadError> {
    let graph = Graph::of(bytes)?;
    let output = output(&graph)?;
    let mut lowering = Lowering::new(&graph, bytes.len())?;
    let Value::Scores(scores) = lowering.run(output.name)? else {
        return Err(LoadError::rule("graph", "its output is not that of a model"));
    };
    // Of two classes the second is the positive one.
    let (Some(score), 1 | 2) = (scores.last(), scores.len()) else {
        return Err(LoadError::rule("graph", "its output must have one or two columns"));
    };
    let (link, body) = finish(&mut lowering, *score, scores.len() == 2)?;
    Ok(Parsed { format: Format::Onnx, inputs: std::mem::take(&mut lowering.inputs), link, body })
}

/// The one output that is numbers, or a map of them: labels are whole numbers or texts.
fn output<'a>(graph: &'a Graph<'a>) -> Result<&'a Port<'a>, LoadError> {
    let mut numbers = graph.outputs.iter().filter(|port| [0, kind::FLOAT, kind::DOUBLE].contains(&port.kind));
    match (numbers.next(), numbers.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(LoadError::rule("graph", "it must have exactly one output of numbers: a probability or a value")),
    }
}

/// The link and the body of a score; `classes` tells a classification from a regression.
fn finish(lowering: &mut Lowering<'_>, score: Score, classes: bool) -> Result<(Link, Body), LoadError> {
    let unsupported = |what: &str| Err(LoadError::Unsupported(format!("ONNX output that is {what}")));
    if score.form == Form::Opaque || score.sum >= lowering.sums.len() {
        return unsupported("the score of another class");
    }
    let (factor, term) = (score.factor, score.term);
    let (body, probability) = match lowering.sums.swap_remove(score.sum) {
        Sum::Linear { places, mut coefficients, intercept } => {
            for coefficient in &mut coefficients {
                *coefficient *= factor;
            }
            let columns = lowering.columns.select(&places);
            (Body::Linear(Linear::new(columns, coefficients, intercept * factor + term)?), false)
        }
        Sum::Forest { mut spec, columns, bounds } => {
            spec.base = spec.base * factor + term;
            spec.scale *= factor;
            let ends = (bounds.0 * factor + term, bounds.1 * factor + term);
            let probability = classes && models::is_probability((ends.0.min(ends.1), ends.0.max(ends.1)));
            let forest = Forest::new(spec)?;
            let plain = columns.is_identity();
            (if plain { Body::Forest(forest) } else { Body::Derived(DerivedForest { columns, forest }) }, probability)
        }
    };
    let link = match score.form {
        Form::Raw if probability => Link::Probability,
        Form::Raw => Link::Identity,
        Form::Logistic => Link::Logistic { steepness: 1.0 },
        Form::Exp => Link::Exp,
        Form::OnePlusExp | Form::Opaque => return unsupported("half a logistic"),
    };
    Ok((link, body))
}
