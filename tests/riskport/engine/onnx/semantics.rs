//! What the operators mean, where no exporter's file shows it. The outputs of classifiers with one sum for two classes are
//! what ONNX Runtime 1.31 gives for these files.

use super::build::{attribute, constant, field, file, floats, input, integers, node, stump, text, weights};
use riskport::engine::{Link, LoadError, Predictor};

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-7
}

fn predict(model: &Predictor, row: &[f64]) -> f64 {
    model.link().apply(model.raw(row))
}

#[test]
fn each_mode_of_a_node_compares_as_it_says_and_sends_missing_values_where_it_says() {
    // For below, at and above the threshold, and missing: whether the true child is taken.
    let above = f64::from(1.0_f32.next_up());
    let below = f64::from(1.0_f32.next_down());
    for (mode, holds) in [
        ("BRANCH_LEQ", [true, true, false]),
        ("BRANCH_LT", [true, false, false]),
        ("BRANCH_GTE", [false, true, true]),
        ("BRANCH_GT", [false, false, true]),
        ("BRANCH_EQ", [false, true, false]),
        ("BRANCH_NEQ", [true, false, true]),
    ] {
        for missing_is_true in [false, true] {
            let attributes = [stump(mode, missing_is_true), weights("target", &[0, 0], &[7.0, 3.0])].concat();
            let bytes = file(&[input(1, 1), node("TreeEnsembleRegressor", &["x"], &["y"], &attributes)]);
            if mode == "BRANCH_EQ" && missing_is_true {
                assert!(matches!(Predictor::load(&bytes), Err(LoadError::Unsupported(_))));
                continue;
            }
            let model = Predictor::load(&bytes).unwrap();
            let found = [below, 1.0, above, f64::NAN].map(|value| model.raw(&[value]) > 5.0);
            assert_eq!(found[..3], holds, "{mode}");
            assert_eq!(found[3], missing_is_true || mode == "BRANCH_NEQ", "{mode} {missing_is_true}");
            // A 32-bit input is rounded before it is compared.
            assert_eq!(model.raw(&[1.0 + 1e-12]) > 5.0, holds[1], "{mode}");
        }
    }
}

