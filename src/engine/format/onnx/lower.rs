//! A graph, followed backwards from its output and then computed forwards on columns instead of numbers.

use super::{
    graph::{Graph, MAX_OPERATORS, Operator, Port, kind},
    tensor::Tensor,
    value::{Element, Form, Score, Sum, Table, Value},
};
use crate::engine::{
    LoadError,
    columns::{Columns, Step},
    parsed::{Input, MAX_INPUTS},
};
use std::{collections::HashMap, rc::Rc};

/// The work on a graph: what was computed so far.
#[derive(Debug)]
pub struct Lowering<'a> {
    graph: &'a Graph<'a>,
    values: HashMap<&'a str, Value>,
    /// All numbers derived from the inputs.
    pub columns: Columns,
    /// The sums that scores are made of.
    pub sums: Vec<Sum>,
    /// The inputs of a row.
    pub inputs: Vec<Input>,
    /// For each input of texts, the places of its categories in the order of their texts.
    pub sorted: Vec<Vec<u32>>,
    /// How many more columns, coefficients and categories may be made: so memory follows the size of the file.
    left: usize,
}

impl<'a> Lowering<'a> {
    /// Begins with the inputs of the graph.
    pub fn new(graph: &'a Graph<'a>, file_bytes: usize) -> Result<Self, LoadError> {
        let left = (file_bytes / 8).max(10_240);
        let (values, inputs) = (HashMap::new(), Vec::new());
        let (sums, sorted) = (Vec::new(), Vec::new());
        let mut lowering = Self { graph, values, columns: Columns::default(), sums, inputs, sorted, left };
        for port in &graph.inputs {
            lowering.input(port)?;
        }
        if lowering.inputs.is_empty() {
            return Err(LoadError::rule("graph", "must have an input"));
        }
        lowering.columns = Columns::new(lowering.inputs.len());
        for port in &graph.inputs {
            let Some(Value::Table(mut table)) = lowering.values.get(port.name).cloned() else { continue };
            if table.element == Element::Single {
                table.places = table.places.iter().map(|at| lowering.columns.derive(*at, Step::Single)).collect();
                lowering.values.insert(port.name, Value::Table(table));
            }
        }
        Ok(lowering)
    }

    fn input(&mut self, port: &Port<'a>) -> Result<(), LoadError> {
        let rule = |rule| LoadError::rule("input", rule);
        let element = match port.kind {
            kind::FLOAT => Element::Single,
            kind::DOUBLE => Element::Double,
            kind::INT64 | kind::INT32 | kind::BOOL => Element::Whole,
            kind::STRING => Element::Text,
            other => return Err(LoadError::Unsupported(format!("ONNX input of type {other}"))),
        };
        let columns = port.columns.ok_or_else(|| rule("must be a table with a known number of columns"))?;
        let columns = usize::try_from(columns).ok().filter(|columns| self.inputs.len() + columns <= MAX_INPUTS);
        let columns = columns.ok_or_else(|| rule("there must be at most 4096 columns"))?;
        let first = u32::try_from(self.inputs.len()).unwrap_or(u32::MAX);
        let alone = self.graph.inputs.len() == 1;
        for column in 0..columns {
            let name = match columns {
                1 => port.name.to_owned(),
                _ if alone => format!("f{column}"),
                _ => format!("{}_{column}", port.name),
            };
            let categories = (element == Element::Text).then(Vec::new);
            self.inputs.push(Input { name, categories });
            self.sorted.push(Vec::new());
        }
        let places = (first..).take(columns).collect();
        let table = Table { places, element, deep: false };
        match self.values.insert(port.name, Value::Table(table)) {
            Some(_) => Err(rule("two have the same name")),
            None => Ok(()),
        }
    }

    /// Computes the output of this name.
    pub fn run(&mut self, output: &'a str) -> Result<Value, LoadError> {
        for at in self.needed(output)? {
            let operator = Operator::of(self.graph.nodes[at])?;
            let mut inputs = Vec::with_capacity(operator.inputs.len());
            for name in &operator.inputs {
                inputs.push(self.value(name)?);
            }
            super::operators::compute(self, &operator, &inputs)?;
        }
        self.value(output)
    }

    /// The operators that an output needs, in the order of the file.
    fn needed(&self, output: &'a str) -> Result<Vec<usize>, LoadError> {
        let nodes = &self.graph.nodes;
        let mut makers = HashMap::new();
        for (at, node) in nodes.iter().enumerate() {
            for name in Operator::names(node, true)?.into_iter().filter(|name| !name.is_empty()) {
                if makers.insert(name, at).is_some() || self.values.contains_key(name) {
                    return Err(LoadError::rule("graph", "two tensors have the same name"));
                }
            }
        }
        let mut needed = vec![false; nodes.len()];
        let mut waiting = Vec::new();
        let mut need = |name: &str, waiting: &mut Vec<usize>| {
            if let Some(at) = makers.get(name).filter(|at| !std::mem::replace(&mut needed[**at], true)) {
                waiting.push(*at);
            }
        };
        need(output, &mut waiting);
        while let Some(at) = waiting.pop() {
            for name in Operator::names(nodes[at], false)? {
                need(name, &mut waiting);
            }
        }
        Ok((0..nodes.len()).filter(|at| needed[*at]).collect())
    }

    fn value(&mut self, name: &'a str) -> Result<Value, LoadError> {
        if let Some(value) = self.values.get(name) {
            return Ok(value.clone());
        }
        let Some(message) = self.graph.constants.get(name) else {
            return Err(LoadError::rule("graph", "a tensor is used that is not there, or before it is computed"));
        };
        let constant = Value::Constant(Rc::new(Tensor::of(message)?));
        self.values.insert(name, constant.clone());
        Ok(constant)
    }

    /// Names what an operator computed.
    pub fn set(&mut self, operator: &Operator<'a>, output: usize, value: Value) {
        if let Some(name) = operator.outputs.get(output).filter(|name| !name.is_empty()) {
            self.values.insert(name, value);
        }
    }

    /// Takes what something needs of what is left.
    pub fn charge(&mut self, amount: usize) -> Result<(), LoadError> {
        match self.left.checked_sub(amount) {
            Some(left) => self.left = left,
            None => return Err(LoadError::rule("graph", "it derives too many columns for a file of its size")),
        }
        Ok(())
    }

    /// Derives a column from each of these, by a step that may depend on its position.
    pub fn derive(&mut self, places: &[u32], step: impl Fn(usize) -> Step) -> Result<Rc<[u32]>, LoadError> {
        self.charge(places.len())?;
        Ok(places.iter().enumerate().map(|(at, place)| self.columns.derive(*place, step(at))).collect())
    }

    /// The place that a column was rounded to 32 bits from, or its own.
    pub fn before_rounding(&self, place: u32) -> u32 {
        match self.columns.step(place) {
            Some((from, Step::Single)) => from,
            _ => place,
        }
    }

    /// Adds a sum and gives the score that it is.
    pub fn sum(&mut self, sum: Sum) -> Result<Score, LoadError> {
        if self.sums.len() >= MAX_OPERATORS {
            return Err(LoadError::rule("graph", "it computes too many sums"));
        }
        self.sums.push(sum);
        Ok(Score::of(self.sums.len() - 1))
    }
}

/// A score that the engine does not follow: the one that nothing may need.
pub const OPAQUE: Score = Score { sum: usize::MAX, factor: 1.0, term: 0.0, form: Form::Opaque };
