//! Files that are broken, cut, mutated or made to exhaust: each is refused, or scores and ends.

use super::{
    MODELS,
    build::{constant, field, file, floats, input, integer, integers, node, stump, texts, weights},
    file as fixture,
};
use proptest::prelude::*;
use riskport::engine::{LoadError, Predictor};

/// What a file is refused with.
fn refused(bytes: &[u8]) -> String {
    Predictor::load(bytes).unwrap_err().to_string()
}

fn regressor(attributes: &[Vec<u8>]) -> Vec<u8> {
    file(&[input(1, 1), node("TreeEnsembleRegressor", &["x"], &["y"], &attributes.concat())])
}

#[test]
fn a_graph_that_does_not_compute_its_output_is_refused() {
    let scaler = |from: &str, to: &str| {
        node("Scaler", &[from], &[to], &[floats("offset", &[0.0]), floats("scale", &[1.0])].concat())
    };
    let cycle = file(&[input(1, 1), scaler("b", "a"), scaler("a", "b"), node("Identity", &["a"], &["y"], &[])]);
    let of_itself = file(&[input(1, 1), scaler("y", "y")]);
    let absent = file(&[input(1, 1), scaler("nothing", "y")]);
    let no_maker = file(&[input(1, 1)]);
    for bytes in [cycle, of_itself, absent, no_maker] {
        assert_eq!(refused(&bytes), "graph: a tensor is used that is not there, or before it is computed");
    }
    let twice = file(&[input(1, 1), scaler("x", "y"), scaler("x", "y")]);
    assert_eq!(refused(&twice), "graph: two tensors have the same name");
    assert_eq!(refused(&file(&[input(1, 1), scaler("x", "y")])), "graph: its output is not that of a model");
    assert_eq!(refused(&[0x08, 8]), "an ONNX file without a graph");
}

#[test]
fn trees_with_broken_lists_are_refused() {
    let good = [stump("BRANCH_LEQ", false), weights("target", &[0, 0], &[1.0, 2.0])];
    assert!(Predictor::load(&regressor(&good)).is_ok());
    // The first attribute of a name counts: what stands in front replaces the stump's.
    let with = |one: Vec<u8>| regressor(&[one, good[0].clone(), good[1].clone()]);
    for (attribute, wanted) in [
        (integers("nodes_nodeids", &[0, 1, 1]), "two nodes of a tree have the same number"),
        (integers("nodes_nodeids", &[0, 1, -2]), "a weight must be of a leaf, and one for each class"),
        (integers("nodes_nodeids", &[0, 1]), "its lists must have one value for each node"),
        (floats("nodes_values", &[1.0]), "its lists must have one value for each node"),
        (floats("nodes_values", &[f32::NAN, 0.0, 0.0]), "a threshold is not a finite number"),
        (floats("nodes_hitrates", &[1.0, 2.0]), "its lists must have one value for each node"),
        (integers("nodes_truenodeids", &[7, 0, 0]), "a child is not there"),
        (integers("nodes_featureids", &[1, 0, 0]), "a node asks for a column that is not there"),
        (integers("nodes_featureids", &[i64::MIN, 0, 0]), "a node asks for a column that is not there"),
        (integers("nodes_treeids", &[0, 1, 0]), "a weight must be of a leaf, and one for each class"),
        (integers("target_nodeids", &[1, 1]), "a weight must be of a leaf, and one for each class"),
        (integers("target_ids", &[0, 1]), "a weight is of a target that is not there"),
        (integers("target_ids", &[0]), "its lists must have one value for each weight"),
        (floats("base_values", &[1.0, 2.0]), "it must have one base value"),
    ] {
        assert_eq!(refused(&with(attribute)), format!("ONNX operator TreeEnsembleRegressor: {wanted}"));
    }
    let two_parents = with(integers("nodes_falsenodeids", &[1, 0, 0]));
    assert_eq!(refused(&two_parents), "trees: a node has two parents, or is its own ancestor");
    let cycle = with(integers("nodes_truenodeids", &[0, 0, 0]));
    assert_eq!(refused(&cycle), "trees: a node has two parents, or is its own ancestor");
    let infinite = with(floats("target_weights", &[f32::INFINITY, 0.0]));
    assert_eq!(refused(&infinite), "trees: a leaf and its cover must be finite numbers");
    let unknown = with(texts("nodes_modes", &["BRANCH_MEMBER", "LEAF", "LEAF"]));
    assert!(refused(&unknown).contains("unknown mode is not supported"));
}

