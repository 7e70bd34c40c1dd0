//! `riskport serve`.

use std::{io, path::PathBuf};

use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, say};
use crate::{config::SettingsSource, server::Server, telemetry};

/// Serve the gRPC contract until SIGTERM or Ctrl-C, then drain within ten seconds
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Serve {
    #[command(flatten)]
    settings: SettingsSource,
    /// TOML file with settings; flags and environment come before it
    #[arg(long, env = "RISKPORT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the settings as TOML, secrets left out, and end
    #[arg(long)]
    print_settings: bool,
    /// What to log: error, warn, info, debug, or a filter such as riskport=debug
    #[arg(long, env = "RISKPORT_LOG", default_value = "info", value_name = "FILTER")]
    log: String,
    /// Log as JSON, one object a line: its time, level, target, message, call and trace
    #[arg(long, env = "RISKPORT_LOG_JSON")]
    log_json: bool,
}

const EXAMPLES: &str = "Examples:
  riskport serve
  riskport serve --listen 127.0.0.1:50051 --data-dir /var/lib/riskport
  riskport serve --database-url postgres://riskport@localhost/riskport --master-key-file master.key
  riskport serve --listen 0.0.0.0:443 --tls-cert chain.pem --tls-key key.pem
  riskport serve --metrics-listen 127.0.0.1:9090 --otlp-endpoint http://127.0.0.1:4317 --log-json
  riskport serve --config riskport.toml --print-settings";

impl Serve {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let source = self.settings.or_file(self.config.as_ref())?;
        if self.print_settings {
            say(source.redacted().trim_end())?;
            return Ok(source.validate().map(drop)?);
        }
        let settings = source.validate()?;
        let telemetry = telemetry::start(&self.log, self.log_json, settings.otlp.as_ref()).map_err(Failure::new)?;
        let server = Server::bind(&settings).await?;
        // Whoever started it on port 0 reads here which port it got.
        say(&format!("riskport listens on {}", server.local_addr()?))?;
        if !server.has_operator().await? {
            say("there is no operator key yet: make the first with `riskport key operator --out operator.pem`,")?;
            say("with the same data folder or database, while this goes on")?;
        }
        if let Some(address) = server.metrics_addr() {
            say(&format!("metrics and probes are at http://{address}/metrics, /healthz and /readyz"))?;
        }
        let stop = stop()?;
        server.serve(stop).await;
        telemetry.finish().await;
        Ok(())
    }
}

/// Logs for people, to standard error.
pub(super) fn start_log(filter: &str) -> Result<(), Failure> {
    telemetry::start(filter, false, None).map(drop).map_err(Failure::new)
}

/// Done at SIGTERM or Ctrl-C.
pub(super) fn stop() -> io::Result<impl Future<Output = ()> + Send> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
