//! A scorecard file as a model: the same scores as ever, and verdicts that add up to the same points.

use proptest::prelude::*;
use riskport::{
    domain::{
        credit::Language,
        features::{FeatureValue, Features},
        model::{Calibration, FeatureKind, Manifest, MissingPolicy, ModelCard, ModelKind, Scale},
    },
    engine::{ENGINE_VERSION, Model, Scorecard},
};
use serde_json::json;

use super::{
    BUILT_IN, SHOP, features, load,
    model::{scaling, told},
};

fn manifest() -> Manifest {
    Manifest {
        title: "As uploaded".to_owned(),
        kind: ModelKind::Credit,
        features: Vec::new(),
        target: None,
        calibration: Calibration::None,
        scaling: None,
        card: ModelCard { owner: "Risk".to_owned(), ..ModelCard::default() },
        profile: None,
    }
}

fn model(file: &str) -> Model {
    Model::load(file.as_bytes(), manifest()).unwrap()
}

/// Features of a scorecard's own schema, within its ranges, each missing now and then where it may be.
fn any_features(file: &'static str) -> impl Strategy<Value = Features> {
    let specs = model(file).manifest().features.clone();
    let one = |spec: riskport::domain::model::FeatureSpec| {
        let (min, max) = (spec.min.unwrap_or(-1e3), spec.max.unwrap_or(1e6));
        let values = spec.values.clone();
        let value = match spec.kind {
            FeatureKind::Number => {
                prop_oneof![min..=max, min..=(min + 10.0).min(max)].prop_map(FeatureValue::Number).boxed()
            }
            FeatureKind::Category => {
                (0..values.len()).prop_map(move |at| FeatureValue::Text(values[at].clone())).boxed()
            }
            FeatureKind::Flag => any::<bool>().prop_map(FeatureValue::Flag).boxed(),
        };
        let refused = spec.missing == MissingPolicy::Refuse;
        (value, 0..5).prop_map(move |(value, one_of_five)| {
            (spec.name.clone(), Some(value).filter(|_| refused || one_of_five > 0))
        })
    };
    specs.into_iter().map(one).collect::<Vec<_>>().prop_map(|pairs| {
        let mut features = Features::default();
        for (name, value) in pairs {
            if let Some(value) = value {
                features.insert(&name, value).unwrap();
            }
        }
        features
    })
}

fn assert_verdict(card: &Scorecard, model: &Model, features: &Features) {
    let score = card.score(features, Language::Chinese).unwrap();
    assert_eq!(model.credit_score(features, Language::Chinese).unwrap(), score);
    let verdict = model.evaluate(features, Language::Chinese).unwrap();
    assert_eq!(verdict.probability.unwrap().to_bits(), score.probability_of_default.to_bits());
    let points = verdict.points.unwrap();
    assert_eq!((points.score, points.clamp_points, points.band), (score.score, score.clamp_points, score.band));

    let factor = card.scaling.pdo / 2.0_f64.ln();
    let unclamped = f64::from(score.score - score.clamp_points);
    let odds_good = card.scaling.base_odds * ((unclamped - card.scaling.base_score) / factor).exp();
    assert!((verdict.prediction - 1.0 / (1.0 + odds_good)).abs() < 1e-12);
    assert!((verdict.raw + odds_good.ln()).abs() < 1e-9);
    // What the manifest says of the calibration gives the same probability from the raw output.
    let Calibration::Platt { intercept, slope } = model.manifest().calibration else { panic!("no calibration") };
    let calibrated = 1.0 / (1.0 + (-(intercept + slope * verdict.raw)).exp());
    assert!((calibrated - score.probability_of_default).abs() < 1e-12);

    let explanation = verdict.explanation.unwrap();
    let sum: f64 = explanation.contributions.iter().map(|one| one.value).sum();
    assert!((explanation.base + sum - verdict.raw).abs() < 1e-9);
    assert_eq!(explanation.contributions.len(), score.contributions.len());
    for (one, points) in explanation.contributions.iter().zip(&score.contributions) {
        assert_eq!((&one.feature, one.missing), (&points.characteristic, points.missing));
        assert!((one.value * factor + f64::from(points.points)).abs() < 1e-9);
        assert!(one.value != 0.0 || one.value.is_sign_positive());
    }
    assert_eq!(explanation.reasons.len(), score.reasons.len());
    for (one, lost) in explanation.reasons.iter().zip(&score.reasons) {
        assert_eq!((&one.code, &one.sentence, &one.feature), (&lost.code, &lost.sentence, &lost.characteristic));
        assert!((one.contribution * factor - f64::from(lost.points_lost)).abs() < 1e-9);
    }
    assert!((explanation.other * factor - f64::from(score.other_points_lost)).abs() < 1e-9);

    let row = model.row_of(features).unwrap();
    let found = model.predict(&row).unwrap();
    assert_eq!(
        (found[0].raw.to_bits(), found[0].prediction.to_bits()),
        (verdict.raw.to_bits(), verdict.prediction.to_bits())
    );
    assert_eq!(found[0].probability, verdict.probability);
    let rows = [(features.clone(), verdict.prediction)];
    assert_eq!(model.reproduce(&rows, 1e-9).unwrap().rows, 1);
}

