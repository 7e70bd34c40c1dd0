//! Tree ensembles of `ai.onnx.ml` versions 1 and 3, as trees of the engine.
//!
//! A tree's root is the first of its nodes, as in ONNX Runtime; a missing value goes to the true child only where the file
//! says so, or where the test is "not equal".

use super::{
    graph::Operator,
    lower::Lowering,
    tensor::Tensor,
    value::{Element, Table},
};
use crate::engine::{
    LoadError,
    columns::Step,
    forest::{Categories, Missing, Node, Precision, Split, Test, Tree},
};
use std::{collections::HashMap, ops::Range};

/// Category codes from this on are tested one by one.
const MAX_CODE: f64 = 4_096.0;

/// The trees of an ensemble and the columns that they ask about.
#[derive(Debug)]
pub struct Ensemble {
    pub trees: Vec<Tree>,
    pub places: Vec<u32>,
    pub precision: Precision,
    /// The least and the greatest sum of leaves, one a tree.
    pub bounds: (f64, f64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Leaf,
    AtMost,
    Less,
    AtLeast,
    Greater,
    Equal,
    NotEqual,
}

/// The nodes of all trees, a list for each attribute.
#[derive(Debug)]
struct Lists {
    trees: Vec<u32>,
    ids: Vec<u32>,
    features: Vec<u32>,
    modes: Vec<Mode>,
    values: Vec<f64>,
    hits: Vec<f64>,
    missing_is_true: Vec<bool>,
    if_true: Vec<u32>,
    if_false: Vec<u32>,
    leaves: Vec<f64>,
}

/// A node or tree number; what is none becomes one that is not there.
fn number(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Floats as such or as a tensor of doubles, which version 3 allows.
pub fn floats(operator: &Operator<'_>, name: &str) -> Result<Vec<f64>, LoadError> {
    match operator.tensor(&format!("{name}_as_tensor"))? {
        Some(tensor) => Ok(Tensor::of(tensor)?.values),
        None => operator.floats(name),
    }
}

impl Lists {
    fn of(operator: &Operator<'_>) -> Result<Self, LoadError> {
        let texts = operator.texts("nodes_modes")?;
        let mut modes = Vec::with_capacity(texts.len());
        for text in texts {
            modes.push(match text {
                b"LEAF" => Mode::Leaf,
                b"BRANCH_LEQ" => Mode::AtMost,
                b"BRANCH_LT" => Mode::Less,
                b"BRANCH_GTE" => Mode::AtLeast,
                b"BRANCH_GT" => Mode::Greater,
                b"BRANCH_EQ" => Mode::Equal,
                b"BRANCH_NEQ" => Mode::NotEqual,
                _ => return Err(operator.unsupported(" with a node of an unknown mode")),
            });
        }
        let count = modes.len();
        let lists = Self {
            trees: operator.integers("nodes_treeids", number)?,
            ids: operator.integers("nodes_nodeids", number)?,
            features: operator.integers("nodes_featureids", number)?,
            modes,
            values: floats(operator, "nodes_values")?,
            hits: floats(operator, "nodes_hitrates")?,
            missing_is_true: operator.integers("nodes_missing_value_tracks_true", |one| one == 1)?,
            if_true: operator.integers("nodes_truenodeids", number)?,
            if_false: operator.integers("nodes_falsenodeids", number)?,
            leaves: vec![0.0; count],
        };
        let lengths = [lists.trees.len(), lists.ids.len(), lists.features.len(), lists.values.len()];
        let mut lengths = lengths.into_iter().chain([lists.if_true.len(), lists.if_false.len()]);
        let optional = |length| [0, count].contains(&length);
        if !lengths.all(|length| length == count)
            || !optional(lists.hits.len())
            || !optional(lists.missing_is_true.len())
        {
            return Err(operator.rule("its lists must have one value for each node"));
        }
        Ok(lists)
    }

    /// The nodes of each tree, which must stand together.
    fn runs(&self, operator: &Operator<'_>) -> Result<Vec<Range<u32>>, LoadError> {
        let mut runs: Vec<Range<u32>> = Vec::new();
        for (at, tree) in (0_u32..).zip(&self.trees) {
            match runs.last_mut() {
                Some(run) if self.trees[run.start as usize] == *tree => run.end = at + 1,
                _ => runs.push(at..at + 1),
            }
        }
        runs.sort_by_key(|run| self.trees[run.start as usize]);
        if runs.windows(2).any(|pair| self.trees[pair[0].start as usize] == self.trees[pair[1].start as usize]) {
            return Err(operator.rule("the nodes of a tree must stand together"));
        }
        Ok(runs)
    }

    /// All nodes in the order of their trees and their numbers.
    fn order(&self, operator: &Operator<'_>) -> Result<Vec<u32>, LoadError> {
        let key = |at: &u32| (self.trees[*at as usize], self.ids[*at as usize]);
        let mut order: Vec<u32> = (0_u32..).take(self.ids.len()).collect();
        order.sort_unstable_by_key(key);
        if order.windows(2).any(|pair| key(&pair[0]) == key(&pair[1])) {
            return Err(operator.rule("two nodes of a tree have the same number"));
        }
        Ok(order)
    }

    /// The place of a node in the lists.
    fn find(&self, order: &[u32], tree: u32, id: u32) -> Option<usize> {
        let key = |at: &u32| (self.trees[*at as usize], self.ids[*at as usize]);
        order.binary_search_by_key(&(tree, id), key).ok().map(|found| order[found] as usize)
    }

    /// Adds the weights of one class or target to the leaves: `of` gives the factor for each class.
    fn weigh(
        &mut self,
        operator: &Operator<'_>,
        order: &[u32],
        what: &str,
        of: impl Fn(u32) -> f64,
    ) -> Result<(), LoadError> {
        let classes = operator.integers(&format!("{what}_ids"), number)?;
        let trees = operator.integers(&format!("{what}_treeids"), number)?;
        let ids = operator.integers(&format!("{what}_nodeids"), number)?;
        let weights = floats(operator, &format!("{what}_weights"))?;
        if [trees.len(), ids.len(), weights.len()] != [classes.len(); 3] {
            return Err(operator.rule("its lists must have one value for each weight"));
        }
        let mut given = vec![0_u8; self.ids.len()];
        for (at, class) in classes.iter().enumerate() {
            let bit = if *class == 0 { 1 } else { 2 };
            match self.find(order, trees[at], ids[at]).filter(|node| self.modes[*node] == Mode::Leaf) {
                Some(node) if given[node] & bit == 0 => {
                    given[node] |= bit;
                    self.leaves[node] += of(*class) * weights[at];
                }
                _ => return Err(operator.rule("a weight must be of a leaf, and one for each class")),
            }
        }
        Ok(())
    }

    /// The code that a node tests for, when that is what it does.
    fn code(&self, at: usize) -> Option<u16> {
        let value = self.values[at];
        let whole = value.fract() == 0.0 && (0.0..MAX_CODE).contains(&value);
        let known = self.modes[at] == Mode::Equal && !self.missing_is_true.get(at).is_some_and(|one| *one);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked in the lines above")]
        (known && whole).then_some(value as u16)
    }

    /// The node that the row goes on to when a node's test does not hold.
    fn next(&self, order: &[u32], at: usize) -> Option<usize> {
        self.find(order, self.trees[at], self.if_false[at])
    }

    /// Which nodes continue the test of the one before: onnxmltools writes a test for one of several categories as a
    /// chain of tests for one category each, which all lead to the same node. Only as one test is that a tree.
    fn continuing(&self, order: &[u32]) -> Vec<bool> {
        let mut parents = vec![0_u8; self.ids.len()];
        for at in (0..self.ids.len()).filter(|at| self.modes[*at] != Mode::Leaf) {
            for child in [self.if_true[at], self.if_false[at]] {
                if let Some(child) = self.find(order, self.trees[at], child) {
                    parents[child] = parents[child].saturating_add(1);
                }
            }
        }
        let mut continuing = vec![false; self.ids.len()];
        for at in (0..self.ids.len()).filter(|at| self.code(*at).is_some()) {
            let same = |next: &usize| {
                self.features[*next] == self.features[at]
                    && self.if_true[*next] == self.if_true[at]
                    && parents[*next] == 1
                    && self.code(*next).is_some()
            };
            if let Some(next) = self.next(order, at).filter(same) {
                continuing[next] = true;
            }
        }
        continuing
    }

    /// The codes of the chain that begins at a node, and its last node.
    fn codes(&self, order: &[u32], continuing: &[bool], first: usize) -> Option<(Vec<u16>, usize)> {
        let mut codes = vec![self.code(first)?];
        let mut last = first;
        while let Some(next) = self.next(order, last).filter(|next| continuing[*next]) {
            codes.extend(self.code(next));
            last = next;
        }
        Some((codes, last))
    }

    /// Whether the hit rates tell how much of the training data came to each node: those of two children add up.
    fn tells_cover(&self, order: &[u32]) -> bool {
        let adds_up = |at: usize| {
            let child = |ids: &[u32]| self.find(order, self.trees[at], ids[at]).map(|child| self.hits[child]);
            let (one, other) = (child(&self.if_true), child(&self.if_false));
            let sum = one.zip(other).map_or(f64::NAN, |(one, other)| one + other);
            self.modes[at] == Mode::Leaf || (sum - self.hits[at]).abs() <= 1e-6 * self.hits[at]
        };
        !self.hits.is_empty()
            && self.hits.iter().all(|hits| hits.is_finite() && *hits >= 0.0)
            && self.modes.iter().any(|mode| *mode != Mode::Leaf)
            && (0..self.ids.len()).all(adds_up)
    }
}

/// The next float below, of the width in which values are compared.
fn below(value: f64, precision: Precision) -> f64 {
    #[allow(clippy::cast_possible_truncation, reason = "a threshold compared in single precision is a 32-bit float")]
    match precision {
        Precision::Double => value.next_down(),
        Precision::Single => f64::from((value as f32).next_down()),
    }
}

/// Reads the trees over a table; `factor` is what the weight of each class or target counts in the sum.
pub fn read<'a>(
    lowering: &mut Lowering<'a>,
    operator: &Operator<'a>,
    table: &Table,
    what: &str,
    factor: impl Fn(u32) -> f64,
) -> Result<Ensemble, LoadError> {
    if table.deep || table.element == Element::Text {
        return Err(operator.unsupported(" on these tensors"));
    }
    let precision = if table.element == Element::Single { Precision::Single } else { Precision::Double };
    let mut lists = Lists::of(operator)?;
    let order = lists.order(operator)?;
    lists.weigh(operator, &order, what, factor)?;
    let continuing = lists.continuing(&order);
    // A chain's nodes become one, of which the hit rates of each do not tell.
    let cover = !continuing.contains(&true) && lists.tells_cover(&order);
    let mut asked = Asked { places: table.places.to_vec(), width: table.places.len(), equal: HashMap::new() };
    let runs = lists.runs(operator)?;
    let mut trees = Vec::with_capacity(runs.len());
    let mut bounds = (0.0, 0.0);
    for run in runs {
        let mut nodes = Vec::with_capacity(run.len());
        let (mut least, mut greatest) = (f64::INFINITY, f64::NEG_INFINITY);
        for at in run.start as usize..run.end as usize {
            let cover = if cover { lists.hits[at] } else { 0.0 };
            if continuing[at] {
                // It is part of the test before it, and no other node leads to it.
                nodes.push(Node::Leaf { value: 0.0, cover: 0.0 });
                continue;
            }
            if lists.modes[at] == Mode::Leaf {
                let value = lists.leaves[at];
                (least, greatest) = (least.min(value), greatest.max(value));
                nodes.push(Node::Leaf { value, cover });
                continue;
            }
            let first = run.start as usize;
            let (mut split, last) = match lists.codes(&order, &continuing, at) {
                Some((codes, last)) => (asked.one_of(lowering, operator, lists.features[at], codes)?, last),
                None => (asked.split(lowering, operator, &lists, at, precision)?, at),
            };
            let child = |ids: &[u32]| lists.find(&order, lists.trees[last], ids[last]);
            let children = child(&lists.if_true).zip(child(&lists.if_false));
            let (yes, no) = children.ok_or_else(|| operator.rule("a child is not there"))?;
            let (yes, no) = (yes - first, no - first);
            (split.left, split.right) = if split.left == 0 { (yes, no) } else { (no, yes) };
            nodes.push(Node::Split(Split { cover, ..split }));
        }
        bounds = (bounds.0 + least, bounds.1 + greatest);
        trees.push(Tree::check("trees", nodes, asked.places.len())?);
    }
    Ok(Ensemble { trees, places: asked.places, precision, bounds })
}

/// The columns that trees ask about: those of their table, and one for each test of equality.
#[derive(Debug)]
struct Asked {
    places: Vec<u32>,
    /// How many columns the table has.
    width: usize,
    equal: HashMap<(u32, u64), usize>,
}

impl Asked {
    /// The test for one of several codes; a row for which it holds goes left.
    fn one_of(
        &mut self,
        lowering: &mut Lowering<'_>,
        operator: &Operator<'_>,
        feature: u32,
        codes: Vec<u16>,
    ) -> Result<Split, LoadError> {
        if feature as usize >= self.width {
            return Err(operator.rule("a node asks for a column that is not there"));
        }
        let feature = self.column(lowering, feature, f64::NAN, Step::Code)?;
        let words = codes.iter().max().map_or(0, |most| usize::from(*most) / 64 + 1);
        lowering.charge(words)?;
        let mut set = vec![0_u64; words];
        codes.into_iter().for_each(|code| set[usize::from(code) / 64] |= 1 << (code % 64));
        let test = Test::OneOf(Categories(set));
        Ok(Split { feature, test, missing: Missing::NanRight, left: 0, right: 0, cover: 0.0 })
    }

