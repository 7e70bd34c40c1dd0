//! A model file bound to its manifest: verdicts and credit scores that add up, whatever the features are.

use proptest::prelude::*;
use riskport::{
    domain::{
        credit::Language,
        features::{FeatureValue, Features},
        model::{
            Band, Calibration, FeatureKind, FeatureSpec, Manifest, MissingPolicy, ModelCard, ModelKind, ReasonText,
            Scale, Scaling, Target,
        },
        refusal::Violations,
    },
    engine::{Model, Predictor},
};

use super::parity::{Expected, file};

/// A manifest that fits a file: its inputs backwards, all of them may be missing.
pub fn manifest_of(file: &[u8], kind: ModelKind) -> Manifest {
    let predictor = Predictor::load(file).unwrap();
    let feature = |input: &riskport::engine::Input| FeatureSpec {
        name: input.name.clone(),
        input: None,
        kind: if input.categories.is_some() { FeatureKind::Category } else { FeatureKind::Number },
        min: None,
        max: None,
        values: Vec::new(),
        missing: MissingPolicy::Accept,
        description: String::new(),
        reason: None,
    };
    Manifest {
        title: "Default of card clients".to_owned(),
        kind,
        features: predictor.inputs().iter().rev().map(feature).collect(),
        target: Some(Target { definition: "The next payment is not made.".to_owned(), horizon_months: 1 }),
        calibration: Calibration::None,
        scaling: Some(scaling(Scale::LogOdds { base_score: 600.0, base_odds: 1.25, pdo: 80.0 })),
        card: ModelCard::default(),
        profile: None,
    }
}

pub fn scaling(scale: Scale) -> Scaling {
    let bands = [("A", 700), ("B", 600), ("C", 350)];
    let bands = bands.map(|(band, min_score)| Band { band: band.to_owned(), min_score }).to_vec();
    Scaling { scale, min_score: 350, max_score: 950, bands }
}

pub fn binary() -> Vec<u8> {
    file("lightgbm-binary.txt")
}

pub fn credit_model() -> Model {
    Model::load(&binary(), manifest_of(&binary(), ModelKind::Credit)).unwrap()
}

/// The features of a row in the file's order; a code that the file has no text for is missing.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub fn features_of(predictor: &Predictor, row: &[f64]) -> Features {
    let mut features = Features::default();
    for (input, value) in predictor.inputs().iter().zip(row).filter(|(_, value)| !value.is_nan()) {
        let value = match &input.categories {
            None => FeatureValue::Number(*value),
            Some(texts) if *value >= 0.0 && (*value as usize) < texts.len() => {
                FeatureValue::Text(texts[*value as usize].clone())
            }
            Some(_) => continue,
        };
        features.insert(&input.name, value).unwrap();
    }
    features
}

pub fn told(violations: &Violations) -> Vec<(&str, &str)> {
    violations.as_slice().iter().map(|one| (one.field.as_str(), one.description.as_str())).collect()
}

/// Features of the model, each missing now and then.
fn any_features() -> impl Strategy<Value = Features> {
    let model = credit_model();
    let one = |spec: FeatureSpec| {
        let values = spec.values.clone();
        let value = match spec.kind {
            FeatureKind::Number => {
                prop_oneof![(-2.0..9.0), (0.0..100.0), (-1e5..1e6)].prop_map(FeatureValue::Number).boxed()
            }
            _ => (0..values.len()).prop_map(move |at| FeatureValue::Text(values[at].clone())).boxed(),
        };
        prop::option::weighted(0.8, value).prop_map(move |value| (spec.name.clone(), value))
    };
    model.manifest().features.iter().cloned().map(one).collect::<Vec<_>>().prop_map(|pairs| {
        let mut features = Features::default();
        for (name, value) in pairs {
            if let Some(value) = value {
                features.insert(&name, value).unwrap();
            }
        }
        features
    })
}

