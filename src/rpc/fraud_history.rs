//! A history that comes in as a stream: record after record, with a word now and then of how far it is.

use std::pin::pin;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status, Streaming};
use tracing::Instrument;

use super::{
    Context, Deadline, caller, fraud_read,
    proto::fraud::{RecordEventsRequest, RecordEventsResponse, record_events_request::Record},
    status::refused_by_transport,
    stream::{self, Answers},
};
use crate::{
    auth::{Permit, mark},
    domain::{
        ids::RequestId,
        refusal::{Refusal, Violations},
    },
    ops::{HistoryRecorder, RecordedHistory},
};

/// After how many records it is told how far the history is.
const TOLD_EVERY: u64 = 4_096;

/// Takes a history in.
pub(super) fn record(
    context: &Context,
    request: Request<Streaming<RecordEventsRequest>>,
) -> Result<Answers<RecordEventsResponse>, Refusal> {
    let permit: Permit<mark::FraudBackfill> = caller(&request)?.permit()?;
    let open = context.app.open_stream(permit.caller())?;
    let deadline = request.extensions().get::<Deadline>().copied();
    let (answers, receiver) = mpsc::channel(1);
    let running = run(context.clone(), permit, deadline, request.into_inner(), answers).in_current_span();
    tokio::spawn(async move {
        running.await;
        drop(open);
    });
    Ok(ReceiverStream::new(receiver))
}

async fn run(
    context: Context,
    permit: Permit<mark::FraudBackfill>,
    deadline: Option<Deadline>,
    mut records: Streaming<RecordEventsRequest>,
    answers: mpsc::Sender<Result<RecordEventsResponse, Status>>,
) {
    let mut ended = pin!(stream::end(&context, &permit, deadline));
    let mut recorder = HistoryRecorder::new(context.app.clone(), permit.clone());
    let mut taken = 0;
    let refused: Option<Status> = loop {
        let record = tokio::select! {
            biased;
            refusal = &mut ended => break Some(refusal.into()),
            () = answers.closed() => break Some(Refusal::Unavailable.into()),
            record = records.message() => record,
        };
        match record {
            Ok(Some(record)) => tokio::select! {
                // It may wait for those before it to reach the disk.
                refusal = &mut ended => break Some(refusal.into()),
                record = take(&mut recorder, record) => if let Err(refusal) = record {
                    break Some(of_record(taken, refusal).into());
                },
            },
            Ok(None) => break None,
            Err(broken) => break Some(refused_by_transport(broken.code())),
        }
        taken += 1;
        if taken % TOLD_EVERY == 0 {
            // Who does not read is told less often.
            let _ = answers.try_send(Ok(message(recorder.recorded())));
        }
    };
    // The deadline goes on: what was taken reaches the disk all the same.
    let finished = tokio::select! {
        biased;
        finished = recorder.finish() => finished,
        () = stream::until(deadline) => Err(Refusal::DeadlineExceeded),
    };
    let last = match refused {
        Some(refused) => Err(refused),
        None => finished.map(message).map_err(Status::from),
    };
    // When the client is gone, what it sent stays all the same.
    let _ = answers.send(last).await;
}

async fn take(recorder: &mut HistoryRecorder, from: RecordEventsRequest) -> Result<(), Refusal> {
    match from.record {
        Some(Record::Event(event)) => recorder.event(&fraud_read::past(&from.request_id, event)?).await,
        Some(Record::Outcome(outcome)) => recorder.outcome(&fraud_read::report(&from.request_id, Some(outcome))?).await,
        None => {
            let mut violations = Violations::default();
            violations.take("request_id", RequestId::parse(&from.request_id));
            violations.add("record", "is required");
            Err(Refusal::Invalid(violations))
        }
    }
}

/// The refusal of one record, as that of the stream.
fn of_record(number: u64, refusal: Refusal) -> Refusal {
    let Refusal::Invalid(violations) = refusal else { return refusal };
    let mut of_record = Violations::default();
    for one in violations.as_slice() {
        of_record.add(format!("records[{number}].{}", one.field), one.description.clone());
    }
    Refusal::Invalid(of_record)
}

fn message(from: RecordedHistory) -> RecordEventsResponse {
    RecordEventsResponse { events: from.events, outcomes: from.outcomes, repeated_records: from.repeated }
}