    /// The test of a node. `left` is 0 when a row for which the file's test holds goes left, 1 when it goes right.
    fn split(
        &mut self,
        lowering: &mut Lowering<'_>,
        operator: &Operator<'_>,
        lists: &Lists,
        at: usize,
        precision: Precision,
    ) -> Result<Split, LoadError> {
        let (mode, value, feature) = (lists.modes[at], lists.values[at], lists.features[at]);
        if feature as usize >= self.width {
            return Err(operator.rule("a node asks for a column that is not there"));
        }
        if !value.is_finite() && !(mode == Mode::AtMost && value > 0.0) {
            return Err(operator.rule("a threshold is not a finite number"));
        }
        let tested = match mode {
            Mode::Equal | Mode::NotEqual => self.column(lowering, feature, value, Step::Equals(value))?,
            _ => feature as usize,
        };
        let (threshold, swapped) = match mode {
            Mode::AtMost | Mode::Leaf => (value, false),
            Mode::Less => (below(value, precision), false),
            Mode::AtLeast => (below(value, precision), true),
            Mode::Greater => (value, true),
            Mode::Equal => (0.5, true),
            Mode::NotEqual => (0.5, false),
        };
        // The column of an equality is never missing; the column it is made of is, and then it is 0.
        let missing_is_true = lists.missing_is_true.get(at).copied().unwrap_or_default();
        if mode == Mode::Equal && missing_is_true {
            return Err(operator.unsupported(" with a missing value that equals"));
        }
        let missing = if missing_is_true == swapped { Missing::NanRight } else { Missing::NanLeft };
        let test = Test::AtMost(threshold);
        Ok(Split { feature: tested, test, missing, left: usize::from(swapped), right: 0, cover: 0.0 })
    }

    /// The column that a step makes of a feature: one for each value that the step is known by.
    fn column(
        &mut self,
        lowering: &mut Lowering<'_>,
        feature: u32,
        value: f64,
        step: Step,
    ) -> Result<usize, LoadError> {
        let known = (feature, (value + 0.0).to_bits());
        if let Some(column) = self.equal.get(&known) {
            return Ok(*column);
        }
        let places = lowering.derive(&[self.places[feature as usize]], |_| step.clone())?;
        self.places.extend_from_slice(&places);
        self.equal.insert(known, self.places.len() - 1);
        Ok(self.places.len() - 1)
    }
}
