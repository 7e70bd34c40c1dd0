//! What stands in a tree file that is broken, cut off or hostile: it is refused, or what it says still ends.

use super::parity::{Expected, file};
use riskport::engine::{LoadError, Predictor};
use serde_json::{Value, json};

fn refusal(bytes: &[u8]) -> String {
    Predictor::load(bytes).unwrap_err().to_string()
}

/// A `LightGBM` file of two inputs and one tree of three leaves, of which one line is another.
fn lightgbm(key: &str, value: &str) -> String {
    let lines = [
        ("version", "v4"),
        ("num_class", "1"),
        ("num_tree_per_iteration", "1"),
        ("max_feature_idx", "1"),
        ("objective", "regression"),
        ("feature_names", "a b"),
        ("feature_infos", "[0:9] 0:1:2"),
        ("", ""),
        ("Tree", "0"),
        ("num_leaves", "3"),
        ("num_cat", "1"),
        ("split_feature", "0 1"),
        ("threshold", "0.5 0"),
        ("decision_type", "2 1"),
        ("left_child", "1 -1"),
        ("right_child", "-3 -2"),
        ("leaf_value", "1 2 3"),
        ("cat_boundaries", "0 1"),
        ("cat_threshold", "2"),
        ("", ""),
    ];
    let line = |(name, usual): (&str, &str)| match (name, name == key) {
        ("", _) => String::new(),
        (_, true) => format!("{name}={value}"),
        (_, false) => format!("{name}={usual}"),
    };
    // A file of the library has some kilobytes of parameters.
    let parameters = "[verbosity: -1]\n".repeat(20);
    format!("tree\n{}\nend of trees\n\nparameters:\n{parameters}\n", lines.map(line).join("\n"))
}

#[test]
fn a_lightgbm_tree_scores_by_its_lists() {
    let model = Predictor::load(lightgbm("", "").as_bytes()).unwrap();
    let scores: Vec<f64> = [[0.5, 1.0], [0.5, 0.0], [0.6, 1.0], [f64::NAN, 1.0], [0.0, f64::NAN], [0.0, 32.0]]
        .iter()
        .map(|row| model.raw(row))
        .collect();
    // Missing type none: a missing number counts as 0. A missing category is in no set.
    assert_eq!(scores, [1.0, 2.0, 3.0, 1.0, 2.0, 2.0]);
    let one_leaf = lightgbm("num_leaves", "1").replace("leaf_value=1 2 3", "leaf_value=7");
    assert!((Predictor::load(one_leaf.as_bytes()).unwrap().raw(&[0.0, 0.0]) - 7.0).abs() < 1e-15);
    let windows = lightgbm("", "").replace('\n', "\r\n");
    assert!((Predictor::load(windows.as_bytes()).unwrap().raw(&[0.6, 0.0]) - 3.0).abs() < 1e-15);
}

