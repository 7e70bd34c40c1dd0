//! What passes on a connection, watched: messages that come, so that a refused one is read to its end, and answers that go, so
//! that a client that does not take them is noticed.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use axum::{Error, body::Body as AnyBody};
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::timeout;

use super::conduct::Conduct;

/// How much of a message that nobody wants is read, and for how long.
const UNWANTED_BYTES: usize = 1024 * 1024;
const UNWANTED_LIMIT: Duration = Duration::from_secs(1);

/// A call that is open on a connection until this is dropped.
pub(super) struct OpenCall(Arc<Conduct>);

impl OpenCall {
    pub(super) fn begin(conduct: &Arc<Conduct>, head_bytes: u64) -> Self {
        conduct.begin_call(head_bytes);
        Self(Arc::clone(conduct))
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        self.0.end_call();
    }
}

/// The messages of a call. What is left of them when nobody wants them any more is read and thrown away: h2 resets a stream
/// whose messages are not read, counts frames that come for it later as the client's fault, and closes the connection
/// after a thousand of them, so that a client that meets its quota would be cut off.
pub(super) struct Asked {
    body: Option<Incoming>,
    conduct: Arc<Conduct>,
}

impl Asked {
    pub(super) fn new(body: Incoming, conduct: Arc<Conduct>) -> Self {
        Self { body: Some(body), conduct }
    }
}

impl Body for Asked {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = self.body.as_mut() else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.conduct.carry(data_bytes(frame));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) else { return };
        let mut rest = Unwanted { body, left: UNWANTED_BYTES, conduct: Arc::clone(&self.conduct) };
        // Mostly all of it is here already, and nothing need be waited for.
        if Pin::new(&mut rest).poll(&mut Context::from_waker(Waker::noop())).is_pending()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(timeout(UNWANTED_LIMIT, rest));
        }
    }
}

/// Reads what is left of a message.
struct Unwanted {
    body: Incoming,
    left: usize,
    conduct: Arc<Conduct>,
}

impl Future for Unwanted {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else { return Poll::Pending };
            let Some(Ok(frame)) = frame else { return Poll::Ready(()) };
            let bytes = data_bytes(&frame);
            self.conduct.carry(bytes);
            match usize::try_from(bytes).ok().and_then(|bytes| self.left.checked_sub(bytes)) {
                Some(left) => self.left = left,
                None => return Poll::Ready(()),
            }
        }
    }
}

/// The answer to a call. hyper asks for the next piece only when the client has room for it: one that is there and is not
/// asked for is what the client does not take.
pub(super) struct Answer {
    body: AnyBody,
    call: OpenCall,
    /// Where it stands that something waits to be taken.
    waits: Option<usize>,
}

impl Answer {
    pub(super) fn new(body: AnyBody, call: OpenCall) -> Self {
        // What is all in the head goes out with it.
        let waits = (!body.is_end_stream()).then(|| call.0.wait());
        Self { body, call, waits }
    }

    fn taken(&mut self) {
        if let Some(place) = self.waits.take() {
            self.call.0.taken(place);
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.taken();
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.call.0.carry(data_bytes(frame));
            self.waits = Some(self.call.0.wait());
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.taken();
    }
}

fn data_bytes(frame: &Frame<Bytes>) -> u64 {
    frame.data_ref().map_or(0, |data| u64::try_from(data.len()).unwrap_or(u64::MAX))
}
