//! A model with another calibration: the same raw outputs, points and reasons, another probability, and a training profile that
//! still says how the same rows fell.

#![allow(
    clippy::float_cmp,
    clippy::cast_precision_loss,
    reason = "the same arithmetic gives the same bits; small counts"
)]

use proptest::{prelude::*, sample::Index};
use riskport::{
    domain::{
        credit::Language,
        model::{
            Calibration, CalibrationMethod, Manifest, ModelCard, ModelKind, NumberProfile, Scale, TrainingProfile,
        },
    },
    engine::{
        Fitting, Model, Outcome, Prediction, Predictor,
        statistics::{Cell, Cells, FitError, isotonic, platt},
    },
};

use super::{
    BUILT_IN, SHOP, features, json,
    model::{features_of, manifest_of, scaling, told},
    parity::{Expected, file},
};

const NONE: Calibration = Calibration::None;

fn line(intercept: f64, slope: f64) -> Calibration {
    Calibration::Platt { intercept, slope }
}

fn levels() -> Calibration {
    Calibration::Isotonic { points: vec![(0.1, 0.2), (0.3, 0.2), (0.31, 0.4), (0.6, 0.4), (0.61, 0.9)] }
}

/// A model of a fixture without points, and its rows.
fn fixture(name: &str, extension: &str, calibration: Calibration) -> (Vec<u8>, Model, Vec<f64>) {
    let file = file(&format!("{name}.{extension}"));
    let predictor = Predictor::load(&file).unwrap();
    let manifest = Manifest { scaling: None, calibration, ..manifest_of(&file, ModelKind::Generic) };
    let model = Model::load(&file, manifest).unwrap();
    let rows =
        Expected::of(name).rows().flat_map(|row| model.row_of(&features_of(&predictor, &row)).unwrap()).collect();
    (file, model, rows)
}

fn scorecard(text: &str) -> Model {
    let manifest = Manifest {
        title: "As uploaded".to_owned(),
        kind: ModelKind::Credit,
        features: Vec::new(),
        target: None,
        calibration: NONE,
        scaling: None,
        card: ModelCard::default(),
        profile: None,
    };
    Model::load(text.as_bytes(), manifest).unwrap()
}

#[test]
fn another_calibration_changes_the_probability_alone() {
    let file = file("lightgbm-binary.txt");
    for scale in [
        Scale::LogOdds { base_score: 600.0, base_odds: 1.25, pdo: 80.0 },
        Scale::LogOdds { base_score: 500.0, base_odds: 20.0, pdo: 40.0 },
    ] {
        let manifest = Manifest { scaling: Some(scaling(scale)), ..manifest_of(&file, ModelKind::Credit) };
        let old = Model::load(&file, manifest).unwrap();
        let predictor = Predictor::load(&file).unwrap();
        for calibration in [line(-0.4, 1.3), levels()] {
            let (new, same) = old.with_calibration(file.clone(), calibration.clone()).unwrap();
            assert_eq!((&same, new.digest()), (&file, old.digest()));
            assert_ne!(new.manifest_digest(), old.manifest_digest());
            assert_eq!(new.manifest(), &Manifest { calibration, ..old.manifest().clone() });
            let mut moved = 0;
            for row in Expected::of("lightgbm-binary").rows() {
                let features = features_of(&predictor, &row);
                let (before, after) =
                    (old.credit_score(&features, Language::English), new.credit_score(&features, Language::English));
                let (before, mut after) = (before.unwrap(), after.unwrap());
                let verdict = new.evaluate(&features, Language::English).unwrap();
                assert_eq!(new.probability_at(verdict.raw), Some(after.probability_of_default));
                moved += u32::from(after.probability_of_default != before.probability_of_default);
                after.probability_of_default = before.probability_of_default;
                assert_eq!(after, before);
            }
            assert!(moved > 290, "{moved}");
        }
    }
}

