//! A stream of questions: one answer an item, in any order, each when it is durable.

use std::{future::Future, pin::pin, time::Duration};

use tokio::{sync::mpsc, task::JoinSet, time::sleep_until};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status, Streaming};
use tracing::Instrument;

use super::{
    Context, Deadline, caller,
    proto::common::ItemError,
    status::{item_error, refused_by_transport},
};
use crate::{
    auth::{Permit, ScopeMark},
    domain::refusal::{Refusal, Violations},
    ops,
};

/// The most items of one stream that are being decided, or wait for the client to take their answers.
const MAX_IN_FLIGHT: usize = 256;
/// How often a stream whose client says nothing is held against the caller's rights.
const RECHECK_INTERVAL: Duration = Duration::from_millis(500);
/// How long a client may take nothing of what is made for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// The answers of a stream, and the status that it ends with.
pub(super) type Answers<A> = ReceiverStream<Result<A, Status>>;

/// Reads items until the stream ends, the deadline passes, the caller may no longer go on, or the server drains; then
/// answers what was read, and ends. `decide` makes the answer to one item, whatever it is.
pub(super) fn answer<S, Q, A, D, F>(
    context: &Context,
    request: Request<Streaming<Q>>,
    decide: D,
) -> Result<Answers<A>, Refusal>
where
    S: ScopeMark + Clone + Send + Sync + 'static,
    Q: Send + 'static,
    A: Send + 'static,
    D: Fn(Context, Permit<S>, Q) -> F + Send + Sync + 'static,
    F: Future<Output = A> + Send + 'static,
{
    let permit: Permit<S> = caller(&request)?.permit()?;
    let open = context.app.open_stream(permit.caller())?;
    let deadline = request.extensions().get::<Deadline>().copied();
    let (answers, receiver) = mpsc::channel(1);
    let running = run(context.clone(), permit, deadline, request.into_inner(), answers, decide).in_current_span();
    tokio::spawn(async move {
        running.await;
        drop(open);
    });
    Ok(ReceiverStream::new(receiver))
}

async fn run<S, Q, A, D, F>(
    context: Context,
    permit: Permit<S>,
    deadline: Option<Deadline>,
    mut items: Streaming<Q>,
    answers: mpsc::Sender<Result<A, Status>>,
    decide: D,
) where
    S: ScopeMark + Clone + Send + Sync + 'static,
    A: Send + 'static,
    D: Fn(Context, Permit<S>, Q) -> F,
    F: Future<Output = A> + Send + 'static,
{
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
                    let decided = decide(context.clone(), permit.clone(), item);
                    let answers = answers.clone();
                    let answered = async move {
                        // The client is gone when nobody takes the answer; a repeat of the id gets it.
                        let _ = answers.send(Ok(decided.await)).await;
                    };
                    deciding.spawn(answered.in_current_span());
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

/// Answers pieces as they are made, until there are no more, the deadline passes, the caller may no longer go on, or the
/// server drains. What `begin` gives sends them, and is dropped wherever it is when the stream has to end before.
///
/// # Errors
/// Exhausted, when the caller's tenant has as many streams open as it may have.
pub(super) fn tell<S, A, F>(
    context: &Context,
    permit: Permit<S>,
    deadline: Option<Deadline>,
    begin: impl FnOnce(Pieces<A>) -> F,
) -> Result<Answers<A>, Refusal>
where
    S: ScopeMark + Send + Sync + 'static,
    A: Send + 'static,
    F: Future<Output = Result<(), Refusal>> + Send + 'static,
{
    let open = context.app.open_stream(permit.caller())?;
    let (answers, receiver) = mpsc::channel(1);
    let (context, making) = (context.clone(), begin(Pieces(answers.clone())));
    let told = async move {
        let ended = tokio::select! {
            biased;
            () = answers.closed() => Ok(()),
            refusal = end(&context, &permit, deadline) => Err(refusal),
            ended = making => ended,
        };
        if let Err(refusal) = ended {
            let _ = answers.send(Err(refusal.into())).await;
        }
        drop(open);
    };
    tokio::spawn(told.in_current_span());
    Ok(ReceiverStream::new(receiver))
}

/// Where the pieces of a stream go.
pub(super) struct Pieces<A>(mpsc::Sender<Result<A, Status>>);

impl<A> Pieces<A> {
    /// Sends a piece.
    ///
    /// # Errors
    /// The deadline, when the client takes nothing for long: what makes the pieces is needed by others.
    pub async fn send(&self, piece: A) -> Result<(), Refusal> {
        self.0.send_timeout(Ok(piece), PATIENCE).await.map_err(|_| Refusal::DeadlineExceeded)
    }
}

/// The permit of a stream as it is now, for one item, which is charged to the caller's quota.
pub(super) async fn charge_item<S: ScopeMark>(context: &Context, permit: &Permit<S>) -> Result<Permit<S>, Refusal> {
    let now = ops::recheck(&context.app, permit).await?;
    context.app.charge(now.caller())?;
    Ok(now)
}

/// The request of an item, which a client may leave out.
pub(super) fn required<Q>(request: Option<Q>) -> Result<Q, Refusal> {
    request.ok_or_else(|| Violations::one("request", "is required"))
}

/// What came of an item, as the contract says it, and whether it was stored before.
pub(super) fn item_result<A, R>(
    came_of_it: Result<(A, bool), Refusal>,
    response: impl FnOnce(A) -> R,
    error: impl FnOnce(ItemError) -> R,
) -> (R, bool) {
    match came_of_it {
        Ok((answer, replayed)) => (response(answer), replayed),
        Err(refusal) => (error(item_error(&refusal)), false),
    }
}

/// Waits for what ends a stream from our side, and tells what it ends with.
pub(super) async fn end<S: ScopeMark>(context: &Context, permit: &Permit<S>, deadline: Option<Deadline>) -> Refusal {
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
pub(super) async fn until(deadline: Option<Deadline>) {
    match deadline {
        Some(Deadline(at)) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
