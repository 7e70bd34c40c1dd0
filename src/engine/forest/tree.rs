//! The checked form of a forest. Whatever a file says, a [`Tree`] ends: each child stands after its parent, and each node
//! but the root is the child of exactly one split.

use crate::engine::LoadError;

/// The most nodes of one tree, and of a whole forest.
pub const MAX_NODES: usize = 4_000_000;
/// The deepest that a leaf may lie below its root.
pub const MAX_DEPTH: usize = 512;

/// What a split asks of its feature; the row goes left when it holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// The value is at most this finite threshold, or this is infinity and every value that is not missing passes.
    AtMost(f64),
    /// The value, cut to a whole number, is one of these.
    OneOf(Categories),
}

/// A set of category codes: a bit each, the lowest code first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Categories(pub Vec<u64>);

impl Categories {
    /// Whether a value is one of the set. NaN, negative values and values beyond the set are not.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        if !(0.0..9.0e15).contains(&value.trunc()) {
            return false;
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
        let code = value as u64;
        usize::try_from(code / 64)
            .ok()
            .and_then(|word| self.0.get(word))
            .is_some_and(|word| word >> (code % 64) & 1 == 1)
    }
}

/// How near to 0 a value counts as 0, where zeros are missing: `LightGBM` has it as a 32-bit float.
#[allow(clippy::cast_lossless, reason = "the lossless way is not const")]
pub(super) const ZERO_RANGE: f64 = 1e-35_f32 as f64;

/// Where a missing value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// NaN goes left.
    NanLeft,
    /// NaN goes right.
    NanRight,
    /// NaN counts as 0 and is then tested as any value.
    NanIsZero,
    /// NaN, and any value within 1e-35 of 0, goes left.
    ZeroLeft,
    /// NaN, and any value within 1e-35 of 0, goes right.
    ZeroRight,
}

impl Missing {
    /// Whether a missing value goes left, or else the value to test.
    fn place(self, value: f64) -> Result<bool, f64> {
        match self {
            Self::NanLeft if value.is_nan() => Ok(true),
            Self::NanRight if value.is_nan() => Ok(false),
            Self::ZeroLeft if value.is_nan() || value.abs() <= ZERO_RANGE => Ok(true),
            Self::ZeroRight if value.is_nan() || value.abs() <= ZERO_RANGE => Ok(false),
            Self::NanIsZero if value.is_nan() => Err(0.0),
            _ => Err(value),
        }
    }

    /// Whether a value goes left where these categories do.
    pub(super) fn finds(self, value: f64, categories: &Categories) -> bool {
        self.place(value).unwrap_or_else(|value| categories.contains(value))
    }
}

/// A node of a tree.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// It asks, and has two children.
    Split(Split),
    /// It answers.
    Leaf {
        /// What the tree adds to the sum.
        value: f64,
        /// How much of the training data came here: at least 0, in whatever unit the tree counts. 0 in all nodes when the
        /// format does not tell.
        cover: f64,
    },
}

/// A node that asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// The input that it asks about, from 0.
    pub feature: usize,
    /// What it asks.
    pub test: Test,
    /// Where a missing value goes.
    pub missing: Missing,
    /// The child when the test holds. In a [`Tree`], it stands after this node.
    pub left: usize,
    /// The child when it does not. In a [`Tree`], it stands after this node.
    pub right: usize,
    /// As of a leaf.
    pub cover: f64,
}

impl Split {
    /// Whether a value goes left.
    #[must_use]
    pub fn goes_left(&self, value: f64) -> bool {
        match &self.test {
            Test::AtMost(threshold) => self.missing.place(value).unwrap_or_else(|value| value <= *threshold),
            Test::OneOf(categories) => self.missing.finds(value, categories),
        }
    }
}

impl Node {
    /// The split, when it is one.
    pub(super) fn split(&self) -> Option<&Split> {
        match self {
            Self::Split(split) => Some(split),
            Self::Leaf { .. } => None,
        }
    }

    /// How much of the training data came here.
    pub(super) fn cover(&self) -> f64 {
        match self {
            Self::Split(Split { cover, .. }) | Self::Leaf { cover, .. } => *cover,
        }
    }
}

/// A tree that ends: node 0 is its root.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    /// Checks nodes as a file gives them, the root first, and puts them in order: breadth first, so that each child
    /// stands after its parent. Nodes that no split names are left out.
    ///
    /// # Errors
    /// When there is none, a child is not there or has two parents, a feature is not below `inputs`, a threshold, leaf
    /// or cover is NaN, a leaf is infinite, a cover is negative or infinite, or it is too deep or too large.
    pub fn check(part: &str, from: Vec<Node>, inputs: usize) -> Result<Self, LoadError> {
        let fail = |rule| Err(LoadError::rule(part, rule));
        if from.is_empty() || from.len() > MAX_NODES {
            return fail("a tree must have 1 to 4000000 nodes");
        }
        let count = from.len();
        let mut from: Vec<Option<Node>> = from.into_iter().map(Some).collect();
        // The level of each node that was taken; children are pushed in pairs behind their parent.
        let mut nodes: Vec<Node> = Vec::with_capacity(count);
        let mut waiting = std::collections::VecDeque::from([(0_usize, 0_usize)]);
        let mut depth = 0;
        while let Some((at, level)) = waiting.pop_front() {
            let Some(slot) = from.get_mut(at) else { return fail("a child is not there") };
            let Some(mut node) = slot.take() else { return fail("a node has two parents, or is its own ancestor") };
            match &mut node {
                Node::Leaf { value, cover } => {
                    if !value.is_finite() || !cover.is_finite() || *cover < 0.0 {
                        return fail("a leaf and its cover must be finite numbers");
                    }
                }
                Node::Split(split) => {
                    check_split(part, split, inputs)?;
                    let next = nodes.len() + 1 + waiting.len();
                    waiting.push_back((split.left, level + 1));
                    waiting.push_back((split.right, level + 1));
                    (split.left, split.right) = (next, next + 1);
                }
            }
            depth = depth.max(level);
            nodes.push(node);
        }
        if depth > MAX_DEPTH {
            return fail("a tree must be at most 512 splits deep");
        }
        Ok(Self { nodes })
    }

    /// The nodes, breadth first.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The value of the leaf that a row falls into: the plain walk, which everything faster is held against.
    #[must_use]
    pub fn walk(&self, row: &[f64]) -> f64 {
        let mut at = 0;
        loop {
            match &self.nodes[at] {
                Node::Leaf { value, .. } => return *value,
                Node::Split(split) => at = if split.goes_left(row[split.feature]) { split.left } else { split.right },
            }
        }
    }
}

fn check_split(part: &str, split: &Split, inputs: usize) -> Result<(), LoadError> {
    if split.feature >= inputs {
        return Err(LoadError::rule(part, "a split names a feature that the model does not have"));
    }
    if matches!(split.test, Test::AtMost(threshold) if threshold.is_nan() || threshold == f64::NEG_INFINITY) {
        return Err(LoadError::rule(part, "a threshold is not a number"));
    }
    if !split.cover.is_finite() || split.cover < 0.0 {
        return Err(LoadError::rule(part, "a cover must be a finite number, not negative"));
    }
    Ok(())
}
