//! `riskport token`.

use std::{path::PathBuf, time::Duration};

use super::{
    Failure,
    client::certificate_thumbprint,
    key_file::{PrivateKey, TokenClaims, algorithm},
    say,
};
use crate::{clock::Clock, domain::key::KeyAlgorithm};

/// Sign a short-lived token with a private key file, and print it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  riskport token --tenant north-bank --key north.pem
  riskport token --tenant north-bank --key north.pem --scope 'credit.score decision.read' --minutes 60
  riskport token --tenant north-bank --key north.pem --client-cert client.pem      Bound to it (RFC 8705)
  grpcurl -H \"authorization: Bearer $(riskport token --tenant north-bank --key north.pem)\" ...")]
pub(super) struct Token {
    /// The private key file
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The tenant whose key it is
    #[arg(long, value_name = "ID")]
    tenant: String,
    /// Who or what acts, for the audit
    #[arg(long, value_name = "NAME")]
    sub: Option<String>,
    /// Scopes separated by spaces [default: all that the key was granted]
    #[arg(long, value_name = "SCOPES")]
    scope: Option<String>,
    /// How long the token is good, 1 to 60 minutes
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=60))]
    minutes: u64,
    /// The platform's audience
    #[arg(long, env = "RISKPORT_AUDIENCE", default_value = "riskport", value_name = "NAME")]
    audience: String,
    /// Certificate in PEM that the client shows the server: the token is worth nothing on a connection without it
    #[arg(long, value_name = "FILE")]
    client_cert: Option<PathBuf>,
    /// Only to sign PS256 with an RSA key
    #[arg(long, value_parser = algorithm)]
    alg: Option<KeyAlgorithm>,
}

impl Token {
    pub(super) fn run(self) -> Result<(), Failure> {
        let key = PrivateKey::read(&self.key, self.alg)?;
        let token = key.sign(&TokenClaims {
            tenant: &self.tenant,
            audience: &self.audience,
            actor: self.sub.as_deref(),
            scope: self.scope.as_deref(),
            now: Clock.now(),
            lifetime: Duration::from_secs(self.minutes * 60),
            certificate: self.client_cert.as_deref().map(certificate_thumbprint).transpose()?,
        })?;
        say(&token)
    }
}