proptest! {
    #[test]
    fn a_verdict_adds_up_and_is_the_same_whatever_the_order_of_the_manifest(features in any_features()) {
        let model = credit_model();
        let verdict = model.evaluate(&features, Language::English).unwrap();
        prop_assert_eq!(&verdict, &model.evaluate(&features, Language::English).unwrap());
        let explanation = verdict.explanation.clone().unwrap();
        let sum: f64 = explanation.contributions.iter().map(|one| one.value).sum();
        prop_assert!((explanation.base + sum - verdict.raw).abs() < 1e-9);
        let raised: f64 = explanation.contributions.iter().map(|one| one.value.max(0.0)).sum();
        let reasons: f64 = explanation.reasons.iter().map(|one| one.contribution).sum();
        prop_assert!((reasons + explanation.other - raised).abs() < 1e-9 && explanation.other >= 0.0);
        prop_assert!(explanation.reasons.windows(2).all(|pair| pair[0].contribution >= pair[1].contribution));
        let least = explanation.reasons.last().map_or(0.0, |one| one.contribution);
        prop_assert!(explanation.reasons.len() <= 4 && (explanation.reasons.len() == 4 || explanation.other == 0.0));
        for one in &explanation.contributions {
            prop_assert_eq!(one.missing, features.get(&one.feature).is_none());
            let listed = explanation.reasons.iter().find(|reason| reason.feature == one.feature);
            prop_assert!(listed.is_some() || one.value <= least || one.value <= 0.0);
            if let Some(reason) = listed {
                prop_assert_eq!(reason.contribution.to_bits(), one.value.to_bits());
                prop_assert_eq!(reason.code.ends_with("_MISSING"), one.missing);
            }
        }
        let points = verdict.points.unwrap();
        let exact = 600.0 + 80.0 / 2.0_f64.ln() * (-verdict.raw - 1.25_f64.ln());
        prop_assert!((f64::from(points.score - points.clamp_points) - exact).abs() <= 0.5 + 1e-6);
        prop_assert_eq!(verdict.probability, Some(verdict.prediction));

        let mut forward = manifest_of(&binary(), ModelKind::Credit);
        forward.features.reverse();
        let forward = Model::load(&binary(), forward).unwrap().evaluate(&features, Language::English).unwrap();
        prop_assert_eq!(forward.raw.to_bits(), verdict.raw.to_bits());
        let mut contributions = forward.explanation.unwrap().contributions;
        contributions.reverse();
        prop_assert_eq!(contributions, explanation.contributions);
    }

    #[test]
    fn a_credit_score_adds_up_in_whole_points(
        features in any_features(), base_score in -900.0..900.0, pdo in 0.001..5000.0,
    ) {
        let mut manifest = manifest_of(&binary(), ModelKind::Credit);
        manifest.scaling = Some(scaling(Scale::LogOdds { base_score, base_odds: 20.0, pdo }));
        let model = Model::load(&binary(), manifest).unwrap();
        let score = model.credit_score(&features, Language::Chinese).unwrap();
        let contributed: i32 = score.contributions.iter().map(|one| one.points).sum();
        prop_assert_eq!(score.score, score.base_points + contributed + score.clamp_points);
        let lost: i32 = score.contributions.iter().map(|one| (-one.points).max(0)).sum();
        let reasons: i32 = score.reasons.iter().map(|one| one.points_lost).sum();
        prop_assert_eq!(reasons + score.other_points_lost, lost);
        prop_assert!(score.reasons.len() <= 4 && score.reasons.iter().all(|one| one.points_lost > 0));
        prop_assert!(score.reasons.windows(2).all(|pair| pair[0].points_lost >= pair[1].points_lost));

        let verdict = model.evaluate(&features, Language::Chinese).unwrap();
        let points = verdict.points.unwrap();
        prop_assert_eq!((points.score, points.clamp_points, &points.band), (score.score, score.clamp_points, &score.band));
        prop_assert_eq!(verdict.probability.unwrap().to_bits(), score.probability_of_default.to_bits());
        let factor = pdo / 2.0_f64.ln();
        for (whole, exact) in score.contributions.iter().zip(verdict.explanation.unwrap().contributions) {
            prop_assert_eq!((&whole.characteristic, whole.missing), (&exact.feature, exact.missing));
            prop_assert!((f64::from(whole.points) + factor * exact.value).abs() < 1.0 + 1e-6, "{whole:?} {exact:?}");
        }
    }

    #[test]
    fn a_row_gives_the_bits_of_its_features(features in any_features()) {
        let model = credit_model();
        let row = model.row_of(&features).unwrap();
        let verdict = model.evaluate(&features, Language::English).unwrap();
        let found = model.predict(&[row.clone(), row].concat()).unwrap();
        prop_assert_eq!(found.len(), 2);
        for one in found {
            prop_assert_eq!(one.raw.to_bits(), verdict.raw.to_bits());
            prop_assert_eq!(one.prediction.to_bits(), verdict.prediction.to_bits());
            prop_assert_eq!(one.probability, verdict.probability);
        }
    }
}

