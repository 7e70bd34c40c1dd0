//! The generator: a closed loop of unary calls, the same for both servers.

use std::{
    future::Future,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use http::uri::PathAndQuery;
use tokio::{sync::OnceCell, task::JoinSet};
use tonic::{
    Request,
    client::Grpc,
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint},
};

use super::{measured::Measured, raw::Raw};
use crate::cli::{
    Failure,
    load::{applicants::Message, cores::Spent},
    refused,
};

/// Which server and method to call, and with what. Clones are the same target.
#[derive(Clone)]
pub(super) struct Target(Arc<Inner>);

struct Inner {
    address: SocketAddr,
    path: PathAndQuery,
    messages: Vec<Message>,
    next: AtomicU64,
    channels: OnceCell<Vec<Channel>>,
}

impl Target {
    pub(super) fn new(address: SocketAddr, path: &'static str, messages: Vec<Message>) -> Self {
        let path = PathAndQuery::from_static(path);
        Self(Arc::new(Inner { address, path, messages, next: AtomicU64::new(0), channels: OnceCell::new() }))
    }

    /// The next request: an applicant, under an id that was never used.
    fn request(&self) -> Vec<u8> {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let at = usize::try_from(number).unwrap_or(0) % self.0.messages.len();
        self.0.messages[at].under(number)
    }

    /// The connections, made by the first round and kept.
    async fn channels(&self, count: u16) -> Result<&[Channel], Failure> {
        let connect = || async {
            let endpoint = Endpoint::from_shared(format!("http://{}", self.0.address))?;
            let mut channels = Vec::new();
            for _ in 0..count {
                channels.push(endpoint.connect().await?);
            }
            Ok::<_, Failure>(channels)
        };
        Ok(self.0.channels.get_or_try_init(connect).await?)
    }
}

/// How much to call at a time, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Generator {
    connections: u16,
    in_flight: u16,
    length: Duration,
}

impl Generator {
    pub(super) fn new(connections: u16, in_flight: u16, length: Duration) -> Self {
        Self { connections, in_flight, length }
    }

    /// One round, to be run on the generator's core. Calls that are in flight at its end are waited for and counted.
    pub(super) fn round(
        self,
        target: &Target,
        token: &MetadataValue<Ascii>,
    ) -> impl Future<Output = Result<Measured, Failure>> + Send + 'static {
        let (target, token) = (target.clone(), token.clone());
        async move {
            let channels = target.channels(self.connections).await?;
            let (begun, spent) = (Instant::now(), Spent::now()?);
            let mut callers = JoinSet::new();
            for channel in channels {
                for _ in 0..self.in_flight {
                    let grpc = Grpc::new(channel.clone());
                    callers.spawn(call_until(grpc, target.clone(), token.clone(), begun + self.length));
                }
            }
            let (mut latencies, mut reply_bytes) = (Vec::new(), 0);
            while let Some(of_one) = callers.join_next().await {
                let (its_latencies, its_bytes) = of_one??;
                latencies.extend(its_latencies);
                reply_bytes += its_bytes;
            }
            let (server_cpu, client_cpu) = Spent::now()?.since(spent);
            let elapsed = begun.elapsed();
            latencies.sort_unstable();
            Ok(Measured { latencies, reply_bytes, elapsed, server_cpu, client_cpu })
        }
    }
}

/// Calls one after the other, and tells how long each took and how many bytes came back. The first that is refused ends
/// it.
async fn call_until(
    mut grpc: Grpc<Channel>,
    target: Target,
    token: MetadataValue<Ascii>,
    end: Instant,
) -> Result<(Vec<Duration>, usize), Failure> {
    let (mut latencies, mut reply_bytes) = (Vec::new(), 0);
    while Instant::now() < end {
        let mut request = Request::new(target.request());
        request.metadata_mut().insert("authorization", token.clone());
        let sent = Instant::now();
        grpc.ready().await?;
        let reply = grpc.unary(request, target.0.path.clone(), Raw).await.map_err(|status| refused(&status))?;
        latencies.push(sent.elapsed());
        reply_bytes += reply.get_ref().len();
        if reply.metadata().contains_key("riskport-replayed") || reply.get_ref().is_empty() {
            return Err(Failure::new("a request under a new id was not answered anew"));
        }
    }
    Ok((latencies, reply_bytes))
}
