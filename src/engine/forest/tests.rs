//! Whatever is faster or cleverer, held against the plain definition.

// A file of tests may unwrap: the test that forbids it to the program reads as far as this attribute.
#[cfg(test)]
use proptest::prelude::*;

use super::{
    quadrature::Quadrature,
    scoring::{Forest, ForestSpec, Precision},
    tree::{Categories, Missing, Node, Split, Test, Tree},
};

const INPUTS: usize = 5;
const KINDS: [Missing; 5] =
    [Missing::NanLeft, Missing::NanRight, Missing::NanIsZero, Missing::ZeroLeft, Missing::ZeroRight];

/// Numbers at which comparisons go wrong, and some at which they do not.
fn number() -> impl Strategy<Value = f64> {
    let edges = vec![
        f64::NAN,
        -f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        0.0,
        -0.0,
        5e-324,
        -5e-324,
        1e-35,
        -1e-35,
        1.1e-35,
        1e-34,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        0.1,
        0.1_f64.next_up(),
        f64::from(0.1_f32),
        1.0,
        1.0_f64.next_down(),
        2.0,
        3.0,
        64.0,
        63.9,
        127.0,
        1e15,
        1e16,
        -1.0,
        -0.5,
    ];
    prop_oneof![2 => proptest::sample::select(edges), 1 => -3.0..3.0_f64, 1 => (0..150_i32).prop_map(f64::from)]
}

fn threshold() -> impl Strategy<Value = f64> {
    number().prop_filter("not a threshold", |value| !value.is_nan() && *value != f64::NEG_INFINITY)
}

fn split() -> impl Strategy<Value = Split> {
    let test = prop_oneof![
        4 => threshold().prop_map(Test::AtMost),
        1 => proptest::collection::vec(any::<u64>(), 0..3).prop_map(|words| Test::OneOf(Categories(words))),
    ];
    (0..INPUTS, test, 0..KINDS.len()).prop_map(|(feature, test, kind)| Split {
        feature,
        test,
        missing: KINDS[kind],
        left: 0,
        right: 0,
        cover: 0.0,
    })
}

/// Which leaf is split next: the last (a one-sided tree), the first (a level at a time), or any.
#[derive(Debug, Clone, Copy)]
enum Shape {
    OneSided,
    Level,
    Random,
}

/// A tree with these splits. Covers are counts of made-up rows, some of which are 0.
fn grow(splits: Vec<Split>, picks: &[usize], values: &[f64], shape: Shape, zeroes: bool) -> Tree {
    let leaf = |at: usize| Node::Leaf { value: values[at % values.len()], cover: 0.0 };
    let mut nodes = vec![leaf(0)];
    let mut leaves = std::collections::VecDeque::from([0]);
    for (i, mut split) in splits.into_iter().enumerate() {
        let pick = match shape {
            Shape::OneSided => leaves.len() - 1,
            Shape::Level => 0,
            Shape::Random => picks[i % picks.len()] % leaves.len(),
        };
        let at = leaves.remove(pick).unwrap();
        (split.left, split.right) = (nodes.len(), nodes.len() + 1);
        nodes.extend([leaf(split.left), leaf(split.right)]);
        leaves.extend([split.left, split.right]);
        nodes[at] = Node::Split(split);
    }
    for at in (0..nodes.len()).rev() {
        #[allow(clippy::cast_precision_loss, reason = "below 100")]
        let count = (picks[at % picks.len()] % 100) as f64;
        let children = nodes[at].split().map(|split| nodes[split.left].cover() + nodes[split.right].cover());
        match &mut nodes[at] {
            Node::Leaf { cover, .. } => *cover = if zeroes && count < 30.0 { 0.0 } else { count + 1.0 },
            Node::Split(split) => split.cover = children.unwrap(),
        }
    }
    Tree::check("tree", nodes, INPUTS).unwrap()
}

fn tree(splits: std::ops::Range<usize>, zeroes: bool) -> impl Strategy<Value = Tree> {
    let shape = proptest::sample::select(vec![Shape::OneSided, Shape::Level, Shape::Random]);
    let picks = proptest::collection::vec(0..10_000_usize, 64);
    (proptest::collection::vec(split(), splits), picks, proptest::collection::vec(-1.0..1.0_f64, 9), shape)
        .prop_map(move |(splits, picks, values, shape)| grow(splits, &picks, &values, shape, zeroes))
}

