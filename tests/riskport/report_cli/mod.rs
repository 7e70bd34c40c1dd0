//! `riskport model profile`, `outcomes` and `report`, as a person runs them: the built program beside a real server, and on
//! files alone.

mod alarms;
mod outcomes;
mod page;
mod path;
mod profile;

use std::{collections::HashMap, path::Path};

use riskport::{
    cli::client::Connection,
    rpc::proto::{
        credit::{
            ScoreCreditRequest, ScoreCreditResponse, StreamScoreCreditRequest,
            credit_score_service_client::CreditScoreServiceClient, stream_score_credit_response::Result as Item,
        },
        tenant::Scope,
    },
};

use crate::support::{applicant, command::Caller};

/// What a key may do that watches its models.
const ANALYST: [Scope; 7] = [
    Scope::CreditScore,
    Scope::CreditReport,
    Scope::RiskEvaluate,
    Scope::ModelRead,
    Scope::ModelManage,
    Scope::ModelPromote,
    Scope::FraudCheck,
];

/// A file of the challenger that comes with the program.
fn challenger(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/challenger").join(name).display().to_string()
}

/// A file of a test.
fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// Scores clients over one stream, and gives the answers in the order of the requests.
async fn score(bank: &Caller, requests: Vec<ScoreCreditRequest>) -> Vec<ScoreCreditResponse> {
    let connection = Connection {
        server: bank.server.clone(),
        key: Some(bank.key.clone()),
        tenant: bank.tenant.clone(),
        audience: "riskport".to_owned(),
        ca: None,
        client_cert: None,
        client_key: None,
    };
    let ids: Vec<String> = requests.iter().map(|request| request.request_id.clone()).collect();
    let items: Vec<_> =
        requests.into_iter().map(|request| StreamScoreCreditRequest { request: Some(request) }).collect();
    let mut client = CreditScoreServiceClient::new(connection.open().await.unwrap());
    let mut answers = client.stream_score_credit(tokio_stream::iter(items)).await.unwrap().into_inner();
    let mut found = HashMap::new();
    while let Some(answer) = answers.message().await.unwrap() {
        let Some(Item::Response(response)) = answer.result else { panic!("no score: {answer:?}") };
        found.insert(answer.request_id, response);
    }
    ids.iter().map(|id| found.remove(id).unwrap()).collect()
}

/// A request for the score of a client by a model.
fn request(at: usize, model: &str) -> ScoreCreditRequest {
    ScoreCreditRequest { model: format!("models/{model}"), ..applicant::request(&format!("r-{at}"), at) }
}
