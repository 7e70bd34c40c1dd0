//! Partners' models: uploaded, promoted, rolled back, tried beside the champion, evaluated, and nobody else's.

#![allow(clippy::float_cmp, reason = "the same arithmetic gives the same bits")]

mod evaluate;
mod four_eyes;
mod hostile;
mod isolation;
mod life;
mod load;
mod restart;
mod score;
mod traffic;
mod trained;
mod upgrade;
mod upload;

use std::collections::BTreeMap;

use prost_types::{Struct, Value, value::Kind};
use riskport::{
    cli::client::SignedChannel,
    rpc::proto::{
        credit::Target,
        risk::{
            EvaluateRiskRequest, EvaluateRiskResponse, FeatureSpec, FeatureType, LogOddsScale, MissingPolicy, Model,
            ModelKind, ModelManifest, ModelVersion, PromoteModelVersionRequest, ReferenceRow, ReferenceRows,
            RetireModelVersionRequest, RollbackModelRequest, ScoreBand, ScoreScaling, SetModelTrafficRequest,
            UploadHeader, UploadModelRequest, risk_model_service_client::RiskModelServiceClient, score_scaling::Scale,
            upload_model_request::Part,
        },
    },
};
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// Callers of the risk model service.
pub type Client = RiskModelServiceClient<SignedChannel>;

/// The most bytes of a chunk.
const CHUNK: usize = 192 * 1024;

/// A file of one tree with two leaves, in log odds: `low` up to an income of 50 and for a missing one, `high` above it.
fn stump(low: f64, high: f64) -> Vec<u8> {
    format!(
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\n\
         objective=binary sigmoid:1\nfeature_names=income age\nfeature_infos=[0:100] [18:99]\ntree_sizes=1\n\nTree=0\n\
         num_leaves=2\nnum_cat=0\nsplit_feature=0\nthreshold=50\ndecision_type=10\nleft_child=-1\nright_child=-2\n\
         leaf_value={low} {high}\nleaf_count=10 10\ninternal_count=20\nis_linear=0\n\nend of trees\n"
    )
    .into_bytes()
}

/// What a stump predicts.
fn predicted(low: f64, high: f64, income: Option<f64>) -> f64 {
    let raw = if income.is_some_and(|income| income > 50.0) { high } else { low };
    1.0 / (1.0 + (-raw).exp())
}

fn number(name: &str, missing: MissingPolicy) -> FeatureSpec {
    FeatureSpec {
        name: name.to_owned(),
        r#type: FeatureType::Number as i32,
        missing: missing as i32,
        ..FeatureSpec::default()
    }
}

/// A manifest for a stump.
fn manifest(kind: ModelKind) -> ModelManifest {
    ModelManifest {
        title: "A stump".to_owned(),
        kind: kind as i32,
        features: vec![number("income", MissingPolicy::Accept), number("age", MissingPolicy::Refuse)],
        ..ModelManifest::default()
    }
}

/// What a credit model must have besides.
fn as_credit(mut manifest: ModelManifest) -> ModelManifest {
    manifest.kind = ModelKind::Credit as i32;
    manifest.target = Some(Target { definition: "The client defaults.".to_owned(), horizon_months: 12 });
    manifest.scaling = Some(ScoreScaling {
        scale: Some(Scale::LogOdds(LogOddsScale { base_score: 600.0, base_odds: 20.0, pdo: 40.0 })),
        min_score: 300,
        max_score: 900,
        bands: vec![
            ScoreBand { band: "A".to_owned(), min_score: 600 },
            ScoreBand { band: "B".to_owned(), min_score: 300 },
        ],
    });
    manifest
}

/// Features of a stump.
fn features(income: Option<f64>) -> Struct {
    let value = |number: f64| Value { kind: Some(Kind::NumberValue(number)) };
    let mut fields: BTreeMap<String, Value> = [("age".to_owned(), value(40.0))].into();
    fields.extend(income.map(|income| ("income".to_owned(), value(income))));
    Struct { fields }
}

/// An upload as a partner would make it.
#[derive(Clone)]
pub struct Upload {
    header: UploadHeader,
    file: Vec<u8>,
    rows: Vec<ReferenceRow>,
}

