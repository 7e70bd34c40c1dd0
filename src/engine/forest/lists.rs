//! One row through all small trees at once: for each feature in turn, all the splits that the row fails, whatever tree
//! they stand in, take leaves away; then each tree's first leaf that remains is the one that the row falls into
//! (`QuickScorer`, Lucchese et al., SIGIR 2015).
//!
//! A feature's splits are sorted by threshold, so those that a value fails are the first few. What all trees have left
//! after every 16 of them is tabulated: a row takes the nearest line of the table, and fewer than 16 splits more.

use super::{
    masks::Leaves,
    search::Search,
    tree::{Categories, Missing, Split, Test, Tree, ZERO_RANGE},
};

/// Words that are computed together.
const BLOCK: usize = 16;
/// The fewest splits from one line of the table to the next: 2 to this power.
const STRIDE: u32 = 4;

/// Small trees, split by split.
#[derive(Debug, Default)]
pub(super) struct Lists {
    features: Vec<Feature>,
    sets: Vec<Set>,
    search: Search,
    /// Of each feature in turn, by threshold: what its splits take away.
    cuts: Vec<Cut>,
    /// What missing values, and values outside a set, take away.
    others: Vec<Cut>,
    /// Lines of as many words as all trees have.
    table: Vec<[u32; BLOCK]>,
    /// Splits from one line to the next: 2 to this power.
    stride: u32,
    trees: Vec<Place>,
    /// The leaves of each tree, from left to right.
    values: Vec<f64>,
    /// Blocks of words.
    blocks: usize,
}

/// Where a tree is.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Its words: the first and the last, which may be the same.
    words: (u32, u32),
    /// Its first leaf.
    leaf: u32,
}

/// What one split takes away when a row fails it: leaves of one word.
#[derive(Debug, Clone, Copy)]
struct Cut {
    word: u32,
    rest: u32,
}

/// The splits on one feature that take the same values to be missing.
#[derive(Debug)]
struct Feature {
    input: usize,
    zero_is_missing: bool,
    first: usize,
    /// What a missing value takes away.
    absent: std::ops::Range<usize>,
    /// Its first line of the table, and how many it has.
    line: usize,
    lines: usize,
}

/// The splits that ask for the same categories.
#[derive(Debug)]
struct Set {
    input: usize,
    missing: Missing,
    categories: Categories,
    cuts: std::ops::Range<usize>,
}

/// A comparison while the lists are made.
struct Asked {
    input: usize,
    zero_is_missing: bool,
    threshold: f64,
    /// Whether a missing value fails it.
    fails_missing: bool,
    cut: Cut,
}

