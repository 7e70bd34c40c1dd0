//! Exact contributions: path-dependent SHAP values of a forest's raw output (Lundberg et al., Consistent Individualized
//! Feature Attribution for Tree Ensembles, 2018), what `LightGBM` calls `pred_contrib`.
//!
//! The game that a row plays: a feature that takes part sends the row where its value says, and one that does not sends
//! it both ways, by the shares of the training data. For one leaf of value v, a feature j on its path multiplies by o (1
//! when the row passes all of j's splits on the path, else 0) when it takes part, and by z (the product of the shares of
//! j's branches on the path) when it does not. If each feature takes part with probability t, its factor is on average
//! z + t (o - z), and by Owen's multilinear extension (Multilinear Extensions of Games, 1972) the Shapley value is
//!
//! `phi_i = v (o_i - z_i) x integral over t from 0 to 1 of the product over j != i of (z_j + t (o_j - z_j))`.
//!
//! With d features on a path the integrand is a polynomial of degree d - 1: Gauss-Legendre quadrature with d / 2 points
//! has no error but rounding. All factors and weights are positive, so nothing cancels, at any depth. One pass down a
//! tree multiplies the factors, one pass up adds leaves together, as in Linear `TreeShap` (Yu et al., 2022), whose
//! polynomials these points replace: nodes x d / 2 steps a row. Fast `TreeSHAP` v2 (Yang, 2021) tabulates 2^depth
//! patterns for each leaf, which is out of the question for trees that grow leaf by leaf, 18 deep and more.
//!
//! A branch that no training row took (share 0) is exact like any other. Below it the data says nothing about how rows
//! part; there, either way counts a half.

use super::{
    quadrature::Quadrature,
    ranks::{Place, Ranks},
    tree::{Node, Tree},
};

/// The most nodes of a tree that is explained: what one row's calculation holds in memory grows with it, to 10 MiB.
pub const MAX_EXPLAINED_TREE_NODES: usize = 65_536;
/// The most steps, splits x points, that one row's explanation may take over the whole forest: at some
/// 2 ns a step, an eighth of a second.
pub const MAX_EXPLAINED_STEPS: usize = 64_000_000;

/// Which input moved a raw output how far.
#[derive(Debug, Clone, PartialEq)]
pub struct Contributions {
    /// The raw output on average over the training data.
    pub base: f64,
    /// What each input adds to it, in the unit of the raw output, input by input. With the base, they add up to the raw
    /// output but for rounding.
    pub values: Vec<f64>,
}

/// What a forest's explanations need beside the row.
#[derive(Debug)]
pub(super) struct Explainer {
    trees: Vec<Steps>,
    /// By how many points they have.
    rules: Vec<Quadrature>,
    /// The sum of the trees' averages over the training data.
    expected: f64,
    inputs: usize,
    /// Nodes of the largest tree.
    largest: usize,
}

/// A tree, as the two passes read it. Nodes count as in [`Tree`].
#[derive(Debug)]
struct Steps {
    splits: Vec<Step>,
    branches: Vec<Branch>,
    /// Which quadrature is exact for all leaves.
    rule: usize,
}

#[derive(Debug)]
struct Step {
    place: Place,
    node: u32,
    /// The left child; the right one is the next.
    left: u32,
    /// The nearest node on the way here whose branch asked of the same feature; the root when there is none.
    before: u32,
    feature: u32,
}

/// What is known of the branch to a node without the row.
#[derive(Debug, Clone, Copy)]
struct Branch {
    /// The share of the training data at the parent that goes here.
    share: f64,
    /// The product of the shares of all branches on the path, down to here, that ask of the same feature.
    joint: f64,
    /// 1 for a split, and the value of a leaf.
    value: f64,
}

/// What a pass knows of a node, at several points of the quadrature.
#[derive(Debug, Clone, Copy)]
struct State<const LANES: usize> {
    /// On the way down, the product of all features' factors and the weight; on the way up, the sum over leaves below.
    product: [f64; LANES],
    /// One over the factor of the branch's feature; without its constant z when the row does not come here.
    inverse: [f64; LANES],
    /// (o - z) over that constant.
    pull: f64,
    /// o: whether the row passes all splits of this feature on the path.
    passes: bool,
}