#[test]
fn sizes_that_a_file_only_claims_cost_nothing() {
    let flood = |number, count| file(&[input(1, 1), field(number, []).repeat(count)]);
    for number in [1, 5, 11, 12] {
        assert!(matches!(Predictor::load(&flood(number, 1_000_000)), Err(LoadError::Rule { .. })), "{number}");
    }
    let attributes = node("Scaler", &["x"], &["y"], &field(5, []).repeat(100_000));
    assert_eq!(refused(&file(&[input(1, 1), attributes])), "operator: must have at most 64 attributes");
    let names = node("Concat", &vec!["x"; 100_000], &["y"], &[]);
    let rule = "operator: must have at most 4096 inputs and 4096 outputs";
    assert_eq!(refused(&file(&[input(1, 1), names])), rule);
    assert_eq!(refused(&file(&[input(1, i64::MAX)])), "input: there must be at most 4096 columns");
    assert_eq!(refused(&file(&[input(1, -1)])), "input: must be a table with a known number of columns");
    for dims in [&[i64::MAX, i64::MAX][..], &[-1], &[2; 9], &[5]] {
        let product = node("MatMul", &["x", "m"], &["y"], &[]);
        let bytes = file(&[input(1, 1), constant("m", dims, &[1.0]), product]);
        assert!(refused(&bytes).starts_with("constant: "), "{dims:?}");
    }
    // Each concatenation doubles the width.
    let doubling = (0..60).map(|at| {
        let from = if at == 0 { "x".to_owned() } else { format!("c{at}") };
        let to = if at == 59 { "y".to_owned() } else { format!("c{}", at + 1) };
        node("Concat", &[&from, &from], &[&to], &[])
    });
    let bytes = file(&[input(1, 1), doubling.collect::<Vec<_>>().concat()]);
    assert_eq!(refused(&bytes), "graph: it derives too many columns for a file of its size");
    let rest = [integer(1, 8), vec![0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f]].concat();
    assert_eq!(refused(&rest), "not a whole protocol buffer");
}

#[test]
fn no_prefix_of_a_file_is_a_model_or_a_panic() {
    for name in ["sklearn-logistic", "sklearn-logistic-double", "sklearn-table"] {
        let bytes = fixture(&format!("{name}.onnx"));
        // What comes after the graph says which operators' versions it uses.
        let loaded = (0..bytes.len() - 64).filter(|end| Predictor::load(&bytes[..*end]).is_ok()).count();
        assert_eq!(loaded, 0, "{name}");
    }
}

/// A change of a file: where, as a part of its length, how, and with which byte.
type Change = (f64, u8, u8);

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a place in a file"
)]
fn change(bytes: &mut Vec<u8>, (place, how, byte): Change) {
    let at = ((bytes.len() as f64 * place) as usize).min(bytes.len().saturating_sub(1));
    let end = (at + usize::from(byte)).min(bytes.len());
    match how {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..end)),
        2 => bytes.extend_from_within(at..end),
        3 => bytes.insert(at, byte),
        _ if bytes.is_empty() => {}
        4 => bytes[at] ^= 1 << (byte % 8),
        _ => bytes[at] = byte,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_file_is_refused_or_scores(
        which in 0..MODELS.len(),
        changes in proptest::collection::vec((0.0..1.0, 0..8_u8, any::<u8>()), 1..6),
        value in prop_oneof![any::<f64>(), Just(f64::NAN), Just(1.0)],
    ) {
        let mut bytes = fixture(&format!("{}.onnx", MODELS[which].0));
        for one in changes {
            change(&mut bytes, one);
        }
        if let Ok(model) = Predictor::load(&bytes) {
            std::hint::black_box(model.raw(&vec![value; model.inputs().len()]));
        }
    }
}
