//! A forest that can score.

use std::sync::OnceLock;

use super::{
    contributions::{Contributions, Explainer},
    lists::Lists,
    masks::{Masks, ROWS},
    ranks::Ranks,
    tree::{MAX_NODES, Node, Test, Tree},
    walk::Walks,
};
use crate::engine::LoadError;

/// Which numbers a model knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// 64-bit floats.
    Double,
    /// 32-bit floats: what comes in, or comes out of an addition, is rounded to the nearest one.
    Single,
}

impl Precision {
    /// A number as it is known. A sum of two 32-bit floats that is first rounded to 64 bits, and then to 32, is the one
    /// that is rounded once (Figueroa, When is double rounding innocuous?, 1995).
    fn round(self, value: f64) -> f64 {
        match self {
            Self::Double => value,
            #[allow(clippy::cast_possible_truncation, reason = "that is what the model asks for")]
            Self::Single => f64::from(value as f32),
        }
    }
}

/// A forest as a format gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct ForestSpec {
    /// How many inputs a row has.
    pub inputs: usize,
    /// How inputs are read.
    pub precision: Precision,
    /// How the leaves are added. In 32-bit floats the sum begins with the base, as `XGBoost`'s does, and is not scaled.
    pub sums: Precision,
    /// What the sum begins with.
    pub base: f64,
    /// What the sum of the leaves is multiplied by: 1, or one over the number of trees for an average.
    pub scale: f64,
    /// The trees, in the order in which they are summed.
    pub trees: Vec<Tree>,
}

/// How a tree is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Split by split, with all other small trees: see [`Lists`] and [`Masks`].
    Small,
    /// Node by node, several trees or rows at once: see [`Walks`].
    Large,
    /// As [`Tree::walk`] does: only the categories on the way are looked at.
    Plain,
}

/// The most sets of categories of a forest that are all looked at for each row.
const MAX_SETS: usize = 1_024;
/// The fewest rows for which a block of [`ROWS`] is worth its time.
const FEW: usize = 16;