#[test]
#[allow(clippy::cast_precision_loss)]
fn a_bound_model_gives_what_the_library_gives() {
    for name in ["lightgbm-binary", "lightgbm-many", "lightgbm-zero-missing", "lightgbm-average", "lightgbm-steep"] {
        let bytes = file(&format!("{name}.txt"));
        let mut manifest = manifest_of(&bytes, ModelKind::Credit);
        // The texts of a category stand in another order than in the file.
        for input in Predictor::load(&bytes).unwrap().inputs() {
            let one = manifest.features.iter_mut().find(|one| one.name == input.name).unwrap();
            one.values = input.categories.iter().flatten().rev().cloned().collect();
        }
        let (model, predictor) = (Model::load(&bytes, manifest).unwrap(), Predictor::load(&bytes).unwrap());
        let mut rows = Vec::new();
        for (row, expected) in Expected::of(name).rows().zip(Expected::of(name).prediction) {
            let coded = |(input, value): (&riskport::engine::Input, &f64)| {
                value.is_nan()
                    || input.categories.as_ref().is_none_or(|texts| (0.0..texts.len() as f64).contains(value))
            };
            if predictor.inputs().iter().zip(&row).all(coded) {
                rows.push((features_of(&predictor, &row), expected));
            }
        }
        assert!(rows.len() > 100, "{name}: {} rows", rows.len());
        let found = model.reproduce(&rows, 1e-12).unwrap();
        assert_eq!(found.rows, i64::try_from(rows.len()).unwrap());
        assert!(found.largest_difference <= 1e-12);
    }
}

#[test]
fn the_first_row_that_differs_is_named() {
    let (model, predictor) = (credit_model(), Predictor::load(&binary()).unwrap());
    let expected = Expected::of("lightgbm-binary");
    let mut rows: Vec<(Features, f64)> = expected.rows().map(|row| (features_of(&predictor, &row), 0.0)).collect();
    for (features, prediction) in &mut rows {
        *prediction = model.evaluate(features, Language::English).unwrap().prediction;
    }
    assert_eq!(model.reproduce(&rows, 1e-6).unwrap().largest_difference.to_bits(), 0.0_f64.to_bits());
    rows[17].1 += 0.047;
    rows[40].1 = f64::NAN;
    let found = model.reproduce(&rows, 1e-3).unwrap_err();
    assert_eq!(told(&found), [("reference_rows[17].expected", "the model gives a prediction that differs by 0.047")]);
    let found = model.reproduce(&rows[20..], 1e-3).unwrap_err();
    assert_eq!(told(&found), [("reference_rows[20].expected", "must be a finite number")]);
    rows[3].0.insert("age", FeatureValue::Flag(true)).unwrap();
    rows[3].0.insert("shoe_size", FeatureValue::Number(43.0)).unwrap();
    let found = model.reproduce(&rows, 1e-3).unwrap_err();
    let fields = ["reference_rows[3].features.shoe_size", "reference_rows[3].features.age"];
    assert_eq!(told(&found).iter().map(|one| one.0).collect::<Vec<_>>(), fields);
}

#[test]
fn scores_rise_with_the_risk_but_for_credit() {
    let predictor = Predictor::load(&binary()).unwrap();
    let kinds = [ModelKind::Credit, ModelKind::Fraud, ModelKind::Pricing, ModelKind::Generic];
    for kind in kinds {
        let mut manifest = manifest_of(&binary(), kind);
        manifest.scaling = Some(scaling(Scale::LogOdds { base_score: 600.0, base_odds: 0.5, pdo: 40.0 }));
        let model = Model::load(&binary(), manifest).unwrap();
        assert_eq!(model.gives_credit_scores(), kind == ModelKind::Credit);
        for row in Expected::of("lightgbm-binary").rows().take(100) {
            let features = features_of(&predictor, &row);
            let verdict = model.evaluate(&features, Language::English).unwrap();
            let risk = verdict.prediction / (1.0 - verdict.prediction);
            // Doublings of the odds from 1 to 2, of good for credit and of bad for the others.
            let doublings = if kind == ModelKind::Credit { (2.0 / risk).log2() } else { (2.0 * risk).log2() };
            let points = verdict.points.unwrap();
            let exact = 600.0 + 40.0 * doublings;
            assert!((f64::from(points.score - points.clamp_points) - exact).abs() < 0.5 + 1e-6, "{kind:?}");
            assert_eq!(model.credit_score(&features, Language::English).is_ok(), kind == ModelKind::Credit);
        }
    }
}

