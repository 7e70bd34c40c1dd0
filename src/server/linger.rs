//! Closes a connection so that its last answers arrive.
//!
//! A socket that is closed while the client still sends is reset, and the reset makes the client throw away what it has
//! not read yet: a stream that is drained would lose its last answers, and the status that says why it ended.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    sync::oneshot,
    time::timeout,
};

use super::conduct::Conduct;

/// How long a client may go on sending after the last answer.
const LINGER_LIMIT: Duration = Duration::from_secs(1);

/// A socket that comes back when whoever it was lent to lets it go.
pub(super) struct Lent {
    /// There until it goes back.
    stream: Option<TcpStream>,
    back: Option<oneshot::Sender<TcpStream>>,
    conduct: Arc<Conduct>,
}

/// Lends a socket; it comes back through the receiver. What is read from it counts as the connection's conduct, and a flood
/// ends it.
pub(super) fn lend(stream: TcpStream, conduct: Arc<Conduct>) -> (Lent, oneshot::Receiver<TcpStream>) {
    let (back, returned) = oneshot::channel();
    (Lent { stream: Some(stream), back: Some(back), conduct }, returned)
}

/// Says that no more comes, and reads what the client still sends until it has understood, or for [`LINGER_LIMIT`].
pub(super) async fn linger(mut stream: TcpStream) {
    let mut unread = [0; 4_096];
    let understood = async {
        stream.shutdown().await?;
        while stream.read(&mut unread).await? > 0 {}
        io::Result::Ok(())
    };
    // A client that is gone, or never ends, is closed on all the same.
    let _ = timeout(LINGER_LIMIT, understood).await;
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(stream), Some(back)) = (self.stream.take(), self.back.take()) {
            let _ = back.send(stream);
        }
    }
}

impl Lent {
    /// The socket: it is there for as long as this value is.
    fn inner(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        self.stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl AsyncRead for Lent {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(self.inner()?.poll_read(cx, into))?;
        let read = u64::try_from(into.filled().len() - before).unwrap_or(u64::MAX);
        Poll::Ready(self.conduct.read(read).map_err(io::Error::other))
    }
}

impl AsyncWrite for Lent {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.inner()?.poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.inner()?.poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner()?.poll_shutdown(cx)
    }
}
