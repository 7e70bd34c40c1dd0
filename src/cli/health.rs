//! `riskport health`.

use std::{path::PathBuf, time::Duration};

use tonic::{
    Status,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use super::{Failure, say};

/// Ask a server whether it answers calls: ends with 0 when it does, for the health check of a container
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  riskport health
  riskport health --server https://risk.example.com --ca ca.pem
  riskport health --service riskport.fraud.v1.FraudCheckService    # only one of several processes answers these")]
pub(super) struct Health {
    /// The server
    #[arg(long, env = "RISKPORT_SERVER", default_value = "http://127.0.0.1:50051", value_name = "URL")]
    server: String,
    /// The service to ask about [default: the server as a whole]
    #[arg(long, default_value = "", hide_default_value = true, value_name = "NAME")]
    service: String,
    /// Certificate authority in PEM that signed the server's certificate, if it is not a public one
    #[arg(long, env = "RISKPORT_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The longest to wait, in milliseconds
    #[arg(long, default_value_t = 3_000, value_name = "MS")]
    timeout_ms: u64,
}

impl Health {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let limit = Duration::from_millis(self.timeout_ms);
        let mut endpoint = Endpoint::from_shared(self.server.clone())?.connect_timeout(limit).timeout(limit);
        if self.server.starts_with("https://") {
            let mut tls = ClientTlsConfig::new().with_enabled_roots();
            if let Some(ca) = &self.ca {
                tls = tls.ca_certificate(Certificate::from_pem(std::fs::read(ca)?));
            }
            endpoint = endpoint.tls_config(tls)?;
        }
        let unreachable = |_| Failure::new(format!("cannot reach {}", self.server));
        let channel = endpoint.connect().await.map_err(unreachable)?;
        match ask(channel, &self.service).await {
            Ok(ServingStatus::Serving) => say("serving"),
            Ok(_) => Err(Failure::new(format!("{} does not answer calls now", self.server))),
            Err(status) => Err(Failure::new(format!("{}: {} ({:?})", self.server, status.message(), status.code()))),
        }
    }
}

/// Asks a server about one of its services, or with an empty name about all of it.
pub(super) async fn ask(channel: Channel, service: &str) -> Result<ServingStatus, Status> {
    let request = HealthCheckRequest { service: service.to_owned() };
    Ok(HealthClient::new(channel).check(request).await?.into_inner().status())
}