/// A forest that can score.
#[derive(Debug)]
pub struct Forest {
    spec: ForestSpec,
    ranks: Ranks,
    /// How each tree is read.
    ways: Vec<Way>,
    /// Small trees, for single rows and for many.
    lists: Lists,
    masks: Vec<Masks>,
    walks: Walks,
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
        if spec.sums == Precision::Single && spec.scale.to_bits() != 1.0_f64.to_bits() {
            return Err(LoadError::rule("scale", "must be 1 for sums of 32-bit floats"));
        }
        let ranks = Ranks::of(&spec.trees);
        let (mut ways, mut masks, mut walks) = (Vec::new(), Vec::new(), Walks::default());
        for tree in &spec.trees {
            let sets = tree.nodes().iter().filter_map(Node::split).any(|split| matches!(split.test, Test::OneOf(_)));
            if sets && ranks.sets() > MAX_SETS {
                ways.push(Way::Plain);
            } else if let Some(small) = Masks::of(tree, &ranks) {
                masks.push(small);
                ways.push(Way::Small);
            } else {
                ways.push(if walks.push(tree, &ranks).is_some() { Way::Large } else { Way::Plain });
            }
        }
        let small = spec.trees.iter().zip(&ways).filter(|(_, way)| **way == Way::Small);
        let lists = Lists::of(small.map(|(tree, _)| tree));
        Ok(Self { spec, ranks, ways, lists, masks, walks, explainer: OnceLock::new() })
    }

    /// The trees, in the order in which they are summed.
    #[must_use]
    pub fn trees(&self) -> &[Tree] {
        &self.spec.trees
    }

    /// The raw output for one row of as many values as there are inputs: NaN is missing.
    #[must_use]
    pub fn raw(&self, row: &[f64]) -> f64 {
        let rounded = self.rounded(row);
        let row = rounded.as_deref().unwrap_or(row);
        let small = self.lists.leaves(row);
        if small.len() == self.ways.len() {
            return self.output(small.iter().fold(self.start(), |sum, leaf| self.spec.sums.round(sum + leaf)));
        }
        let mut small = small.into_iter();
        let large =
            if self.walks.is_empty() { Vec::new() } else { self.walks.leaves(&self.ranks.row(row, self.sets())) };
        let mut large = large.into_iter();
        let mut sum = self.start();
        for (tree, way) in self.spec.trees.iter().zip(&self.ways) {
            let leaf = match way {
                Way::Small => small.next().unwrap_or(f64::NAN),
                Way::Large => large.next().unwrap_or(f64::NAN),
                Way::Plain => tree.walk(row),
            };
            sum = self.spec.sums.round(sum + leaf);
        }
        self.output(sum)
    }

    /// The raw outputs of many rows, which lie one after the other: the same bits as [`Self::raw`] gives for each.
    #[must_use]
    pub fn raw_batch(&self, rows: &[f64]) -> Vec<f64> {
        let inputs = self.spec.inputs;
        let mut outputs = Vec::with_capacity(rows.len() / inputs);
        let (blocks, rest) = rows.split_at(rows.len() - rows.len() % (ROWS * inputs));
        for block in blocks.chunks_exact(ROWS * inputs) {
            outputs.extend(self.block(self.rounded(block).as_deref().unwrap_or(block)));
        }
        let count = rest.len() / inputs;
        if count < FEW {
            outputs.extend(rest.chunks_exact(inputs).map(|row| self.raw(row)));
        } else {
            let mut block = self.rounded(rest).unwrap_or_else(|| rest.to_vec());
            block.resize(ROWS * inputs, 0.0);
            outputs.extend(self.block(&block).into_iter().take(count));
        }
        outputs
    }

    /// The raw outputs of a block of rows.
    fn block(&self, rows: &[f64]) -> [f64; ROWS] {
        let ranks = self.ranks.block(rows, self.spec.inputs, self.sets());
        let cut = |rank| i16::try_from(rank).unwrap_or(i16::MAX);
        let small: Vec<_> = ranks.iter().filter(|_| !self.masks.is_empty()).map(|ranks| ranks.map(cut)).collect();
        let (mut masks, mut larger) = (self.masks.iter(), 0..);
        let mut sums = [self.start(); ROWS];
        for (tree, way) in self.spec.trees.iter().zip(&self.ways) {
            match way {
                Way::Small => masks.next().into_iter().for_each(|masks| masks.add(&small, &mut sums)),
                Way::Large => larger.next().into_iter().for_each(|tree| self.walks.add(tree, &ranks, &mut sums)),
                Way::Plain => {
                    for (sum, row) in sums.iter_mut().zip(rows.chunks_exact(self.spec.inputs)) {
                        *sum += tree.walk(row);
                    }
                }
            }
            if self.spec.sums == Precision::Single {
                for sum in &mut sums {
                    *sum = Precision::Single.round(*sum);
                }
            }
        }
        sums.map(|sum| self.output(sum))
    }

    /// Whether small and large trees look at categories.
    fn sets(&self) -> bool {
        self.ranks.sets() <= MAX_SETS
    }

    /// What each input of a row adds to the raw output, exactly. Nothing when the file does not say how much training
    /// data came to each node, or the forest is beyond [`super::MAX_EXPLAINED_STEPS`] or
    /// [`super::MAX_EXPLAINED_TREE_NODES`]: such a model predicts but cannot be explained.
    #[must_use]
    pub fn contributions(&self, row: &[f64]) -> Option<Contributions> {
        let explainer = self.explainer.get_or_init(|| Explainer::of(&self.spec.trees, &self.ranks, self.spec.inputs));
        let rounded = self.rounded(row);
        let mut found = explainer.as_ref()?.explain(&self.ranks.row(rounded.as_deref().unwrap_or(row), true));
        found.base = self.spec.base + self.spec.scale * found.base;
        found.values.iter_mut().for_each(|value| *value *= self.spec.scale);
        Some(found)
    }

    /// What a sum of leaves begins with.
    fn start(&self) -> f64 {
        match self.spec.sums {
            Precision::Double => 0.0,
            Precision::Single => Precision::Single.round(self.spec.base),
        }
    }

    /// The raw output for a sum of leaves.
    fn output(&self, sum: f64) -> f64 {
        match self.spec.sums {
            Precision::Double => self.spec.base + self.spec.scale * sum,
            Precision::Single => sum,
        }
    }

    /// The row as the model reads it, when that is not as it is.
    fn rounded(&self, row: &[f64]) -> Option<Vec<f64>> {
        let single = |value: &f64| Precision::Single.round(*value);
        (self.spec.precision == Precision::Single).then(|| row.iter().map(single).collect())
    }
}

#[cfg(test)]
impl Forest {
    /// The forest as it was read.
    pub(super) fn spec(&self) -> &ForestSpec {
        &self.spec
    }
}
