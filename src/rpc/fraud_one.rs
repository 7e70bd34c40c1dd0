//! One event: what the unary call and an item of a stream share.

use std::sync::Mutex;

use prost::Message;
use tokio::sync::oneshot;
use tonic::{Request, Streaming};

use super::{
    Context, fraud_read, fraud_reply,
    proto::fraud::{
        CheckFraudRequest, CheckFraudResponse, StreamCheckFraudRequest, StreamCheckFraudResponse,
        stream_check_fraud_response::Result as Item,
    },
    stream::{self, Answers, charge_item, item_result, required},
};
use crate::{
    auth::{Permit, mark},
    domain::{
        decision::Recorded,
        fraud::{EventClock, NewEvent},
        refusal::Refusal,
    },
    ops::{self, App, CheckedFraud},
};

/// A message as an event to decide.
pub(super) fn read(app: &App, permit: &Permit<mark::FraudCheck>, from: CheckFraudRequest) -> Result<NewEvent, Refusal> {
    // A sandbox that tells the time by its events has no clock that a message alone could be held against.
    let live = permit.caller().mode().clock() == EventClock::Server;
    fraud_read::check(from, live.then(|| app.now()))
}

/// Decides one event, and tells whether the answer was stored before.
pub(super) async fn check(
    app: &std::sync::Arc<App>,
    permit: &Permit<mark::FraudCheck>,
    new: &NewEvent,
) -> Result<(CheckFraudResponse, bool), Refusal> {
    decoded(&take(app, permit, new).await?.recorded().await?)
}

async fn take(
    app: &std::sync::Arc<App>,
    permit: &Permit<mark::FraudCheck>,
    new: &NewEvent,
) -> Result<CheckedFraud, Refusal> {
    ops::check_fraud(app, permit, new, |answer| fraud_reply::response(answer).encode_to_vec()).await
}

fn decoded(recorded: &Recorded) -> Result<(CheckFraudResponse, bool), Refusal> {
    let reply = CheckFraudResponse::decode(recorded.reply.as_slice()).map_err(|_| Refusal::Internal)?;
    Ok((reply, recorded.replayed))
}

/// Decides a stream of events. They are taken one after the other, in their order; their answers wait for the disk side by
/// side.
pub(super) fn stream(
    context: &Context,
    request: Request<Streaming<StreamCheckFraudRequest>>,
) -> Result<Answers<StreamCheckFraudResponse>, Refusal> {
    let queue = Queue::default();
    stream::answer(context, request, move |context, permit, asked| item(context, permit, asked, queue.stand_in()))
}

/// Items of a stream in the order in which they came: each is taken when the one before it was.
#[derive(Default)]
pub(super) struct Queue(Mutex<Option<oneshot::Receiver<()>>>);

/// An item's place in the queue. Dropping it lets the next one go.
pub(super) struct Turn {
    before: Option<oneshot::Receiver<()>>,
    _next: oneshot::Sender<()>,
}

impl Queue {
    /// The next place.
    pub fn stand_in(&self) -> Turn {
        let (next, after) = oneshot::channel();
        let mut last = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Turn { before: last.replace(after), _next: next }
    }
}

impl Turn {
    /// Waits until everything ahead of it was taken.
    pub async fn come(&mut self) {
        if let Some(before) = self.before.take() {
            // It ends by being dropped.
            let _ = before.await;
        }
    }
}

async fn item(
    context: Context,
    permit: Permit<mark::FraudCheck>,
    item: StreamCheckFraudRequest,
    mut turn: Turn,
) -> StreamCheckFraudResponse {
    // Whatever becomes of it, those behind it must not come before those ahead of it.
    turn.come().await;
    let request_id = item.request.as_ref().map(|request| request.request_id.clone()).unwrap_or_default();
    let taken = async {
        let new = read(&context.app, &permit, required(item.request)?)?;
        let now = charge_item(&context, &permit).await?;
        take(&context.app, &now, &new).await
    };
    let taken = taken.await;
    drop(turn);
    let answered = match taken {
        Ok(taken) => taken.recorded().await.and_then(|recorded| decoded(&recorded)),
        Err(refusal) => Err(refusal),
    };
    let (result, replayed) = item_result(answered, Item::Response, Item::Error);
    StreamCheckFraudResponse { request_id, result: Some(result), replayed }
}
