//! TLS: tokens that are bound to a client's certificate (RFC 8705), and certificates that are replaced while serving.

use std::{fs, path::PathBuf, time::Duration};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use riskport::{
    auth::Thumbprint,
    cli::{client::Signer, key_file::PrivateKey},
    config::SettingsSource,
    rpc::proto::{
        decision::{ListDecisionsRequest, decision_service_client::DecisionServiceClient},
        tenant::{AddKeyRequest, CreateTenantRequest, Scope, Tenant, tenant_service_client::TenantServiceClient},
    },
    vault,
};
use std::sync::Arc;
use tempfile::TempDir;
use tonic::{
    Code, Status,
    service::interceptor::InterceptedService,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity},
};

use crate::support::{
    World,
    platform::{Partner, Platform, new_key},
};

/// Who issues certificates, and where the server's files lie.
struct Issuer {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

/// A certificate with its key.
struct Issued {
    chain: String,
    key: String,
    thumbprint: Thumbprint,
}

impl Issuer {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, folder: tempfile::tempdir().unwrap() }
    }

    fn issue(&self) -> Issued {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let thumbprint = Thumbprint(vault::sha256(&[certificate.der()]));
        Issued { chain: certificate.pem(), key: key.serialize_pem(), thumbprint }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a certificate where the server reads its own.
    fn install(&self, issued: &Issued) {
        fs::write(self.path("cert.pem"), &issued.chain).unwrap();
        fs::write(self.path("key.pem"), &issued.key).unwrap();
    }

    async fn serve(&self, world: &World) -> Platform {
        self.install(&self.issue());
        fs::write(self.path("ca.pem"), self.issuer.pem()).unwrap();
        let settings = SettingsSource {
            tls_cert: Some(self.path("cert.pem")),
            tls_key: Some(self.path("key.pem")),
            tls_client_ca: Some(self.path("ca.pem")),
            ..SettingsSource::default()
        };
        Platform::start_with(world, settings).await
    }

    /// A connection that shows a certificate, or none.
    async fn connect(&self, platform: &Platform, shown: Option<&Issued>) -> Result<Channel, tonic::transport::Error> {
        let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(self.issuer.pem()));
        if let Some(shown) = shown {
            tls = tls.identity(Identity::from_pem(&shown.chain, &shown.key));
        }
        let endpoint = Endpoint::from_shared(format!("https://localhost:{}", platform.address.port())).unwrap();
        endpoint.tls_config(tls).unwrap().connect().await
    }
}

fn signer(key: &Arc<PrivateKey>, tenant: &str, bound_to: Option<&Issued>) -> Signer {
    let signer = Signer::new(Arc::clone(key), tenant, "riskport");
    bound_to.map_or(signer.clone(), |issued| signer.bound_to(issued.thumbprint))
}

async fn onboard(platform: &Platform, channel: Channel) -> Partner {
    let partner = Partner { id: "north-bank".to_owned(), key: new_key() };
    let signer = signer(&platform.operator, "operator", None);
    let mut tenants = TenantServiceClient::new(InterceptedService::new(channel, signer));
    let tenant = Tenant { display_name: "North".to_owned(), ..Tenant::default() };
    tenants.create_tenant(CreateTenantRequest { tenant_id: partner.id.clone(), tenant: Some(tenant) }).await.unwrap();
    let request = AddKeyRequest {
        parent: format!("tenants/{}", partner.id),
        jwk: partner.key.jwk(),
        scopes: vec![Scope::DecisionRead as i32],
        ..AddKeyRequest::default()
    };
    tenants.add_key(request).await.unwrap();
    partner
}

/// Makes a call twice: the second time the token is known.
async fn call(channel: &Channel, signer: Signer) -> [Result<(), Status>; 2] {
    let mut decisions = DecisionServiceClient::new(InterceptedService::new(channel.clone(), signer));
    let mut one = async || decisions.list_decisions(ListDecisionsRequest::default()).await.map(drop);
    [one().await, one().await]
}

#[tokio::test]
async fn row_17_a_bound_token_is_worth_nothing_without_its_certificate() {
    let (world, issuer) = (World::sqlite(), Issuer::new());
    let platform = issuer.serve(&world).await;
    let bare = issuer.connect(&platform, None).await.unwrap();
    let bank = onboard(&platform, bare.clone()).await;
    let (own, others) = (issuer.issue(), issuer.issue());
    let with_own = issuer.connect(&platform, Some(&own)).await.unwrap();
    let with_others = issuer.connect(&platform, Some(&others)).await.unwrap();

    // The token is good on its own connection first, so that a verified one is remembered when the others come.
    let bound = signer(&bank.key, &bank.id, Some(&own));
    let mut kept = bound.clone();
    kept.token().unwrap();
    for reply in call(&with_own, kept.clone()).await {
        reply.unwrap();
    }
    for channel in [&bare, &with_others] {
        for reply in call(channel, kept.clone()).await {
            assert_eq!(reply.unwrap_err().code(), Code::Unauthenticated);
        }
    }
    for reply in call(&with_own, kept).await {
        reply.unwrap();
    }
    // One that is bound to nothing may be used on every connection.
    for channel in [&bare, &with_own] {
        for reply in call(channel, signer(&bank.key, &bank.id, None)).await {
            reply.unwrap();
        }
    }
    platform.stop().await;
}

#[tokio::test]
async fn a_certificate_of_another_issuer_is_refused_in_the_handshake() {
    let (world, issuer) = (World::sqlite(), Issuer::new());
    let platform = issuer.serve(&world).await;
    let stranger = Issuer::new().issue();
    // In TLS 1.3 the client learns of it with its first call.
    match issuer.connect(&platform, Some(&stranger)).await {
        Err(_) => {}
        Ok(channel) => {
            for reply in call(&channel, signer(&new_key(), "north-bank", None)).await {
                assert_ne!(reply.unwrap_err().code(), Code::Unauthenticated, "the call got through");
            }
        }
    }
    issuer.connect(&platform, None).await.unwrap();
    platform.stop().await;
}

#[tokio::test]
async fn a_new_certificate_is_taken_up_while_serving_and_a_wrong_one_is_not() {
    let (world, issuer, next) = (World::sqlite(), Issuer::new(), Issuer::new());
    let platform = issuer.serve(&world).await;
    let open = issuer.connect(&platform, None).await.unwrap();

    fs::write(issuer.path("cert.pem"), "no certificate").unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    issuer.connect(&platform, None).await.expect("the old certificate goes on serving");

    // Only who trusts the new issuer gets in once it is there.
    issuer.install(&next.issue());
    let begun = tokio::time::Instant::now();
    while next.connect(&platform, None).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the new certificate was not taken up");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(issuer.connect(&platform, None).await.is_err(), "the old certificate is still served");
    let replies = call(&open, signer(&platform.operator, "operator", None)).await;
    // What was connected before stays connected; the operator may not list decisions, and is told so.
    assert!(replies.into_iter().all(|reply| reply.unwrap_err().code() == Code::PermissionDenied));
    platform.stop().await;
}