#[test]
fn a_scorecards_two_figures_change_in_its_file_and_nothing_else() {
    for text in [BUILT_IN, SHOP] {
        let old = scorecard(text);
        let (new, file) = old.with_calibration(text.as_bytes().to_vec(), line(-0.25, 1.5)).unwrap();
        let file = String::from_utf8(file).unwrap();
        let changed: Vec<(&str, &str)> =
            text.lines().zip(file.lines()).filter(|(before, after)| before != after).collect();
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0].1, " \"calibration\": {\"intercept\": 0.25, \"slope\": 1.5},");
        assert_eq!(text.lines().count(), file.lines().count());
        // Whoever loads the file alone gets the same model.
        assert_eq!(
            (scorecard(&file).manifest_digest(), scorecard(&file).digest()),
            (new.manifest_digest(), new.digest())
        );
        assert_ne!(new.digest(), old.digest());
        assert!(old.with_calibration(text.as_bytes().to_vec(), levels()).is_err());
        assert!(old.with_calibration(text.as_bytes().to_vec(), line(0.0, 2e9)).is_err());
    }
    let old = scorecard(BUILT_IN);
    let (new, _) = old.with_calibration(BUILT_IN.as_bytes().to_vec(), line(-0.25, 1.5)).unwrap();
    for row in json(include_str!("../../../models/credit/reference.json"))["rows"].as_array().unwrap() {
        let features = features(&row["features"]);
        let verdict = new.evaluate(&features, Language::English).unwrap();
        let (before, mut after) = (
            old.credit_score(&features, Language::English).unwrap(),
            new.credit_score(&features, Language::English).unwrap(),
        );
        assert!((after.probability_of_default - 1.0 / (1.0 + (0.25 - 1.5 * verdict.raw).exp())).abs() < 1e-12);
        assert_eq!(new.probability_at(verdict.raw), Some(after.probability_of_default));
        after.probability_of_default = before.probability_of_default;
        assert_eq!(after, before);
    }
}

#[test]
fn a_model_is_fitted_only_what_it_can_have() {
    use CalibrationMethod::{Intercept, Isotonic, Platt};
    let ways = |model: &Model| [Platt, Isotonic, Intercept].map(|method| model.fitting(method));
    let intercept = |slope| Some(Fitting::Intercept { slope });
    let (platt, levelled) = (Some(Fitting::Platt), Some(Fitting::Isotonic));
    for (name, extension, calibration, expected) in [
        ("lightgbm-binary", "txt", NONE, [platt, levelled, intercept(1.0)]),
        ("lightgbm-steep", "txt", NONE, [platt, levelled, intercept(0.7)]),
        ("lightgbm-steep", "txt", line(0.5, 2.0), [platt, levelled, intercept(2.0)]),
        ("lightgbm-binary", "txt", levels(), [platt, levelled, None]),
        // An average of votes is a probability and no curve in log odds, until Platt made it one.
        ("sklearn-forest", "onnx", NONE, [platt, levelled, None]),
        ("sklearn-forest", "onnx", line(-2.0, 4.0), [platt, levelled, intercept(4.0)]),
        ("lightgbm-tweedie", "txt", NONE, [None, None, None]),
        ("lightgbm-complete", "txt", NONE, [None, None, None]),
        ("lightgbm-complete", "txt", line(-2.0, 0.1), [platt, levelled, intercept(0.1)]),
    ] {
        assert_eq!(ways(&fixture(name, extension, calibration).1), expected, "{name}");
    }
    assert_eq!(ways(&scorecard(BUILT_IN)), [platt, None, intercept(0.993_229)]);
}

#[test]
fn each_method_is_fitted_on_what_its_calibration_is_a_function_of() {
    let (_, model, rows) = fixture("lightgbm-steep", "txt", NONE);
    let predicted = model.predict(&rows).unwrap();
    let outcomes: Vec<Outcome> = (0..1_500)
        .map(|at: usize| {
            let predicted = predicted[at % predicted.len()];
            Outcome { predicted, bad: (at * 7_919 % 1_000) as f64 / 1_000.0 < predicted.prediction }
        })
        .collect();
    let cells = |value: fn(&Prediction) -> f64| {
        let cell =
            |one: &Outcome| Cell { value: value(&one.predicted), good: u64::from(!one.bad), bad: u64::from(one.bad) };
        Cells::new(outcomes.iter().map(cell).collect()).unwrap()
    };
    assert_eq!(Fitting::Platt.fit(&outcomes), Ok(platt(&cells(|one| one.raw)).unwrap().calibration()));
    assert_eq!(Fitting::Isotonic.fit(&outcomes), isotonic(&cells(|one| one.prediction)));
    let Calibration::Platt { slope, intercept } = Fitting::Intercept { slope: 0.7 }.fit(&outcomes).unwrap() else {
        panic!("no line")
    };
    assert_eq!(slope, 0.7);
    let expected: f64 = outcomes.iter().map(|one| 1.0 / (1.0 + (-(intercept + slope * one.predicted.raw)).exp())).sum();
    let bad = outcomes.iter().filter(|one| one.bad).count() as f64;
    assert!((expected / bad - 1.0).abs() < 1e-9);
    assert_eq!(Fitting::Platt.fit(&[]), Err(FitError::TooFew { needed: 10, good: 0, bad: 0 }));

    let square = |one: &Outcome| (one.predicted.prediction - f64::from(u8::from(one.bad))).powi(2);
    let by_hand = outcomes.iter().map(square).sum::<f64>() / outcomes.len() as f64;
    assert!((model.brier(&outcomes).unwrap() - by_hand).abs() < 1e-12);
    assert_eq!(model.brier(&[]), None);
}

