//! The composition root: opens what the settings name, puts the services behind the layers, and serves them.

mod accept;
mod bodies;
mod conduct;
mod connection;
mod deadline;
mod inference;
mod layers;
mod linger;
mod message;
mod methods;
mod observe;
pub(crate) mod pem;
mod probes;
mod remap;
mod tls;

use std::{future::Future, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, middleware};
use thiserror::Error;
use tokio::{
    net::TcpListener,
    sync::watch,
    time::{MissedTickBehavior, timeout},
};
use tonic::service::Routes;
use tonic_health::server::HealthReporter;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;

pub use self::accept::OTHER_FILES;
use self::{accept::Places, connection::Front, observe::Observer, probes::Probes, tls::Certificate};
use crate::{
    config::{Settings, SettingsError},
    domain::refusal::Refusal,
    ops::{App, AppError, keep_counting},
    rpc::{
        Context, CreditScore, Decisions, FraudChecks, FraudPolicies, Inference, MAX_INFERENCE_BYTES, MAX_MESSAGE_BYTES,
        Pricing, RiskModels, Tenants,
        proto::{
            FILE_DESCRIPTOR_SET,
            credit::credit_score_service_server::CreditScoreServiceServer,
            decision::decision_service_server::DecisionServiceServer,
            fraud::{
                fraud_check_service_server::FraudCheckServiceServer,
                fraud_policy_service_server::FraudPolicyServiceServer,
            },
            inference::grpc_inference_service_server::GrpcInferenceServiceServer,
            pricing::pricing_service_server::PricingServiceServer,
            risk::risk_model_service_server::RiskModelServiceServer,
            tenant::tenant_service_server::TenantServiceServer,
        },
        scored,
    },
    store::WriterTask,
};

/// How long open calls may take to end once the server drains.
pub const DRAIN_LIMIT: Duration = Duration::from_secs(8);
/// How long the store may take to close after that; a database that does not answer must not hold up the end.
const CLOSE_LIMIT: Duration = Duration::from_millis(1_500);

/// How often the store is asked whether another process changed a tenant or a key: revocation takes effect within it.
const WATCH_INTERVAL: Duration = Duration::from_millis(300);

/// The most connections to a bare server.
const BARE_CONNECTIONS: usize = 1_024;
/// How long the store may take to answer before it counts as away, and how long the question is left open after that.
const ANSWER_LIMIT: Duration = Duration::from_millis(500);
const SILENCE_LIMIT: Duration = Duration::from_secs(2);

/// The service that health says of whether the process lives, whatever its store does.
const LIVENESS: &str = "liveness";

/// How often the lease on tenants' behaviour is renewed.
const LEASE_INTERVAL: Duration = Duration::from_secs(1);

