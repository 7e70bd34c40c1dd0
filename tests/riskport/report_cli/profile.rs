//! Training profiles: made from rows, and those of the models that come with the program.

use std::path::Path;

use riskport::{domain::model::Manifest, engine::Model};
use serde_json::Value;

use super::{challenger, file};
use crate::support::command::{folder, printed, refused};

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(path)).unwrap()
}

#[test]
fn rows_fall_where_the_cuts_say() {
    let folder = folder();
    let out = folder.path().join("out.toml").display().to_string();
    let arguments = [
        "model",
        "profile",
        &challenger("model.txt"),
        "--manifest",
        &challenger("manifest.toml"),
        "--training",
        &challenger("reference.csv"),
        "--out",
        &out,
    ];
    printed(&arguments);
    let manifest: Manifest = toml::from_str(&std::fs::read_to_string(&out).unwrap()).unwrap();
    let profile = manifest.profile.unwrap();
    assert_eq!((profile.rows, profile.features.len()), (200, manifest.features.len()));
    let mut reader = csv::Reader::from_path(challenger("reference.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    for one in &profile.features {
        let at = header.iter().position(|name| name == one.feature).unwrap();
        let values: Vec<f64> = rows.iter().filter_map(|row| row[at].parse().ok()).collect();
        let above = |cut: &f64| values.iter().filter(|value| *value >= cut).count() as u64;
        let ends: Vec<u64> = [values.len() as u64].into_iter().chain(one.below.iter().map(above)).chain([0]).collect();
        let expected: Vec<u64> = ends.windows(2).map(|pair| pair[0] - pair[1]).collect();
        assert_eq!((&one.rows, one.missing), (&expected, 200 - values.len() as u64), "{}", one.feature);
        assert!(one.below.len() <= 9);
    }
    assert!(profile.features.iter().any(|one| one.missing > 0), "some of these rows have blanks");
    // What somebody wrote is not written over.
    assert!(refused(&arguments).contains("cannot write the manifest"));
}

#[test]
fn a_manifest_is_changed_in_place_and_only_when_all_rows_fit() {
    let folder = folder();
    let model = challenger("model.txt");
    let whole = read("challenger/manifest.toml");
    let bare = &whole[..whole.find("[profile]").unwrap()];
    let manifest = file(folder.path(), "manifest.toml", bare);
    let profile = |training: &str, more: &[&str]| {
        let mut arguments = vec!["model", "profile", &model, "--manifest", &manifest, "--training"];
        arguments.push(training);
        arguments.extend(more);
        arguments.iter().map(|one| (*one).to_owned()).collect::<Vec<String>>()
    };
    let run = |arguments: Vec<String>| printed(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let fail = |arguments: Vec<String>| refused(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(run(profile(&challenger("reference.csv"), &[])).contains("nothing is written"));
    assert_eq!(std::fs::read_to_string(&manifest).unwrap(), bare);

    let rows = read("challenger/reference.csv");
    let low = file(folder.path(), "low.csv", &rows.replacen('\n', "\n-5,", 1));
    assert!(fail(profile(&low, &["--write"])).contains("line 2 has 15 cells"));
    let (header, first) = (rows.lines().next().unwrap(), rows.lines().nth(1).unwrap());
    let (_, others) = first.split_once(',').unwrap();
    let negative = file(folder.path(), "negative.csv", &format!("{header}\n{first}\n-5,{others}\n,{others}\n"));
    let told = fail(profile(&negative, &["--write"]));
    assert!(told.contains("line 3, credit_limit: must be 0 to"), "{told}");
    assert!(told.contains("line 4, credit_limit: is required"), "{told}");
    let narrow = file(folder.path(), "narrow.csv", "credit_limit,repayment_status_1\n1,1\n");
    assert!(fail(profile(&narrow, &["--write"])).contains("has no column for repayment_status_2, "));
    assert_eq!(std::fs::read_to_string(&manifest).unwrap(), bare);

    run(profile(&challenger("reference.csv"), &["--write"]));
    let written = std::fs::read_to_string(&manifest).unwrap();
    assert!(written.starts_with(bare.trim_end()) && written.contains("[profile]\nrows = 200\n"), "{written}");
    assert!(printed(&["model", "check", &model, "--manifest", &manifest]).contains("it fits"));
}

/// The scorecard's own file says which share of the training rows each attribute had: other code counted them.
#[test]
fn the_scorecards_profile_is_that_of_its_training_rows() {
    let manifest: Manifest = toml::from_str(&read("credit/manifest.toml")).unwrap();
    let model = Model::load(read("credit/scorecard.json").as_bytes(), manifest).unwrap();
    let profile = model.manifest().profile.clone().unwrap();
    let card: Value = serde_json::from_str(&read("credit/scorecard.json")).unwrap();
    assert_eq!(profile.rows, card["training"]["training_rows"].as_u64().unwrap());
    let characteristics = card["characteristics"].as_array().unwrap();
    assert_eq!(profile.features.len(), characteristics.len());
    for (one, characteristic) in profile.features.iter().zip(characteristics) {
        let attributes = characteristic["attributes"].as_array().unwrap();
        let shares: Vec<f64> = attributes.iter().filter_map(|one| one["share"].as_f64()).collect();
        assert_eq!(one.rows.len(), shares.len(), "{}", one.feature);
        for (rows, share) in one.rows.iter().zip(shares) {
            #[expect(clippy::cast_precision_loss, reason = "counts of 21,000 rows")]
            let counted = *rows as f64 / profile.rows as f64;
            assert!((counted - share).abs() < 1e-9, "{}: {counted} is not {share}", one.feature);
        }
    }
}

#[test]
fn the_challenger_has_a_profile_of_as_many_rows() {
    let manifest: Manifest = toml::from_str(&read("challenger/manifest.toml")).unwrap();
    let model = Model::load(read("challenger/model.txt").as_bytes(), manifest).unwrap();
    let profile = model.manifest().profile.clone().unwrap();
    assert_eq!((profile.rows, profile.features.len()), (21_000, 13));
    // Scores of tenths of the rows, but for those that share a score.
    assert!(profile.scores.rows.iter().all(|rows| (1_900..2_300).contains(rows)), "{:?}", profile.scores.rows);
}
