//! One tree of the file: lists of equal length, one place a split or a leaf.

use super::Lines;
use crate::engine::{
    LoadError,
    forest::{Categories, Missing, Node, Split, Test, Tree},
};
use std::str::FromStr;

/// What tests an input for membership of a set, rather than against a threshold.
const CATEGORICAL: u8 = 1;
/// What sends missing values left.
const DEFAULT_LEFT: u8 = 2;

/// The lists that make splits.
struct Splits<'a> {
    features: &'a str,
    thresholds: &'a str,
    decisions: &'a str,
    left: &'a str,
    right: &'a str,
    covers: Option<&'a str>,
}

/// Reads a tree up to the empty line after it.
///
/// `room` is how many nodes the file may still have: memory for them is only taken within it.
pub(super) fn read(part: &str, lines: &mut Lines<'_>, inputs: usize, room: &mut usize) -> Result<Tree, LoadError> {
    let keys = [
        "num_leaves",
        "num_cat",
        "is_linear",
        "split_feature",
        "threshold",
        "decision_type",
        "left_child",
        "right_child",
        "internal_count",
        "leaf_value",
        "leaf_count",
        "cat_boundaries",
        "cat_threshold",
    ];
    let ends = |line: &str| line.starts_with("Tree=") || line == "end of trees";
    let [leaves, sets, linear, features, thresholds, decisions, left, right, inner, values, counts, bounds, words] =
        lines.fields(part, keys, ends)?;
    let leaves = count(part, "num_leaves", leaves)?;
    let sets = count(part, "num_cat", sets.or(Some("0")))?;
    if linear.is_some_and(|linear| linear != "0") {
        return Err(LoadError::Unsupported("a LightGBM tree with linear leaves".to_owned()));
    }
    if leaves == 0 {
        return Err(LoadError::rule(format!("{part}: num_leaves"), "must be at least 1"));
    }
    let splits = leaves - 1;
    *room = room
        .checked_sub(leaves.saturating_add(splits))
        .ok_or_else(|| LoadError::rule(format!("{part}: num_leaves"), "is more than a file of this size can have"))?;
    // A cover of zero everywhere says that there is none; a cover of half of the nodes would be wrong.
    let (inner, counts) = if splits == 0 || inner.is_some() { (inner, counts) } else { (None, None) };
    let covered = counts.is_some();
    let lists = Splits {
        features: features.unwrap_or_default(),
        thresholds: thresholds.unwrap_or_default(),
        decisions: decisions.unwrap_or_default(),
        left: left.unwrap_or_default(),
        right: right.unwrap_or_default(),
        covers: inner.filter(|_| covered),
    };
    let sets = Sets::read(part, sets, bounds.unwrap_or_default(), words.unwrap_or_default())?;
    let values: Vec<f64> = list(part, "leaf_value", values.unwrap_or_default(), leaves)?;
    let counts = counts.map(|counts| list(part, "leaf_count", counts, leaves)).transpose()?;
    let mut nodes = lists.read(part, splits, leaves, sets)?;
    let cover = |at: usize| counts.as_ref().map_or(0.0, |counts: &Vec<u32>| f64::from(counts[at]));
    nodes.extend(values.into_iter().enumerate().map(|(at, value)| Node::Leaf { value, cover: cover(at) }));
    Tree::check(part, nodes, inputs)
}

impl Splits<'_> {
    /// Reads the splits, into a list that has room for the leaves, which are to stand behind them.
    fn read(self, part: &str, splits: usize, leaves: usize, mut sets: Sets) -> Result<Vec<Node>, LoadError> {
        if splits == 0 {
            return Ok(Vec::with_capacity(leaves));
        }
        let left: Vec<usize> = children(part, "left_child", self.left, splits)?;
        let right: Vec<usize> = children(part, "right_child", self.right, splits)?;
        let features: Vec<u32> = list(part, "split_feature", self.features, splits)?;
        let thresholds: Vec<f64> = list(part, "threshold", self.thresholds, splits)?;
        let decisions: Vec<u8> = list(part, "decision_type", self.decisions, splits)?;
        let covers = self.covers.map(|covers| list(part, "internal_count", covers, splits)).transpose()?;
        let mut nodes = Vec::with_capacity(splits + leaves);
        for at in 0..splits {
            let (test, missing) = if decisions[at] & CATEGORICAL == 0 {
                (Test::AtMost(thresholds[at]), missing(part, decisions[at])?)
            } else {
                // No set has NaN.
                (Test::OneOf(sets.take(thresholds[at])?), Missing::NanRight)
            };
            nodes.push(Node::Split(Split {
                feature: usize::try_from(features[at]).unwrap_or(usize::MAX),
                test,
                missing,
                left: left[at],
                right: right[at],
                cover: covers.as_ref().map_or(0.0, |covers: &Vec<u32>| f64::from(covers[at])),
            }));
        }
        Ok(nodes)
    }
}