/// How many values lie in each bin.
fn counted(below: &[f64], values: impl Iterator<Item = f64>) -> Vec<u64> {
    let mut rows = vec![0; below.len() + 1];
    values.for_each(|value| rows[below.partition_point(|cut| value >= *cut)] += 1);
    rows
}

/// Levels that begin and end at predictions of the model, as a fit has them, or anywhere.
fn any_levels() -> impl Strategy<Value = Vec<(Index, f64, f64)>> {
    prop::collection::vec((any::<Index>(), 0.0..=1.0f64, prop_oneof![Just(0.0), 0.0..0.3f64]), 2..12)
}

fn calibration(of: &(u8, f64, f64, Vec<(Index, f64, f64)>), predictions: &[f64], may_be_none: bool) -> Calibration {
    let (which, intercept, slope, steps) = of;
    match which {
        0 if may_be_none => NONE,
        0 | 1 => line(*intercept, *slope),
        _ => {
            let mut at: Vec<f64> = steps.iter().map(|(index, _, off)| index.get(predictions) + off).collect();
            let mut to: Vec<f64> = steps.iter().map(|(_, to, _)| (to * 8.0).round() / 8.0).collect();
            at.sort_by(f64::total_cmp);
            at.dedup();
            to.sort_by(f64::total_cmp);
            let points: Vec<(f64, f64)> = at.into_iter().zip(to).collect();
            if points.len() < 2 { line(*intercept, *slope) } else { Calibration::Isotonic { points } }
        }
    }
}

fn any_calibration() -> impl Strategy<Value = (u8, f64, f64, Vec<(Index, f64, f64)>)> {
    (0..4u8, -2.0..2.0f64, 0.3..2.0f64, any_levels())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn a_profile_says_how_the_same_rows_fell(
        which in 0..4usize,
        (old, new) in (any_calibration(), any_calibration()),
        cuts in prop::collection::vec((any::<Index>(), prop_oneof![Just(0.0), -0.1..0.1f64]), 0..20),
    ) {
        let (name, extension) =
            [("lightgbm-binary", "txt"), ("lightgbm-steep", "txt"), ("sklearn-forest", "onnx"), ("lightgbm-complete", "txt")][which];
        let (file, model, rows) = fixture(name, extension, line(0.0, 1.0));
        let predictions: Vec<f64> = model.predict(&rows).unwrap().iter().map(|one| one.prediction).collect();
        let (old, new) = (calibration(&old, &predictions, which < 3), calibration(&new, &predictions, false));
        let probabilities = |model: &Model| model.predict(&rows).unwrap().into_iter().map(|one| one.probability.unwrap());

        let mut manifest = Manifest { calibration: old.clone(), ..model.manifest().clone() };
        let before: Vec<f64> = probabilities(&Model::load(&file, manifest.clone()).unwrap()).collect();
        // Cuts lie where rows lie, as quantiles do, and between them.
        let mut below: Vec<f64> = cuts.iter().map(|(index, off)| index.get(&before) + off).collect();
        below.sort_by(f64::total_cmp);
        below.dedup();
        let scores = NumberProfile { rows: counted(&below, before.iter().copied()), below };
        let all = before.len() as u64;
        manifest.profile = Some(TrainingProfile { rows: all, scores: scores.clone(), features: Vec::new() });

        let old_model = Model::load(&file, manifest).unwrap();
        let (new_model, _) = old_model.with_calibration(file, new.clone()).unwrap();
        let moved = &new_model.manifest().profile.as_ref().unwrap().scores;
        prop_assert_eq!(&moved.rows, &counted(&moved.below, probabilities(&new_model)), "{:?} to {:?}", old, new);
        // Between curves that always rise no cut is lost, but for those that nothing lies beyond.
        let rising = |one: &Calibration| !matches!(one, Calibration::Isotonic { .. });
        if which < 2 && rising(&old) && rising(&new) {
            prop_assert_eq!(moved.below.len(), scores.below.iter().filter(|cut| (0.0..1.0 - 1e-6).contains(*cut)).count());
        }
    }
}

#[test]
fn a_profile_of_points_stays() {
    let file = file("lightgbm-binary.txt");
    let scores = NumberProfile { below: vec![500.0, 600.0], rows: vec![1, 2, 3] };
    let profile = TrainingProfile { rows: 6, scores, features: Vec::new() };
    let old = Model::load(&file, Manifest { profile: Some(profile.clone()), ..manifest_of(&file, ModelKind::Credit) })
        .unwrap();
    let (new, _) = old.with_calibration(file, line(-1.0, 0.5)).unwrap();
    assert_eq!(new.manifest().profile, Some(profile));
    let unfit = old.with_calibration(Vec::new(), line(0.0, -1.0)).err().unwrap();
    assert!(told(&unfit).iter().any(|(field, _)| *field == "manifest.calibration.platt.slope"), "{unfit:?}");
}
