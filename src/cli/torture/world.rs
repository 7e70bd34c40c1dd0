//! A server with an operator, on a database of its own, for tenants to be onboarded.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::time::sleep;
use tonic::{
    service::interceptor::InterceptedService,
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use super::{
    onboarding::Partner,
    process::{Process, Start},
};
use crate::{
    cli::{
        Failure,
        client::{SignedChannel, Signer},
        key_file::PrivateKey,
        load::{
            cores::Cores,
            founded::{found, settings},
        },
        refused,
    },
    rpc::proto::decision::{ListDecisionsRequest, decision_service_client::DecisionServiceClient},
};

/// The most decisions that a page may have.
const PAGE: i32 = 500;
/// How often it is looked whether a server answers.
const LOOK: Duration = Duration::from_millis(5);
/// The longest that a server may take until it answers.
const START_LIMIT: Duration = Duration::from_mins(2);
/// The service whose health says that fraud checks are answered.
const FRAUD_CHECKS: &str = "riskport.fraud.v1.FraudCheckService";

/// Where servers run, and on what.
#[derive(Debug)]
pub(super) struct Site {
    /// The folder to make databases in, if not the temporary one.
    pub data_dir: Option<PathBuf>,
    /// The PostgreSQL database that all servers of a run share; without it each has a SQLite database of its own.
    pub database_url: Option<String>,
    pub cores: Cores,
    founded: std::sync::Mutex<Option<Founded>>,
    next: Arc<AtomicU64>,
}

/// A database with an operator, and the folder of its keys.
#[derive(Clone)]
struct Founded {
    folder: Arc<TempDir>,
    operator: Arc<PrivateKey>,
}

impl std::fmt::Debug for Founded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Founded").field("folder", &self.folder.path()).finish_non_exhaustive()
    }
}

/// A server that runs, and its operator. It is ended when this is dropped.
pub(super) struct World {
    pub process: Process,
    pub operator: Arc<PrivateKey>,
    folder: Arc<TempDir>,
    database_url: Option<String>,
    core: Option<usize>,
}

impl Site {
    pub(super) fn new(data_dir: Option<PathBuf>, database_url: Option<String>, cores: Cores) -> Self {
        Self { data_dir, database_url, cores, founded: std::sync::Mutex::default(), next: Arc::default() }
    }

    /// The count of ids of requests, which are never used twice in a run.
    pub(super) fn ids(&self) -> &Arc<AtomicU64> {
        &self.next
    }

    /// Starts a server on a new SQLite database; or on PostgreSQL, whose database is founded once.
    pub(super) async fn world(&self) -> Result<World, Failure> {
        let Founded { folder, operator } = self.founded().await?;
        let (database_url, core) = (self.database_url.clone(), self.cores.server);
        let start = Start { folder: folder.path(), database_url: database_url.as_deref(), core, open_files: None };
        let process = Process::start(&start)?;
        Ok(World { process, operator, folder, database_url, core })
    }

    async fn founded(&self) -> Result<Founded, Failure> {
        let known = self.founded.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        if let Some(founded) = known.filter(|_| self.database_url.is_some()) {
            return Ok(founded);
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix("riskport-torture-");
        let folder = self.data_dir.as_ref().map_or_else(|| builder.tempdir(), |parent| builder.tempdir_in(parent))?;
        let operator = found(&settings(folder.path(), self.database_url.as_deref())?).await?;
        let founded = Founded { folder: Arc::new(folder), operator };
        *self.founded.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(founded.clone());
        Ok(founded)
    }
}

impl World {
    pub(super) fn address(&self) -> SocketAddr {
        self.process.address
    }

    /// Ends the server and starts it again on what it stored, with so many files at most; tells how long it took to end.
    pub(super) async fn restart(&mut self, open_files: Option<u64>) -> Result<Duration, Failure> {
        let drained = self.process.stop().await?;
        let (database_url, core) = (self.database_url.as_deref(), self.core);
        self.process = Process::start(&Start { folder: self.folder.path(), database_url, core, open_files })?;
        Ok(drained)
    }

    /// A connection that signs as the operator.
    pub(super) async fn as_operator(&self) -> Result<SignedChannel, Failure> {
        self.signed("operator", &self.operator).await
    }

    /// A connection that signs as a tenant.
    pub(super) async fn signed(&self, tenant: &str, key: &Arc<PrivateKey>) -> Result<SignedChannel, Failure> {
        let signer = Signer::new(Arc::clone(key), tenant, "riskport");
        Ok(InterceptedService::new(self.channel().await?, signer))
    }

    /// A connection of its own.
    pub(super) async fn channel(&self) -> Result<Channel, Failure> {
        Ok(Endpoint::from_shared(format!("http://{}", self.address()))?.connect().await?)
    }

    /// Counts the decisions that are stored for a partner, by listing all of them.
    pub(super) async fn stored(&self, partner: &Partner) -> Result<usize, Failure> {
        let mut client = DecisionServiceClient::new(self.signed(&partner.id, &partner.key).await?);
        let (mut count, mut page_token) = (0, String::new());
        loop {
            let request = ListDecisionsRequest { page_size: PAGE, page_token, ..ListDecisionsRequest::default() };
            // A partner whose quota an attack has used up waits for it.
            let page = match client.list_decisions(request.clone()).await {
                Ok(page) => page.into_inner(),
                Err(status) if status.code() == tonic::Code::ResourceExhausted => {
                    page_token = request.page_token;
                    sleep(Duration::from_millis(100)).await;
                    continue;
                }
                Err(status) => return Err(refused(&status)),
            };
            count += page.decisions.len();
            if page.next_page_token.is_empty() {
                return Ok(count);
            }
            page_token = page.next_page_token;
        }
    }

    /// Waits until health says that fraud checks are answered.
    pub(super) async fn checks_fraud(&self) -> Result<(), Failure> {
        let begun = Instant::now();
        let mut health = HealthClient::new(self.channel().await?);
        while begun.elapsed() < START_LIMIT {
            let request = HealthCheckRequest { service: FRAUD_CHECKS.to_owned() };
            let answer = health.check(request).await.map_err(|status| refused(&status))?;
            if answer.into_inner().status() == ServingStatus::Serving {
                return Ok(());
            }
            sleep(LOOK).await;
        }
        Err(Failure::new("the server does not say that it checks events: look at its log"))
    }
}
