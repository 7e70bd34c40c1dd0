//! Forests of decision trees: the one form that every tree format is read into, and what is computed on it.

mod contributions;
mod lists;
mod masks;
mod quadrature;
mod ranks;
mod scoring;
mod search;
mod tree;
mod walk;

pub use contributions::{Contributions, MAX_EXPLAINED_STEPS, MAX_EXPLAINED_TREE_NODES};
pub use scoring::{Forest, ForestSpec, Precision};
pub use tree::{Categories, Missing, Node, Split, Test, Tree};

#[cfg(test)]
mod tests;
