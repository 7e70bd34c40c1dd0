//! The server of the demo: the one that `riskport serve` runs, on a database and keys of its own.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use tokio::{sync::oneshot, task::JoinHandle};

use crate::{
    cli::{Failure, key},
    config::{Settings, SettingsSource},
    domain::key::KeyAlgorithm,
    server::{Server, ServerError},
};

/// Where it listens when nothing is said and the port is free: the port that gRPC examples use.
pub(super) const PREFERRED: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 50_051);

/// A server that runs in this process.
pub(super) struct Platform {
    /// Where it listens.
    pub(super) address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// The operator's private key in the demo's folder.
pub(super) fn operator_key(folder: &Path) -> PathBuf {
    folder.join("operator.pem")
}

impl Platform {
    /// Founds the operator on an empty database in `folder`, and serves.
    pub(super) async fn start(folder: &Path, listen: Option<SocketAddr>) -> Result<Self, Failure> {
        let source = SettingsSource {
            listen: Some(listen.unwrap_or(PREFERRED)),
            data_dir: Some(folder.to_owned()),
            // Its one caller asks as fast as it can, and waits for each answer however slow the machine is.
            good_time_ms: Some(60_000),
            ..SettingsSource::default()
        };
        let settings = source.validate()?;
        key::found(&settings, &operator_key(folder), KeyAlgorithm::EdDsa).await?;
        let server = bind(settings, listen.is_none()).await?;
        let address = server.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(server.serve(async {
            // A dropped sender means stop as well.
            let _ = stopped.await;
        }));
        Ok(Self { address, stop, serving })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Drains the server: when this returns, every decision is on disk and the database is closed.
    pub(super) async fn stop(self) -> Result<(), Failure> {
        // It has stopped already when nobody listens.
        let _ = self.stop.send(());
        Ok(self.serving.await?)
    }
}

/// Binds; on any free port when the one that nobody asked for is taken, by another demo for example.
async fn bind(mut settings: Settings, any_port: bool) -> Result<Server, ServerError> {
    match Server::bind(&settings).await {
        Err(ServerError::Listen { source, .. }) if any_port && source.kind() == io::ErrorKind::AddrInUse => {
            settings.listen.set_port(0);
            Server::bind(&settings).await
        }
        bound => bound,
    }
}
