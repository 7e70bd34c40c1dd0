//! A forest over derived columns.

use super::{columns::Columns, forest::Forest};

/// A forest over columns that are derived from the inputs of a row.
#[derive(Debug)]
pub struct DerivedForest {
    /// The columns that the trees ask about, each a function of one input.
    pub columns: Columns,
    /// The trees: their features are the columns.
    pub forest: Forest,
}

impl DerivedForest {
    /// The raw output for one row of as many values as there are inputs: NaN is missing.
    #[must_use]
    pub fn raw(&self, row: &[f64]) -> f64 {
        self.forest.raw(&self.columns.of(row))
    }
}
