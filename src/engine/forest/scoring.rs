//! A forest that can score.

use std::sync::OnceLock;

use super::{
    contributions::{Contributions, Explainer},
    ranks::Ranks,
    tree::{MAX_NODES, Tree},
};
use crate::engine::LoadError;

/// How a model reads its inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// As they are.
    Double,
    /// Rounded to the nearest 32-bit float first, as the library that trained it does.
    Single,
}

/// A forest as a format gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct ForestSpec {
    /// How many inputs a row has.
    pub inputs: usize,
    /// How inputs are read.
    pub precision: Precision,
    /// What the sum begins with.
    pub base: f64,
    /// What the sum of the leaves is multiplied by: 1, or one over the number of trees for an average.
    pub scale: f64,
    /// The trees, in the order in which they are summed.
    pub trees: Vec<Tree>,
}

/// A forest that can score.
#[derive(Debug)]
pub struct Forest {
    spec: ForestSpec,
    ranks: Ranks,
    /// Made for the first explanation: what only predicts stays small.
    explainer: OnceLock<Option<Explainer>>,
}

impl Forest {
    /// Makes a forest ready to score.
    ///
    /// # Errors
    /// When it has no trees or inputs, too many nodes, or a base or scale that is not finite.
    pub fn new(spec: ForestSpec) -> Result<Self, LoadError> {
        if spec.trees.is_empty() || spec.inputs == 0 {
            return Err(LoadError::rule("trees", "a forest must have a tree and an input"));
        }
        if spec.trees.iter().map(|tree| tree.nodes().len()).sum::<usize>() > MAX_NODES {
            return Err(LoadError::rule("trees", "a forest must have at most 4000000 nodes"));
        }
        if !spec.base.is_finite() || !spec.scale.is_finite() {
            return Err(LoadError::rule("base", "the base and the scale must be finite numbers"));
        }
        let ranks = Ranks::of(&spec.trees);
        Ok(Self { spec, ranks, explainer: OnceLock::new() })
    }

    /// The forest as it was read.
    #[must_use]
    pub fn spec(&self) -> &ForestSpec {
        &self.spec
    }

    /// The raw output for one row of as many values as there are inputs: NaN is missing.
    #[must_use]
    pub fn raw(&self, row: &[f64]) -> f64 {
        let rounded = self.rounded(row);
        let row = rounded.as_deref().unwrap_or(row);
        self.output(self.spec.trees.iter().fold(0.0, |sum, tree| sum + tree.walk(row)))
    }

    /// What each input of a row adds to the raw output, exactly. Nothing when the file does not say how much training
    /// data came to each node, or the forest is beyond [`super::MAX_EXPLAINED_STEPS`] or
    /// [`super::MAX_EXPLAINED_TREE_NODES`]: such a model predicts but cannot be explained.
    #[must_use]
    pub fn contributions(&self, row: &[f64]) -> Option<Contributions> {
        let explainer = self.explainer.get_or_init(|| Explainer::of(&self.spec.trees, &self.ranks, self.spec.inputs));
        let rounded = self.rounded(row);
        let mut found = explainer.as_ref()?.explain(&self.ranks.row(rounded.as_deref().unwrap_or(row)));
        found.base = self.output(found.base);
        found.values.iter_mut().for_each(|value| *value *= self.spec.scale);
        Some(found)
    }

    /// The raw output for a sum of leaves.
    fn output(&self, sum: f64) -> f64 {
        self.spec.base + self.spec.scale * sum
    }

    /// The row as the model reads it, when that is not as it is.
    fn rounded(&self, row: &[f64]) -> Option<Vec<f64>> {
        #[allow(clippy::cast_possible_truncation, reason = "that is what the model asks for")]
        let single = |value: &f64| f64::from(*value as f32);
        (self.spec.precision == Precision::Single).then(|| row.iter().map(single).collect())
    }
}