#[test]
fn broken_lightgbm_files_are_refused_by_what_is_wrong() {
    let cases = [
        ("left_child", "0 -1", "two parents"),
        ("left_child", "1 0", "two parents"),
        ("left_child", "1 1", "two parents"),
        ("left_child", "5 -1", "a child is not there"),
        ("left_child", "1 -9", "a child is not there"),
        ("left_child", "1 -2147483648", "a child is not there"),
        ("left_child", "1 -9999999999", "not a number of its kind"),
        ("split_feature", "0 2", "a feature that the model does not have"),
        ("split_feature", "0 -1", "not a number of its kind"),
        ("threshold", "nan 0", "a threshold is not a number"),
        ("threshold", "0.5 1", "a set that is not there"),
        ("threshold", "0.5 nan", "a set that is not there"),
        ("decision_type", "2 13", ""),
        ("decision_type", "14 1", "a missing type"),
        ("decision_type", "1 1", "a set that is not there"),
        ("leaf_value", "1 2 inf", "must be finite"),
        ("leaf_value", "1 2", "fewer values"),
        ("leaf_value", "1 2 3 4", "more values"),
        ("leaf_value", "1 2 x", "not a number"),
        ("num_leaves", "1000000000", "more than a file of this size"),
        ("num_leaves", "18446744073709551615", "more than a file of this size"),
        ("num_leaves", "0", "at least 1"),
        ("num_leaves", "-3", "a whole number"),
        ("num_cat", "18446744073709551615", "fewer values"),
        ("cat_boundaries", "0 1000000000", "fewer values"),
        ("cat_boundaries", "1 1", "must begin with 0"),
        ("max_feature_idx", "4096", "0 to 4095"),
        ("max_feature_idx", "2", "one for each feature"),
        ("feature_names", "a a", "must not be empty or repeat"),
        ("num_class", "3", "several classes is not supported"),
        ("objective", "multiclass num_class:3", "\"multiclass\" is not supported"),
        ("objective", "regression sqrt", "with sqrt is not supported"),
        ("objective", "binary sigmoid:0", "sigmoid must be above 0"),
        ("version", "v5", "v3 and v4 is not supported"),
    ];
    for (key, value, why) in cases {
        match Predictor::load(lightgbm(key, value).as_bytes()) {
            Ok(_) => assert!(why.is_empty(), "{key}={value} was not refused"),
            Err(found) => assert!(!why.is_empty() && found.to_string().contains(why), "{key}={value}: {found}"),
        }
    }
    let twice = lightgbm("", "").replace("threshold=0.5 0", "threshold=0.5 0\nthreshold=0.5 0");
    assert!(refusal(twice.as_bytes()).contains("must not be given twice"));
    let shared = lightgbm("decision_type", "1 1").replace("threshold=0.5 0", "threshold=0 0");
    assert!(refusal(shared.as_bytes()).contains("two splits name the same set"));
    let linear = lightgbm("", "").replace("num_cat", "is_linear=1\nnum_cat");
    assert_eq!(refusal(linear.as_bytes()), "a LightGBM tree with linear leaves is not supported");
    assert!(refusal(b"tree\nversion=v4\n").contains("several classes"));
    assert!(refusal(b"tree\n\xFF").contains("not UTF-8"));
}

