//! Calls by path with bytes for messages: any method of the contract, also one that has no test of its own yet.

use std::{net::SocketAddr, time::Duration};

use bytes::{Buf, BufMut};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use prost::Message;
use prost_types::FileDescriptorSet;
use riskport::rpc::proto::FILE_DESCRIPTOR_SET;
use tonic::{
    Code, Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    metadata::MetadataMap,
    transport::Channel,
};
use tonic_types::StatusExt;

/// The paths of all methods of the contract.
pub fn methods() -> Vec<String> {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let services = set.file.iter().flat_map(|file| file.service.iter().map(move |service| (file.package(), service)));
    let paths = services.flat_map(|(package, service)| {
        service.method.iter().map(move |method| format!("/{package}.{}/{}", service.name(), method.name()))
    });
    paths.collect()
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub code: Code,
    pub message: String,
    /// The bytes of `grpc-status-details-bin`.
    pub details: Vec<u8>,
    /// The names of all headers and trailers of a refusal.
    pub names: Vec<String>,
    pub replies: Vec<Vec<u8>>,
}

impl Answer {
    /// Reason and domain of the `ErrorInfo`.
    pub fn reason(&self) -> (String, String) {
        let status = Status::with_details(self.code, self.message.clone(), self.details.clone().into());
        let info = status.get_error_details().error_info().cloned().expect("an ErrorInfo");
        (info.reason, info.domain)
    }

    /// Whether this is a refusal with that code and reason.
    pub fn is(&self, code: Code, reason: &str) -> bool {
        self.code == code && self.reason() == (reason.to_owned(), "riskport".to_owned())
    }
}

/// A connection. Clones share it.
#[derive(Clone)]
pub struct Wire(Grpc<Channel>);

impl Wire {
    pub async fn connect(address: SocketAddr) -> Self {
        let endpoint = Channel::from_shared(format!("http://{address}")).unwrap();
        Self(Grpc::new(endpoint.connect_timeout(Duration::from_secs(5)).connect().await.unwrap()))
    }

    /// Sends one message, and reads whatever comes back to its end. On the wire, all four kinds of methods look alike.
    pub async fn call(&self, path: &str, authorization: &[String], message: Vec<u8>) -> Answer {
        let mut headers = HeaderMap::new();
        for value in authorization {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let (metadata, extensions) = (MetadataMap::from_headers(headers), http::Extensions::new());
        let request = Request::from_parts(metadata, extensions, tokio_stream::once(message));
        let mut grpc = self.0.clone();
        grpc.ready().await.unwrap();
        let mut replies = Vec::new();
        let ended = match grpc.streaming(request, path.parse().unwrap(), Bytes).await {
            Err(refused) => refused,
            Ok(response) => {
                let mut stream = response.into_inner();
                loop {
                    match stream.message().await {
                        Ok(Some(reply)) => replies.push(reply),
                        Ok(None) => break Status::ok(""),
                        Err(refused) => break refused,
                    }
                }
            }
        };
        let mut names: Vec<String> = ended.metadata().clone().into_headers().keys().map(ToString::to_string).collect();
        names.sort();
        Answer {
            code: ended.code(),
            message: ended.message().to_owned(),
            details: ended.details().to_vec(),
            names,
            replies,
        }
    }

    /// As [`Self::call`], with one token.
    pub async fn call_as(&self, token: &str, path: &str, message: Vec<u8>) -> Answer {
        self.call(path, &[format!("Bearer {token}")], message).await
    }
}

/// Messages as the bytes they are.
#[derive(Clone, Copy, Default)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining()).to_vec()))
    }
}
