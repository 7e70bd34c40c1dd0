//! A client that signs its own tokens.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rustls_pki_types::{CertificateDer, pem::PemObject};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity},
};

use super::{
    Failure,
    key_file::{PrivateKey, TokenClaims},
};
use crate::{auth::Thumbprint, clock::Clock, domain::time::Timestamp, vault};

/// How long a token is good. It is signed anew when half of that is over.
const TOKEN_LIFETIME: Duration = Duration::from_mins(10);

/// A channel whose calls carry a fresh token.
pub type SignedChannel = InterceptedService<Channel, Signer>;

/// Which server to talk to, and as whom.
#[derive(Debug, Clone, clap::Args)]
pub struct Connection {
    /// The server
    #[arg(long, env = "RISKPORT_SERVER", default_value = "http://127.0.0.1:50051", value_name = "URL", global = true)]
    pub server: String,
    /// The private key file to sign tokens with
    #[arg(long, env = "RISKPORT_KEY", value_name = "FILE", global = true)]
    pub key: Option<PathBuf>,
    /// The tenant whose key it is
    #[arg(long = "as", env = "RISKPORT_AS", default_value = "operator", value_name = "TENANT", global = true)]
    pub tenant: String,
    /// The platform's audience
    #[arg(long, env = "RISKPORT_AUDIENCE", default_value = "riskport", value_name = "NAME", global = true)]
    pub audience: String,
    /// Certificate authority in PEM that signed the server's certificate, if it is not a public one
    #[arg(long, env = "RISKPORT_CA", value_name = "FILE", global = true)]
    pub ca: Option<PathBuf>,
    /// Certificate in PEM to show the server: tokens are bound to it, and worth nothing to whoever steals them
    #[arg(long, env = "RISKPORT_CLIENT_CERT", value_name = "FILE", requires = "client_key", global = true)]
    pub client_cert: Option<PathBuf>,
    /// Private key of that certificate in PEM
    #[arg(long, env = "RISKPORT_CLIENT_KEY", value_name = "FILE", requires = "client_cert", global = true)]
    pub client_key: Option<PathBuf>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When the key cannot be read or the server cannot be reached.
    pub async fn open(&self) -> Result<SignedChannel, Failure> {
        let path = self.key.as_ref().ok_or_else(|| Failure::new("give --key FILE, the private key to sign with"))?;
        let mut signer = Signer::new(Arc::new(PrivateKey::read(path, None)?), &self.tenant, &self.audience);
        let mut endpoint = Endpoint::from_shared(self.server.clone())?.connect_timeout(Duration::from_secs(5));
        if self.server.starts_with("https://") {
            let mut tls = ClientTlsConfig::new().with_enabled_roots();
            if let Some(ca) = &self.ca {
                tls = tls.ca_certificate(Certificate::from_pem(std::fs::read(ca)?));
            }
            if let (Some(certificate), Some(key)) = (&self.client_cert, &self.client_key) {
                signer = signer.bound_to(certificate_thumbprint(certificate)?);
                tls = tls.identity(Identity::from_pem(std::fs::read(certificate)?, std::fs::read(key)?));
            }
            endpoint = endpoint.tls_config(tls)?;
        }
        let channel = endpoint
            .connect()
            .await
            .map_err(|_| Failure::new(format!("cannot reach {}: is `riskport serve` running there?", self.server)))?;
        Ok(InterceptedService::new(channel, signer))
    }
}

/// The thumbprint of the first certificate in a PEM file, which is the one that a client shows.
pub(super) fn certificate_thumbprint(path: &Path) -> Result<Thumbprint, Failure> {
    let certificate = CertificateDer::from_pem_file(path)
        .map_err(|error| Failure::new(format!("cannot read the certificate {}: {error}", path.display())))?;
    Ok(Thumbprint(vault::sha256(&[&certificate])))
}

/// Puts a token on each call, and signs a new one in good time.
#[derive(Clone)]
pub struct Signer {
    key: Arc<PrivateKey>,
    tenant: String,
    audience: String,
    certificate: Option<Thumbprint>,
    current: Option<(Timestamp, MetadataValue<Ascii>)>,
}

impl Signer {
    /// Signs with a key as a tenant, for a platform.
    #[must_use]
    pub fn new(key: Arc<PrivateKey>, tenant: &str, audience: &str) -> Self {
        Self { key, tenant: tenant.to_owned(), audience: audience.to_owned(), certificate: None, current: None }
    }

    /// Binds the tokens to a client's certificate.
    #[must_use]
    pub fn bound_to(self, certificate: Thumbprint) -> Self {
        Self { certificate: Some(certificate), ..self }
    }

    /// A token that is good for at least five minutes.
    ///
    /// # Errors
    /// When the cryptography fails.
    pub fn token(&mut self) -> Result<MetadataValue<Ascii>, Failure> {
        let now = Clock.now();
        let half = i64::try_from(TOKEN_LIFETIME.as_secs() / 2).unwrap_or(0);
        if let Some((signed, token)) = &self.current
            && now < signed.plus_seconds(half)
        {
            return Ok(token.clone());
        }
        let token = self.key.sign(&TokenClaims {
            tenant: &self.tenant,
            audience: &self.audience,
            actor: Some("riskport command line"),
            scope: None,
            now,
            lifetime: TOKEN_LIFETIME,
            certificate: self.certificate,
        })?;
        let value = MetadataValue::try_from(format!("Bearer {token}"))?;
        self.current = Some((now, value.clone()));
        Ok(value)
    }
}

impl Interceptor for Signer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let token = self.token().map_err(|failure| Status::unauthenticated(failure.to_string()))?;
        request.metadata_mut().insert("authorization", token);
        Ok(request)
    }
}
