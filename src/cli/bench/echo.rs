//! The echo: what a unary call costs when it does nothing. tonic's own codec and server, as generated code uses them.

use std::{
    convert::Infallible,
    future::{Future, pending, ready},
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use prost::Message as _;
use tokio::net::TcpListener;
use tonic::{
    Request, Response, Status,
    body::Body,
    server::{Grpc, NamedService},
    service::Routes,
};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

use crate::{
    cli::{
        Failure,
        load::{applicants::Message, cores::Core},
    },
    server::serve_bare,
};

/// The path of the method.
pub(super) const PATH: &str = "/riskport.bench.Echo/Echo";

/// What is sent and answered: an id, as a score's request has, and as many bytes as it takes.
#[derive(Clone, PartialEq, prost::Message)]
struct Payload {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(bytes = "bytes", tag = "2")]
    filler: Bytes,
}

/// The bytes of tag and length before a filler of 128 to 16,383 bytes, and the field of an id that is answered.
const FILLER_HEAD: usize = 3;
const ID_FIELD: usize = 20;

/// A message for the echo, of the same size as one for a score.
pub(super) fn of_same_size(message: &Message) -> Message {
    Message(Payload { id: String::new(), filler: filler(message.0.len()) }.encode_to_vec())
}

fn filler(field_bytes: usize) -> Bytes {
    Bytes::from(vec![b'x'; field_bytes.saturating_sub(FILLER_HEAD)])
}

#[derive(Clone)]
struct Echo {
    filler: Bytes,
}

impl NamedService for Echo {
    const NAME: &'static str = "riskport.bench.Echo";
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let filler = self.filler.clone();
        Box::pin(async move {
            let answer = service_fn(|request: Request<Payload>| {
                let reply = Payload { id: request.into_inner().id, filler: filler.clone() };
                ready(Ok::<_, Status>(Response::new(reply)))
            });
            Ok(Grpc::new(ProstCodec::<Payload, Payload>::default()).unary(answer, request).await)
        })
    }
}

/// Serves the echo on the server's core for as long as that lives, with replies of a size, and tells where.
pub(super) async fn start(server: &Core, reply_bytes: usize) -> Result<SocketAddr, Failure> {
    let echo = Echo { filler: filler(reply_bytes.saturating_sub(ID_FIELD)) };
    let address = server.spawn(async move {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        tokio::spawn(serve_bare(listener, Routes::new(echo), pending()));
        Ok::<_, std::io::Error>(address)
    });
    Ok(address.await??)
}
