//! Tenants in great number, onboarded through the real calls.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use http::HeaderValue;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::{task::JoinSet, time::sleep};
use tonic::{Code, Response, Status};

use super::world::World;
use crate::{
    cli::{
        Failure,
        client::SignedChannel,
        key_file::{PrivateKey, TokenClaims},
        model::push::{Upload, bundled},
        policy::file::PolicyFile,
        refused,
        tenant::PARTNER_SCOPES,
    },
    clock::Clock,
    domain::key::KeyAlgorithm,
    rpc::proto::{
        fraud::{
            ActivatePolicyVersionRequest, CreatePolicyVersionRequest,
            fraud_policy_service_client::FraudPolicyServiceClient,
        },
        risk::{GrantModelRequest, PromoteModelVersionRequest, risk_model_service_client::RiskModelServiceClient},
        tenant::{
            AddKeyRequest, CreateTenantRequest, Tenant, UpdateTenantRequest, tenant_service_client::TenantServiceClient,
        },
    },
};

/// The highest quota there is, in requests a second.
pub(super) const AMPLE_RATE: i32 = 100_000;
/// The model that tenants are entitled to: the bundled `LightGBM` challenger, under a name of its own.
pub(super) const MODEL: &str = "models/torture";
/// How long a token is good: the longest that is allowed.
const TOKEN_LIFETIME: Duration = Duration::from_hours(1);
/// How many tenants are onboarded at once, and over how many connections.
const AT_ONCE: usize = 32;
const CHANNELS: usize = 4;
/// How often a call that was told to come back does so, and after how long.
const ATTEMPTS: u32 = 50;
const BACK_OFF: Duration = Duration::from_millis(50);

const FILE: &[u8] = include_bytes!("../../../models/challenger/model.txt");
const MANIFEST: &str = include_str!("../../../models/challenger/manifest.toml");
const REFERENCE: &str = include_str!("../../../models/challenger/reference.csv");
const POLICY: &str = include_str!("policy.toml");

/// Makes a call, and makes it again for as long as it is told to come back.
macro_rules! patiently {
    ($client:ident.$call:ident($request:expr)) => {{
        let mut attempts = Attempts::default();
        while !attempts.done($client.$call($request.clone()).await).await? {}
    }};
}

/// An onboarded tenant, its key, and a signed token as a header.
#[derive(Clone)]
pub(super) struct Partner {
    pub id: String,
    pub key: Arc<PrivateKey>,
    pub bearer: HeaderValue,
}

/// What tenants are wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// What their ids begin with.
    pub prefix: &'static str,
    pub count: usize,
    /// The quota of each, in requests a second.
    pub rate: i32,
    /// Whether each is entitled to [`MODEL`] and has a fraud policy of its own.
    pub entitled: bool,
}

impl World {
    /// Lets the operator call as often as it can: its own quota is for people.
    pub(super) async fn raise_operator(&self) -> Result<(), Failure> {
        let mut tenants = TenantServiceClient::new(self.as_operator().await?);
        let request = UpdateTenantRequest {
            tenant: Some(Tenant {
                name: "tenants/operator".to_owned(),
                requests_per_second: AMPLE_RATE,
                ..Tenant::default()
            }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["requests_per_second".to_owned()] }),
        };
        tenants.update_tenant(request).await.map_err(|status| refused(&status)).map(drop)
    }

    /// Uploads [`MODEL`] and puts it in charge of its name.
    pub(super) async fn publish_model(&self) -> Result<(), Failure> {
        let (manifest, rows) = bundled(MANIFEST, REFERENCE)?;
        let mut models = RiskModelServiceClient::new(self.as_operator().await?);
        let (model, file) = (MODEL.to_owned(), FILE.to_vec());
        let version =
            Upload { model, manifest: &manifest, file, rows: &rows, tolerance: 0.0 }.send(&mut models).await?;
        let request = PromoteModelVersionRequest { name: version.name };
        models.promote_model_version(request).await.map_err(|status| refused(&status)).map(drop)
    }

    /// Onboards tenants, many at once, and tells how long it took.
    pub(super) async fn onboard(&self, wanted: Wanted) -> Result<(Vec<Partner>, Duration), Failure> {
        let begun = Instant::now();
        let bar = ProgressBar::new(u64::try_from(wanted.count)?);
        bar.set_style(ProgressStyle::with_template("  onboarding {bar:40} {pos}/{len} tenants, {per_sec}")?);
        let (next, mut channels) = (Arc::new(AtomicUsize::new(0)), Vec::new());
        for _ in 0..CHANNELS {
            channels.push(Channels { operator: self.as_operator().await?, plain: self.channel().await? });
        }
        let mut workers = JoinSet::new();
        for worker in 0..AT_ONCE.min(wanted.count) {
            let (channels, next, bar) = (channels[worker % CHANNELS].clone(), Arc::clone(&next), bar.clone());
            workers.spawn(async move {
                let mut partners = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= wanted.count {
                        return Ok::<_, Failure>(partners);
                    }
                    partners.push((number, channels.onboard(&wanted, number).await?));
                    bar.inc(1);
                }
            });
        }
        let mut partners = Vec::with_capacity(wanted.count);
        while let Some(of_one) = workers.join_next().await {
            partners.extend(of_one??);
        }
        bar.finish_and_clear();
        partners.sort_unstable_by_key(|(number, _)| *number);
        Ok((partners.into_iter().map(|(_, partner)| partner).collect(), begun.elapsed()))
    }
}

