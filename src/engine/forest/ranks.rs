//! Rows as ranks: a comparison of floating-point numbers for each split becomes one search for each feature, and then
//! comparisons of small integers that know no NaN.
//!
//! A column is what splits of one feature that treat missing values alike ask of. The rank of a value in a column of
//! numbers is how many of the feature's thresholds are below it, so that `value <= thresholds[i]` is `rank < i + 1`; a
//! missing value has rank 0 where it goes left and the greatest rank where it goes right. A column of categories is one
//! set, and its rank is 0 inside and 1 outside. So whatever a split asks, the row goes left when the rank in the split's
//! column is below the split's bound.

use std::ops::Range;

use super::{
    masks::ROWS,
    search::Search,
    tree::{Categories, Missing, Node, Split, Test, Tree, ZERO_RANGE},
};

/// Where a split looks, and what it finds there: the row goes left when the rank in this column is below the bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub column: u32,
    pub bound: u32,
}

/// What turns a row into ranks.
#[derive(Debug)]
pub(super) struct Ranks {
    /// The features that are compared as numbers, by input.
    features: Vec<Feature>,
    /// Ascending and distinct for each feature.
    thresholds: Vec<f64>,
    search: Search,
    /// Of each feature in turn, by how they treat missing values.
    numbers: Vec<Column>,
    /// In order, and distinct.
    categories: Vec<(usize, Missing, Categories)>,
}

#[derive(Debug)]
struct Feature {
    input: usize,
    thresholds: Range<usize>,
    columns: Range<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Column {
    missing: Missing,
    /// The rank of a missing value.
    absent: u32,
    /// Whether values within 1e-35 of 0 are missing.
    zero_is_missing: bool,
}

impl Column {
    fn rank(self, value: f64, rank: u32) -> u32 {
        let missing = value.is_nan() | (self.zero_is_missing & (value.abs() <= ZERO_RANGE));
        if missing { self.absent } else { rank }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "thresholds and columns are fewer than a forest's nodes, 4,000,000")]
fn small(count: usize) -> u32 {
    count as u32
}

/// How many of the ascending thresholds are below a value.
fn below(thresholds: &[f64], value: f64) -> u32 {
    small(thresholds.partition_point(|threshold| *threshold < value))
}

impl Ranks {
    /// The ranks that the splits of these trees ask of.
    pub fn of(trees: &[Tree]) -> Self {
        let (mut asked, mut kinds, mut categories) = (Vec::new(), Vec::new(), Vec::new());
        for split in trees.iter().flat_map(Tree::nodes).filter_map(Node::split) {
            match &split.test {
                Test::AtMost(threshold) => {
                    asked.push((small(split.feature), *threshold));
                    kinds.push((split.feature, split.missing));
                }
                Test::OneOf(set) => categories.push((split.feature, split.missing, set)),
            }
        }
        asked.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        asked.dedup(); // -0 equals 0, as it does in a comparison.
        kinds.sort_unstable();
        kinds.dedup();
        categories.sort_unstable();
        categories.dedup();
        let categories = categories.into_iter().map(|(input, missing, set)| (input, missing, set.clone())).collect();
        let thresholds: Vec<f64> = asked.iter().map(|(_, threshold)| *threshold).collect();
        let (mut features, mut numbers) = (Vec::new(), Vec::with_capacity(kinds.len()));
        let mut from = 0;
        for group in asked.chunk_by(|a, b| a.0 == b.0) {
            let (input, until) = (group[0].0 as usize, from + group.len());
            let own = &thresholds[from..until];
            let first = numbers.len();
            let kinds = &kinds[kinds.partition_point(|(of, _)| *of < input)..];
            let kinds = kinds.iter().take_while(|(of, _)| *of == input);
            numbers.extend(kinds.map(|(_, missing)| Column::new(*missing, own)));
            features.push(Feature { input, thresholds: from..until, columns: first..numbers.len() });
            from = until;
        }
        let search = Search::of(&features.iter().map(|one| &thresholds[one.thresholds.clone()]).collect::<Vec<_>>());
        Self { features, thresholds, search, numbers, categories }
    }

    /// Where a split of one of the trees looks. Nothing for a split of any other tree that asks something else.
    pub fn place(&self, split: &Split) -> Option<Place> {
        match &split.test {
            Test::AtMost(threshold) => {
                let at = self.features.binary_search_by_key(&split.feature, |feature| feature.input).ok()?;
                let feature = &self.features[at];
                let kinds = &self.numbers[feature.columns.clone()];
                let column = feature.columns.start + kinds.iter().position(|column| column.missing == split.missing)?;
                let bound = below(&self.thresholds[feature.thresholds.clone()], *threshold) + 1;
                Some(Place { column: small(column), bound })
            }
            Test::OneOf(set) => {
                let key = (split.feature, split.missing, set);
                let at =
                    self.categories.binary_search_by(|(input, missing, of)| (*input, *missing, of).cmp(&key)).ok()?;
                Some(Place { column: small(self.numbers.len() + at), bound: 1 })
            }
        }
    }

    /// How many sets of categories splits ask for.
    pub fn sets(&self) -> usize {
        self.categories.len()
    }

    /// The ranks of a row, column by column: those of numbers, then, if asked for, those of categories.
    pub fn row(&self, row: &[f64], categories: bool) -> Vec<u32> {
        let found = self.search.each(|feature| row[self.features[feature].input]);
        let mut ranks = Vec::with_capacity(self.numbers.len() + self.categories.len());
        for (feature, rank) in self.features.iter().zip(found) {
            let value = row[feature.input];
            ranks.extend(self.numbers[feature.columns.clone()].iter().map(|column| column.rank(value, rank)));
        }
        let sets = self.categories.iter().filter(|_| categories);
        ranks.extend(sets.map(|(input, missing, set)| u32::from(!missing.finds(row[*input], set))));
        ranks
    }

    /// As [`Self::row`], for rows that lie one after the other.
    pub fn block(&self, rows: &[f64], inputs: usize, categories: bool) -> Vec<[u32; ROWS]> {
        let values = |input: usize| -> [f64; ROWS] { std::array::from_fn(|row| rows[row * inputs + input]) };
        let mut ranks = Vec::with_capacity(self.numbers.len() + self.categories.len());
        for (at, feature) in self.features.iter().enumerate() {
            let values = values(feature.input);
            let found = self.search.all(at, &values);
            for column in &self.numbers[feature.columns.clone()] {
                ranks.push(std::array::from_fn(|row| column.rank(values[row], found[row])));
            }
        }
        let sets = self.categories.iter().filter(|_| categories);
        ranks.extend(
            sets.map(|(input, missing, set)| values(*input).map(|value| u32::from(!missing.finds(value, set)))),
        );
        ranks
    }
}

impl Column {
    fn new(missing: Missing, thresholds: &[f64]) -> Self {
        let absent = match missing {
            Missing::NanLeft | Missing::ZeroLeft => 0,
            Missing::NanRight | Missing::ZeroRight => small(thresholds.len()),
            Missing::NanIsZero => below(thresholds, 0.0),
        };
        Self { missing, absent, zero_is_missing: matches!(missing, Missing::ZeroLeft | Missing::ZeroRight) }
    }
}