impl Explainer {
    /// Nothing when a tree has splits and no covers, or the forest is too large to explain.
    pub fn of(trees: &[Tree], ranks: &Ranks, inputs: usize) -> Option<Self> {
        let mut own = Self { trees: Vec::new(), rules: Vec::new(), expected: 0.0, inputs, largest: 0 };
        let mut work = 0;
        let mut latest = vec![0; inputs];
        for tree in trees {
            if let [Node::Leaf { value, .. }] = tree.nodes() {
                own.expected += value;
                continue;
            }
            if tree.nodes().len() > MAX_EXPLAINED_TREE_NODES {
                return None;
            }
            let mut branches = branches(tree)?;
            own.expected += expected(tree, &branches);
            let (splits, features) = steps(tree, &mut branches, ranks, &mut latest)?;
            let points = points(features);
            work += splits.len() * points;
            if work > MAX_EXPLAINED_STEPS {
                return None;
            }
            let rule = own.rules.iter().position(|rule| rule.points.len() == points).unwrap_or(own.rules.len());
            if rule == own.rules.len() {
                own.rules.push(Quadrature::new(points));
            }
            own.largest = own.largest.max(tree.nodes().len());
            own.trees.push(Steps { splits, branches, rule });
        }
        Some(own)
    }

    /// What a row's inputs add to the sum of the leaves, and the base of that.
    pub fn explain(&self, ranks: &[u32]) -> Contributions {
        let mut sums = vec![[0.0; 2]; self.inputs];
        // Points are independent of each other, so they are taken a few at a time.
        self.pass::<2>(ranks, &mut sums, |points| points == 2);
        self.pass::<4>(ranks, &mut sums, |points| points == 4);
        self.pass::<6>(ranks, &mut sums, |points| points == 6);
        self.pass::<8>(ranks, &mut sums, |points| points >= 8);
        Contributions { base: self.expected, values: sums.iter().map(|[a, b]| a + b).collect() }
    }

    fn pass<const LANES: usize>(&self, ranks: &[u32], sums: &mut [[f64; 2]], takes: impl Fn(usize) -> bool) {
        let mut states = Vec::new();
        for tree in &self.trees {
            let rule = &self.rules[tree.rule];
            if !takes(rule.points.len()) {
                continue;
            }
            if states.is_empty() {
                states =
                    vec![State { product: [1.0; LANES], inverse: [1.0; LANES], pull: 0.0, passes: true }; self.largest];
            }
            let (points, weights) = (rule.points.as_chunks::<LANES>().0, rule.weights.as_chunks::<LANES>().0);
            for (points, weights) in points.iter().zip(weights) {
                states[0].product = *weights;
                tree.down(ranks, points, &mut states);
                tree.up(&mut states, sums);
            }
        }
    }
}

impl Steps {
    fn down<const LANES: usize>(&self, ranks: &[u32], points: &[f64; LANES], states: &mut [State<LANES>]) {
        for step in &self.splits {
            let right = usize::from(ranks[step.place.column as usize] >= step.place.bound);
            let (taken, other) = (step.left as usize + right, step.left as usize + 1 - right);
            let (parent, before) = (&states[step.node as usize], &states[step.before as usize]);
            let passes = before.passes;
            let mut rest = [0.0; LANES];
            for (k, rest) in rest.iter_mut().enumerate() {
                *rest = parent.product[k] * before.inverse[k];
            }
            // The branch that the row takes. If it does not come here at all, z is only the share, and o is 0.
            let branch = &self.branches[taken];
            let (joint, scale) = if passes { (branch.joint, branch.value) } else { (1.0, branch.share * branch.value) };
            let rise = f64::from(u8::from(passes)) - joint;
            let state = &mut states[taken];
            for k in 0..LANES {
                let factor = joint + points[k] * rise;
                state.inverse[k] = 1.0 / factor;
                state.product[k] = rest[k] * factor * scale;
            }
            state.pull = if passes { 1.0 - joint } else { -1.0 };
            state.passes = passes;
            // The branch that it does not take.
            let branch = &self.branches[other];
            let scale = branch.value * if passes { branch.joint } else { branch.share };
            let state = &mut states[other];
            for k in 0..LANES {
                let factor = 1.0 - points[k];
                state.inverse[k] = 1.0 / factor;
                state.product[k] = rest[k] * factor * scale;
            }
            state.pull = -1.0;
            state.passes = false;
        }
    }