/// Why the server cannot start.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The database, the keys or the models.
    #[error(transparent)]
    App(#[from] AppError),
    /// The data folder.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The certificate.
    #[error("{0}")]
    Tls(String),
    /// The contract's descriptors, for reflection.
    #[error("the contract's descriptors cannot be served: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The address.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// A server that listens and is not yet serving: its address is known, and connections wait.
pub struct Server {
    app: Arc<App>,
    writer_task: WriterTask,
    listener: TcpListener,
    certificate: Option<Certificate>,
    max_connections: usize,
    router: Router,
    health: HealthReporter,
    drain: watch::Sender<bool>,
    probes: Option<Probes>,
}

impl Server {
    /// Opens everything the settings name, and listens.
    ///
    /// # Errors
    /// What is missing or wrong, in a sentence that says what to do.
    pub async fn bind(settings: &Settings) -> Result<Self, ServerError> {
        let certificate = settings.tls.as_ref().map(Certificate::read).transpose().map_err(ServerError::Tls)?;
        settings.make_data_dir()?;
        let listener = TcpListener::bind(settings.listen)
            .await
            .map_err(|source| ServerError::Listen { address: settings.listen, source })?;
        let (app, writer_task) = App::start(settings).await?;
        let app = Arc::new(app);
        let (drain, draining) = watch::channel(false);
        let observer = Observer::new(Arc::clone(app.metrics()), settings.otlp.is_some());
        let probes = match settings.metrics_listen {
            Some(address) => Some(listen_for_probes(address, &app, &observer, draining.clone()).await?),
            None => None,
        };
        let context = Context { app: Arc::clone(&app), draining };
        let (health, services) = services(&context, settings.reflection)?;
        let router = layered(services, context, settings.call_timeout, observer);
        let max_connections = settings.max_connections;
        Ok(Self { app, writer_task, listener, certificate, max_connections, router, health, drain, probes })
    }

    /// The address it listens on.
    ///
    /// # Errors
    /// When the operating system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The address that metrics and probes are served on, where they are.
    #[must_use]
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.probes.as_ref().and_then(|probes| probes.local_addr().ok())
    }

    /// Whether the platform has an operator; it cannot be used before.
    ///
    /// # Errors
    /// Unavailable, when the database does not answer.
    pub async fn has_operator(&self) -> Result<bool, Refusal> {
        self.app.has_operator().await
    }

    /// Serves until `stop` is done, then drains: no new calls, open ones get [`DRAIN_LIMIT`], and every decision that was
    /// taken is on disk when this returns.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send) {
        let Self { app, writer_task, listener, certificate, max_connections, router, health, drain, probes } = self;
        let probed = probes.map(|probes| tokio::spawn(probes.serve()));
        health.set_service_status(LIVENESS, tonic_health::ServingStatus::Serving).await;
        // Until the store has answered for the first time, nobody is told that it does.
        report_health(&health, false, false).await;
        app.keep_behaviour().await;
        tokio::spawn(Arc::clone(&app).make_behaviours());
        let keeping = tokio::spawn(keep_behaviour(Arc::clone(&app)));
        let counting = tokio::spawn(keep_counting(Arc::clone(&app), scored));
        let watching = tokio::spawn(watch_changes(Arc::clone(&app), health.clone()));
        let front = Front {
            tls: certificate.as_ref().map(Certificate::current),
            router,
            draining: drain.subscribe(),
            places: Places::new(max_connections),
            metrics: Arc::clone(app.metrics()),
        };
        let certifying = certificate.map(|certificate| tokio::spawn(certificate.keep_current()));
        accept::accept(listener, front, async {
            stop.await;
            tracing::info!("draining");
            if let Some(certifying) = certifying {
                certifying.abort();
            }
            // Whoever asks for health is told first, so that a load balancer sends no more.
            watching.abort();
            report_health(&health, false, false).await;
            drain.send_replace(true);
        })
        .await;
        let closed = async {
            writer_task.finish().await;
            keeping.abort();
            counting.abort();
            app.close().await;
        };
        if timeout(CLOSE_LIMIT, closed).await.is_err() {
            tracing::warn!("the store did not close in time; what was acknowledged is on disk all the same");
        }
        if let Some(probed) = probed {
            probed.abort();
        }
        tracing::info!("stopped");
    }
}

/// Serves services by the same accept loop, without TLS and without any layer, until `stop` is done: a bare server, to
/// measure this one against.
pub async fn serve_bare(listener: TcpListener, routes: Routes, stop: impl Future<Output = ()> + Send) {
    let (drain, draining) = watch::channel(false);
    let front = Front {
        tls: None,
        router: routes.into_axum_router(),
        draining,
        places: Places::new(BARE_CONNECTIONS),
        metrics: Arc::default(),
    };
    accept::accept(listener, front, async {
        stop.await;
        drain.send_replace(true);
    })
    .await;
}

/// Keeps what is cached of tenants and keys true, and reports whether calls are answered: they are while the store is.
async fn watch_changes(app: Arc<App>, health: HealthReporter) {
    let mut ticks = tokio::time::interval(WATCH_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let mut asking = pin!(app.see_changes());
        let answered = if let Ok(answered) = timeout(ANSWER_LIMIT, asking.as_mut()).await {
            answered
        } else {
            // Whoever asks for health must not wait for a store that says nothing; and asking it again would not help.
            app.store_is_silent();
            report_health(&health, false, false).await;
            timeout(SILENCE_LIMIT, asking).await.unwrap_or(false)
        };
        report_health(&health, answered, answered && app.holds_behaviour()).await;
    }
}

/// Keeps this process in charge of tenants' behaviour, or takes charge when nobody else is.
async fn keep_behaviour(app: Arc<App>) {
    let mut ticks = tokio::time::interval(LEASE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        app.keep_behaviour().await;
    }
}

