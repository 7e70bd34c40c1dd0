//! The parts of an ONNX file that are read, in place. Field numbers: `onnx.proto` of ONNX 1.23.

use super::wire::{Fields, Wire, integer, numbers, part, parts, text};
use crate::engine::{LoadError, parsed::MAX_INPUTS};
use std::collections::HashMap;

/// The most operators of a graph, and the most constants.
pub const MAX_OPERATORS: usize = 4_096;
/// The most attributes of an operator.
const MAX_ATTRIBUTES: usize = 64;

/// `TensorProto.DataType`.
pub mod kind {
    pub const FLOAT: i64 = 1;
    pub const INT32: i64 = 6;
    pub const INT64: i64 = 7;
    pub const STRING: i64 = 8;
    pub const BOOL: i64 = 9;
    pub const DOUBLE: i64 = 11;
}

/// `ValueInfoProto`: an input or output of the graph.
#[derive(Debug)]
pub struct Port<'a> {
    pub name: &'a str,
    /// The element type of a tensor, 0 when it is none.
    pub kind: i64,
    /// How many columns a table of it has, if the file says.
    pub columns: Option<u64>,
}

/// `GraphProto`.
#[derive(Debug)]
pub struct Graph<'a> {
    pub nodes: Vec<&'a [u8]>,
    pub constants: HashMap<&'a str, &'a [u8]>,
    pub inputs: Vec<Port<'a>>,
    pub outputs: Vec<Port<'a>>,
}

impl<'a> Graph<'a> {
    /// Finds the parts of a `ModelProto`.
    pub fn of(file: &'a [u8]) -> Result<Self, LoadError> {
        let graph = part(file, 7)?.ok_or_else(|| LoadError::Form("an ONNX file without a graph".to_owned()))?;
        if part(graph, 15)?.is_some() {
            return Err(LoadError::Unsupported("ONNX sparse initializer".to_owned()));
        }
        let mut counts = [0_usize; 16];
        for field in Fields::of(graph) {
            if let Some(count) = usize::try_from(field?.0).ok().and_then(|number| counts.get_mut(number)) {
                *count += 1;
            }
        }
        if counts[1].max(counts[5]) > MAX_OPERATORS {
            return Err(LoadError::rule("graph", "must have at most 4096 operators and 4096 constants"));
        }
        if counts[11].max(counts[12]) > MAX_INPUTS + MAX_OPERATORS {
            return Err(LoadError::rule("graph", "has too many inputs or outputs"));
        }
        let constants = parts(graph, 5)?.into_iter().map(|tensor| Ok((name(tensor, 8)?, tensor)));
        let constants = constants.collect::<Result<HashMap<_, _>, LoadError>>()?;
        let inputs = parts(graph, 11)?.into_iter().map(port).collect::<Result<Vec<_>, _>>()?;
        // Files before version 4 of the format name the constants among the inputs too.
        let inputs = inputs.into_iter().filter(|port| !constants.contains_key(port.name)).collect();
        let outputs = parts(graph, 12)?.into_iter().map(port).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { nodes: parts(graph, 1)?, constants, inputs, outputs })
    }
}

fn name(message: &[u8], field: u64) -> Result<&str, LoadError> {
    text(part(message, field)?.unwrap_or_default())
}

fn port(message: &[u8]) -> Result<Port<'_>, LoadError> {
    let tensor = part(part(message, 2)?.unwrap_or_default(), 1)?.unwrap_or_default();
    let mut dims = Fields::of(part(tensor, 2)?.unwrap_or_default());
    let mut columns = None;
    let _rows = dims.next().transpose()?;
    if let Some((1, Wire::Bytes(dim))) = dims.next().transpose()? {
        columns = integer(dim, 1)?.and_then(|dim| u64::try_from(dim).ok()).filter(|dim| *dim > 0);
    }
    if let Some(more) = dims.next() {
        more?;
        columns = None;
    }
    Ok(Port { name: name(message, 1)?, kind: integer(tensor, 1)?.unwrap_or_default(), columns })
}

