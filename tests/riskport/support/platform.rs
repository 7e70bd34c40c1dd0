//! A platform under test: a real server on a port of its own, with an operator and partners onboarded over real gRPC.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use riskport::{
    cli::{
        client::{SignedChannel, Signer},
        key_file::{PrivateKey, TokenClaims},
    },
    clock::Clock,
    config::{Settings, SettingsSource},
    domain::key::KeyAlgorithm,
    ops::{App, found_operator},
    rpc::proto::{
        credit::credit_score_service_client::CreditScoreServiceClient,
        decision::decision_service_client::DecisionServiceClient,
        fraud::{
            fraud_check_service_client::FraudCheckServiceClient, fraud_policy_service_client::FraudPolicyServiceClient,
        },
        pricing::pricing_service_client::PricingServiceClient,
        risk::risk_model_service_client::RiskModelServiceClient,
        tenant::{
            self, AddKeyRequest, CreateTenantRequest, Scope, TenantMode, tenant_service_client::TenantServiceClient,
        },
    },
    server::Server,
    store::Database,
};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};
use tonic::{service::interceptor::InterceptedService, transport::Channel};

use super::World;

/// Everything a partner can be granted.
pub const PARTNER_SCOPES: [Scope; 15] = [
    Scope::CreditScore,
    Scope::CreditReport,
    Scope::DecisionRead,
    Scope::TenantSelf,
    Scope::RiskEvaluate,
    Scope::ModelRead,
    Scope::ModelManage,
    Scope::ModelPromote,
    Scope::FraudCheck,
    Scope::FraudReport,
    Scope::FraudBackfill,
    Scope::FraudPolicy,
    Scope::FraudExport,
    Scope::PricingQuote,
    Scope::PricingPlan,
];
/// Enough requests a second that no test meets the quota by accident.
pub const AMPLE_RATE: i32 = 100_000;

/// A running server. It stops gracefully with [`Platform::stop`].
pub struct Platform {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where metrics and probes are, when the settings name an address for them.
    pub metrics: Option<SocketAddr>,
    /// The operator's own key.
    pub operator: Arc<PrivateKey>,
    settings: Settings,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    folder: TempDir,
}

/// An onboarded partner: its id and a key with all partner scopes.
#[derive(Clone)]
pub struct Partner {
    pub id: String,
    pub key: Arc<PrivateKey>,
}

impl Platform {
    /// Starts a server on a world's database and founds its operator.
    pub async fn start(world: &World) -> Self {
        Self::start_with(world, SettingsSource::default()).await
    }

    /// As [`Self::start`], with some settings of its own.
    pub async fn start_with(world: &World, source: SettingsSource) -> Self {
        let folder = tempfile::Builder::new().prefix("riskport-test-").tempdir().unwrap();
        let master_key_file = folder.path().join("master.key");
        riskport::vault::MasterKey::create(&master_key_file).unwrap();
        let mut settings = SettingsSource {
            listen: Some("127.0.0.1:0".parse().unwrap()),
            master_key_file: Some(master_key_file),
            // A build for tests is many times slower, and no test is to depend on how busy the machine is.
            good_time_ms: source.good_time_ms.or(Some(60_000)),
            ..source
        }
        .validate()
        .unwrap();
        settings.database = world.database.clone();
        let operator = new_key();
        let (app, writer_task) = Box::pin(App::start(&settings)).await.unwrap();
        found_operator(&app, operator.public.clone()).await.unwrap();
        writer_task.finish().await;
        app.close().await;
        Self::serve(settings, operator, folder).await
    }

    async fn serve(settings: Settings, operator: Arc<PrivateKey>, folder: TempDir) -> Self {
        let server = Box::pin(Server::bind(&settings)).await.unwrap();
        let (address, metrics) = (server.local_addr().unwrap(), server.metrics_addr());
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(server.serve(async { drop(stopped.await) }));
        Self { address, metrics, operator, settings, stop, serving, folder }
    }

    /// Drains the server, waits until it has ended, and gives the folder with its master key.
    pub async fn stop(self) -> TempDir {
        let _ = self.stop.send(());
        self.serving.await.unwrap();
        self.folder
    }

    /// Drains the server and starts a new one on the same database, as a restart would.
    pub async fn restart(self) -> Self {
        let Self { operator, settings, stop, serving, folder, .. } = self;
        let _ = stop.send(());
        serving.await.unwrap();
        Self::serve(settings, operator, folder).await
    }

    /// Starts another server on the same database and keys, as a second process would be.
    pub async fn beside(&self) -> Self {
        Self::serve(self.settings.clone(), Arc::clone(&self.operator), tempfile::tempdir().unwrap()).await
    }

    /// The server's URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A connection of its own.
    pub async fn channel(&self) -> Channel {
        Channel::from_shared(self.url()).unwrap().connect_timeout(Duration::from_secs(5)).connect().await.unwrap()
    }