/// Bits 2 and 3: what counts as missing (none, zero or NaN). Where NaN is none of it, it counts as 0.
fn missing(part: &str, decision: u8) -> Result<Missing, LoadError> {
    match (decision >> 2 & 3, decision & DEFAULT_LEFT != 0) {
        (0, _) => Ok(Missing::NanIsZero),
        (1, true) => Ok(Missing::ZeroLeft),
        (1, false) => Ok(Missing::ZeroRight),
        (2, true) => Ok(Missing::NanLeft),
        (2, false) => Ok(Missing::NanRight),
        _ => Err(LoadError::rule(format!("{part}: decision_type"), "has a missing type that is not known")),
    }
}

/// The sets of categories of a tree: bits in 32-bit words, one set behind the other.
struct Sets {
    part: String,
    bounds: Vec<usize>,
    words: Vec<u32>,
    taken: Vec<bool>,
}

impl Sets {
    fn read(part: &str, count: usize, bounds: &str, words: &str) -> Result<Self, LoadError> {
        let part = format!("{part}: cat_boundaries");
        if count == 0 {
            return Ok(Self { part, bounds: Vec::new(), words: Vec::new(), taken: Vec::new() });
        }
        let bounds: Vec<usize> = list(&part, "cat_boundaries", bounds, count.saturating_add(1))?;
        let last = bounds.last().copied().unwrap_or_default();
        if bounds.first() != Some(&0) || bounds.windows(2).any(|pair| pair[0] > pair[1]) {
            return Err(LoadError::rule(part, "must begin with 0 and not fall"));
        }
        let words = list(&part, "cat_threshold", words, last)?;
        Ok(Self { part, bounds, words, taken: vec![false; count] })
    }

    /// Gives the set that a categorical split names in the place of its threshold. Each is given once, as two splits
    /// that share one would let a small file become a large model.
    fn take(&mut self, name: f64) -> Result<Categories, LoadError> {
        let fail = |rule| LoadError::rule(self.part.clone(), rule);
        let whole = name.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&name);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
        let at = if whole { name as usize } else { usize::MAX };
        if at >= self.taken.len() {
            return Err(fail("a split names a set that is not there"));
        }
        if std::mem::replace(&mut self.taken[at], true) {
            return Err(fail("two splits name the same set"));
        }
        let words = &self.words[self.bounds[at]..self.bounds[at + 1]];
        let join = |pair: &[u32]| u64::from(pair[0]) | u64::from(pair.get(1).copied().unwrap_or_default()) << 32;
        Ok(Categories(words.chunks(2).map(join).collect()))
    }
}

fn count(part: &str, key: &str, text: Option<&str>) -> Result<usize, LoadError> {
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| LoadError::rule(format!("{part}: {key}"), "must be a whole number"))
}

/// Reads exactly `count` numbers. Room is made only when the text is long enough to hold so many.
fn list<T: FromStr>(part: &str, key: &str, text: &str, count: usize) -> Result<Vec<T>, LoadError> {
    let fail = |rule| LoadError::rule(format!("{part}: {key}"), rule);
    if count > text.len() / 2 + 1 {
        return Err(fail("has fewer values than the tree has places"));
    }
    let mut values = Vec::with_capacity(count);
    for word in text.split_ascii_whitespace() {
        if values.len() == count {
            return Err(fail("has more values than the tree has places"));
        }
        values.push(word.parse().map_err(|_| fail("has a value that is not a number of its kind"))?);
    }
    if values.len() < count {
        return Err(fail("has fewer values than the tree has places"));
    }
    Ok(values)
}

/// Reads children as places among the splits and, behind them, the leaves; the file has leaf n as -1 - n.
fn children(part: &str, key: &str, text: &str, splits: usize) -> Result<Vec<usize>, LoadError> {
    let children: Vec<i32> = list(part, key, text, splits)?;
    let place = |child: i32| match usize::try_from(child) {
        Ok(split) if split < splits => Ok(split),
        Ok(_) => Err(LoadError::rule(format!("{part}: {key}"), "a child is not there")),
        Err(_) => Ok(usize::try_from(!child).unwrap_or(usize::MAX).saturating_add(splits)),
    };
    children.into_iter().map(place).collect()
}