/// The connections of one worker.
#[derive(Clone)]
struct Channels {
    operator: SignedChannel,
    plain: tonic::transport::Channel,
}

impl Channels {
    async fn onboard(&self, wanted: &Wanted, number: usize) -> Result<Partner, Failure> {
        let id = format!("{}-{number}", wanted.prefix);
        let key = Arc::new(PrivateKey::generate(KeyAlgorithm::EdDsa)?.0);
        let mut tenants = TenantServiceClient::new(self.operator.clone());
        let tenant = Tenant { display_name: id.clone(), requests_per_second: wanted.rate, ..Tenant::default() };
        let request = CreateTenantRequest { tenant_id: id.clone(), tenant: Some(tenant) };
        patiently!(tenants.create_tenant(request));
        let request = AddKeyRequest {
            parent: format!("tenants/{id}"),
            jwk: key.jwk(),
            scopes: PARTNER_SCOPES.iter().map(|scope| *scope as i32).collect(),
            ..AddKeyRequest::default()
        };
        patiently!(tenants.add_key(request));
        let partner = Partner { bearer: bearer(&id, &key)?, id, key };
        if wanted.entitled {
            self.entitle(&partner).await?;
        }
        Ok(partner)
    }

    /// Grants the model, as the operator; stores and activates a policy, as the partner.
    async fn entitle(&self, partner: &Partner) -> Result<(), Failure> {
        let mut models = RiskModelServiceClient::new(self.operator.clone());
        let request = GrantModelRequest { model: MODEL.to_owned(), tenant: format!("tenants/{}", partner.id) };
        patiently!(models.grant_model(request));
        let bearer = partner.bearer.to_str()?.parse()?;
        let mut policies = FraudPolicyServiceClient::with_interceptor(
            self.plain.clone(),
            move |mut request: tonic::Request<()>| -> Result<_, Status> {
                let bearer: &tonic::metadata::MetadataValue<_> = &bearer;
                request.metadata_mut().insert("authorization", bearer.clone());
                Ok(request)
            },
        );
        let request = CreatePolicyVersionRequest {
            policy: "fraudPolicies/torture".to_owned(),
            spec: Some(PolicyFile::parse(POLICY)?.spec()),
            validate_only: false,
        };
        patiently!(policies.create_policy_version(request));
        let request = ActivatePolicyVersionRequest { name: "fraudPolicies/torture/versions/1".to_owned() };
        patiently!(policies.activate_policy_version(request));
        Ok(())
    }
}

/// How often a call was made.
#[derive(Default)]
struct Attempts(u32);

impl Attempts {
    /// Whether a call is done: what is there already was made by an attempt whose answer was lost. One that was told to come
    /// back is not, and waits.
    async fn done<T>(&mut self, answer: Result<Response<T>, Status>) -> Result<bool, Failure> {
        let Err(status) = answer else { return Ok(true) };
        self.0 += 1;
        match status.code() {
            Code::AlreadyExists => Ok(true),
            Code::Aborted | Code::ResourceExhausted | Code::Unavailable if self.0 < ATTEMPTS => {
                sleep(BACK_OFF).await;
                Ok(false)
            }
            _ => Err(refused(&status)),
        }
    }
}

/// A header with a token that is good for the whole run.
fn bearer(tenant: &str, key: &PrivateKey) -> Result<HeaderValue, Failure> {
    let claims = TokenClaims {
        tenant,
        audience: "riskport",
        actor: Some("riskport torture"),
        scope: None,
        now: Clock.now(),
        lifetime: TOKEN_LIFETIME,
        certificate: None,
    };
    Ok(HeaderValue::try_from(format!("Bearer {}", key.sign(&claims)?))?)
}
