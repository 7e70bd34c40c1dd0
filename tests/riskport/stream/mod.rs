//! Streams of applicants: one answer an item, one decision an item, and an orderly end whatever ends them.

mod ends;
mod flow;
mod items;

use std::{collections::BTreeMap, time::Duration};

use riskport::rpc::proto::credit::{
    ScoreCreditRequest, ScoreCreditResponse, StreamScoreCreditRequest, StreamScoreCreditResponse,
    credit_score_service_client::CreditScoreServiceClient, stream_score_credit_response::Result as Item,
};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Status, Streaming, transport::Channel};
use tonic_types::StatusExt;

use crate::support::applicant;

/// Both directions of one stream.
struct Talk {
    items: mpsc::Sender<StreamScoreCreditRequest>,
    answers: Streaming<StreamScoreCreditResponse>,
}

/// Opens a stream with a token and, if there is one, a deadline.
async fn open(channel: Channel, token: &str, timeout: Option<Duration>) -> Talk {
    let (items, sent) = mpsc::channel(1);
    let mut request = Request::new(ReceiverStream::new(sent));
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    if let Some(timeout) = timeout {
        request.set_timeout(timeout);
    }
    let answers = CreditScoreServiceClient::new(channel).stream_score_credit(request).await.unwrap().into_inner();
    Talk { items, answers }
}

fn item(request: ScoreCreditRequest) -> StreamScoreCreditRequest {
    StreamScoreCreditRequest { request: Some(request) }
}

/// Sends requests with the ids `{prefix}-0`, `{prefix}-1` and so on until the stream takes no more, or so many were sent.
fn keep_sending(items: mpsc::Sender<StreamScoreCreditRequest>, prefix: &'static str, count: usize) -> JoinHandle<()> {
    tokio::spawn(async move {
        for at in 0..count {
            if items.send(item(applicant::request(&format!("{prefix}-{at}"), at))).await.is_err() {
                break;
            }
        }
    })
}

/// What came of a stream: the scores by request id, the ids that were refused with their codes, and how it ended.
#[derive(Default)]
struct Told {
    scores: BTreeMap<String, ScoreCreditResponse>,
    refused: BTreeMap<String, Code>,
    end: Option<Status>,
}

impl Told {
    /// Notes one answer. A second one for an id is a fault.
    fn note(&mut self, answer: StreamScoreCreditResponse) {
        let id = answer.request_id;
        assert!(!self.scores.contains_key(&id) && !self.refused.contains_key(&id), "{id} was answered twice");
        match answer.result.unwrap() {
            Item::Response(score) => drop(self.scores.insert(id, score)),
            Item::Error(error) => drop(self.refused.insert(id, Code::from(error.code))),
        }
    }

    /// The code and reason that the stream ended with; OK has no reason.
    fn ended_with(&self) -> (Code, String) {
        match &self.end {
            None => (Code::Ok, String::new()),
            Some(status) => {
                let details = status.get_error_details();
                let info = details.error_info().unwrap_or_else(|| panic!("no reason: {status:?}"));
                assert_eq!(info.domain, "riskport");
                (status.code(), info.reason.clone())
            }
        }
    }
}

/// Takes the next answer, which must come.
async fn next(answers: &mut Streaming<StreamScoreCreditResponse>) -> StreamScoreCreditResponse {
    answers.message().await.unwrap().expect("the stream has ended")
}

/// Takes answers until the stream ends.
async fn to_the_end(answers: &mut Streaming<StreamScoreCreditResponse>) -> Told {
    let mut told = Told::default();
    loop {
        match answers.message().await {
            Ok(Some(answer)) => told.note(answer),
            Ok(None) => return told,
            Err(status) => {
                told.end = Some(status);
                return told;
            }
        }
    }
}
