//! A hundred thousand changed model files: each is refused, or scores and explains; nothing panics, all of it ends, and
//! the memory it takes is bounded by the file's size.
//!
//! A program of its own, for its allocator counts what is taken; with one test, for whatever else ran would be counted.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test that panics says where, and its name says what it shows")]

use std::{collections::BTreeMap, fs, time::Instant};

use peak_alloc::PeakAlloc;
use riskport::{
    domain::{credit::Language, features::Features},
    engine::{Predictor, Scorecard},
};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Files in all.
const FILES: u64 = 100_000;
/// What loading and scoring a file may take: this many bytes, or this many times the file, whichever is more. The table
/// that explains is made when it is first asked for, and has limits of its own.
const LEAST_BYTES: usize = 1024 * 1024;
const TIMES_THE_FILE: usize = 20;
/// Rows that are scored at once: more than a block of 64.
const ROWS: usize = 70;
/// Values for the rows: none, small, large, and in between.
const VALUES: [f64; 7] = [f64::NAN, 0.0, 1.0, -1e300, 0.3, f64::INFINITY, 3e9];
/// What stands in the place of numbers.
const NUMBERS: [&str; 14] = [
    "0",
    "-1",
    "1",
    "2147483647",
    "-2147483648",
    "4294967296",
    "9223372036854775808",
    "1e308",
    "1e309",
    "-1e309",
    "NaN",
    "inf",
    "1e-320",
    "0.1",
];

/// Numbers in an order that looks like none and is always the same (Steele, Lea and Flood, Fast splittable pseudorandom
/// number generators, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, or 0.
    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap()
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

