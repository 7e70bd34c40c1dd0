//! A forest over derived columns.

use super::{
    columns::Columns,
    forest::{Contributions, Forest},
};

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

    /// The raw outputs of many rows of so many values, which lie one after the other.
    #[must_use]
    pub fn raw_batch(&self, rows: &[f64], inputs: usize) -> Vec<f64> {
        let columns: Vec<f64> = rows.chunks_exact(inputs).flat_map(|row| self.columns.of(row)).collect();
        self.forest.raw_batch(&columns)
    }

    /// What each input adds: the sum over the columns that are derived from it. They add up to the raw output
    /// less the base. Nothing when the forest cannot be explained.
    #[must_use]
    pub fn contributions(&self, row: &[f64]) -> Option<Contributions> {
        let of_columns = self.forest.contributions(&self.columns.of(row))?;
        Some(Contributions { base: of_columns.base, values: self.columns.by_input(&of_columns.values) })
    }
}
