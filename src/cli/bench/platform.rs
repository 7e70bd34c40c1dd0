//! The real server with a fresh database and one partner, who may call as often as it can.

use std::{
    io,
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::{sync::oneshot, time::sleep};
use tonic::{
    Code,
    metadata::{Ascii, MetadataValue},
    service::interceptor::InterceptedService,
    transport::{Channel, Endpoint},
};

use crate::{
    cli::{
        Failure,
        client::{SignedChannel, Signer},
        key_file::PrivateKey,
        load::{
            cores::{Core, postgres_spent},
            founded::{found, settings},
            machine::file_system,
        },
        refused,
        tenant::PARTNER_SCOPES,
    },
    config::Settings,
    domain::key::KeyAlgorithm,
    rpc::proto::{
        decision::{ListDecisionsRequest, decision_service_client::DecisionServiceClient},
        fraud::{CheckFraudRequest, fraud_check_service_client::FraudCheckServiceClient},
        tenant::{AddKeyRequest, CreateTenantRequest, Tenant, tenant_service_client::TenantServiceClient},
    },
    server::Server,
};

/// The partner.
const TENANT: &str = "bench";
/// The highest quota there is, in requests a second: some ten times what a core can answer.
const AMPLE_RATE: i32 = 100_000;
/// The most decisions that a page may have.
const PAGE: i32 = 500;

/// A server that runs on its core.
pub(super) struct Platform {
    pub address: SocketAddr,
    channel: Channel,
    signer: Signer,
    stop: oneshot::Sender<()>,
    stopped: oneshot::Receiver<()>,
    /// The folder of the SQLite file and of the keys; it goes when this does.
    folder: TempDir,
    postgres: Option<String>,
    settings: Settings,
}

impl Platform {
    /// Starts the server on its core and onboards the partner through the real RPCs.
    pub(super) async fn start(
        core: &Core,
        data_dir: Option<&Path>,
        database_url: Option<&str>,
    ) -> Result<Self, Failure> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("riskport-bench-");
        let folder = data_dir.map_or_else(|| builder.tempdir(), |parent| builder.tempdir_in(parent))?;
        let mut settings = settings(folder.path(), database_url)?;
        // What a machine can do is asked, not what it does in good time.
        settings.good_time = Duration::from_mins(1);
        let of_server = settings.clone();
        let founded = async move { Ok::<_, Failure>((found(&of_server).await?, Server::bind(&of_server).await?)) };
        let (operator, server) = core.spawn(founded).await??;
        let Running { address, channel, stop, stopped } = Running::start(core, server).await?;
        let signer = onboard(&channel, operator).await?;
        let postgres = database_url.map(database_name);
        Ok(Self { address, channel, signer, stop, stopped, folder, postgres, settings })
    }

    /// Ends the server and starts it again on what it stored, and tells how long it took from then until it answered a check.
    pub(super) async fn restart(&mut self, core: &Core, probe: &CheckFraudRequest) -> Result<Duration, Failure> {
        let (stop, stopped) = (oneshot::channel().0, oneshot::channel().1);
        let _ = std::mem::replace(&mut self.stop, stop).send(());
        std::mem::replace(&mut self.stopped, stopped).await.map_err(|_| Failure::new("the server did not end"))?;
        let settings = self.settings.clone();
        let server = core.spawn(async move { Server::bind(&settings).await }).await??;
        let begun = Instant::now();
        let running = Running::start(core, server).await?;
        (self.address, self.channel) = (running.address, running.channel);
        (self.stop, self.stopped) = (running.stop, running.stopped);
        let mut client = FraudCheckServiceClient::new(self.signed());
        loop {
            match client.check_fraud(probe.clone()).await {
                Ok(_) => return Ok(begun.elapsed()),
                Err(status) if status.code() == Code::Unavailable => sleep(Duration::from_millis(5)).await,
                Err(status) => return Err(refused(&status)),
            }
        }
    }

    /// A connection that signs as the partner.
    pub(super) fn signed(&self) -> SignedChannel {
        InterceptedService::new(self.channel.clone(), self.signer.clone())
    }

    /// A bearer header of the partner, good for five minutes at least.
    pub(super) fn token(&mut self) -> Result<MetadataValue<Ascii>, Failure> {
        self.signer.token()
    }

    /// Counts what is stored for the partner, by listing all of it.
    pub(super) async fn count_decisions(&self) -> Result<usize, Failure> {
        let mut client = DecisionServiceClient::new(self.signed());
        let (mut count, mut page_token) = (0, String::new());
        loop {
            let request = ListDecisionsRequest { page_size: PAGE, page_token, ..ListDecisionsRequest::default() };
            let page = client.list_decisions(request).await.map_err(|status| refused(&status))?.into_inner();
            count += page.decisions.len();
            if page.next_page_token.is_empty() {
                return Ok(count);
            }
            page_token = page.next_page_token;
        }
    }

    /// What PostgreSQL has spent on this database, when it is used and runs on this machine.
    pub(super) fn database_spent(&self) -> Option<Duration> {
        postgres_spent(self.postgres.as_deref()?)
    }

    /// One line about the database.
    pub(super) fn describe_database(&self) -> io::Result<String> {
        if let Some(name) = &self.postgres {
            return Ok(format!(
                "PostgreSQL, {name}; its own CPU is not the server's: it is counted apart, its backends on this machine only"
            ));
        }
        let file_system = file_system(self.folder.path())?;
        let memory = if file_system == "tmpfs" { ": MEMORY, not a disk, so commits cost too little" } else { "" };
        Ok(format!("SQLite, WAL, synchronous=FULL, in {} ({file_system}{memory})", self.folder.path().display()))
    }

    /// Drains the server, and waits until it has ended.
    pub(super) async fn stop(self) -> Result<(), Failure> {
        let _ = self.stop.send(());
        self.stopped.await.map_err(|_| Failure::new("the server did not end as it should"))
    }
}