fn forest(trees: Vec<Tree>, precision: Precision) -> Forest {
    let (base, scale) = if precision == Precision::Single { (0.3, 1.0) } else { (0.25, 0.5) };
    Forest::new(ForestSpec { inputs: INPUTS, precision, sums: precision, base, scale, trees }).unwrap()
}

fn row() -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(number(), INPUTS)
}

/// What the raw output is, by definition.
fn plain(forest: &Forest, row: &[f64]) -> f64 {
    let spec = forest.spec();
    #[allow(clippy::cast_possible_truncation, reason = "that is what it means")]
    let row: Vec<f64> = match spec.precision {
        Precision::Double => row.to_vec(),
        Precision::Single => row.iter().map(|value| f64::from(*value as f32)).collect(),
    };
    let leaves = spec.trees.iter().map(|tree| tree.walk(&row));
    #[allow(clippy::cast_possible_truncation, reason = "that is what it means")]
    match spec.sums {
        Precision::Double => spec.base + spec.scale * leaves.fold(0.0, |sum, leaf| sum + leaf),
        Precision::Single => f64::from(leaves.fold(spec.base as f32, |sum, leaf| (f64::from(sum) + leaf) as f32)),
    }
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Holds single rows and batches of every length against the plain walk, bit by bit.
fn check_raw(forest: &Forest, rows: &[Vec<f64>]) {
    let expected: Vec<u64> = rows.iter().map(|row| plain(forest, row).to_bits()).collect();
    let single: Vec<u64> = rows.iter().map(|row| forest.raw(row).to_bits()).collect();
    assert_eq!(single, expected);
    let batch: Vec<u64> = forest.raw_batch(&rows.concat()).into_iter().map(f64::to_bits).collect();
    assert_eq!(batch, expected);
}

#[test]
fn every_row_falls_into_the_leaves_that_the_plain_walk_finds() {
    let sizes = prop_oneof![8 => tree(0..64, false), 1 => tree(64..130, false), 1 => tree(500..512, false)];
    let trees = proptest::collection::vec(sizes, 1..40);
    let precision = proptest::sample::select(vec![Precision::Double, Precision::Single]);
    let rows = proptest::collection::vec(row(), 1..150);
    proptest!(config(300), |(trees in trees, precision in precision, rows in rows)| {
        check_raw(&forest(trees, precision), &rows);
    });
}

/// A tree that asks at each level of a complete tree whether a number is at most the next threshold.
fn thresholds(count: i32) -> Tree {
    let test = |at: i32| Test::AtMost(f64::from(at));
    let mut nodes = Vec::new();
    // Each range of thresholds is halved.
    let mut waiting = std::collections::VecDeque::from([(0, count)]);
    while let Some((from, until)) = waiting.pop_front() {
        if from == until {
            nodes.push(Node::Leaf { value: f64::from(from) + 0.1, cover: 1.0 });
            continue;
        }
        let middle = i32::midpoint(from, until);
        let left = nodes.len() + 1 + waiting.len();
        waiting.extend([(from, middle), (middle + 1, until)]);
        let (test, right) = (test(middle), left + 1);
        nodes.push(Node::Split(Split { feature: 0, test, missing: Missing::NanRight, left, right, cover: 0.0 }));
    }
    Tree::check("tree", nodes, INPUTS).unwrap()
}

#[test]
fn more_thresholds_than_16_bits_hold_are_told_apart() {
    let early = forest(vec![thresholds(70_000), thresholds(60), thresholds(31)], Precision::Double);
    let at =
        [-1.0, 0.0, 0.5, 31.0, 59.5, 32_766.0, 32_767.5, 32_768.0, 65_535.0, 65_536.5, 69_999.0, 70_001.0, f64::NAN];
    let rows: Vec<Vec<f64>> = at.repeat(6).into_iter().map(|value| vec![value, 0.0, 0.0, 0.0, 0.0]).collect();
    check_raw(&early, &rows);
    // A small tree whose own thresholds are beyond the 16 bits.
    let mut late = thresholds(31).nodes().to_vec();
    for node in &mut late {
        if let Node::Split(Split { test: Test::AtMost(threshold), .. }) = node {
            *threshold += 40_000.0;
        }
    }
    let late = Tree::check("tree", late, INPUTS).unwrap();
    check_raw(&forest(vec![thresholds(70_000), late], Precision::Double), &rows);
}

#[test]
fn more_sets_than_are_looked_at_for_each_row_are_looked_at_on_the_way() {
    let nodes = |set: u64| {
        let test = Test::OneOf(Categories(vec![set]));
        let split = Split { feature: 1, test, missing: Missing::NanIsZero, left: 1, right: 2, cover: 2.0 };
        #[allow(clippy::cast_precision_loss, reason = "below 2000")]
        let leaf = |value: u64| Node::Leaf { value: value as f64, cover: 1.0 };
        vec![Node::Split(split), leaf(set), leaf(2_000 - set)]
    };
    let sets = (1..1_030).map(|set| Tree::check("tree", nodes(set), INPUTS).unwrap());
    let trees: Vec<Tree> = sets.chain([thresholds(31), thresholds(200)]).collect();
    let rows: Vec<Vec<f64>> = (0..40).map(|at| vec![f64::from(at % 12), f64::from(at % 11), 0.0, 0.0, 0.0]).collect();
    check_raw(&forest(trees, Precision::Double), &rows);
}

/// The value of a tree when only these features take part: the other ones go both ways, by the covers.
fn game(tree: &Tree, at: usize, row: &[f64], taking_part: usize) -> f64 {
    match &tree.nodes()[at] {
        Node::Leaf { value, .. } => *value,
        Node::Split(split) if taking_part >> split.feature & 1 == 1 => {
            let child = if split.goes_left(row[split.feature]) { split.left } else { split.right };
            game(tree, child, row, taking_part)
        }
        Node::Split(split) => {
            let [left, right] = [split.left, split.right].map(|child| tree.nodes()[child].cover());
            let share = if left + right > 0.0 { left / (left + right) } else { 0.5 };
            share * game(tree, split.left, row, taking_part) + (1.0 - share) * game(tree, split.right, row, taking_part)
        }
    }
}

/// Shapley's formula over all coalitions.
fn shapley(tree: &Tree, row: &[f64]) -> Vec<f64> {
    let value: Vec<f64> = (0..1 << INPUTS).map(|coalition| game(tree, 0, row, coalition)).collect();
    // (size)! (5 - size - 1)! / 5!
    let weight = [24.0, 6.0, 4.0, 6.0, 24.0].map(|product: f64| product / 120.0);
    (0..INPUTS)
        .map(|feature| {
            let without = (0..1_usize << INPUTS).filter(|coalition| coalition >> feature & 1 == 0);
            without.map(|one| weight[one.count_ones() as usize] * (value[one | 1 << feature] - value[one])).sum()
        })
        .collect()
}

#[test]
fn contributions_are_shapley_values_of_the_path_dependent_game() {
    let trees = proptest::collection::vec(prop_oneof![tree(0..40, false), tree(0..40, true)], 1..4);
    proptest!(config(600), |(trees in trees, row in row())| {
        let forest = forest(trees, Precision::Double);
        let trees = &forest.spec().trees;
        let root_has_cover = |tree: &Tree| tree.nodes().len() == 1 || tree.nodes()[0].cover() > 0.0;
        let Some(found) = forest.contributions(&row) else {
            prop_assert!(!trees.iter().all(root_has_cover));
            return Ok(());
        };
        let base = 0.25 + 0.5 * trees.iter().map(|tree| game(tree, 0, &row, 0)).sum::<f64>();
        prop_assert!((found.base - base).abs() < 1e-12, "{} {base}", found.base);
        for (feature, value) in found.values.iter().enumerate() {
            let expected = 0.5 * trees.iter().map(|tree| shapley(tree, &row)[feature]).sum::<f64>();
            prop_assert!((value - expected).abs() < 1e-12, "{feature}: {value} {expected}");
        }
        let sum = found.base + found.values.iter().sum::<f64>();
        prop_assert!((sum - forest.raw(&row)).abs() < 1e-12);
    });
}

/// A one-sided tree that asks another feature at each of its splits: the row goes right at each, to the last leaf. Each
/// leaf was met so many times as often as the next.
fn chain(splits: usize, rarer: f64) -> Forest {
    #[allow(clippy::cast_precision_loss, reason = "at most 512")]
    let nodes = (0..splits)
        .flat_map(|at| {
            let test = Test::AtMost(0.0);
            let (left, right, cover) = (2 * at + 1, 2 * at + 2, 0.0);
            let split = Node::Split(Split { feature: at, test, missing: Missing::NanLeft, left, right, cover });
            [split, Node::Leaf { value: 0.0, cover: rarer.powf((splits - at) as f64) }]
        })
        .chain([Node::Leaf { value: 1.0, cover: 1.0 }]);
    let mut nodes: Vec<Node> = nodes.collect();
    for at in (0..splits).rev() {
        let cover = nodes[2 * at + 1].cover() + nodes[2 * at + 2].cover();
        if let Node::Split(split) = &mut nodes[2 * at] {
            split.cover = cover;
        }
    }
    let trees = vec![Tree::check("tree", nodes, splits).unwrap()];
    Forest::new(ForestSpec {
        inputs: splits,
        precision: Precision::Double,
        sums: Precision::Double,
        base: 0.0,
        scale: 1.0,
        trees,
    })
    .unwrap()
}

#[test]
fn the_deepest_tree_with_as_many_features_is_explained_without_loss() {
    for splits in [1, 2, 3, 7, 15, 16, 17, 18, 100, 511, 512] {
        let forest = chain(splits, 1.0);
        let found = forest.contributions(&vec![1.0; splits]).unwrap();
        assert_eq!(forest.raw(&vec![1.0; splits]).to_bits(), 1.0_f64.to_bits());
        let sum = found.base + found.values.iter().sum::<f64>();
        assert!((sum - 1.0).abs() < 1e-12, "{splits}: {sum}");
        assert!(found.values.iter().all(|value| *value > 0.0));
        // Rarer branches say more, and each by itself: they stand in order of their shares.
        assert!(found.values.is_sorted(), "{splits}");
    }
    // Shares near 0 make the integrand a power of t, which too few points miss by most.
    for splits in [1, 2, 4, 8, 15, 16, 17, 18, 100] {
        let found = chain(splits, 1_000.0).contributions(&vec![1.0; splits]).unwrap();
        let sum = found.base + found.values.iter().sum::<f64>();
        assert!((sum - 1.0).abs() < 1e-12, "{splits}: {sum}");
    }
}

#[test]
fn a_forest_without_covers_or_beyond_the_limits_is_not_explained() {
    let leaf = |value| Node::Leaf { value, cover: 0.0 };
    let ask = |left, right| {
        let test = Test::AtMost(0.0);
        Node::Split(Split { feature: 0, test, missing: Missing::NanLeft, left, right, cover: 0.0 })
    };
    let stump = Tree::check("tree", vec![ask(1, 2), leaf(1.0), leaf(2.0)], INPUTS).unwrap();
    assert_eq!(forest(vec![stump], Precision::Double).contributions(&[0.0; INPUTS]), None);
    let constant = Tree::check("tree", vec![leaf(3.0)], INPUTS).unwrap();
    let found = forest(vec![constant], Precision::Double).contributions(&[0.0; INPUTS]).unwrap();
    assert_eq!((found.base.to_bits(), found.values), (1.75_f64.to_bits(), vec![0.0; INPUTS]));

    let splits = super::MAX_EXPLAINED_TREE_NODES / 2;
    let nodes = (0..splits).map(|at| ask(2 * at + 1, 2 * at + 2));
    let leaves = (0..=splits).map(|_| Node::Leaf { value: 1.0, cover: 1.0 });
    let large = Tree::check("tree", nodes.chain(leaves).collect(), INPUTS).unwrap();
    assert_eq!(large.nodes().len(), super::MAX_EXPLAINED_TREE_NODES + 1);
    assert_eq!(forest(vec![large], Precision::Double).contributions(&[0.0; INPUTS]), None);
}

#[test]
fn quadrature_integrates_polynomials_to_twice_its_points_exactly() {
    for points in [1_u32, 2, 3, 4, 6, 8, 16, 64, 256] {
        let rule = Quadrature::new(points as usize);
        assert!(rule.weights.iter().all(|weight| *weight > 0.0));
        assert!(rule.points.iter().all(|point| 0.0 < *point && *point < 1.0) && rule.points.is_sorted());
        for degree in [0, 1, points / 2, points, 2 * points - 2, 2 * points - 1] {
            let power = |point: f64| point.powf(f64::from(degree));
            let sum: f64 = rule.points.iter().zip(&rule.weights).map(|(point, weight)| weight * power(*point)).sum();
            let exact = 1.0 / f64::from(degree + 1);
            assert!((sum - exact).abs() < 1e-14, "{points} points, degree {degree}: {sum} {exact}");
        }
    }
}
