//! Many rows through a small tree at once: each split that a row fails takes the leaves below its left branch away, and
//! the row falls into the first leaf that remains (`QuickScorer`, Lucchese et al., SIGIR 2015). No step depends on what
//! a row says, and rows stand side by side, so that the compiler makes vector instructions of it (as V-QuickScorer,
//! SIGIR 2016, and `RapidScorer`, KDD 2018, do by hand).

use super::{
    ranks::Ranks,
    tree::{Node, Split, Tree},
};

/// Rows that are scored together.
pub(super) const ROWS: usize = 64;
/// The most leaves of a tree that is read so.
const MAX_LEAVES: usize = 64;
/// Leaves of one mask.
const PIECE: usize = 16;

/// A small tree as masks.
#[derive(Debug)]
pub(super) struct Masks {
    /// For each piece of 16 leaves, from left to right, what takes leaves of it away.
    pieces: Vec<Vec<Mask>>,
    /// Values, from left to right.
    leaves: Vec<f64>,
}

#[derive(Debug, Clone, Copy)]
struct Mask {
    column: u32,
    bound: i16,
    /// What remains of the piece when the rank in the column is not below the bound.
    rest: u16,
}

/// A small tree's leaves, counted from the left.
pub(super) struct Leaves {
    /// The first leaf below each node.
    first: Vec<usize>,
    /// How many are below it.
    below: Vec<usize>,
}

impl Leaves {
    pub fn of(tree: &Tree) -> Self {
        let nodes = tree.nodes();
        let (mut first, mut below) = (vec![0; nodes.len()], vec![1; nodes.len()]);
        for (at, node) in nodes.iter().enumerate().rev() {
            if let Some(split) = node.split() {
                below[at] = below[split.left] + below[split.right];
            }
        }
        for (at, node) in nodes.iter().enumerate() {
            if let Some(split) = node.split() {
                (first[split.left], first[split.right]) = (first[at], first[at] + below[split.left]);
            }
        }
        Self { first, below }
    }

    pub fn count(&self) -> usize {
        self.below[0]
    }

    /// Their values.
    pub fn values(&self, tree: &Tree) -> Vec<f64> {
        let mut values = vec![0.0; self.count()];
        for (node, first) in tree.nodes().iter().zip(&self.first) {
            if let Node::Leaf { value, .. } = node {
                values[*first] = *value;
            }
        }
        values
    }

    /// What remains when a row fails a split: a bit for each of up to 64 leaves, the first one lowest.
    pub fn rest(&self, at: usize, split: &Split) -> u64 {
        // The right branch has a leaf, so the left one has at most 63.
        !(((1 << self.below[split.left]) - 1) << self.first[at])
    }
}

impl Masks {
    /// Nothing when the tree has too many leaves, or a feature too many thresholds.
    pub fn of(tree: &Tree, ranks: &Ranks) -> Option<Self> {
        let nodes = tree.nodes();
        if nodes.len() > 2 * MAX_LEAVES - 1 {
            return None;
        }
        let leaves = Leaves::of(tree);
        let mut pieces = vec![Vec::new(); leaves.count().div_ceil(PIECE)];
        for (at, split) in nodes.iter().enumerate().filter_map(|(at, node)| Some((at, node.split()?))) {
            let place = ranks.place(split)?;
            let bound = i16::try_from(place.bound).ok()?;
            for (piece, masks) in pieces.iter_mut().enumerate() {
                #[allow(clippy::cast_possible_truncation, reason = "one piece after the other")]
                let rest = (leaves.rest(at, split) >> (piece * PIECE)) as u16;
                if rest != u16::MAX {
                    masks.push(Mask { column: place.column, bound, rest });
                }
            }
        }
        Some(Self { pieces, leaves: leaves.values(tree) })
    }

    /// Adds each row's leaf to its sum. Ranks stand column by column; those that are too great for 16 bits may be cut.
    pub fn add(&self, ranks: &[[i16; ROWS]], sums: &mut [f64; ROWS]) {
        let mut remaining = [[0_u16; ROWS]; MAX_LEAVES / PIECE];
        for (masks, remaining) in self.pieces.iter().zip(&mut remaining) {
            *remaining = piece(masks, ranks);
        }
        let [a, b, c, d] = &remaining;
        for row in 0..ROWS {
            let leaf = if self.pieces.len() <= 2 {
                (u32::from(a[row]) | u32::from(b[row]) << 16).trailing_zeros()
            } else {
                let (low, high) =
                    (u64::from(a[row]) | u64::from(b[row]) << 16, u64::from(c[row]) | u64::from(d[row]) << 16);
                (low | high << 32).trailing_zeros()
            };
            sums[row] += self.leaves[leaf as usize];
        }
    }
}

/// What remains of 16 leaves, row by row.
fn piece(masks: &[Mask], ranks: &[[i16; ROWS]]) -> [u16; ROWS] {
    let mut remaining = [u16::MAX; ROWS];
    for mask in masks {
        let ranks = &ranks[mask.column as usize];
        for row in 0..ROWS {
            remaining[row] &= mask.rest | if ranks[row] < mask.bound { u16::MAX } else { 0 };
        }
    }
    remaining
}