/// A server that was just started.
struct Running {
    address: SocketAddr,
    channel: Channel,
    stop: oneshot::Sender<()>,
    stopped: oneshot::Receiver<()>,
}

impl Running {
    async fn start(core: &Core, server: Server) -> Result<Self, Failure> {
        let (stop, told) = oneshot::channel::<()>();
        let (ended, stopped) = oneshot::channel();
        let address = server.local_addr()?;
        core.spawn(async move {
            server.serve(async { drop(told.await) }).await;
            let _ = ended.send(());
        });
        let channel = Endpoint::from_shared(format!("http://{address}"))?.connect().await?;
        Ok(Self { address, channel, stop, stopped })
    }
}

/// Creates the partner with the highest quota there is, and gives it a key with all that a partner may do.
async fn onboard(channel: &Channel, operator: Arc<PrivateKey>) -> Result<Signer, Failure> {
    let operator = Signer::new(operator, "operator", "riskport");
    let mut tenants = TenantServiceClient::new(InterceptedService::new(channel.clone(), operator));
    let tenant = Tenant { display_name: TENANT.to_owned(), requests_per_second: AMPLE_RATE, ..Tenant::default() };
    let request = CreateTenantRequest { tenant_id: TENANT.to_owned(), tenant: Some(tenant) };
    tenants.create_tenant(request).await.map_err(|status| refused(&status))?;
    let key = Arc::new(PrivateKey::generate(KeyAlgorithm::Es256)?.0);
    let request = AddKeyRequest {
        parent: format!("tenants/{TENANT}"),
        jwk: key.jwk(),
        scopes: PARTNER_SCOPES.iter().map(|scope| *scope as i32).collect(),
        ..AddKeyRequest::default()
    };
    tenants.add_key(request).await.map_err(|status| refused(&status))?;
    Ok(Signer::new(key, TENANT, "riskport"))
}

/// The database that a URL names: what follows the last `/` of its path.
fn database_name(url: &str) -> String {
    let path = url.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}