#[test]
fn a_steep_link_counts_in_the_points() {
    let bytes = file("lightgbm-steep.txt");
    let model = Model::load(&bytes, manifest_of(&bytes, ModelKind::Credit)).unwrap();
    let predictor = Predictor::load(&bytes).unwrap();
    for row in Expected::of("lightgbm-steep").rows().take(100) {
        let score = model.credit_score(&features_of(&predictor, &row), Language::English).unwrap();
        let p = score.probability_of_default;
        let exact = 600.0 + 80.0 * ((1.0 - p) / p / 1.25).log2();
        assert!((f64::from(score.score - score.clamp_points) - exact).abs() < 0.5 + 1e-6);
        let contributed: i32 = score.contributions.iter().map(|one| one.points).sum();
        assert_eq!(score.score, score.base_points + contributed + score.clamp_points);
    }
}

#[test]
fn a_linear_scale_runs_through_its_two_scores() {
    let bytes = file("lightgbm-complete.txt");
    let mut manifest = manifest_of(&bytes, ModelKind::Pricing);
    manifest.scaling = Some(scaling(Scale::Linear { at_zero: 500.0, at_one: 510.0 }));
    let model = Model::load(&bytes, manifest).unwrap();
    let predictor = Predictor::load(&bytes).unwrap();
    for row in Expected::of("lightgbm-complete").rows().take(50) {
        let verdict = model.evaluate(&features_of(&predictor, &row), Language::English).unwrap();
        assert_eq!(verdict.probability, None);
        let points = verdict.points.unwrap();
        let exact = 500.0 + 10.0 * verdict.prediction;
        assert!((f64::from(points.score - points.clamp_points) - exact).abs() < 0.5 + 1e-9);
        assert!((350..=950).contains(&points.score));
    }
}

#[test]
fn a_calibrated_probability_rises_with_the_prediction_and_is_level_outside_the_points() {
    let predictor = Predictor::load(&binary()).unwrap();
    let with = |calibration: Calibration| {
        let mut manifest = manifest_of(&binary(), ModelKind::Credit);
        manifest.calibration = calibration;
        let model = Model::load(&binary(), manifest).unwrap();
        let rows = Expected::of("lightgbm-binary").rows().collect::<Vec<_>>();
        let verdict = |row: &Vec<f64>| model.evaluate(&features_of(&predictor, row), Language::English).unwrap();
        let mut found: Vec<_> =
            rows.iter().map(verdict).map(|one| (one.prediction, one.raw, one.probability.unwrap())).collect();
        found.sort_by(|one, other| one.0.total_cmp(&other.0));
        assert!(found.windows(2).all(|pair| pair[0].2 <= pair[1].2));
        found
    };
    for (_, raw, probability) in with(Calibration::Platt { intercept: -0.5, slope: 0.8 }) {
        assert!((probability - 1.0 / (1.0 + (0.5 - 0.8 * raw).exp())).abs() < 1e-12);
    }
    let points = vec![(0.15, 0.02), (0.2, 0.1), (0.3, 0.1), (0.4, 0.7)];
    let mut met = [false; 4];
    for (prediction, _, probability) in with(Calibration::Isotonic { points }) {
        let (part, exact) = match prediction {
            below if below <= 0.15 => (0, 0.02),
            rising if rising <= 0.2 => (1, 0.02 + 0.08 * (rising - 0.15) / 0.05),
            level if level <= 0.3 => (2, 0.1),
            above if above >= 0.4 => (3, 0.7),
            rising => (2, 0.1 + 0.6 * (rising - 0.3) / 0.1),
        };
        met[part] = true;
        assert!((probability - exact).abs() < 1e-9, "{prediction}: {probability} instead of {exact}");
    }
    assert_eq!(met, [true; 4]);
}