/// The services: ours behind the layers, and the standard ones beside them.
fn services(context: &Context, reflection: bool) -> Result<(HealthReporter, Routes), ServerError> {
    macro_rules! limited {
        ($service:expr) => {
            $service.max_decoding_message_size(MAX_MESSAGE_BYTES)
        };
    }
    let inference = GrpcInferenceServiceServer::new(Inference(context.clone()));
    let (health, health_service) = tonic_health::server::health_reporter();
    let mut routes = Routes::new(limited!(health_service))
        .add_service(limited!(CreditScoreServiceServer::new(CreditScore(context.clone()))))
        .add_service(limited!(DecisionServiceServer::new(Decisions(context.clone()))))
        .add_service(limited!(FraudCheckServiceServer::new(FraudChecks(context.clone()))))
        .add_service(limited!(FraudPolicyServiceServer::new(FraudPolicies(context.clone()))))
        .add_service(inference.max_decoding_message_size(MAX_INFERENCE_BYTES))
        .add_service(limited!(PricingServiceServer::new(Pricing(context.clone()))))
        .add_service(limited!(RiskModelServiceServer::new(RiskModels(context.clone()))))
        .add_service(limited!(TenantServiceServer::new(Tenants(context.clone()))));
    if reflection {
        let builder = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET)
                .include_reflection_service(false)
                // Without these, clients show error details as bytes.
                .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
        };
        // Newer clients ask v1, grpcurl and Python's ask v1alpha.
        routes = routes.add_service(limited!(builder().build_v1()?)).add_service(limited!(builder().build_v1alpha()?));
    }
    Ok((health, routes))
}

/// Puts the layers around the services. A request passes them from the first to the last.
fn layered(services: Routes, context: Context, call_timeout: Duration, observer: Arc<Observer>) -> Router {
    let app = Arc::clone(&context.app);
    let gate = layers::Gate::new(context);
    let layered = ServiceBuilder::new()
        // Names the call, so that whatever happens to it can be found in the log, and counts it.
        .layer(middleware::from_fn_with_state(observer, observe::observe))
        // Gives what tonic itself refuses, and what the layers below refuse, the contract's codes and reasons.
        .layer(middleware::from_fn(remap::remap))
        // A handler that panics is answered, and nobody else notices.
        .layer(CatchPanicLayer::custom(layers::panicked))
        // Bounds how many calls there are at once: refusing costs nothing yet here.
        .layer(middleware::from_fn_with_state(gate.clone(), layers::admit))
        // Bounds everything behind it in time.
        .layer(middleware::from_fn_with_state(call_timeout, deadline::deadline))
        // Who is calling. After the deadline, for it may read the store, which may not answer.
        .layer(middleware::from_fn_with_state(gate, layers::authenticate))
        // One message where a method takes one, in time: whoever reads it, here or below, is not kept waiting.
        .layer(middleware::from_fn(message::hold_to_one))
        // Bounds how many large messages there are at once. It needs to know who calls, and reads the message.
        .layer(middleware::from_fn_with_state(app, inference::admit_inference))
        .service(services.into_axum_router());
    // All of them as one: a router's own layers are a box each, and each call would clone the boxes of all layers below it.
    Router::new().fallback_service(layered)
}

async fn listen_for_probes(
    address: SocketAddr,
    app: &Arc<App>,
    observer: &Arc<Observer>,
    draining: watch::Receiver<bool>,
) -> Result<Probes, ServerError> {
    let listening = Probes::bind(address, Arc::clone(app), Arc::clone(observer), draining).await;
    listening.map_err(|source| ServerError::Listen { address, source })
}

/// Tells whoever asks for health whether calls are answered; those that check events only by the process in charge of
/// tenants' behaviour.
async fn report_health(health: &HealthReporter, serving: bool, checking: bool) {
    let status = |serving: bool| {
        if serving { tonic_health::ServingStatus::Serving } else { tonic_health::ServingStatus::NotServing }
    };
    health.set_service_status("riskport.fraud.v1.FraudCheckService", status(checking)).await;
    for service in [
        "",
        "inference.GRPCInferenceService",
        "riskport.credit.v1.CreditScoreService",
        "riskport.decision.v1.DecisionService",
        "riskport.fraud.v1.FraudPolicyService",
        "riskport.pricing.v1.PricingService",
        "riskport.risk.v1.RiskModelService",
        "riskport.tenant.v1.TenantService",
    ] {
        health.set_service_status(service, status(serving)).await;
    }
}