/// `NodeProto`: an operator.
#[derive(Debug)]
pub struct Operator<'a> {
    pub kind: &'a str,
    pub inputs: Vec<&'a str>,
    pub outputs: Vec<&'a str>,
    attributes: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Operator<'a> {
    /// Reads an operator.
    pub fn of(message: &'a [u8]) -> Result<Self, LoadError> {
        let attributes = parts(message, 5)?;
        if attributes.len() > MAX_ATTRIBUTES {
            return Err(LoadError::rule("operator", "must have at most 64 attributes"));
        }
        let domain = name(message, 7)?;
        let kind = name(message, 4)?;
        if !["", "ai.onnx", "ai.onnx.ml"].contains(&domain) {
            return Err(LoadError::Unsupported(format!("ONNX operator {}.{}", short(domain), short(kind))));
        }
        Ok(Self {
            kind,
            inputs: texts(message, 1)?,
            outputs: texts(message, 2)?,
            attributes: attributes.into_iter().map(|one| Ok((name(one, 1)?, one))).collect::<Result<_, LoadError>>()?,
        })
    }

    /// The names of a node's inputs or outputs without the rest of it.
    pub fn names(message: &'a [u8], outputs: bool) -> Result<Vec<&'a str>, LoadError> {
        texts(message, if outputs { 2 } else { 1 })
    }

    /// That this operator, in this way, is not one that the engine reads.
    pub fn unsupported(&self, way: &str) -> LoadError {
        LoadError::Unsupported(format!("ONNX operator {}{way}", short(self.kind)))
    }

    /// That an attribute or input breaks a rule.
    pub fn rule(&self, rule: &'static str) -> LoadError {
        LoadError::rule(format!("ONNX operator {}", short(self.kind)), rule)
    }

    /// Whether an attribute is there.
    pub fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    fn attribute(&self, name: &str) -> Option<&'a [u8]> {
        self.attributes.iter().find(|(other, _)| *other == name).map(|(_, message)| *message)
    }

    /// A whole number, or what it is when it is not there.
    pub fn integer(&self, name: &str, default: i64) -> Result<i64, LoadError> {
        Ok(self.attribute(name).map(|message| integer(message, 3)).transpose()?.flatten().unwrap_or(default))
    }

    /// A float, if it is there.
    pub fn float(&self, name: &str) -> Result<Option<f64>, LoadError> {
        let Some(message) = self.attribute(name) else { return Ok(None) };
        Ok(numbers(message, 2, |one: f32| f64::from(one))?.last().copied())
    }

    /// A text; empty when it is not there.
    pub fn text(&self, name: &str) -> Result<&'a str, LoadError> {
        let Some(message) = self.attribute(name) else { return Ok("") };
        text(part(message, 4)?.unwrap_or_default())
    }

    /// A tensor, if it is there.
    pub fn tensor(&self, name: &str) -> Result<Option<&'a [u8]>, LoadError> {
        self.attribute(name).map_or(Ok(None), |message| part(message, 5))
    }

    /// Floats; none when they are not there.
    pub fn floats(&self, name: &str) -> Result<Vec<f64>, LoadError> {
        self.attribute(name).map_or(Ok(Vec::new()), |message| numbers(message, 7, |one: f32| f64::from(one)))
    }

    /// Whole numbers as `keep` makes them; none when they are not there.
    pub fn integers<U>(&self, name: &str, keep: impl FnMut(i64) -> U) -> Result<Vec<U>, LoadError> {
        self.attribute(name).map_or(Ok(Vec::new()), |message| numbers(message, 8, keep))
    }

    /// Texts as bytes; none when they are not there.
    pub fn texts(&self, name: &str) -> Result<Vec<&'a [u8]>, LoadError> {
        self.attribute(name).map_or(Ok(Vec::new()), |message| parts(message, 9))
    }
}

/// The names of an operator's inputs or outputs.
fn texts(message: &[u8], field: u64) -> Result<Vec<&str>, LoadError> {
    let mut count = 0;
    for one in Fields::of(message) {
        count += usize::from(one?.0 == field);
    }
    if count > MAX_INPUTS {
        return Err(LoadError::rule("operator", "must have at most 4096 inputs and 4096 outputs"));
    }
    parts(message, field)?.into_iter().map(text).collect()
}

/// No more of a name in a file than an error may repeat.
fn short(name: &str) -> String {
    name.chars().filter(char::is_ascii_graphic).take(40).collect()
}