    fn up<const LANES: usize>(&self, states: &mut [State<LANES>], sums: &mut [[f64; 2]]) {
        for step in self.splits.iter().rev() {
            let (left, right) = (&states[step.left as usize], &states[step.left as usize + 1]);
            let before = &states[step.before as usize];
            let mut below = [0.0; LANES];
            let mut moved = [0.0; LANES];
            for k in 0..LANES {
                below[k] = left.product[k] + right.product[k];
                // What an earlier branch on the same feature would count for these leaves is not to be counted twice.
                moved[k] = left.pull * left.product[k] * left.inverse[k]
                    + right.pull * right.product[k] * right.inverse[k]
                    - before.pull * below[k] * before.inverse[k];
            }
            states[step.node as usize].product = below;
            let sum = &mut sums[step.feature as usize];
            for pair in moved.as_chunks::<2>().0 {
                sum[0] += pair[0];
                sum[1] += pair[1];
            }
        }
    }
}

/// How many points are exact for paths with this many features: half as many, up to what fills the lanes of a pass.
fn points(features: usize) -> usize {
    match features.div_ceil(2) {
        few @ 0..=8 => few.next_multiple_of(2).max(2),
        many => many.next_multiple_of(8),
    }
}

/// The shares of the training data; nothing when the root's children have no cover.
fn branches(tree: &Tree) -> Option<Vec<Branch>> {
    let nodes = tree.nodes();
    let mut branches = vec![Branch { share: 1.0, joint: 1.0, value: 1.0 }; nodes.len()];
    for (at, node) in nodes.iter().enumerate() {
        match node {
            Node::Leaf { value, .. } => branches[at].value = *value,
            Node::Split(split) => {
                // Halved first, so that the sum is finite.
                let [left, right] = [split.left, split.right].map(|child| nodes[child].cover() / 2.0);
                if left + right > 0.0 {
                    (branches[split.left].share, branches[split.right].share) =
                        (left / (left + right), right / (left + right));
                } else if at == 0 {
                    return None;
                } else {
                    (branches[split.left].share, branches[split.right].share) = (0.5, 0.5);
                }
            }
        }
    }
    Some(branches)
}

/// The tree's average over the training data.
fn expected(tree: &Tree, branches: &[Branch]) -> f64 {
    let mut means: Vec<f64> = branches.iter().map(|branch| branch.value).collect();
    for (at, node) in tree.nodes().iter().enumerate().rev() {
        if let Some(split) = node.split() {
            means[at] =
                branches[split.left].share * means[split.left] + branches[split.right].share * means[split.right];
        }
    }
    means[0]
}

/// A walk over a tree, depth first, that knows the latest branch on each feature.
enum Visit {
    /// By a branch that asks of this feature.
    Enter(usize, usize),
    /// Back over such a branch; the latest one on the feature is then the one before.
    Leave(usize, u32),
}

/// The splits in an order in which each stands after its parent, and the most features on one path; sets the joint
/// shares. `latest` is 0 for every input, and is again when this returns.
fn steps(tree: &Tree, branches: &mut [Branch], ranks: &Ranks, latest: &mut [u32]) -> Option<(Vec<Step>, usize)> {
    let nodes = tree.nodes();
    let mut splits = Vec::with_capacity(nodes.len() / 2);
    let (mut features, mut most) = (0_usize, 0);
    let mut waiting = Vec::new();
    let mut entered = Some(0);
    loop {
        if let Some(at) = entered.take()
            && let Some(split) = nodes[at].split()
        {
            splits.push(Step {
                place: ranks.place(split)?,
                node: u32::try_from(at).ok()?,
                left: u32::try_from(split.left).ok()?,
                before: latest[split.feature],
                feature: u32::try_from(split.feature).ok()?,
            });
            waiting.extend([Visit::Enter(split.right, split.feature), Visit::Enter(split.left, split.feature)]);
        }
        match waiting.pop() {
            None => return Some((splits, most)),
            Some(Visit::Leave(feature, before)) => {
                latest[feature] = before;
                features -= usize::from(before == 0);
            }
            Some(Visit::Enter(at, feature)) => {
                let before = latest[feature];
                branches[at].joint = branches[at].share * branches[before as usize].joint;
                latest[feature] = u32::try_from(at).ok()?;
                features += usize::from(before == 0);
                most = most.max(features);
                waiting.push(Visit::Leave(feature, before));
                entered = Some(at);
            }
        }
    }
}
