//! Calls by path, with any authorization and bytes for a message: any method of the contract, also one that has no test of
//! its own yet.

use std::{net::SocketAddr, time::Duration};

use tonic::{Code, Status, transport::Channel};
use tonic_types::StatusExt;

use super::{
    descriptors,
    wire::{frame, send},
};

/// The paths of all methods of the contract.
pub fn methods() -> Vec<String> {
    descriptors::methods().iter().map(descriptors::path).collect()
}

/// What came back, to be compared with what came back to somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub code: Code,
    pub message: String,
    /// The bytes of `grpc-status-details-bin`.
    pub details: Vec<u8>,
    /// The names of all headers and trailers.
    pub names: Vec<String>,
    pub replies: Vec<Vec<u8>>,
}

impl Answer {
    /// The status with its details.
    pub fn status(&self) -> Status {
        Status::with_details(self.code, self.message.clone(), self.details.clone().into())
    }

    /// Reason and domain of the `ErrorInfo`.
    pub fn reason(&self) -> (String, String) {
        let info = self.status().get_error_details().error_info().cloned().expect("an ErrorInfo");
        (info.reason, info.domain)
    }

    /// Whether this is a refusal with that code and reason.
    pub fn is(&self, code: Code, reason: &str) -> bool {
        self.code == code && self.reason() == (reason.to_owned(), "riskport".to_owned())
    }
}

/// A connection. Clones share it.
#[derive(Clone)]
pub struct ByPath(Channel);

impl ByPath {
    pub async fn connect(address: SocketAddr) -> Self {
        let endpoint = Channel::from_shared(format!("http://{address}")).unwrap();
        Self(endpoint.connect_timeout(Duration::from_secs(5)).connect().await.unwrap())
    }

    /// Sends one message, and reads whatever comes back to its end. On the wire, all four kinds of methods look alike.
    pub async fn call(&self, path: &str, authorization: &[String], message: Vec<u8>) -> Answer {
        let headers: Vec<(&str, &str)> = authorization.iter().map(|value| ("authorization", value.as_str())).collect();
        let reply = send(&self.0, path, &headers, frame(&message)).await;
        let mut names: Vec<String> = reply.metadata.keys().map(ToString::to_string).collect();
        names.sort();
        Answer {
            code: reply.code(),
            message: reply.status.message().to_owned(),
            details: reply.status.details().to_vec(),
            names,
            replies: reply.messages,
        }
    }

    /// As [`Self::call`], with one token.
    pub async fn call_as(&self, token: &str, path: &str, message: Vec<u8>) -> Answer {
        self.call(path, &[format!("Bearer {token}")], message).await
    }
}
