//! The platform's own model of fraud: its reference rows, its row beside its features by name, and its score over gRPC.

use riskport::{
    domain::{
        credit::Language,
        features::{FeatureValue, Features},
        model::{FeatureKind, Manifest},
    },
    engine::Model,
    rpc::proto::fraud::{CheckFraudResponse, FraudDecision, PolicySpec, Thresholds},
    state::EventRow,
};

use super::{
    asked::{check, event},
    ruled::{put_in_charge, spec},
};
use crate::support::platform::Platform;

const FILE: &[u8] = include_bytes!("../../../models/fraud/model.txt");
const MANIFEST: &str = include_str!("../../../models/fraud/manifest.toml");
const REFERENCE: &str = include_str!("../../../models/fraud/reference.csv");

fn manifest() -> Manifest {
    toml::from_str(MANIFEST).unwrap()
}

fn model() -> Model {
    Model::load(FILE, manifest()).unwrap()
}

/// Each reference row: its features, and what `LightGBM` predicts for them.
fn reference() -> Vec<(Features, f64)> {
    let manifest = manifest();
    let mut rows = csv::Reader::from_reader(REFERENCE.as_bytes());
    let names = rows.headers().unwrap().clone();
    let row = |record: csv::StringRecord| {
        let mut features = Features::default();
        for (name, cell) in names.iter().zip(&record).filter(|(name, cell)| *name != "expected" && !cell.is_empty()) {
            let kind = manifest.features.iter().find(|one| one.name == name).unwrap().kind;
            let value = match kind {
                FeatureKind::Number => FeatureValue::Number(cell.parse().unwrap()),
                FeatureKind::Flag => FeatureValue::Flag(cell == "true"),
                FeatureKind::Category => FeatureValue::Text(cell.to_owned()),
            };
            features.insert(name, value).unwrap();
        }
        (features, record.iter().next_back().unwrap().parse().unwrap())
    };
    rows.records().map(|record| row(record.unwrap())).collect()
}

#[test]
fn every_reference_row_is_reproduced_and_a_row_says_what_its_features_say() {
    let (model, rows) = (model(), reference());
    assert!(rows.len() >= 100, "{}", rows.len());
    let mut scores = Vec::new();
    for (features, expected) in &rows {
        let verdict = model.evaluate(features, Language::Chinese).unwrap();
        assert!((verdict.prediction - expected).abs() < 1e-12, "{} instead of {expected}", verdict.prediction);
        let row = model.row_of(features).unwrap();
        let (prediction, points) = model.score_row(&row).unwrap();
        assert_eq!(prediction.raw.to_bits(), verdict.raw.to_bits());
        assert_eq!((prediction.probability, Some(&points)), (verdict.probability, verdict.points.as_ref()));
        assert_eq!(model.reasons_of_row(&row, Language::Chinese), verdict.explanation.unwrap().reasons);
        scores.push(points.score);
    }
    assert!(scores.iter().min() < Some(&300) && scores.iter().max() > Some(&500), "{scores:?}");
    assert!(EventRow::of(model.manifest()).is_some(), "it cannot score events");
}

/// The features of an answer that the model takes.
fn taken(answer: &CheckFraudResponse, model: &Model) -> Features {
    let mut features = Features::default();
    for (name, value) in &answer.features.as_ref().unwrap().fields {
        let value = match value.kind.clone().unwrap() {
            prost_types::value::Kind::NumberValue(number) => FeatureValue::Number(number),
            prost_types::value::Kind::StringValue(text) => FeatureValue::Text(text),
            prost_types::value::Kind::BoolValue(flag) => FeatureValue::Flag(flag),
            other => panic!("{name} is {other:?}"),
        };
        if model.manifest().features.iter().any(|one| one.name == *name) {
            features.insert(name, value).unwrap();
        }
    }
    features
}

on_both!(an_event_gets_the_score_of_its_own_features_and_says_why, async |world| {
    let platform = Platform::start(world).await;
    let (bank, strict) = (platform.onboard_replaying("bank").await, platform.onboard_replaying("strict").await);
    // Any score at all is challenged.
    let thresholds = Some(Thresholds { challenge: 0, review: 1_001, deny: 1_001 });
    let policy = PolicySpec { thresholds, ..spec(&[]) };
    put_in_charge(&mut platform.policies(&strict).await, "strict", policy).await;
    let (mut bank, mut strict) = (platform.fraud(&bank).await, platform.fraud(&strict).await);
    let model = model();
    let mut scores = Vec::new();
    for at in 0..60 {
        let asked = check(&format!("e-{at}"), at);
        let answer = bank.check_fraud(asked.clone()).await.unwrap().into_inner();
        let verdict = model.evaluate(&taken(&answer, &model), Language::English).unwrap();
        assert_eq!(answer.score, verdict.points.map(|points| points.score), "event {at}: {:?}", event(at));
        assert_eq!(answer.probability, verdict.probability);
        assert_eq!(answer.model_version, "models/fraud-simulated/versions/1");
        assert_eq!(answer.model_digest, model.digest());
        // The platform's own policy stops nothing, and so has no reasons to give.
        assert_eq!((answer.decision(), answer.reasons.len()), (FraudDecision::Allow, 0));

        let answer = strict.check_fraud(asked).await.unwrap().into_inner();
        assert_eq!(answer.decision(), FraudDecision::Challenge);
        let told: Vec<_> = answer.reasons.iter().map(|one| (one.code.clone(), one.sentence.clone())).collect();
        let expected = verdict.explanation.unwrap().reasons.into_iter().map(|one| (one.code, one.sentence));
        assert_eq!(told, expected.collect::<Vec<_>>());
        assert!(answer.reasons.iter().all(|one| one.rule.is_empty() && one.contribution > 0.0));
        scores.push(answer.score.unwrap());
    }
    scores.sort_unstable();
    scores.dedup();
    assert!(scores.len() > 10, "hardly any event differs from another: {scores:?}");
    platform.stop().await;
});
