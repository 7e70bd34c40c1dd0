//! Calls as bytes on the wire: what a client of tonic would never send, and answers exactly as they came.

use std::{fmt::Debug, future::poll_fn, net::SocketAddr, pin::Pin};

use axum::body::{Body, HttpBody};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, header};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use tokio::net::TcpStream;
use tonic::{Code, Status, transport::Channel};
use tonic_types::{ErrorInfo, StatusExt};
use tower::Service;

/// A whole answer.
#[derive(Debug)]
pub struct Reply {
    pub status: Status,
    /// The headers, and the trailers after them.
    pub metadata: HeaderMap,
    /// The messages without their frames.
    pub messages: Vec<Vec<u8>>,
    body: Vec<u8>,
}

impl Reply {
    pub fn code(&self) -> Code {
        self.status.code()
    }

    /// The first message, of an answer that has one.
    pub fn message(&self) -> &[u8] {
        assert_eq!(self.code(), Code::Ok, "{:?}", self.status);
        &self.messages[0]
    }

    /// Whether the answer says that it was stored before.
    pub fn replayed(&self) -> bool {
        self.metadata.get("riskport-replayed").is_some_and(|value| value == "true")
    }

    /// The stable reason of a refusal; every refusal has one, under our domain, and a sentence.
    pub fn reason(&self) -> String {
        let ErrorInfo { reason, domain, .. } =
            self.status.get_error_details().error_info().cloned().unwrap_or_else(|| panic!("no reason: {self:?}"));
        assert_eq!(domain, "riskport");
        assert!(!self.status.message().is_empty(), "{self:?}");
        let screaming = |one: char| one.is_ascii_uppercase() || one.is_ascii_digit() || one == '_';
        assert!(!reason.is_empty() && reason.chars().all(screaming), "{reason}");
        reason
    }

    /// The fields that the answer names as wrong, sorted.
    pub fn violated(&self) -> Vec<String> {
        let details = self.status.get_error_details();
        let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
        assert!(violations.iter().all(|one| !one.description.is_empty()), "{violations:?}");
        let mut fields: Vec<String> = violations.into_iter().map(|one| one.field).collect();
        fields.sort_unstable();
        fields
    }

    /// Whether some text is anywhere in the answer: headers, trailers, messages, the details inside the status.
    pub fn mentions(&self, text: &str) -> bool {
        let holds = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        let in_metadata = self.metadata.iter().any(|(name, value)| {
            let decoded = STANDARD_NO_PAD.decode(value.as_bytes()).unwrap_or_default();
            name.as_str().contains(text) || holds(value.as_bytes()) || holds(&decoded)
        });
        in_metadata || holds(&self.body) || holds(self.status.details()) || self.status.message().contains(text)
    }
}

/// One message in its frame, not compressed.
pub fn frame(message: &[u8]) -> Vec<u8> {
    frame_with(0, u32::try_from(message.len()).unwrap(), message)
}

/// A frame that says what it likes of its content.
pub fn frame_with(flag: u8, length: u32, content: &[u8]) -> Vec<u8> {
    [&[flag], length.to_be_bytes().as_slice(), content].concat()
}

/// Sends a body to a path, and takes the whole answer.
pub async fn send(channel: &Channel, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Reply {
    let mut channel = channel.clone();
    poll_fn(|context| channel.poll_ready(context)).await.unwrap();
    let request = request(path, headers, body).map(tonic::body::Body::new);
    let response = channel.call(request).await.unwrap_or_else(|error| panic!("{path}: {error:?}"));
    whole(path, response).await
}

/// As [`send`], on a connection of its own and past tonic's client, which watches deadlines by itself.
pub async fn send_plainly(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Reply {
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    let driver = tokio::spawn(connection);
    let request = request(&format!("http://{address}{path}"), headers, body);
    let response = sender.send_request(request).await.unwrap_or_else(|error| panic!("{path}: {error:?}"));
    let reply = whole(path, response).await;
    driver.abort();
    reply
}

fn request(path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Request<Body> {
    let mut request =
        Request::post(path).header(header::CONTENT_TYPE, "application/grpc").header(header::TE, "trailers");
    for (name, value) in headers {
        // As bytes: what is not ASCII is for the server to refuse.
        request = request.header(*name, value.as_bytes());
    }
    request.body(Body::from(body)).unwrap()
}

/// Takes an answer to its end.
async fn whole<B>(path: &str, response: Response<B>) -> Reply
where
    B: HttpBody<Data = Bytes, Error: Debug> + Unpin,
{
    assert_eq!(response.status(), http::StatusCode::OK, "{path}");
    let (parts, mut body) = response.into_parts();
    let (mut metadata, mut bytes) = (parts.headers, Vec::new());
    while let Some(one) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        match one.unwrap_or_else(|error| panic!("{path}: {error:?}")).into_data() {
            Ok(data) => bytes.extend_from_slice(&data),
            Err(other) => metadata.extend(other.into_trailers().unwrap()),
        }
    }
    let status = Status::from_header_map(&metadata).unwrap_or_else(|| panic!("{path}: no status in {metadata:?}"));
    Reply { status, metadata, messages: unframe(&bytes), body: bytes }
}

/// Calls a method with one message as a partner whose token this is.
pub async fn call(channel: &Channel, path: &str, token: &str, message: &impl Message) -> Reply {
    call_bytes(channel, path, token, &message.encode_to_vec()).await
}

/// As [`call`], with a body of frames.
pub async fn call_body(channel: &Channel, path: &str, token: &str, body: Vec<u8>) -> Reply {
    send(channel, path, &[("authorization", &format!("Bearer {token}"))], body).await
}

/// As [`call`], with a message that is bytes already.
pub async fn call_bytes(channel: &Channel, path: &str, token: &str, message: &[u8]) -> Reply {
    call_body(channel, path, token, frame(message)).await
}

fn unframe(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<5>() {
        assert_eq!(head[0], 0, "an answer is compressed");
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let (message, rest) = rest.split_at(length);
        messages.push(message.to_vec());
        bytes = rest;
    }
    messages
}