    /// A connection that signs as the operator.
    pub async fn as_operator(&self) -> SignedChannel {
        self.signed(&Partner { id: "operator".to_owned(), key: Arc::clone(&self.operator) }).await
    }

    /// A connection that signs as a partner.
    pub async fn signed(&self, partner: &Partner) -> SignedChannel {
        let signer = Signer::new(Arc::clone(&partner.key), &partner.id, "riskport");
        InterceptedService::new(self.channel().await, signer)
    }

    /// The tenant service as the operator.
    pub async fn tenants(&self) -> TenantServiceClient<SignedChannel> {
        TenantServiceClient::new(self.as_operator().await)
    }

    /// The credit score service as a partner.
    pub async fn credit(&self, partner: &Partner) -> CreditScoreServiceClient<SignedChannel> {
        CreditScoreServiceClient::new(self.signed(partner).await)
    }

    /// The decision service as a partner.
    pub async fn decisions(&self, partner: &Partner) -> DecisionServiceClient<SignedChannel> {
        DecisionServiceClient::new(self.signed(partner).await)
    }

    /// The risk model service as a partner, or as the operator.
    pub async fn models(&self, partner: &Partner) -> RiskModelServiceClient<SignedChannel> {
        RiskModelServiceClient::new(self.signed(partner).await)
    }

    /// The fraud check service as a partner.
    pub async fn fraud(&self, partner: &Partner) -> FraudCheckServiceClient<SignedChannel> {
        FraudCheckServiceClient::new(self.signed(partner).await)
    }

    /// The fraud policy service as a partner.
    pub async fn policies(&self, partner: &Partner) -> FraudPolicyServiceClient<SignedChannel> {
        FraudPolicyServiceClient::new(self.signed(partner).await)
    }

    /// The pricing service as a partner, or as the operator.
    pub async fn pricing(&self, partner: &Partner) -> PricingServiceClient<SignedChannel> {
        PricingServiceClient::new(self.signed(partner).await)
    }

    /// The operator as a caller.
    pub fn operator(&self) -> Partner {
        Partner { id: "operator".to_owned(), key: Arc::clone(&self.operator) }
    }

    /// Onboards a partner with one key and an ample quota.
    pub async fn onboard(&self, id: &str) -> Partner {
        self.onboard_with(id, AMPLE_RATE, new_key()).await
    }

    /// Onboards a partner whose now is the time of its newest event.
    pub async fn onboard_replaying(&self, id: &str) -> Partner {
        self.onboard_as(id, AMPLE_RATE, TenantMode::SandboxEventClock, new_key()).await
    }

    /// Onboards a partner with a quota and a key of its own.
    pub async fn onboard_with(&self, id: &str, requests_per_second: i32, key: Arc<PrivateKey>) -> Partner {
        self.onboard_as(id, requests_per_second, TenantMode::Live, key).await
    }

    async fn onboard_as(&self, id: &str, requests_per_second: i32, mode: TenantMode, key: Arc<PrivateKey>) -> Partner {
        let mut tenants = self.tenants().await;
        let tenant = tenant::Tenant {
            display_name: id.to_owned(),
            requests_per_second,
            mode: mode as i32,
            ..tenant::Tenant::default()
        };
        let request = CreateTenantRequest { tenant_id: id.to_owned(), tenant: Some(tenant) };
        tenants.create_tenant(request).await.unwrap();
        let partner = Partner { id: id.to_owned(), key };
        self.add_key(&partner, &PARTNER_SCOPES).await;
        partner
    }

    /// Registers a partner's key with some scopes, as the operator.
    pub async fn add_key(&self, partner: &Partner, scopes: &[Scope]) {
        let request = AddKeyRequest {
            parent: format!("tenants/{}", partner.id),
            jwk: partner.key.jwk(),
            scopes: scopes.iter().map(|scope| *scope as i32).collect(),
            ..AddKeyRequest::default()
        };
        self.tenants().await.add_key(request).await.unwrap();
    }
}

/// A new Ed25519 key.
pub fn new_key() -> Arc<PrivateKey> {
    Arc::new(PrivateKey::generate(KeyAlgorithm::EdDsa).unwrap().0)
}

/// A token of a partner's key, good for ten minutes, that asks for `scope` (all it has, for nothing).
pub fn token(partner: &Partner, scope: Option<&str>) -> String {
    signed_token(partner, scope, Duration::from_mins(10))
}

/// A token of a partner's key that is good for so long and asks for everything.
pub fn token_for(partner: &Partner, lifetime: Duration) -> String {
    signed_token(partner, None, lifetime)
}

fn signed_token(partner: &Partner, scope: Option<&str>, lifetime: Duration) -> String {
    let claims = TokenClaims {
        tenant: &partner.id,
        audience: "riskport",
        actor: None,
        scope,
        now: Clock.now(),
        lifetime,
        certificate: None,
    };
    partner.key.sign(&claims).unwrap()
}

/// Whether a database is PostgreSQL, for the few tests whose expectations differ.
pub fn is_postgres(database: &Database) -> bool {
    matches!(database, Database::Postgres(_))
}
