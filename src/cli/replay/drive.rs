//! Drives events through the real calls in their order, and reports frauds when they become known.

use std::collections::{BTreeMap, VecDeque};

use tokio_stream::StreamExt;

use super::{columns::Row, figures::Judged};
use crate::{
    cli::{Failure, client::SignedChannel, refused},
    rpc::proto::fraud::{
        CheckFraudRequest, FraudDecision, FraudLabel, FraudOutcome, RecordEventsRequest, ReportFraudOutcomeRequest,
        StreamCheckFraudRequest, fraud_check_service_client::FraudCheckServiceClient, fraud_outcome::Target,
        record_events_request::Record, stream_check_fraud_response::Result as Item,
    },
};

/// How many events are checked between two looks at which frauds have become known: at a few events a minute, an hour.
pub(in crate::cli) const CHUNK: usize = 512;

/// The client, and what it has to report later.
pub(in crate::cli) struct Driver {
    client: FraudCheckServiceClient<SignedChannel>,
    /// How long after it happened a fraud becomes known, in microseconds; nothing when it never does.
    delay_us: Option<i64>,
    /// Frauds that are not known yet, with when they will be.
    unknown: VecDeque<(i64, String)>,
    /// The newest event so far.
    newest_us: i64,
}

impl Driver {
    pub(in crate::cli) fn new(channel: SignedChannel, delay_us: Option<i64>) -> Self {
        let client = FraudCheckServiceClient::new(channel).max_decoding_message_size(16 << 20);
        Self { client, delay_us, unknown: VecDeque::new(), newest_us: i64::MIN }
    }

    /// Loads events as history, with the frauds that become known meanwhile.
    pub(in crate::cli) async fn record(&mut self, rows: Vec<Row>, told: impl Fn(u64)) -> Result<(), Failure> {
        let mut records = Vec::with_capacity(rows.len() + rows.len() / 50);
        for row in rows {
            while let Some((known, id)) = self.next_known(row.time_us) {
                let outcome = Record::Outcome(fraud(&id, known));
                records.push(RecordEventsRequest { request_id: format!("known-{id}"), record: Some(outcome) });
            }
            self.remember(&row);
            records.push(RecordEventsRequest { request_id: row.request_id, record: Some(Record::Event(row.event)) });
        }
        let mut answers = self
            .client
            .record_events(tokio_stream::iter(records))
            .await
            .map_err(|status| refused(&status))?
            .into_inner();
        while let Some(answer) = answers.message().await.map_err(|status| refused(&status))? {
            told(u64::try_from(answer.events).unwrap_or_default());
        }
        Ok(())
    }

    /// Checks some events, after reporting the frauds that have become known before them.
    pub(in crate::cli) async fn check(&mut self, rows: &[Row]) -> Result<Vec<Judged>, Failure> {
        let Some(first) = rows.first() else { return Ok(Vec::new()) };
        while let Some((known, id)) = self.next_known(first.time_us) {
            // The tenant's clock stands at its newest event.
            let outcome = Some(fraud(&id, known.min(self.newest_us)));
            let report = ReportFraudOutcomeRequest { request_id: format!("known-{id}"), outcome };
            self.client.report_fraud_outcome(report).await.map_err(|status| refused(&status))?;
        }
        let requests: Vec<_> = rows.iter().map(request).collect();
        let answers = self.client.stream_check_fraud(tokio_stream::iter(requests)).await;
        let mut answers = answers.map_err(|status| refused(&status))?.into_inner();
        let labels: BTreeMap<&str, bool> = rows.iter().map(|row| (row.request_id.as_str(), row.fraud)).collect();
        let mut judged = BTreeMap::new();
        while let Some(answer) = answers.next().await {
            let answer = answer.map_err(|status| refused(&status))?;
            let response = match answer.result {
                Some(Item::Response(response)) => response,
                Some(Item::Error(error)) => {
                    let fields = error.violations.iter().map(|one| format!(" {} {}", one.field, one.description));
                    let fields: String = fields.collect();
                    return Err(Failure::new(format!("{}: {}{fields}", answer.request_id, error.message)));
                }
                None => return Err(Failure::new("an answer without a result")),
            };
            let score = response.probability.or(response.score.map(f64::from)).unwrap_or_default();
            let stopped = response.decision() != FraudDecision::Allow;
            let fraud = labels.get(answer.request_id.as_str()).copied().unwrap_or_default();
            judged.insert(answer.request_id, Judged { score, fraud, stopped });
        }
        for row in rows {
            self.remember(row);
        }
        rows.iter()
            .map(|row| judged.get(&row.request_id).copied())
            .collect::<Option<_>>()
            .ok_or_else(|| Failure::new("an event was not answered"))
    }

    /// The next fraud that has become known by a time.
    fn next_known(&mut self, by: i64) -> Option<(i64, String)> {
        self.unknown.pop_front_if(|(known, _)| *known <= by)
    }

    fn remember(&mut self, row: &Row) {
        self.newest_us = self.newest_us.max(row.time_us);
        if let Some(delay) = self.delay_us.filter(|_| row.fraud) {
            self.unknown.push_back((row.time_us.saturating_add(delay), row.request_id.clone()));
        }
    }
}

fn request(row: &Row) -> StreamCheckFraudRequest {
    let request = CheckFraudRequest {
        request_id: row.request_id.clone(),
        event: Some(row.event.clone()),
        ..CheckFraudRequest::default()
    };
    StreamCheckFraudRequest { request: Some(request) }
}

fn fraud(id: &str, known_us: i64) -> FraudOutcome {
    FraudOutcome {
        target: Some(Target::Event(id.to_owned())),
        label: FraudLabel::Fraud as i32,
        known_time: Some(prost_types::Timestamp { seconds: known_us.div_euclid(1_000_000), nanos: 0 }),
        ..FraudOutcome::default()
    }
}
