//! Forests of decision trees: the one form that every tree format is read into, and what is computed on it.

mod tree;

pub use tree::{Categories, Forest, ForestSpec, Missing, Node, Precision, Split, Test, Tree};