proptest! {
    #[test]
    fn the_built_in_scorecard_scores_as_ever(features in any_features(BUILT_IN)) {
        assert_verdict(&load(BUILT_IN), &model(BUILT_IN), &features);
    }

    #[test]
    fn a_partners_scorecard_scores_as_ever(features in any_features(SHOP)) {
        assert_verdict(&load(SHOP), &model(SHOP), &features);
    }
}

#[test]
fn a_scorecard_fills_in_its_manifest() {
    let model = model(BUILT_IN);
    let (card, found) = (load(BUILT_IN), model.manifest());
    assert_eq!(
        (model.format(), model.digest(), model.engine_version()),
        ("riskport-scorecard", &*card.digest, ENGINE_VERSION)
    );
    assert_eq!((found.title.as_str(), found.card.owner.as_str()), ("As uploaded", "Risk"));
    assert_eq!(found.target.as_ref().unwrap().definition, card.target.definition);
    let scaling = found.scaling.as_ref().unwrap();
    assert_eq!(scaling.scale, Scale::LogOdds { base_score: 600.0, base_odds: 1.25, pdo: 80.0 });
    assert_eq!((scaling.min_score, scaling.max_score, scaling.bands.len()), (350, 950, 6));
    let limit = &found.features[0];
    assert_eq!((limit.name.as_str(), limit.min, limit.max), ("credit_limit", Some(0.0), Some(100_000_000.0)));
    assert_eq!((limit.missing, limit.reason.as_ref().unwrap().code.as_str()), (MissingPolicy::Refuse, "CREDIT_LIMIT"));
    assert_eq!(
        limit.description,
        "Amount of credit granted on the card, supplementary cards included. In New Taiwan dollars."
    );
    assert_eq!(model.manifest_digest(), riskport::engine::manifest_digest(found));
    // What was filled in is taken again, and is then the same model.
    let again = Model::load(BUILT_IN.as_bytes(), found.clone()).unwrap();
    assert_eq!((again.manifest(), again.manifest_digest()), (found, model.manifest_digest()));
    let shop = self::model(SHOP);
    assert_eq!(shop.manifest().features[1].values, ["app", "web", "phone"]);
}

#[test]
fn a_manifest_must_not_say_otherwise_than_its_scorecard() {
    let mut manifest = manifest();
    manifest.features = model(SHOP).manifest().features.clone();
    manifest.target = model(SHOP).manifest().target.clone();
    manifest.calibration = Calibration::Platt { intercept: 0.0, slope: 1.0 };
    manifest.scaling = Some(scaling(Scale::Linear { at_zero: 2.0, at_one: 1.0 }));
    manifest.kind = ModelKind::Fraud;
    manifest.title.clear();
    let found = Model::load(BUILT_IN.as_bytes(), manifest.clone()).unwrap_err();
    let absent = "must be absent, or what the scorecard file says";
    assert_eq!(
        told(&found),
        [
            ("manifest.kind", "must be credit for a scorecard file"),
            ("manifest.features", absent),
            ("manifest.target", absent),
            ("manifest.calibration", absent),
            ("manifest.scaling", absent),
            ("manifest.title", "must have 1 to 200 characters"),
        ]
    );
    let found = Model::load(b"{\"format\": \"riskport.scorecard/2\"}", manifest).unwrap_err();
    let fields: Vec<&str> = told(&found).iter().map(|one| one.0).collect();
    assert_eq!(fields.last(), Some(&"file"));
    assert!(fields.contains(&"manifest.title"), "{fields:?}");
}

#[test]
fn features_are_refused_in_the_words_of_the_scorecard() {
    let (card, model) = (load(SHOP), model(SHOP));
    for bad in [
        json!({}),
        json!({"age_of_account": -1, "channel": "fax", "paid_before": "yes", "phone_shared": 1, "returns": 1.5, "shoe": 2}),
        json!({"age_of_account": "old", "channel": true, "paid_before": 1, "visits": "many"}),
    ] {
        let found = model.misfits(&features(&bad));
        assert_eq!(found, card.score(&features(&bad), Language::English).unwrap_err());
        assert_eq!(found, model.evaluate(&features(&bad), Language::English).unwrap_err());
    }
}
