//! A model that scores events by their amount alone: four leaves, so that each threshold of the tests' policies is passed by one.

use std::f64::consts::LN_2;

use riskport::rpc::proto::risk::{
    FeatureSpec, FeatureType, LogOddsScale, MissingPolicy, ModelKind, ModelManifest, PromoteModelVersionRequest,
    ReferenceRow, ReferenceRows, ScoreBand, ScoreScaling, UploadHeader, UploadModelRequest, score_scaling::Scale,
    upload_model_request::Part,
};

use crate::support::platform::{Partner, Platform};

/// Each amount in minor units, and the score of all events of at most it and more than the one before: 100 for the first and
/// for events without an amount.
pub const STEPS: [(i64, i32); 4] = [(10_000, 100), (20_000, 650), (30_000, 800), (i64::MAX, 950)];

/// The score of an amount.
pub fn score(amount_minor: Option<i64>) -> i32 {
    let amount = amount_minor.unwrap_or_default();
    STEPS.iter().find(|(most, _)| amount <= *most).unwrap().1
}

/// The log odds of a score: 500 points are even, and a hundred more or less are one of it.
fn raw(score: i32) -> f64 {
    (f64::from(score) - 500.0) / 100.0
}

/// The probability of a score.
pub fn probability(score: i32) -> f64 {
    1.0 / (1.0 + (-raw(score)).exp())
}

/// The file of the model, whose leaves are these steps.
fn file() -> Vec<u8> {
    let values = STEPS.map(|(_, score)| raw(score).to_string()).join(" ");
    format!(
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=0\n\
         objective=binary sigmoid:1\nfeature_names=amount_minor\nfeature_infos=[0:100000]\ntree_sizes=1\n\nTree=0\n\
         num_leaves=4\nnum_cat=0\nsplit_feature=0 0 0\nthreshold=10000 20000 30000\ndecision_type=10 10 10\n\
         left_child=-1 -2 -3\nright_child=1 2 -4\nleaf_value={values}\nleaf_count=40 30 20 10\n\
         internal_count=100 60 30\nis_linear=0\n\nend of trees\n"
    )
    .into_bytes()
}

fn manifest(kind: ModelKind) -> ModelManifest {
    ModelManifest {
        title: "Amounts".to_owned(),
        kind: kind as i32,
        features: vec![FeatureSpec {
            name: "amount_minor".to_owned(),
            r#type: FeatureType::Number as i32,
            missing: MissingPolicy::Accept as i32,
            ..FeatureSpec::default()
        }],
        scaling: Some(ScoreScaling {
            scale: Some(Scale::LogOdds(LogOddsScale { base_score: 500.0, base_odds: 1.0, pdo: 100.0 * LN_2 })),
            min_score: 0,
            max_score: 1_000,
            bands: vec![ScoreBand { band: "all".to_owned(), min_score: 0 }],
        }),
        ..ModelManifest::default()
    }
}

/// Uploads the model as one of a kind, with a row that it reproduces, and promotes it.
pub async fn upload(platform: &Platform, partner: &Partner, model: &str, kind: ModelKind) {
    let mut client = platform.models(partner).await;
    let file = file();
    let header = UploadHeader {
        model: format!("models/{model}"),
        manifest: Some(manifest(kind)),
        file_bytes: i64::try_from(file.len()).unwrap(),
        tolerance: 0.0,
    };
    let row = ReferenceRow { features: Some(prost_types::Struct::default()), expected: probability(STEPS[0].1) };
    let parts = [Part::Header(header), Part::Chunk(file), Part::ReferenceRows(ReferenceRows { rows: vec![row] })];
    let parts = parts.map(|part| UploadModelRequest { part: Some(part) });
    client.upload_model(tokio_stream::iter(parts)).await.unwrap();
    let name = format!("models/{model}/versions/1");
    client.promote_model_version(PromoteModelVersionRequest { name }).await.unwrap();
}
