//! A stream of applicants: one answer an item, in any order, each when it is durable.

use std::{pin::pin, time::Duration};

use tokio::{sync::mpsc, task::JoinSet, time::sleep_until};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use super::{
    Context, Deadline, credit_one,
    proto::credit::{
        StreamScoreCreditRequest, StreamScoreCreditResponse, stream_score_credit_response::Result as Item,
    },
    status::{item_error, refused_by_transport},
};
use crate::{
    auth::{Permit, mark},
    domain::refusal::{Refusal, Violations},
    ops::{self, App},
};

/// The most items of one stream that are being decided, or wait for the client to take their answers.
const MAX_IN_FLIGHT: usize = 256;
/// How often a stream whose client says nothing is held against the caller's rights.
const RECHECK_INTERVAL: Duration = Duration::from_millis(500);

/// The answers of a stream, and the status that it ends with.
pub(super) type Answers = ReceiverStream<Result<StreamScoreCreditResponse, Status>>;

/// Reads items until the stream ends, the deadline passes, the caller may no longer go on, or the server drains; then
/// answers what was read, and ends.
pub(super) fn answer(
    context: Context,
    permit: Permit<mark::CreditScore>,
    deadline: Option<Deadline>,
    items: Streaming<StreamScoreCreditRequest>,
) -> Answers {
    let (answers, receiver) = mpsc::channel(1);
    tokio::spawn(run(context, permit, deadline, items, answers));
    ReceiverStream::new(receiver)
}

type Answer = Result<StreamScoreCreditResponse, Status>;

async fn run(
    context: Context,
    permit: Permit<mark::CreditScore>,
    deadline: Option<Deadline>,
    mut items: Streaming<StreamScoreCreditRequest>,
    answers: mpsc::Sender<Answer>,
) {
    let mut deciding: JoinSet<()> = JoinSet::new();
    let mut ended = pin!(end(&context, &permit, deadline));
    let last = loop {
        // A task is in flight until the client has taken its answer: a client that does not read is not read from.
        let room = deciding.len() < MAX_IN_FLIGHT;
        tokio::select! {
            biased;
            refusal = &mut ended => break Some(refusal.into()),
            () = answers.closed() => return,
            Some(_) = deciding.join_next(), if !deciding.is_empty() => {}
            item = items.message(), if room => match item {
                Ok(Some(item)) => {
                    let (context, permit, answers) = (context.clone(), permit.clone(), answers.clone());
                    deciding.spawn(async move {
                        // The client is gone when nobody takes the answer; a repeat of the id gets it.
                        let _ = answers.send(Ok(decide(&context.app, &permit, item).await)).await;
                    });
                }
                Ok(None) => break None,
                Err(broken) => break Some(refused_by_transport(broken.code())),
            },
        }
    };
    // The deadline goes on: what cannot be answered by then is found again by its id.
    let answered = async { while deciding.join_next().await.is_some() {} };
    let last = tokio::select! {
        () = answered => last,
        () = until(deadline) => Some(Refusal::DeadlineExceeded.into()),
    };
    if let Some(last) = last {
        let _ = answers.send(Err(last)).await;
    }
}

async fn decide(
    app: &App,
    permit: &Permit<mark::CreditScore>,
    item: StreamScoreCreditRequest,
) -> StreamScoreCreditResponse {
    let Some(request) = item.request else {
        let refusal = Violations::one("request", "is required");
        return StreamScoreCreditResponse { result: Some(Item::Error(item_error(&refusal))), ..Default::default() };
    };
    let request_id = request.request_id.clone();
    let scored = match ops::recheck(app, permit).await.and_then(|now| app.charge(now.caller()).map(|()| now)) {
        Ok(now) => credit_one::score(app, &now, request).await,
        Err(refusal) => Err(refusal),
    };
    match scored {
        Ok((response, replayed)) => {
            StreamScoreCreditResponse { request_id, result: Some(Item::Response(response)), replayed }
        }
        Err(refusal) => {
            StreamScoreCreditResponse { request_id, result: Some(Item::Error(item_error(&refusal))), replayed: false }
        }
    }
}

/// Waits for what ends a stream from our side, and tells what it ends with.
async fn end(context: &Context, permit: &Permit<mark::CreditScore>, deadline: Option<Deadline>) -> Refusal {
    let mut draining = context.draining.clone();
    let lost = async {
        loop {
            tokio::time::sleep(RECHECK_INTERVAL).await;
            match ops::recheck(&context.app, permit).await {
                // A database that is away for a moment ends no stream: each item says so for itself.
                Ok(_) | Err(Refusal::Unavailable) => {}
                Err(refusal) => return refusal,
            }
        }
    };
    tokio::select! {
        refusal = lost => refusal,
        () = until(deadline) => Refusal::DeadlineExceeded,
        _ = draining.wait_for(|draining| *draining) => Refusal::Unavailable,
    }
}

/// Waits for a deadline; for ever when there is none.
async fn until(deadline: Option<Deadline>) {
    match deadline {
        Some(Deadline(at)) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
