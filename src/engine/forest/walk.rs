//! Several walks at once, without a branch that depends on the row: while one waits for memory, the others go on.

use super::{
    masks::ROWS,
    ranks::Ranks,
    tree::{Node, Tree},
};

/// Walks that are taken together.
const LANES: usize = 16;
/// Steps between two looks at whether all have arrived.
const STRIDE: usize = 4;

/// Trees, one after the other.
#[derive(Debug, Default)]
pub(super) struct Walks {
    nodes: Vec<Step>,
    /// The values of leaves, at the same places.
    values: Vec<f64>,
    roots: Vec<u32>,
}

/// A node: on to `next` when the rank in the column is below the bound, else to the node after that. A leaf leads to itself.
#[derive(Debug, Clone, Copy)]
struct Step {
    column: u32,
    bound: u32,
    next: u32,
}

impl Walks {
    /// Adds a tree. Nothing when it is not of the forest that these ranks are of.
    pub fn push(&mut self, tree: &Tree, ranks: &Ranks) -> Option<()> {
        let root = u32::try_from(self.nodes.len()).ok()?;
        for (at, node) in (root..).zip(tree.nodes()) {
            let (step, value) = match node {
                Node::Leaf { value, .. } => (Step { column: 0, bound: u32::MAX, next: at }, *value),
                Node::Split(split) => {
                    let place = ranks.place(split)?;
                    (
                        Step { column: place.column, bound: place.bound, next: root + u32::try_from(split.left).ok()? },
                        0.0,
                    )
                }
            };
            self.nodes.push(step);
            self.values.push(value);
        }
        self.roots.push(root);
        Some(())
    }

    /// Whether there is no tree.
    pub fn is_empty(&self) -> bool {
        self.roots.is_empty()
    }

    /// The leaf of each tree that a row falls into.
    pub fn leaves(&self, ranks: &[u32]) -> Vec<f64> {
        let mut leaves = Vec::with_capacity(self.roots.len());
        for group in self.roots.chunks(LANES) {
            // Lanes that are left over walk down the last tree.
            let mut at = std::array::from_fn(|lane| group[lane.min(group.len() - 1)]);
            self.descend(&mut at, |column, _| ranks[column]);
            leaves.extend(at[..group.len()].iter().map(|at| self.values[*at as usize]));
        }
        leaves
    }

    /// Adds each row's leaf in one of the trees to its sum. Ranks stand column by column.
    pub fn add(&self, tree: usize, ranks: &[[u32; ROWS]], sums: &mut [f64; ROWS]) {
        for (group, sums) in sums.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            let mut at = [self.roots[tree]; LANES];
            self.descend(&mut at, |column, lane| ranks[column][group * LANES + lane]);
            for (sum, at) in sums.iter_mut().zip(at) {
                *sum += self.values[at as usize];
            }
        }
    }

    #[inline]
    fn descend(&self, at: &mut [u32; LANES], rank: impl Fn(usize, usize) -> u32) {
        loop {
            for _ in 0..STRIDE {
                for (lane, at) in at.iter_mut().enumerate() {
                    let step = &self.nodes[*at as usize];
                    *at = step.next + u32::from(rank(step.column as usize, lane) >= step.bound);
                }
            }
            let mut arrived = true;
            for at in at.iter() {
                arrived &= self.nodes[*at as usize].bound == u32::MAX;
            }
            if arrived {
                return;
            }
        }
    }
}
