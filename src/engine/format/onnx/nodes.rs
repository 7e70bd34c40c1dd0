//! The nodes of a tree ensemble, as the lists of its attributes: each list has one value a node.

use super::{graph::Operator, tensor::Tensor};
use crate::engine::LoadError;
use std::ops::Range;

/// Category codes from this on are tested one by one.
const MAX_CODE: f64 = 4_096.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Leaf,
    AtMost,
    Less,
    AtLeast,
    Greater,
    Equal,
    NotEqual,
}

/// The nodes of all trees, a list for each attribute.
#[derive(Debug)]
pub struct Lists {
    pub trees: Vec<u32>,
    pub ids: Vec<u32>,
    pub features: Vec<u32>,
    pub modes: Vec<Mode>,
    pub values: Vec<f64>,
    pub hits: Vec<f64>,
    pub missing_is_true: Vec<bool>,
    pub if_true: Vec<u32>,
    pub if_false: Vec<u32>,
    pub leaves: Vec<f64>,
}

/// A node or tree number; what is none becomes one that is not there.
fn number(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Floats as such or as a tensor of doubles, which version 3 allows.
pub fn floats(operator: &Operator<'_>, name: &str) -> Result<Vec<f64>, LoadError> {
    match operator.tensor(&format!("{name}_as_tensor"))? {
        Some(tensor) => Ok(Tensor::of(tensor)?.values),
        None => operator.floats(name),
    }
}

impl Lists {
    pub fn of(operator: &Operator<'_>) -> Result<Self, LoadError> {
        let texts = operator.texts("nodes_modes")?;
        let mut modes = Vec::with_capacity(texts.len());
        for text in texts {
            modes.push(match text {
                b"LEAF" => Mode::Leaf,
                b"BRANCH_LEQ" => Mode::AtMost,
                b"BRANCH_LT" => Mode::Less,
                b"BRANCH_GTE" => Mode::AtLeast,
                b"BRANCH_GT" => Mode::Greater,
                b"BRANCH_EQ" => Mode::Equal,
                b"BRANCH_NEQ" => Mode::NotEqual,
                _ => return Err(operator.unsupported(" with a node of an unknown mode")),
            });
        }
        let count = modes.len();
        let lists = Self {
            trees: operator.integers("nodes_treeids", number)?,
            ids: operator.integers("nodes_nodeids", number)?,
            features: operator.integers("nodes_featureids", number)?,
            modes,
            values: floats(operator, "nodes_values")?,
            hits: floats(operator, "nodes_hitrates")?,
            missing_is_true: operator.integers("nodes_missing_value_tracks_true", |one| one == 1)?,
            if_true: operator.integers("nodes_truenodeids", number)?,
            if_false: operator.integers("nodes_falsenodeids", number)?,
            leaves: vec![0.0; count],
        };
        let lengths = [lists.trees.len(), lists.ids.len(), lists.features.len(), lists.values.len()];
        let mut lengths = lengths.into_iter().chain([lists.if_true.len(), lists.if_false.len()]);
        let optional = |length| [0, count].contains(&length);
        if !lengths.all(|length| length == count)
            || !optional(lists.hits.len())
            || !optional(lists.missing_is_true.len())
        {
            return Err(operator.rule("its lists must have one value for each node"));
        }
        Ok(lists)
    }

    /// The nodes of each tree, which must stand together.
    pub fn runs(&self, operator: &Operator<'_>) -> Result<Vec<Range<u32>>, LoadError> {
        let mut runs: Vec<Range<u32>> = Vec::new();
        for (at, tree) in (0_u32..).zip(&self.trees) {
            match runs.last_mut() {
                Some(run) if self.trees[run.start as usize] == *tree => run.end = at + 1,
                _ => runs.push(at..at + 1),
            }
        }
        runs.sort_by_key(|run| self.trees[run.start as usize]);
        if runs.windows(2).any(|pair| self.trees[pair[0].start as usize] == self.trees[pair[1].start as usize]) {
            return Err(operator.rule("the nodes of a tree must stand together"));
        }
        Ok(runs)
    }

    /// All nodes in the order of their trees and their numbers.
    pub fn order(&self, operator: &Operator<'_>) -> Result<Vec<u32>, LoadError> {
        let key = |at: &u32| (self.trees[*at as usize], self.ids[*at as usize]);
        let mut order: Vec<u32> = (0_u32..).take(self.ids.len()).collect();
        order.sort_unstable_by_key(key);
        if order.windows(2).any(|pair| key(&pair[0]) == key(&pair[1])) {
            return Err(operator.rule("two nodes of a tree have the same number"));
        }
        Ok(order)
    }

    /// The place of a node in the lists.
    pub fn find(&self, order: &[u32], tree: u32, id: u32) -> Option<usize> {
        let key = |at: &u32| (self.trees[*at as usize], self.ids[*at as usize]);
        order.binary_search_by_key(&(tree, id), key).ok().map(|found| order[found] as usize)
    }

    /// Adds the weights of one class or target to the leaves: `of` gives the factor for each class.
    pub fn weigh(
        &mut self,
        operator: &Operator<'_>,
        order: &[u32],
        what: &str,
        of: impl Fn(u32) -> f64,
    ) -> Result<(), LoadError> {
        let classes = operator.integers(&format!("{what}_ids"), number)?;
        let trees = operator.integers(&format!("{what}_treeids"), number)?;
        let ids = operator.integers(&format!("{what}_nodeids"), number)?;
        let weights = floats(operator, &format!("{what}_weights"))?;
        if [trees.len(), ids.len(), weights.len()] != [classes.len(); 3] {
            return Err(operator.rule("its lists must have one value for each weight"));
        }
        let mut given = vec![0_u8; self.ids.len()];
        for (at, class) in classes.iter().enumerate() {
            let bit = if *class == 0 { 1 } else { 2 };
            match self.find(order, trees[at], ids[at]).filter(|node| self.modes[*node] == Mode::Leaf) {
                Some(node) if given[node] & bit == 0 => {
                    given[node] |= bit;
                    self.leaves[node] += of(*class) * weights[at];
                }
                _ => return Err(operator.rule("a weight must be of a leaf, and one for each class")),
            }
        }
        Ok(())
    }

    /// The code that a node tests for, when that is what it does.
    fn code(&self, at: usize) -> Option<u16> {
        let value = self.values[at];
        let whole = value.fract() == 0.0 && (0.0..MAX_CODE).contains(&value);
        let known = self.modes[at] == Mode::Equal && !self.missing_is_true.get(at).is_some_and(|one| *one);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked in the lines above")]
        (known && whole).then_some(value as u16)
    }

    /// The node that the row goes on to when a node's test does not hold.
    fn next(&self, order: &[u32], at: usize) -> Option<usize> {
        self.find(order, self.trees[at], self.if_false[at])
    }

    /// Which nodes continue the test of the one before: onnxmltools writes a test for one of several categories as a
    /// chain of tests for one category each, which all lead to the same node. Only as one test is that a tree.
    pub fn continuing(&self, order: &[u32]) -> Vec<bool> {
        let mut parents = vec![0_u8; self.ids.len()];
        for at in (0..self.ids.len()).filter(|at| self.modes[*at] != Mode::Leaf) {
            for child in [self.if_true[at], self.if_false[at]] {
                if let Some(child) = self.find(order, self.trees[at], child) {
                    parents[child] = parents[child].saturating_add(1);
                }
            }
        }
        let mut continuing = vec![false; self.ids.len()];
        for at in (0..self.ids.len()).filter(|at| self.code(*at).is_some()) {
            let same = |next: &usize| {
                self.features[*next] == self.features[at]
                    && self.if_true[*next] == self.if_true[at]
                    && parents[*next] == 1
                    && self.code(*next).is_some()
            };
            if let Some(next) = self.next(order, at).filter(same) {
                continuing[next] = true;
            }
        }
        continuing
    }

    /// The codes of the chain that begins at a node, and its last node.
    pub fn codes(&self, order: &[u32], continuing: &[bool], first: usize) -> Option<(Vec<u16>, usize)> {
        let mut codes = vec![self.code(first)?];
        let mut last = first;
        while let Some(next) = self.next(order, last).filter(|next| continuing[*next]) {
            codes.extend(self.code(next));
            last = next;
        }
        Some((codes, last))
    }

    /// Whether the hit rates tell how much of the training data came to each node: those of two children add up.
    pub fn tells_cover(&self, order: &[u32]) -> bool {
        let adds_up = |at: usize| {
            let child = |ids: &[u32]| self.find(order, self.trees[at], ids[at]).map(|child| self.hits[child]);
            let (one, other) = (child(&self.if_true), child(&self.if_false));
            let sum = one.zip(other).map_or(f64::NAN, |(one, other)| one + other);
            self.modes[at] == Mode::Leaf || (sum - self.hits[at]).abs() <= 1e-6 * self.hits[at]
        };
        !self.hits.is_empty()
            && self.hits.iter().all(|hits| hits.is_finite() && *hits >= 0.0)
            && self.modes.iter().any(|mode| *mode != Mode::Leaf)
            && (0..self.ids.len()).all(adds_up)
    }
}