#[test]
fn categories_go_to_the_columns_that_the_file_names() {
    let text = String::from_utf8(file("lightgbm-binary.txt")).unwrap();
    let names = |text: &str| -> Vec<Option<usize>> {
        let model = Predictor::load(text.as_bytes()).unwrap();
        model.inputs()[19..].iter().map(|input| input.categories.as_ref().map(Vec::len)).collect()
    };
    assert_eq!(names(&text), [Some(2), Some(4), Some(3)]);
    // A column that no split could use is `none` in the header.
    let (head, tail) = text.split_once("\ntree_sizes=").unwrap();
    let (front, _) = head.rsplit_once(' ').unwrap();
    let unused = format!("{front} none\ntree_sizes={tail}");
    assert_eq!(names(&unused), [Some(2), Some(4), Some(3)]);
    let nameless = unused.replace("[categorical_feature: 19,20,21]", "[categorical_feature: ]");
    assert!(refusal(nameless.as_bytes()).contains("one list for each categorical feature"));
    let (front, _) = text.split_once("pandas_categorical:").unwrap();
    assert_eq!(names(front), [None, None, None]);
    assert_eq!(names(&format!("{front}pandas_categorical:null\n")), [None, None, None]);
    let of = |json: &str| Predictor::load(format!("{front}pandas_categorical:{json}\n").as_bytes());
    let kinds = of(r#"[["x"], [1, 2.5, 3.0], [true, false]]"#).unwrap();
    assert_eq!(kinds.inputs()[20].categories.as_deref().unwrap(), ["1", "2.5", "3.0"]);
    assert_eq!(kinds.inputs()[21].categories.as_deref().unwrap(), ["true", "false"]);
    for wrong in ["[[], [], [null]]", "[1, 2, 3]", "[[], [], [[]]]", "{}", "[", &"[".repeat(100_000)] {
        assert!(of(wrong).unwrap_err().to_string().starts_with("pandas_categorical"), "{wrong:.20}");
    }
}

/// A small `XGBoost` file, changed at one place.
fn xgboost(pointer: &str, value: Value) -> Vec<u8> {
    let mut model: Value = serde_json::from_slice(&file("xgboost-many.json")).unwrap();
    *model.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is not there")) = value;
    serde_json::to_vec(&model).unwrap()
}

#[test]
fn broken_xgboost_files_are_refused_by_what_is_wrong() {
    let tree = "/learner/gradient_booster/model/trees/0";
    let nodes = |key: &str| format!("{tree}/{key}/0");
    let cases = [
        (nodes("left_children"), json!(0), "its own ancestor"),
        (nodes("left_children"), json!(2), "two parents"),
        (nodes("left_children"), json!(-1), "a child is not there"),
        (nodes("left_children"), json!(-7), "a child is not there"),
        (nodes("left_children"), json!(2_000_000_000), "a child is not there"),
        (nodes("left_children"), json!(5_000_000_000_u64), "not of its form"),
        (nodes("split_indices"), json!(23), "a feature that the model does not have"),
        (nodes("split_indices"), json!(-1), "a feature that the model does not have"),
        (nodes("split_conditions"), json!(1e39), "not of its form"),
        (nodes("sum_hessian"), json!(-1.0), "a cover must be"),
        (format!("{tree}/split_conditions"), json!([1.0]), "the same length"),
        (format!("{tree}/categories_nodes"), json!([3, 2]), "must be in order"),
        (format!("{tree}/categories_nodes"), json!([2, 99_999]), "is not there"),
        (format!("{tree}/categories_segments"), json!([0, 0]), "one behind the other"),
        (format!("{tree}/categories_sizes"), json!([18, 999_999]), "one behind the other"),
        (nodes("categories"), json!(-1), "must not be negative"),
        (nodes("categories"), json!(2_000_000_000), "codes too high for a file of this size"),
        (format!("{tree}/tree_param/size_leaf_vector"), json!("3"), "several outputs is not supported"),
        ("/learner/gradient_booster/name".to_owned(), json!("gblinear"), "gblinear is not supported"),
        ("/learner/objective/name".to_owned(), json!("multi:softprob"), "\"multi:softprob\" is not supported"),
        ("/learner/objective/name".to_owned(), json!("survival:aft"), "\"survival:aft\" is not supported"),
        ("/learner/learner_model_param/base_score".to_owned(), json!("[1E0]"), "must be finite"),
        ("/learner/learner_model_param/base_score".to_owned(), json!("[2E-1,3E-1]"), "several outputs"),
        ("/learner/learner_model_param/base_score".to_owned(), json!("x"), "must be a number"),
        ("/learner/learner_model_param/num_feature".to_owned(), json!("1000000000"), "1 to 4096"),
        ("/learner/feature_names".to_owned(), json!(["a"]), "one for each feature"),
        ("/learner/gradient_booster/model/trees".to_owned(), json!([]), "must have a tree"),
        ("/learner/gradient_booster/model/cats/enc".to_owned(), json!([{"values": []}]), "one entry for each"),
        ("/learner/gradient_booster/model/cats/enc/0/offsets".to_owned(), json!([0, 5]), "stay within the values"),
        ("/learner/gradient_booster/model/cats/enc/0/offsets".to_owned(), json!([0, -5]), "stay within the values"),
    ];
    for (pointer, value, why) in cases {
        let found = refusal(&xgboost(&pointer, value));
        assert!(found.contains(why), "{pointer}: {found}");
    }
    let text = String::from_utf8(file("xgboost-binary.json")).unwrap();
    let twice = text.replacen("\"default_left\":[", "\"default_left\":[],\"default_left\":[", 1);
    assert!(refusal(twice.as_bytes()).contains("duplicate field `default_left`"));
    assert!(refusal(b"{\"learner\":{\"feature_names\":[]}}").contains("missing field"));
    assert!(refusal(b"{}").contains("missing field `learner`"));
    let mut ubj = file("xgboost-binary.ubj");
    let key = b"split_conditions[$d#L";
    let at = ubj.windows(key.len()).position(|part| part == key).unwrap() + key.len() + 8;
    ubj[at..at + 4].copy_from_slice(&f32::NAN.to_be_bytes());
    assert_eq!(refusal(&ubj), "tree 0: a threshold is not a number");
    let plain = text.replace("\"[2.172E-1]\"", "\"2.172E-1\"");
    assert_ne!(plain, text, "the base score is not where it was");
    assert!(Predictor::load(plain.as_bytes()).is_ok());
    let bools = text.replacen("\"default_left\":[1,", "\"default_left\":[true,", 1);
    assert_ne!(bools, text);
    assert!(Predictor::load(bools.as_bytes()).is_ok());
}

#[test]
fn deep_and_endless_files_are_refused() {
    let deep = format!("{{\"x\":{}", "[".repeat(1_000_000));
    assert!(refusal(deep.as_bytes()).contains("not of its form"));
    let mut ubj = b"{i\x01x".to_vec();
    ubj.extend(std::iter::repeat_n(b'[', 1_000_000));
    assert!(refusal(&ubj).contains("nested too deep"));
    let of = |tail: &[u8]| refusal(&[b"{i\x07learner{i\x0dfeature_names", tail].concat());
    assert!(of(b"[$Z#L\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF").contains("a type that it cannot have"));
    assert!(of(b"[$d#L\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF").contains("ends too early"));
    assert!(of(b"[#L\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF").contains("ends too early"));
    assert!(of(b"[#l\xFF\xFF\xFF\xFF").contains("ends too early"));
    assert!(of(b"[$d]").contains("a type and no count"));
    assert!(of(b"SL\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF").contains("ends too early"));
    assert!(of(b"[$d#i\x01\0\0\0\0").contains("another type"));
    let whole = file("xgboost-binary.ubj");
    assert!(refusal(&[whole.as_slice(), b"Z"].concat()).contains("something follows"));
}

#[test]
fn a_file_that_is_cut_off_is_refused() {
    for name in ["lightgbm-many.txt", "xgboost-many.json", "xgboost-many.ubj", "xgboost-dart.ubj"] {
        let whole = file(name);
        let trees_end = whole.windows(12).position(|part| part == b"end of trees").unwrap_or(whole.len() - 1);
        for part in 0..300 {
            let cut = trees_end * part / 300;
            assert!(Predictor::load(&whole[..cut]).is_err(), "{name} cut to {cut} bytes was taken");
        }
    }
}

/// Bytes changed at random, the same in every run: each file is refused, or its scores are found in time.
#[test]
fn a_file_with_changed_bytes_is_refused_or_scores() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let (mut taken, mut refused) = (0, 0);
    for name in ["lightgbm-binary.txt", "xgboost-categories.json", "xgboost-categories.ubj"] {
        let whole = file(name);
        let expected = Expected::of(name.rsplit_once('.').unwrap().0);
        let rows: Vec<Vec<f64>> = expected.rows().take(8).collect();
        for _ in 0..500 {
            let mut changed = whole.clone();
            for _ in 0..=random(3) {
                let at = random(changed.len());
                changed[at] = b"0123456789-.eE\" [{}]\n=,\0\xFF"[random(25)];
            }
            match Predictor::load(&changed) {
                Err(LoadError::Form(_) | LoadError::Rule { .. } | LoadError::Unsupported(_)) => refused += 1,
                Ok(model) => {
                    taken += 1;
                    let fits = rows.iter().filter(|row| row.len() == model.inputs().len());
                    assert!(fits.map(|row| model.raw(row)).all(f64::is_finite), "{name}");
                }
            }
        }
    }
    assert!(taken > 100 && refused > 100, "{taken} taken, {refused} refused");
}
