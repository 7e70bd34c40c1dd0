//! How models do: reports made of counts, what became of decisions, and alarms.

mod alarms;
mod counting;
mod figures;
mod fraud;
mod halves;
mod labels;
mod recalibration;
mod streams;

use std::collections::BTreeMap;

use prost_types::{Struct, Value, value::Kind};
use riskport::{
    cli::client::SignedChannel,
    rpc::{
        manifest_message,
        proto::{
            credit::{
                CreditAction, CreditPerformance, ReportCreditOutcomeRequest, ScoreCreditRequest,
                StreamReportCreditOutcomeRequest, StreamScoreCreditRequest,
                credit_score_service_client::CreditScoreServiceClient,
                stream_report_credit_outcome_response::Result as Reported,
                stream_score_credit_response::Result as Scored,
            },
            risk::{
                GetModelReportRequest, ModelManifest, ModelReport, PromoteModelVersionRequest, ReferenceRow,
                ReferenceRows, UploadHeader, UploadModelRequest, risk_model_service_client::RiskModelServiceClient,
                upload_model_request::Part,
            },
        },
    },
};
use tokio_stream::StreamExt;

use crate::support::now;

/// Callers of the services.
type Credit = CreditScoreServiceClient<SignedChannel>;
type Models = RiskModelServiceClient<SignedChannel>;

const MODEL: &str = "ladder";
const CHAMPION: &[u8] = include_bytes!("../../cases/report/champion.txt");
const SHADOW: &[u8] = include_bytes!("../../cases/report/shadow.txt");

/// A client of a bank, with what became of it.
#[derive(Debug, Clone, Default, serde::Deserialize)]
struct Row {
    income: Option<f64>,
    age: f64,
    defaulted: Option<u8>,
    approved: Option<u8>,
    segment: String,
    group: String,
}

/// The rows that the figures of `expected.json` were made of.
fn rows() -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(include_str!("../../cases/report/rows.csv").as_bytes());
    reader.deserialize().collect::<Result<_, _>>().unwrap()
}

fn expected() -> serde_json::Value {
    serde_json::from_str(include_str!("../../cases/report/expected.json")).unwrap()
}

fn numbers(value: &serde_json::Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|one| one.as_f64().unwrap()).collect()
}

fn counts(value: &serde_json::Value) -> Vec<i64> {
    value.as_array().unwrap().iter().map(|one| one.as_i64().unwrap()).collect()
}

/// The manifest of both models, with the training profile that `expected.json` names.
fn manifest() -> ModelManifest {
    manifest_message(&toml::from_str(include_str!("../../cases/report/manifest.toml")).unwrap())
}

/// Uploads a version that reproduces a row of its own, and gives its number.
async fn upload(models: &mut Models, file: &[u8], manifest: ModelManifest, lowest: f64) -> String {
    let header = UploadHeader {
        model: format!("models/{MODEL}"),
        manifest: Some(manifest),
        file_bytes: i64::try_from(file.len()).unwrap(),
        tolerance: 0.0,
    };
    let row = ReferenceRow { features: Some(features(None, 40.0)), expected: 1.0 / (1.0 + (-lowest).exp()) };
    let parts =
        [Part::Header(header), Part::Chunk(file.to_vec()), Part::ReferenceRows(ReferenceRows { rows: vec![row] })];
    let parts = parts.map(|part| UploadModelRequest { part: Some(part) });
    models.upload_model(tokio_stream::iter(parts)).await.unwrap().into_inner().version.unwrap().name
}

/// Uploads the champion, and puts it in charge.
async fn champion(models: &mut Models) {
    let name = upload(models, CHAMPION, manifest(), 1.6).await;
    models.promote_model_version(PromoteModelVersionRequest { name }).await.unwrap();
}

fn features(income: Option<f64>, age: f64) -> Struct {
    let value = |number: f64| Value { kind: Some(Kind::NumberValue(number)) };
    let mut fields: BTreeMap<String, Value> = [("age".to_owned(), value(age))].into();
    fields.extend(income.map(|income| ("income".to_owned(), value(income))));
    Struct { fields }
}

/// Scores rows over a stream, and gives the decision of each.
async fn score(credit: &mut Credit, run: &str, rows: &[Row]) -> Vec<String> {
    let items: Vec<StreamScoreCreditRequest> = rows
        .iter()
        .enumerate()
        .map(|(at, row)| ScoreCreditRequest {
            request_id: format!("{run}-{at}"),
            subject: format!("client-{at}"),
            model: format!("models/{MODEL}"),
            features: Some(features(row.income, row.age)),
            segment: row.segment.clone(),
            group: row.group.clone(),
            ..ScoreCreditRequest::default()
        })
        .map(|request| StreamScoreCreditRequest { request: Some(request) })
        .collect();
    let mut answers = credit.stream_score_credit(tokio_stream::iter(items)).await.unwrap().into_inner();
    let mut decisions = vec![String::new(); rows.len()];
    while let Some(answer) = answers.next().await {
        let answer = answer.unwrap();
        let Some(Scored::Response(response)) = answer.result else { panic!("{answer:?}") };
        let at: usize = answer.request_id.rsplit('-').next().unwrap().parse().unwrap();
        decisions[at] = response.decision;
    }
    assert!(decisions.iter().all(|one| !one.is_empty()));
    decisions
}

/// A report of what became of a decision, observed so many seconds ago.
fn outcome(decision: &str, id: &str, row: &Row, seconds_ago: i64) -> ReportCreditOutcomeRequest {
    let action = row.approved.map_or(CreditAction::Unspecified, |approved| match approved {
        1 => CreditAction::Approved,
        _ => CreditAction::Refused,
    });
    let performance =
        row.defaulted.map(|defaulted| CreditPerformance { defaulted: defaulted == 1, ..Default::default() });
    ReportCreditOutcomeRequest {
        request_id: id.to_owned(),
        decision: decision.to_owned(),
        action: action as i32,
        performance,
        observe_time: Some(prost_types::Timestamp { seconds: now().seconds - seconds_ago, nanos: 0 }),
        ..ReportCreditOutcomeRequest::default()
    }
}

/// Sends reports over a stream; none must be refused.
async fn tell(credit: &mut Credit, reports: Vec<ReportCreditOutcomeRequest>) {
    let expected = reports.len();
    let items = reports.into_iter().map(|request| StreamReportCreditOutcomeRequest { request: Some(request) });
    let items: Vec<_> = items.collect();
    let mut answers = credit.stream_report_credit_outcome(tokio_stream::iter(items)).await.unwrap().into_inner();
    let mut told = 0;
    while let Some(answer) = answers.next().await {
        let answer = answer.unwrap();
        assert!(matches!(answer.result, Some(Reported::Response(_))), "{answer:?}");
        told += 1;
    }
    assert_eq!(told, expected);
}

/// Reports of all rows of which something is known.
fn outcomes(decisions: &[String], rows: &[Row]) -> Vec<ReportCreditOutcomeRequest> {
    let known = decisions.iter().zip(rows).enumerate();
    let known = known.filter(|(_, (_, row))| row.defaulted.is_some() || row.approved.is_some());
    known.map(|(at, (decision, row))| outcome(decision, &format!("o-{at}"), row, 60)).collect()
}

async fn report(models: &mut Models, request: GetModelReportRequest) -> ModelReport {
    let request = GetModelReportRequest { name: format!("models/{MODEL}"), ..request };
    models.get_model_report(request).await.unwrap().into_inner().report.unwrap()
}

/// The report of the champion over everything.
async fn whole(models: &mut Models) -> ModelReport {
    report(models, GetModelReportRequest::default()).await
}
