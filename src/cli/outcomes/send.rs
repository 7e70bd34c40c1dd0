//! Sends reports over a stream, and takes their answers in any order.

use std::collections::{BTreeMap, VecDeque};

use indicatif::ProgressBar;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};
use tonic::{Code, Status};

use super::table::Row;
use crate::{
    cli::{Failure, client::item_wait, refused},
    rpc::proto::common::ItemError,
};

/// The most reports that wait for their answers: below the server's own limit, so that the stream flows.
const MAX_IN_FLIGHT: usize = 128;

/// The answer to one report: whether it had been stored before, or why it was refused.
pub(super) struct Answer {
    /// The id of the report.
    pub(super) request_id: String,
    /// What became of it.
    pub(super) result: Result<bool, ItemError>,
}

/// What became of all.
#[derive(Default)]
pub(super) struct Sent {
    /// How many were stored.
    pub(super) stored: usize,
    /// How many had been stored before.
    pub(super) repeated: usize,
    /// The lines of those that were refused, and why, in the file's order.
    pub(super) refused: Vec<(usize, ItemError)>,
}

/// Sends all rows. A stream that ends before its time, as it does when its token runs out, is followed by another as long as each
/// gets further; a row that meets the quota waits as long as the server says.
pub(super) async fn send<R: Clone + Send + 'static, A>(
    rows: &[Row<R>],
    open: &impl AsyncFn(ReceiverStream<R>) -> Result<A, Status>,
    bar: &ProgressBar,
) -> Result<Sent, Failure>
where
    A: Stream<Item = Result<Answer, Status>> + Unpin,
{
    let mut waiting: VecDeque<&Row<R>> = rows.iter().collect();
    let mut sent = Sent::default();
    while !waiting.is_empty() {
        let before = waiting.len();
        if let Err(status) = stream(&mut waiting, open, &mut sent, bar).await {
            let ended = matches!(status.code(), Code::Unauthenticated | Code::Unavailable | Code::DeadlineExceeded);
            if !ended || waiting.len() == before {
                let (left, why) = (waiting.len(), refused(&status));
                return Err(Failure::new(format!("{left} of {} rows are not reported: {why}", rows.len())));
            }
        }
    }
    sent.refused.sort_by_key(|(line, _)| *line);
    Ok(sent)
}

/// Sends what waits over one stream. What was not answered when it ends waits again, in its order.
async fn stream<'a, R: Clone + Send + 'static, A>(
    waiting: &mut VecDeque<&'a Row<R>>,
    open: &impl AsyncFn(ReceiverStream<R>) -> Result<A, Status>,
    sent: &mut Sent,
    bar: &ProgressBar,
) -> Result<(), Status>
where
    A: Stream<Item = Result<Answer, Status>> + Unpin,
{
    let (feed, requests) = mpsc::channel(1);
    let mut answers = open(ReceiverStream::new(requests)).await?;
    // By line, which is the order; two rows may have one id.
    let mut in_flight: BTreeMap<usize, &'a Row<R>> = BTreeMap::new();
    let mut paused_until = Instant::now();
    let ended = loop {
        if waiting.is_empty() && in_flight.is_empty() {
            break Ok(());
        }
        let may_send = !waiting.is_empty() && in_flight.len() < MAX_IN_FLIGHT && !feed.is_closed();
        let next = async {
            sleep_until(paused_until).await;
            feed.reserve().await
        };
        tokio::select! {
            permit = next, if may_send => {
                // A server that takes no more says why in what it answers last.
                let (Ok(permit), Some(row)) = (permit, waiting.pop_front()) else { continue };
                permit.send(row.request.clone());
                in_flight.insert(row.line, row);
            }
            answer = answers.next() => match answer {
                None => break Err(Status::unavailable("the stream ended before all was answered")),
                Some(Err(status)) => break Err(status),
                Some(Ok(Answer { request_id, result })) => {
                    let found = in_flight.values().find(|row| row.request_id == request_id).map(|row| row.line);
                    let Some(row) = found.and_then(|line| in_flight.remove(&line)) else { continue };
                    match result {
                        Ok(false) => sent.stored += 1,
                        Ok(true) => sent.repeated += 1,
                        Err(error) => match item_wait(&error) {
                            Some(wait) => {
                                paused_until = paused_until.max(Instant::now() + wait);
                                waiting.push_front(row);
                                continue;
                            }
                            None => sent.refused.push((row.line, error)),
                        },
                    }
                    bar.inc(1);
                }
            },
        }
    };
    for row in in_flight.into_values().rev() {
        waiting.push_front(row);
    }
    ended
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{super::table::rows_of, *};

    /// Answers each request by what `answer` says of it, and ends after so many of them.
    fn answered(
        requests: ReceiverStream<usize>,
        most: usize,
        answer: impl Fn(usize) -> Result<bool, ItemError> + Clone + Send + 'static,
    ) -> impl Stream<Item = Result<Answer, Status>> + Unpin {
        Box::pin(
            requests
                .map(move |request| Ok(Answer { request_id: format!("id-{request}"), result: answer(request) }))
                .take(most)
                .chain(tokio_stream::once(Err(Status::unauthenticated("it has expired")))),
        )
    }

    #[tokio::test]
    async fn a_quota_is_waited_for_and_a_refusal_stops_nothing() {
        let rows = rows_of(40, |at| (format!("id-{at}"), at));
        let began = Instant::now();
        let busy = move |request: usize| {
            let error = |reason: &str, retry_after_ms| ItemError {
                reason: reason.to_owned(),
                retry_after_ms,
                ..Default::default()
            };
            match request {
                7 if began.elapsed() < Duration::from_millis(90) => Err(error("QUOTA", 30)),
                9 => Err(error("NOT_FOUND", 0)),
                even if even.is_multiple_of(2) => Ok(true),
                _ => Ok(false),
            }
        };
        let open = async |requests| Ok(answered(requests, usize::MAX, busy));
        let sent = send(&rows, &open, &ProgressBar::hidden()).await.unwrap();
        assert_eq!((sent.stored, sent.repeated, sent.refused.len()), (19, 20, 1));
        assert!(began.elapsed() >= Duration::from_millis(90));
    }

    #[tokio::test]
    async fn what_a_stream_did_not_answer_goes_over_the_next() {
        let rows = rows_of(300, |at| (format!("id-{at}"), at));
        let open = async |requests| Ok(answered(requests, 100, |_| Ok(false)));
        let sent = send(&rows, &open, &ProgressBar::hidden()).await.unwrap();
        assert_eq!(sent.stored, 300);
        // But not for ever.
        let open = async |requests| Ok(answered(requests, 0, |_| Ok(false)));
        let failed = send(&rows, &open, &ProgressBar::hidden()).await.err().unwrap();
        assert!(failed.to_string().starts_with("300 of 300 rows are not reported"), "{failed}");
    }
}