#[test]
fn every_cell_that_does_not_fit_is_named() {
    let mut manifest = manifest_of(&binary(), ModelKind::Credit);
    let at = |name: &str| manifest.features.iter().position(|one| one.name == name).unwrap();
    let (age, sex, limit) = (at("age"), at("sex"), at("credit_limit"));
    (manifest.features[age].min, manifest.features[age].max) = (Some(18.0), Some(120.0));
    manifest.features[sex].missing = MissingPolicy::Refuse;
    manifest.features[sex].values = vec!["male".to_owned(), "female".to_owned()];
    let model = Model::load(&binary(), manifest).unwrap();
    let mut row = vec![f64::NAN; model.manifest().features.len()];
    row[sex] = 0.0;
    let mut good = Features::default();
    good.insert("sex", FeatureValue::Text("male".to_owned())).unwrap();
    assert_eq!(
        model.row_of(&good).unwrap().iter().map(|one| one.to_bits()).collect::<Vec<_>>(),
        row.iter().map(|one| one.to_bits()).collect::<Vec<_>>()
    );
    let mut rows = row.clone();
    for (place, value) in
        [(age, 17.9), (age, 120.1), (sex, f64::NAN), (sex, 2.0), (sex, 0.5), (sex, -1.0), (limit, f64::INFINITY)]
    {
        let mut row = row.clone();
        row[place] = value;
        rows.extend(row);
    }
    let found = model.check_rows(&rows);
    assert_eq!(
        told(&found),
        [
            ("rows[1].age", "must be 18 to 120"),
            ("rows[2].age", "must be 18 to 120"),
            ("rows[3].sex", "is required by the model"),
            ("rows[4].sex", "is not one of the model's values"),
            ("rows[5].sex", "is not one of the model's values"),
            ("rows[6].sex", "is not one of the model's values"),
            ("rows[7].credit_limit", "must be a finite number"),
        ]
    );
    assert_eq!(model.predict(&rows).unwrap_err(), found);
    assert_eq!(told(&model.check_rows(&rows[1..])), [("rows", "must have 22 values each")]);
    assert!(model.check_rows(&row.repeat(3)).is_empty());

    let mut bad = Features::default();
    bad.insert("age", FeatureValue::Number(17.0)).unwrap();
    bad.insert("education", FeatureValue::Text("none".to_owned())).unwrap();
    bad.insert("credit_limit", FeatureValue::Text("much".to_owned())).unwrap();
    bad.insert("marriage", FeatureValue::Number(1.0)).unwrap();
    bad.insert("été", FeatureValue::Flag(true)).unwrap();
    let found = model.misfits(&bad);
    assert_eq!(
        told(&found),
        [
            ("features.?t?", "is not a feature of the model"),
            ("features.marriage", "must be a text"),
            ("features.education", "is not one of the model's values"),
            ("features.sex", "is required by the model"),
            ("features.age", "must be 18 to 120"),
            ("features.credit_limit", "must be a number"),
        ]
    );
    assert_eq!(model.evaluate(&bad, Language::English).unwrap_err(), found);
    assert_eq!(model.credit_score(&bad, Language::English).unwrap_err(), found);
}

/// The binary fixture without saying how its training data fell.
fn unexplained() -> Vec<u8> {
    let text = String::from_utf8(binary()).unwrap();
    let counts = |line: &&str| !line.starts_with("leaf_count=") && !line.starts_with("internal_count=");
    text.split_inclusive('\n').filter(counts).collect::<String>().into_bytes()
}

#[test]
fn a_model_that_cannot_be_explained_still_scores() {
    let model = Model::load(&unexplained(), manifest_of(&unexplained(), ModelKind::Credit)).unwrap();
    let (explained, predictor) = (credit_model(), Predictor::load(&binary()).unwrap());
    for row in Expected::of("lightgbm-binary").rows().take(50) {
        let features = features_of(&predictor, &row);
        let verdict = model.evaluate(&features, Language::English).unwrap();
        let other = explained.evaluate(&features, Language::English).unwrap();
        assert_eq!((verdict.explanation.is_none(), other.explanation.is_some()), (true, true));
        assert_eq!((verdict.raw.to_bits(), verdict.points), (other.raw.to_bits(), other.points));
        let score = model.credit_score(&features, Language::English).unwrap();
        assert!(score.contributions.is_empty() && score.reasons.is_empty() && score.other_points_lost == 0);
        assert_eq!(score.base_points, score.score - score.clamp_points);
        assert_eq!(score.score, explained.credit_score(&features, Language::English).unwrap().score);
    }
}