impl Upload {
    fn new(model: &str, manifest: ModelManifest, file: Vec<u8>) -> Self {
        let header = UploadHeader {
            model: format!("models/{model}"),
            manifest: Some(manifest),
            file_bytes: i64::try_from(file.len()).unwrap(),
            tolerance: 0.0,
        };
        Self { header, file, rows: Vec::new() }
    }

    /// A stump with rows that it reproduces.
    pub fn stump(model: &str, kind: ModelKind, low: f64, high: f64) -> Self {
        let rows = [None, Some(50.0), Some(51.0)]
            .map(|income| ReferenceRow { features: Some(features(income)), expected: predicted(low, high, income) });
        let manifest = if kind == ModelKind::Credit { as_credit(manifest(kind)) } else { manifest(kind) };
        Self { rows: rows.to_vec(), ..Self::new(model, manifest, stump(low, high)) }
    }

    fn draft(mut self) -> Self {
        self.rows.clear();
        self
    }

    fn parts(&self) -> Vec<UploadModelRequest> {
        let chunks = self.file.chunks(CHUNK).map(|chunk| Part::Chunk(chunk.to_vec()));
        let rows = self.rows.chunks(100).map(|rows| Part::ReferenceRows(ReferenceRows { rows: rows.to_vec() }));
        [Part::Header(self.header.clone())].into_iter().chain(chunks).chain(rows).map(part).collect()
    }

    pub async fn send(&self, client: &mut Client) -> Result<ModelVersion, Status> {
        send(client, self.parts()).await
    }
}

fn part(part: Part) -> UploadModelRequest {
    UploadModelRequest { part: Some(part) }
}

async fn send(client: &mut Client, parts: Vec<UploadModelRequest>) -> Result<ModelVersion, Status> {
    let answer = client.upload_model(tokio_stream::iter(parts)).await?;
    Ok(answer.into_inner().version.unwrap())
}

pub async fn promote(client: &mut Client, model: &str, version: i64) -> Result<Model, Status> {
    let request = PromoteModelVersionRequest { name: format!("models/{model}/versions/{version}") };
    Ok(client.promote_model_version(request).await?.into_inner().model.unwrap())
}

pub async fn roll_back(client: &mut Client, model: &str) -> Result<Model, Status> {
    let request = RollbackModelRequest { model: format!("models/{model}") };
    Ok(client.rollback_model(request).await?.into_inner().model.unwrap())
}

async fn retire(client: &mut Client, model: &str, version: i64) -> Result<ModelVersion, Status> {
    let request = RetireModelVersionRequest { name: format!("models/{model}/versions/{version}") };
    Ok(client.retire_model_version(request).await?.into_inner().version.unwrap())
}

/// Sets a challenger with its share (0 and 0 for none), and shadows.
async fn set_traffic(
    client: &mut Client,
    model: &str,
    (challenger_version, challenger_percent): (i64, i32),
    shadows: &[i64],
) -> Result<Model, Status> {
    let request = SetModelTrafficRequest {
        model: format!("models/{model}"),
        challenger_version,
        challenger_percent,
        shadow_versions: shadows.to_vec(),
    };
    Ok(client.set_model_traffic(request).await?.into_inner().model.unwrap())
}

pub fn question(request_id: &str, model: &str, subject: &str, income: Option<f64>) -> EvaluateRiskRequest {
    EvaluateRiskRequest {
        request_id: request_id.to_owned(),
        subject: subject.to_owned(),
        model: format!("models/{model}"),
        features: Some(features(income)),
        ..EvaluateRiskRequest::default()
    }
}

pub async fn evaluate(client: &mut Client, request: EvaluateRiskRequest) -> Result<EvaluateRiskResponse, Status> {
    Ok(client.evaluate_risk(request).await?.into_inner())
}

/// Code and reason of a refusal.
fn refused<T: std::fmt::Debug>(result: Result<T, Status>) -> (Code, String) {
    crate::auth::refused(result)
}

/// The fields that a refusal names, sorted.
fn wrong<T: std::fmt::Debug>(result: Result<T, Status>) -> Vec<String> {
    let status = result.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let details = status.get_error_details();
    let mut fields: Vec<String> =
        details.bad_request().unwrap().field_violations.iter().map(|one| one.field.clone()).collect();
    fields.sort_unstable();
    fields
}

fn precondition(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

fn not_found() -> (Code, String) {
    (Code::NotFound, "NOT_FOUND".to_owned())
}
