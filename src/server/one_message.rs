//! Holds clients to one message where a method takes one: none, or a second one, is UNIMPLEMENTED by gRPC's own table of
//! status codes, where tonic says INTERNAL, or takes the first.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{
    body::{Body, HttpBody},
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use crate::rpc::{Methods, not_one_message};

/// What stands before a message: whether it is compressed, and its length in 4 bytes.
const FRAME_HEAD: usize = 5;

/// Has the body of a call whose method takes one message watched.
pub(super) async fn hold_to_one(State(methods): State<Arc<Methods>>, request: Request, next: Next) -> Response {
    if !methods.takes_one(request.uri().path()) {
        return next.run(request).await;
    }
    next.run(request.map(|body| Body::new(OneMessage { body, seen: Seen::default() }))).await
}

/// A body that ends in an error when it is not exactly one message. tonic reads it to its end before it calls the handler.
struct OneMessage {
    body: Body,
    seen: Seen,
}

/// How much of the message was seen.
#[derive(Default)]
struct Seen {
    head: Vec<u8>,
    message: u64,
}

impl Seen {
    /// Whether what comes still belongs to the first message.
    fn take(&mut self, data: &[u8]) -> bool {
        let of_head = data.len().min(FRAME_HEAD - self.head.len());
        let (head, message) = data.split_at(of_head);
        self.head.extend_from_slice(head);
        self.message += u64::try_from(message.len()).unwrap_or(u64::MAX);
        match self.head.as_slice() {
            [_, length @ ..] if length.len() == 4 => {
                let length = length.iter().fold(0, |length, byte| length << 8 | u64::from(*byte));
                self.message <= length
            }
            _ => true,
        }
    }
}

impl HttpBody for OneMessage {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let refuse = || Poll::Ready(Some(Err(not_one_message().into())));
        match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            None if self.seen.head.is_empty() => refuse(),
            None => Poll::Ready(None),
            Some(Err(error)) => Poll::Ready(Some(Err(error.into()))),
            Some(Ok(frame)) => match frame.data_ref() {
                Some(data) if !self.seen.take(data) => refuse(),
                _ => Poll::Ready(Some(Ok(frame))),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        // An empty body must be looked at, to be refused.
        !self.seen.head.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