impl Lists {
    /// The lists of these small trees.
    pub fn of<'a>(trees: impl Iterator<Item = &'a Tree>) -> Self {
        let mut own = Self::default();
        let (mut asked, mut sets) = (Vec::new(), Vec::new());
        let mut words = 0_u32;
        for tree in trees {
            let leaves = Leaves::of(tree);
            let last = words + u32::from(leaves.count() > 32);
            own.trees.push(Place { words: (words, last), leaf: u32::try_from(own.values.len()).unwrap_or(0) });
            own.values.extend(leaves.values(tree));
            for (at, split) in tree.nodes().iter().enumerate().filter_map(|(at, node)| Some((at, node.split()?))) {
                let rest = leaves.rest(at, split);
                #[allow(clippy::cast_possible_truncation, reason = "one half after the other")]
                for (word, rest) in (words..=last).zip([rest as u32, (rest >> 32) as u32]) {
                    let cut = Cut { word, rest };
                    match &split.test {
                        _ if rest == u32::MAX => {}
                        Test::AtMost(threshold) => asked.push(Asked::new(split, *threshold, cut)),
                        Test::OneOf(set) => sets.push((split.feature, split.missing, set, cut)),
                    }
                }
            }
            words = last + 1;
        }
        own.blocks = (words as usize).div_ceil(BLOCK);
        own.stride = STRIDE.max(own.blocks.next_power_of_two().trailing_zeros());
        asked.sort_by(|a, b| {
            let key = |one: &Asked| (one.input, one.zero_is_missing);
            key(a).cmp(&key(b)).then(a.threshold.total_cmp(&b.threshold))
        });
        let mut thresholds: Vec<Vec<f64>> = Vec::new();
        for group in asked.chunk_by(|a, b| (a.input, a.zero_is_missing) == (b.input, b.zero_is_missing)) {
            own.push(group);
            thresholds.push(group.iter().map(|one| one.threshold).collect());
        }
        own.search = Search::of(&thresholds.iter().map(Vec::as_slice).collect::<Vec<_>>());
        sets.sort_by(|a, b| (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2)));
        for group in sets.chunk_by(|a, b| (a.0, a.1, a.2) == (b.0, b.1, b.2)) {
            let (input, missing, categories, _) = group[0];
            let first = own.others.len();
            own.others.extend(group.iter().map(|(.., cut)| *cut));
            own.sets.push(Set { input, missing, categories: categories.clone(), cuts: first..own.others.len() });
        }
        own
    }

    /// Adds a feature.
    fn push(&mut self, group: &[Asked]) {
        let (first, absent, line) = (self.cuts.len(), self.others.len(), self.table.len() / self.blocks);
        self.others.extend(group.iter().filter(|one| one.fails_missing).map(|one| one.cut));
        self.cuts.extend(group.iter().map(|one| one.cut));
        // Where splits are fewer than words, a line costs more than it saves.
        let lines = if group.len() * 8 >= self.blocks * BLOCK { group.len() >> self.stride } else { 0 };
        let mut rest = vec![[u32::MAX; BLOCK]; self.blocks];
        for cuts in self.cuts[first..].chunks_exact(1 << self.stride).take(lines) {
            cut(rest.as_flattened_mut(), cuts);
            self.table.extend_from_slice(&rest);
        }
        let Asked { input, zero_is_missing, .. } = group[0];
        let absent = absent..self.others.len();
        self.features.push(Feature { input, zero_is_missing, first, absent, line, lines });
    }

    /// The leaf of each tree that a row falls into.
    pub fn leaves(&self, row: &[f64]) -> Vec<f64> {
        let words = self.remaining(row);
        let words = words.as_flattened();
        let leaf = |Place { words: (first, last), leaf }: &Place| {
            let remaining = u64::from(words[*first as usize]) | u64::from(words[*last as usize]) << 32;
            self.values[*leaf as usize + remaining.trailing_zeros() as usize]
        };
        self.trees.iter().map(leaf).collect()
    }

    /// The leaves that remain, word by word.
    fn remaining(&self, row: &[f64]) -> Vec<[u32; BLOCK]> {
        let mut lines = Vec::with_capacity(self.features.len());
        let mut lists = Vec::with_capacity(self.features.len());
        let found = self.search.each(|feature| row[self.features[feature].input]);
        for (feature, fails) in self.features.iter().zip(found) {
            let value = row[feature.input];
            if value.is_nan() || (feature.zero_is_missing && value.abs() <= ZERO_RANGE) {
                lists.push(&self.others[feature.absent.clone()]);
                continue;
            }
            let line = (fails as usize >> self.stride).min(feature.lines);
            if line > 0 {
                lines.push((feature.line + line - 1) * self.blocks);
            }
            lists.push(&self.cuts[feature.first + (line << self.stride)..feature.first + fails as usize]);
        }
        let mut words = vec![[u32::MAX; BLOCK]; self.blocks];
        for (block, words) in words.iter_mut().enumerate() {
            common(&self.table[block.min(self.table.len())..], &lines, words);
        }
        for cuts in lists {
            cut(words.as_flattened_mut(), cuts);
        }
        for set in &self.sets {
            if !set.missing.finds(row[set.input], &set.categories) {
                cut(words.as_flattened_mut(), &self.others[set.cuts.clone()]);
            }
        }
        words
    }
}

impl Asked {
    fn new(split: &Split, threshold: f64, cut: Cut) -> Self {
        Self {
            input: split.feature,
            zero_is_missing: matches!(split.missing, Missing::ZeroLeft | Missing::ZeroRight),
            threshold,
            fails_missing: !split.goes_left(f64::NAN),
            cut,
        }
    }
}

/// Takes away from a block what each of these lines does.
#[inline(never)]
fn common(table: &[[u32; BLOCK]], lines: &[usize], words: &mut [u32; BLOCK]) {
    *words = lines.iter().fold(*words, |words, line| {
        let line = &table[*line];
        std::array::from_fn(|word| words[word] & line[word])
    });
}

fn cut(words: &mut [u32], cuts: &[Cut]) {
    for cut in cuts {
        words[cut.word as usize] &= cut.rest;
    }
}