/// A post transform, the class of each weight, the weights, a base value, and what is predicted on both sides.
type Case = (&'static str, (Vec<i64>, Vec<f32>), Option<f32>, [f64; 2]);

#[test]
fn classifiers_of_two_classes_give_what_onnx_runtime_gives() {
    let only_first = |weights| (vec![0, 0], weights);
    let cases: [Case; 9] = [
        ("NONE", only_first(vec![0.2, 0.7]), None, [0.2, 0.7]),
        ("NONE", only_first(vec![0.2, 0.7]), Some(0.1), [0.3, 0.8]),
        ("NONE", only_first(vec![-0.2, 0.7]), None, [-0.2, 0.7]),
        ("LOGISTIC", only_first(vec![0.2, 0.7]), None, [0.549_833_953, 0.668_187_737]),
        ("LOGISTIC", only_first(vec![-0.2, 0.7]), Some(0.1), [0.475_020_826, 0.689_974_487]),
        ("LOGISTIC", (vec![1, 1], vec![-0.2, 0.7]), None, [0.450_166_046, 0.668_187_737]),
        ("SOFTMAX", (vec![1, 1], vec![0.2, 0.7]), None, [0.549_833_995, 0.668_187_797]),
        ("NONE", (vec![0, 0, 1, 1], vec![0.2, 0.7, 0.8, 0.3]), None, [0.8, 0.3]),
        ("SOFTMAX", (vec![0, 0, 1, 1], vec![0.2, 0.7, 0.8, 0.3]), None, [0.645_656_288, 0.401_312_322]),
    ];
    for (post, (ids, values), base, wanted) in cases {
        let attributes = [
            stump("BRANCH_LEQ", false),
            weights("class", &ids, &values),
            integers("classlabels_int64s", &[0, 1]),
            text("post_transform", post),
            base.map_or(Vec::new(), |base| floats("base_values", &[base])),
        ];
        let bytes = file(&[input(1, 1), node("TreeEnsembleClassifier", &["x"], &["l", "y"], &attributes.concat())]);
        let model = Predictor::load(&bytes).unwrap();
        let found = [0.0, 2.0].map(|value| predict(&model, &[value]));
        assert!(near(found[0], wanted[0]) && near(found[1], wanted[1]), "{post} {ids:?} {values:?}: {found:?}");
        let probabilities = post == "NONE" && values[0] > 0.0;
        assert_eq!(model.link() == Link::Probability, probabilities, "{post} {values:?}");
    }
}

#[test]
fn linear_classifiers_give_what_onnx_runtime_gives() {
    for (post, coefficients, intercepts, wanted) in [
        ("NONE", &[0.5][..], &[0.1][..], [0.1, 1.1]),
        ("LOGISTIC", &[0.5], &[0.1], [0.524_979_174, 0.750_260_115]),
        ("NONE", &[-0.5, 0.5], &[-0.1, 0.1], [0.1, 1.1]),
        ("LOGISTIC", &[-0.5, 0.5], &[-0.1, 0.1], [0.524_979_174, 0.750_260_115]),
        ("SOFTMAX", &[-0.5, 0.5], &[-0.1, 0.1], [0.549_833_995, 0.900_249_541]),
    ] {
        let attributes = [
            floats("coefficients", coefficients),
            floats("intercepts", intercepts),
            integers("classlabels_ints", &[0, 1]),
            text("post_transform", post),
        ];
        let bytes = file(&[input(1, 1), node("LinearClassifier", &["x"], &["l", "y"], &attributes.concat())]);
        let model = Predictor::load(&bytes).unwrap();
        let found = [0.0, 2.0].map(|value| predict(&model, &[value]));
        assert!(near(found[0], wanted[0]) && near(found[1], wanted[1]), "{post} {coefficients:?}: {found:?}");
    }
}

#[test]
fn the_average_of_trees_and_doubles_in_tensors_are_read() {
    let double = |name: &str, values: &[f64]| {
        let dims = [vec![0x08], vec![u8::try_from(values.len()).unwrap()], vec![0x10, 11]].concat();
        let data = field(10, values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>());
        attribute(&format!("{name}_as_tensor"), &field(5, [dims, data].concat()))
    };
    let tree = |treeid: i64| vec![treeid; 3];
    let attributes = [
        integers("nodes_treeids", &[tree(4), tree(9)].concat()),
        integers("nodes_nodeids", &[0, 1, 2, 5, 6, 7]),
        integers("nodes_featureids", &[0, 0, 0, 0, 0, 0]),
        integers("nodes_truenodeids", &[1, 0, 0, 6, 0, 0]),
        integers("nodes_falsenodeids", &[2, 0, 0, 7, 0, 0]),
        super::build::texts("nodes_modes", &["BRANCH_LEQ", "LEAF", "LEAF", "BRANCH_LT", "LEAF", "LEAF"]),
        double("nodes_values", &[0.1, 0.0, 0.0, 0.1, 0.0, 0.0]),
        integers("target_treeids", &[4, 4, 9, 9]),
        integers("target_nodeids", &[1, 2, 6, 7]),
        integers("target_ids", &[0, 0, 0, 0]),
        double("target_weights", &[0.1, 0.3, 0.5, 0.7]),
        text("aggregate_function", "AVERAGE"),
    ];
    let bytes = file(&[input(11, 1), node("TreeEnsembleRegressor", &["x"], &["y"], &attributes.concat())]);
    let model = Predictor::load(&bytes).unwrap();
    let found = [0.0, 0.1, f64::from(0.1_f32)].map(|value| model.raw(&[value]));
    for (found, wanted) in found.into_iter().zip([0.3, 0.4, 0.5]) {
        assert!((found - wanted).abs() < 1e-15, "{found} instead of {wanted}");
    }
}

#[test]
fn other_operators_and_shapes_are_refused_by_name() {
    let matrix = constant("m", &[2, 3], &[0.0; 6]);
    let shape = constant("s", &[2], &[-1.0, 1.0]);
    for (node, wanted) in [
        (node("Conv", &["x"], &["y"], &[]), "ONNX operator Conv"),
        (node("MatMul", &["x", "m"], &["y"], &[]), "ONNX operator MatMul with this matrix"),
        (node("Reshape", &["x", "s"], &["y"], &[]), "ONNX operator Reshape that moves values"),
        (node("Normalizer", &["x"], &["y"], &[]), "ONNX operator Normalizer"),
    ] {
        let refused = Predictor::load(&file(&[input(1, 2), matrix.clone(), shape.clone(), node])).unwrap_err();
        assert_eq!(refused, LoadError::Unsupported(wanted.to_owned()));
    }
}
