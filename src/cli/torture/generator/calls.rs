//! What is called: a method, by some tenants, with messages of which only the id changes.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, Version, header};

use crate::cli::{Failure, load::applicants::Message};

/// The method that load is made of: a decision that is on disk before it is answered.
pub(in crate::cli::torture) const CREDIT_SCORE: &str = "/riskport.credit.v1.CreditScoreService/ScoreCredit";
/// The check of an event.
pub(in crate::cli::torture) const FRAUD_CHECK: &str = "/riskport.fraud.v1.FraudCheckService/CheckFraud";

/// How long a call may take, in seconds. Its client gives up then, and so must the server.
pub(super) const PATIENCE_SECONDS: u64 = 5;

/// A method with messages and callers. Clones share the count of ids.
#[derive(Clone)]
pub(in crate::cli::torture) struct Calls {
    uri: Uri,
    bearers: Arc<[HeaderValue]>,
    messages: Arc<[Message]>,
    next: Arc<AtomicU64>,
}

impl Calls {
    /// Calls of a method at a server, by tenants in turn, under ids from `next` on.
    pub(in crate::cli::torture) fn new(
        address: SocketAddr,
        path: &str,
        bearers: impl IntoIterator<Item = HeaderValue>,
        messages: Vec<Message>,
        next: &Arc<AtomicU64>,
    ) -> Result<Self, Failure> {
        let uri = format!("http://{address}{path}").parse()?;
        Ok(Self { uri, bearers: bearers.into_iter().collect(), messages: messages.into(), next: Arc::clone(next) })
    }

    /// How many tenants call.
    pub(super) fn callers(&self) -> usize {
        self.bearers.len()
    }

    /// The next request, by the tenant whose turn it is, under an id that was never used.
    pub(super) fn request(&self, turn: usize) -> (Request<()>, Bytes) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let at = usize::try_from(number).unwrap_or(0) % self.messages.len();
        (request(self.uri.clone(), &self.bearers[turn % self.bearers.len()]), self.messages[at].framed(number))
    }
}

/// The head of a unary call.
fn request(uri: Uri, bearer: &HeaderValue) -> Request<()> {
    let mut headers = HeaderMap::with_capacity(5);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    headers.insert("grpc-timeout", HeaderValue::from_static("5S"));
    headers.insert(header::AUTHORIZATION, bearer.clone());
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    *request.version_mut() = Version::HTTP_2;
    *request.headers_mut() = headers;
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_each_tenants_in_turn_and_gives_up_when_its_client_does() {
        let bearers = ["Bearer a", "Bearer b"].map(HeaderValue::from_static);
        let address = "127.0.0.1:1".parse().unwrap();
        let messages = vec![Message(Vec::new())];
        let calls = Calls::new(address, CREDIT_SCORE, bearers, messages, &Arc::default()).unwrap();
        let sent: Vec<_> = (0..3).map(|turn| calls.request(turn)).collect();
        let bearer = |at: usize| sent[at].0.headers()[header::AUTHORIZATION].to_str().unwrap();
        assert_eq!([bearer(0), bearer(1), bearer(2)], ["Bearer a", "Bearer b", "Bearer a"]);
        assert_ne!(sent[0].1, sent[1].1, "an id was used twice");
        assert_eq!(sent[0].0.headers()["grpc-timeout"], format!("{PATIENCE_SECONDS}S").as_str());
    }
}