fn model(name: &str) -> Vec<u8> {
    fs::read(format!("{}/tests/cases/models/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The first trees of a `LightGBM` file.
fn first_trees(name: &str, count: usize) -> Vec<u8> {
    let text = String::from_utf8(model(name)).unwrap();
    let (trees, rest) = text.split_once("end of trees").unwrap();
    let kept = trees.find(&format!("Tree={count}\n")).unwrap();
    format!("{}end of trees{rest}", &trees[..kept]).into_bytes()
}

/// The first trees of an `XGBoost` file, as JSON without spaces.
fn first_json_trees(name: &str, count: usize) -> Vec<u8> {
    let mut file: serde_json::Value = serde_json::from_slice(&model(name)).unwrap();
    let booster = &mut file["learner"]["gradient_booster"]["model"];
    for list in ["trees", "tree_info"] {
        booster[list].as_array_mut().unwrap().truncate(count);
    }
    serde_json::to_vec(&file).unwrap()
}

/// Files to change, by format, and how many of a hundred changed files are of each format.
fn originals() -> Vec<(&'static str, usize, Vec<Vec<u8>>)> {
    let onnx = [
        "sklearn-logistic.onnx",
        "sklearn-table.onnx",
        "sklearn-boosting.onnx",
        "sklearn-tree.onnx",
        "sklearn-table-ordinal.onnx",
        "onnx-lightgbm-codes.onnx",
        "sklearn-calibrated.onnx",
        "sklearn-bins.onnx",
    ];
    let shop = fs::read(format!("{}/tests/cases/shop-scorecard.json", env!("CARGO_MANIFEST_DIR"))).unwrap();
    vec![
        ("LightGBM text", 30, vec![first_trees("lightgbm-binary.txt", 2), first_trees("lightgbm-zero-missing.txt", 2)]),
        (
            "XGBoost JSON",
            15,
            vec![first_json_trees("xgboost-binary.json", 2), first_json_trees("xgboost-categories.json", 2)],
        ),
        ("XGBoost UBJ", 15, vec![model("xgboost-binary.ubj"), model("xgboost-categories.ubj")]),
        ("ONNX", 30, onnx.map(model).to_vec()),
        ("scorecard", 10, vec![shop]),
    ]
}

/// A `LightGBM` file of trees about as short as are read: a file with more nodes for its size is refused.
fn short_trees(trees: usize, leaves: usize) -> Vec<u8> {
    let splits = leaves - 1;
    let list = |count: usize, one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<Vec<_>>().join(" ");
    // The children of a node stand at twice its place, as in a heap; behind the splits stand the leaves.
    let child = |at: usize| if at < splits { format!("{at}") } else { format!("-{}", at - splits + 1) };
    let tree = format!(
        "num_leaves={leaves}\nnum_cat=0\nsplit_feature={}\nthreshold={}\ndecision_type={}\nleft_child={}\nright_child={}\n\
         leaf_value={}\nleaf_count={}\ninternal_count={}\n\n",
        list(splits, &|at| format!("{}", at % 2)),
        list(splits, &|at| format!("{at}.000000000")),
        list(splits, &|at| format!("{}", [2, 8, 6][at % 3])),
        list(splits, &|at| child(2 * at + 1)),
        list(splits, &|at| child(2 * at + 2)),
        list(leaves, &|_| "1".to_owned()),
        list(leaves, &|_| "1".to_owned()),
        list(splits, &|_| "1".to_owned()),
    );
    let header = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=1\nobjective=binary sigmoid:1\n\
                  feature_names=a b\nfeature_infos=none none\n\n";
    let all = (0..trees).map(|at| format!("Tree={at}\n{tree}")).collect::<Vec<_>>().concat();
    format!("{header}{all}end of trees\n").into_bytes()
}

/// Files so large that the limit follows their size.
fn large_files() -> Vec<(&'static str, Vec<u8>)> {
    let challenger = fs::read(format!("{}/models/challenger/model.txt", env!("CARGO_MANIFEST_DIR"))).unwrap();
    vec![
        ("the challenger", challenger),
        ("20,000 trees of 2 leaves", short_trees(20_000, 2)),
        ("2,000 trees of 31 leaves", short_trees(2_000, 31)),
        ("500 trees of 255 leaves", short_trees(500, 255)),
        ("1 tree of 65,536 leaves", short_trees(1, 65_536)),
    ]
}

/// Changes a file in one way.
fn change(file: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(file.len());
    let end = (at + 1 + random.below(64)).min(file.len());
    match random.below(10) {
        0 => file.truncate(at),
        1 => drop(file.drain(at..end)),
        2 => {
            let doubled = file[at..end].to_vec();
            file.splice(at..at, doubled);
        }
        3 => {
            let from = random.below(other.len());
            let strange = other[from..(from + 64).min(other.len())].to_vec();
            file.splice(at..end, strange);
        }
        4 | 5 => {
            // The number that begins at or after this place.
            let digit = |byte: &u8| byte.is_ascii_digit() || b"-+.eE".contains(byte);
            let Some(start) = file[at..].iter().position(u8::is_ascii_digit).map(|found| at + found) else { return };
            let length = file[start..].iter().position(|byte| !digit(byte)).unwrap_or(file.len() - start);
            file.splice(start..start + length, random.of(&NUMBERS).bytes());
        }
        6 => {
            // A length, a number or a float as the binary formats have them.
            let extreme = [0, 1, -1, i64::MAX, i64::MIN, i64::from(i32::MAX), 1 << 40][random.below(7)];
            let bytes = if random.below(2) == 0 { extreme.to_le_bytes() } else { extreme.to_be_bytes() };
            let width = [1, 2, 4, 8][random.below(4)].min(file.len() - at);
            file[at..at + width].copy_from_slice(&bytes[..width]);
        }
        7 => file.splice(at..at, [u8::try_from(random.below(256)).unwrap()]).for_each(drop),
        _ => {
            if let Some(byte) = file.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
    }
}

/// What became of the files of one format.
#[derive(Default)]
struct Outcome {
    files: u64,
    scored: u64,
    explained: u64,
    refused: BTreeMap<String, u64>,
    most_of_the_limit: f64,
    slowest_ms: u128,
}

/// Loads a file, and scores rows by it; and tells what it took at most, or why it was refused.
fn load_and_score(bytes: &[u8], rows: &[f64]) -> (usize, Result<Option<Predictor>, String>) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let loaded = if bytes.trim_ascii_start().starts_with(b"{") && bytes.windows(9).any(|part| part == b"riskport.") {
        Scorecard::load(bytes).map_err(|error| error.to_string()).map(|card| {
            let _ = card.score(&Features::default(), Language::Chinese);
            None
        })
    } else {
        Predictor::load(bytes).map_err(|error| error.to_string()).map(|model| {
            let inputs = model.inputs().len();
            let all = model.raw_batch(&rows[..ROWS * inputs]);
            for (row, found) in rows.chunks_exact(inputs).zip(&all).take(VALUES.len()) {
                let raw = model.raw(row);
                assert!(raw.to_bits() == found.to_bits() || raw.is_nan() && found.is_nan(), "{raw} is not {found}");
                let _ = model.link().apply(raw);
            }
            Some(model)
        })
    };
    (MEMORY.peak_usage() - before, loaded)
}

#[test]
fn changed_files_are_refused_or_score_within_their_memory() {
    let originals = originals();
    let every: Vec<&[u8]> = originals.iter().flat_map(|(_, _, files)| files.iter().map(Vec::as_slice)).collect();
    // Rows for the widest model, the values taking turns; files take turns with where they begin.
    let cells = ROWS * riskport::engine::MAX_INPUTS;
    let rows_from = |shift: usize| (0..cells).map(|cell| VALUES[(cell + shift) % VALUES.len()]).collect::<Vec<f64>>();
    let rows: Vec<Vec<f64>> = (0..VALUES.len()).map(rows_from).collect();
    for (name, file) in large_files() {
        let mut outcome = Outcome::default();
        check(&file, &rows[0], &mut outcome);
        println!("{name}: {} bytes, memory {:.2} of the limit", file.len(), outcome.most_of_the_limit);
        assert_eq!(outcome.scored, 1, "{name}: {:?}", outcome.refused);
    }
    let mut outcomes: Vec<(&str, Outcome)> = Vec::new();
    let mut random = Random(20_150_101);
    for (format, share, files) in &originals {
        let mut outcome = Outcome::default();
        for at in 0..FILES / 100 * *share as u64 {
            let mut file = files[random.below(files.len())].clone();
            for _ in 0..=random.below(4) {
                change(&mut file, random.of(&every), &mut random);
            }
            check(&file, &rows[usize::try_from(at).unwrap() % rows.len()], &mut outcome);
        }
        outcomes.push((format, outcome));
    }
    let mut files = 0;
    for (format, outcome) in &outcomes {
        files += outcome.files;
        println!(
            "{format}: {} files, {} scored, {} explained, {} refused for {} reasons; memory at most {:.2} of the limit; \
             slowest {} ms",
            outcome.files,
            outcome.scored,
            outcome.explained,
            outcome.refused.values().sum::<u64>(),
            outcome.refused.len(),
            outcome.most_of_the_limit,
            outcome.slowest_ms
        );
        // Both ways must have been gone often, or the test shows less than it says.
        assert!(outcome.scored * 100 > outcome.files && outcome.scored < outcome.files, "{format}");
        assert!(outcome.refused.len() > 10, "{format}: {:?}", outcome.refused);
    }
    assert_eq!(files, FILES);
}

fn check(file: &[u8], rows: &[f64], outcome: &mut Outcome) {
    let begun = Instant::now();
    let (taken, loaded) = load_and_score(file, rows);
    let limit = LEAST_BYTES.max(TIMES_THE_FILE * file.len());
    #[allow(clippy::cast_precision_loss, reason = "sizes of small files")]
    let part = taken as f64 / limit as f64;
    assert!(taken <= limit, "{taken} bytes for a file of {}", file.len());
    outcome.files += 1;
    outcome.most_of_the_limit = outcome.most_of_the_limit.max(part);
    match loaded {
        Ok(model) => {
            outcome.scored += 1;
            let explained = model.and_then(|model| model.contributions(&rows[..model.inputs().len()]));
            outcome.explained += u64::from(explained.is_some());
        }
        Err(reason) => {
            // Without what the file brought into it.
            let reason: String = reason.chars().filter(|one| !one.is_ascii_digit()).take(40).collect();
            *outcome.refused.entry(reason).or_default() += 1;
        }
    }
    outcome.slowest_ms = outcome.slowest_ms.max(begun.elapsed().as_millis());
}
