//! A model file of any format, as a function from a row of numbers to one number.
//!
//! What the numbers mean to a bank (names, ranges, calibration, points, reasons) is the manifest's, not the file's.

use super::{
    LoadError,
    forest::{Contributions, Node, Tree},
    format,
    parsed::{Body, Format, Input, Link, Parsed},
};
use crate::vault;

/// The largest model file, in bytes.
pub const MAX_FILE_BYTES: usize = 32 * 1024 * 1024;

/// How large a forest is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Trees.
    pub trees: usize,
    /// Leaves of all trees together.
    pub leaves: usize,
    /// The most splits between a root and a leaf.
    pub depth: usize,
}

/// A model file that has been checked and can predict.
#[derive(Debug)]
pub struct Predictor {
    parsed: Parsed,
    digest: String,
}

impl Predictor {
    /// Reads a model file of any format, which it finds out from the content, and checks all of it.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn load(bytes: &[u8]) -> Result<Self, LoadError> {
        if bytes.len() > MAX_FILE_BYTES {
            return Err(LoadError::rule("file", "must have at most 32 MiB"));
        }
        Ok(Self { parsed: format::parse(bytes)?, digest: vault::hex(&vault::sha256(&[bytes])) })
    }

    /// The file's format.
    #[must_use]
    pub fn format(&self) -> Format {
        self.parsed.format
    }

    /// SHA-256 of the file, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The inputs of a row, in order.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        &self.parsed.inputs
    }

    /// How a raw output becomes a prediction.
    #[must_use]
    pub fn link(&self) -> Link {
        self.parsed.link
    }

    /// How large its forest is; nothing for a model without trees.
    #[must_use]
    pub fn summary(&self) -> Option<Summary> {
        let trees = match &self.parsed.body {
            Body::Forest(forest) => forest.trees(),
            Body::Derived(derived) => derived.forest.trees(),
            Body::Linear(_) => return None,
        };
        let leaves = |tree: &Tree| tree.nodes().iter().filter(|node| matches!(node, Node::Leaf { .. })).count();
        Some(Summary {
            trees: trees.len(),
            leaves: trees.iter().map(leaves).sum(),
            depth: trees.iter().map(depth).max().unwrap_or(0),
        })
    }

    /// The raw output for one row: a value an input, NaN is missing. The row must have as many values as there are inputs.
    #[must_use]
    pub fn raw(&self, row: &[f64]) -> f64 {
        match &self.parsed.body {
            Body::Forest(forest) => forest.raw(row),
            Body::Derived(derived) => derived.raw(row),
            Body::Linear(linear) => linear.raw(row),
        }
    }

    /// The raw outputs of many rows, which lie one after the other. It gives the same bits as [`Self::raw`] for each.
    #[must_use]
    pub fn raw_batch(&self, rows: &[f64]) -> Vec<f64> {
        match &self.parsed.body {
            Body::Forest(forest) => forest.raw_batch(rows),
            Body::Derived(derived) => derived.raw_batch(rows, self.inputs().len()),
            Body::Linear(linear) => rows.chunks_exact(self.inputs().len()).map(|row| linear.raw(row)).collect(),
        }
    }

    /// What each input of a row adds to the raw output, exactly. Nothing when the model cannot be explained: its file
    /// does not say how much training data came to each part, or it is larger than an explanation may be.
    #[must_use]
    pub fn contributions(&self, row: &[f64]) -> Option<Contributions> {
        match &self.parsed.body {
            Body::Forest(forest) => forest.contributions(row),
            Body::Derived(derived) => derived.contributions(row),
            Body::Linear(linear) => Some(linear.contributions(row)),
        }
    }
}

/// The most splits between the root of a tree and a leaf.
fn depth(tree: &Tree) -> usize {
    let nodes = tree.nodes();
    let mut levels = vec![0; nodes.len()];
    // Each child stands after its parent.
    for (at, node) in nodes.iter().enumerate() {
        if let Node::Split(split) = node {
            levels[split.left] = levels[at] + 1;
            levels[split.right] = levels[at] + 1;
        }
    }
    levels.into_iter().max().unwrap_or(0)
}
