//! Holds clients to one message where a method takes one, and to sending it in time.
//!
//! None, or a second one, is UNIMPLEMENTED by gRPC's own table of status codes, where tonic says INTERNAL, or takes the first.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;

use super::{conduct::Conduct, methods::Shape};
use crate::rpc::{not_one_message, too_slow};

/// What stands before a message: whether it is compressed, and its length in 4 bytes.
pub(super) const FRAME_HEAD: usize = 5;
/// How long a message may take to arrive, and how many bytes a second give it longer: a large one over a thin line is no drip.
const ARRIVAL_LIMIT: Duration = Duration::from_secs(7);
const BYTES_A_SECOND: u64 = 64 * 1024;

/// Has the body of a call whose method takes one message watched.
pub(super) async fn hold_to_one(request: Request, next: Next) -> Response {
    if request.extensions().get::<Shape>().is_none_or(|shape| shape.reads_stream) {
        return next.run(request).await;
    }
    let conduct = request.extensions().get().cloned();
    next.run(request.map(|body| Body::new(OneMessage::of(body, conduct)))).await
}

/// A body that ends in an error when it is not exactly one message, or takes too long. tonic reads it to its end before it
/// calls the handler.
struct OneMessage {
    body: Body,
    conduct: Option<Arc<Conduct>>,
    begun: Instant,
    /// There once the message was waited for.
    too_late: Option<Pin<Box<Sleep>>>,
    head: [u8; FRAME_HEAD],
    head_bytes: usize,
    message_bytes: u64,
}

impl OneMessage {
    fn of(body: Body, conduct: Option<Arc<Conduct>>) -> Self {
        let begun = Instant::now();
        Self { body, conduct, begun, too_late: None, head: [0; FRAME_HEAD], head_bytes: 0, message_bytes: 0 }
    }

    /// Takes note of what came, and tells whether it still belongs to the first message.
    fn take(&mut self, data: &[u8]) -> bool {
        let (head, message) = data.split_at(data.len().min(FRAME_HEAD - self.head_bytes));
        self.head[self.head_bytes..self.head_bytes + head.len()].copy_from_slice(head);
        self.head_bytes += head.len();
        self.message_bytes += u64::try_from(message.len()).unwrap_or(u64::MAX);
        let [_, length @ ..] = self.head;
        self.head_bytes < FRAME_HEAD || self.message_bytes <= u64::from(u32::from_be_bytes(length))
    }

    /// Ready when the message is too late. Whoever sends it so slowly holds its connection for nothing.
    fn poll_too_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let longer = Duration::from_millis(self.message_bytes.saturating_mul(1_000) / BYTES_A_SECOND);
            let until = self.begun + ARRIVAL_LIMIT + longer;
            let too_late = self.too_late.get_or_insert_with(|| Box::pin(sleep_until(until)));
            ready!(too_late.as_mut().poll(cx));
            if too_late.deadline() >= until {
                if let Some(conduct) = &self.conduct {
                    conduct.drip();
                }
                return Poll::Ready(());
            }
            // More has come since the clock was set.
            too_late.as_mut().reset(until);
        }
    }
}

impl HttpBody for OneMessage {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let refuse = |status: Status| Poll::Ready(Some(Err(status.into())));
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Pending => {
                ready!(self.poll_too_late(cx));
                refuse(too_slow())
            }
            Poll::Ready(None) if self.head_bytes == 0 => refuse(not_one_message()),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(Some(Ok(frame))) => match frame.data_ref() {
                Some(data) if !self.take(data) => refuse(not_one_message()),
                _ => Poll::Ready(Some(Ok(frame))),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        // An empty body must be looked at, to be refused.
        self.head_bytes > 0 && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