#[test]
fn points_beyond_all_reason_are_bounded_and_still_add_up() {
    let predictor = Predictor::load(&binary()).unwrap();
    for (base_score, pdo) in [(1e9, 1e9), (-1e9, 1e9), (0.0, 1e9), (0.0, 1e7), (0.0, 1e8), (1e9, 1e-9), (600.0, 1e-9)] {
        let mut manifest = manifest_of(&binary(), ModelKind::Credit);
        manifest.scaling = Some(scaling(Scale::LogOdds { base_score, base_odds: 1e-9, pdo }));
        let model = Model::load(&binary(), manifest).unwrap();
        for row in Expected::of("lightgbm-binary").rows().take(50) {
            let score = model.credit_score(&features_of(&predictor, &row), Language::English).unwrap();
            // In 32 bits, as a client would add: an overflow panics here.
            let contributed: i32 = score.contributions.iter().map(|one| one.points).sum();
            assert_eq!(score.score, score.base_points + contributed + score.clamp_points);
            let lost: i32 = score.reasons.iter().map(|one| one.points_lost).sum();
            assert!(lost.checked_add(score.other_points_lost).is_some());
            assert!((350..=950).contains(&score.score) && ["A", "B", "C"].contains(&score.band.as_str()));
        }
    }
}

#[test]
fn reasons_have_the_manifests_words_or_words_made_of_the_name() {
    let mut manifest = manifest_of(&binary(), ModelKind::Credit);
    for one in &mut manifest.features {
        if one.name.starts_with("repayment_status_1") {
            one.reason = Some(ReasonText {
                code: "LATE".to_owned(),
                en: "The last payment was late".to_owned(),
                zh: "最近一次还款逾期".to_owned(),
            });
        }
    }
    let model = Model::load(&binary(), manifest).unwrap();
    let mut features = Features::default();
    features.insert("repayment_status_1", FeatureValue::Number(3.0)).unwrap();
    features.insert("repayment_status_2", FeatureValue::Number(3.0)).unwrap();
    let tell = |language| model.credit_score(&features, language).unwrap().reasons;
    let (english, chinese) = (tell(Language::English), tell(Language::Chinese));
    assert_eq!((english[0].code.as_str(), english[0].sentence.as_str()), ("LATE", "The last payment was late"));
    assert_eq!((chinese[0].code.as_str(), chinese[0].sentence.as_str()), ("LATE", "最近一次还款逾期"));
    let of = |name: &str| {
        let found = english.iter().zip(&chinese).find(|(one, _)| one.characteristic == name);
        let (one, other) = found.unwrap_or_else(|| panic!("{english:?}"));
        (one.code.clone(), one.sentence.clone(), other.sentence.clone())
    };
    let (code, en, zh) = of("repayment_status_2");
    assert_eq!(code, "REPAYMENT_STATUS_2");
    assert_eq!((en.as_str(), zh.as_str()), ("The value of repayment_status_2", "repayment_status_2 的数值"));
    for missing in english.iter().filter(|one| features.get(&one.characteristic).is_none()) {
        assert_eq!(missing.code, format!("{}_MISSING", missing.characteristic.to_uppercase()));
        assert_eq!(missing.sentence, format!("No value was given for {}", missing.characteristic));
    }
}

#[test]
fn a_flag_is_one_or_zero_in_the_file() {
    let mut manifest = manifest_of(&binary(), ModelKind::Credit);
    manifest.features.iter_mut().find(|one| one.name == "repayment_status_1").unwrap().kind = FeatureKind::Flag;
    let (flagged, plain) = (Model::load(&binary(), manifest).unwrap(), credit_model());
    let raw = |model: &Model, value: FeatureValue| {
        let mut features = Features::default();
        features.insert("repayment_status_1", value).unwrap();
        model.evaluate(&features, Language::English).unwrap().raw.to_bits()
    };
    let (no, yes) = (raw(&flagged, FeatureValue::Flag(false)), raw(&flagged, FeatureValue::Flag(true)));
    assert_ne!(no, yes);
    assert_eq!((no, yes), (raw(&plain, FeatureValue::Number(0.0)), raw(&plain, FeatureValue::Number(1.0))));
}

#[test]
fn a_model_is_shared_by_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Model>();
}
