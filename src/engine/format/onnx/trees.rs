//! Tree ensembles of `ai.onnx.ml` versions 1 and 3, as trees of the engine.
//!
//! A tree's root is the first of its nodes, as in ONNX Runtime; a missing value goes to the true child only where the file
//! says so, or where the test is "not equal".

use super::{
    graph::Operator,
    lower::Lowering,
    nodes::{Lists, Mode},
    value::{Element, Table},
};
use crate::engine::{
    LoadError,
    columns::Step,
    forest::{Categories, Missing, Node, Precision, Split, Test, Tree},
};
use std::collections::HashMap;

/// The trees of an ensemble and the columns that they ask about.
#[derive(Debug)]
pub struct Ensemble {
    pub trees: Vec<Tree>,
    pub places: Vec<u32>,
    pub precision: Precision,
    /// The least and the greatest sum of leaves, one a tree.
    pub bounds: (f64, f64),
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
            let (mut split, end) = match lists.codes(&order, &continuing, at) {
                Some((set, end)) => (asked.one_of(lowering, operator, lists.features[at], &set)?, end),
                None => (asked.split(lowering, operator, &lists, at, precision)?, at),
            };
            let child = |ids: &[u32]| lists.find(&order, lists.trees[end], ids[end]);
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
        codes: &[u16],
    ) -> Result<Split, LoadError> {
        if feature as usize >= self.width {
            return Err(operator.rule("a node asks for a column that is not there"));
        }
        let feature = self.column(lowering, feature, f64::NAN, &Step::Code)?;
        let words = codes.iter().max().map_or(0, |most| usize::from(*most) / 64 + 1);
        lowering.charge(words)?;
        let mut set = vec![0_u64; words];
        for code in codes {
            set[usize::from(*code) / 64] |= 1 << (code % 64);
        }
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
        let passes_all = mode == Mode::AtMost && value > 0.0;
        if !(value.is_finite() || passes_all) {
            return Err(operator.rule("a threshold is not a finite number"));
        }
        let tested = match mode {
            Mode::Equal | Mode::NotEqual => self.column(lowering, feature, value, &Step::Equals(value))?,
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
        step: &Step,
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
