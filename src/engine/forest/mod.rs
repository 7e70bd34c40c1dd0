//! Forests of decision trees: the one form that every tree format is read into, and what is computed on it.

mod contributions;
mod quadrature;
mod ranks;
mod scoring;
mod tree;

pub use contributions::{Contributions, MAX_EXPLAINED_STEPS, MAX_EXPLAINED_TREE_NODES};
pub use scoring::{Forest, ForestSpec, Precision};
pub use tree::{Categories, Missing, Node, Split, Test, Tree};
