//! `riskport key`.

use std::path::{Path, PathBuf};

use super::{
    Failure,
    key_file::{PrivateKey, algorithm},
    say,
};
use crate::{
    auth::PublicKey,
    config::{Settings, SettingsSource},
    domain::key::{Key as RegisteredKey, KeyAlgorithm},
    ops::{App, found_operator},
    vault::MasterKey,
};

/// Make keys
#[derive(Debug, clap::Subcommand)]
pub(super) enum Key {
    /// Make a caller's key: writes the private half to a file (mode 0600), prints the public half as a JWK
    #[command(after_help = "Examples:
  riskport key new --out north.pem > north.jwk
  riskport key new --alg ES256 --out north.pem > north.jwk
Then register it: riskport tenant add-key north-bank --jwk north.jwk --key operator.pem")]
    New {
        /// The file for the private key; it must not be there yet
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Signature algorithm: EdDSA, ES256, RS256 or PS256
        #[arg(long, default_value = "EdDSA", value_parser = algorithm)]
        alg: KeyAlgorithm,
    },
    /// Make the first operator key, straight into the database; it is refused once there is one
    #[command(after_help = "Examples:
  riskport key operator --out operator.pem
  riskport key operator --out operator.pem --data-dir /var/lib/riskport
  riskport key operator --out operator.pem --database-url postgres://... --master-key-file master.key")]
    Operator {
        /// The file for the private key; it must not be there yet
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Signature algorithm: EdDSA, ES256, RS256 or PS256
        #[arg(long, default_value = "EdDSA", value_parser = algorithm)]
        alg: KeyAlgorithm,
        /// TOML file with settings; flags and environment come before it
        #[arg(long, env = "RISKPORT_CONFIG", value_name = "FILE")]
        config: Option<PathBuf>,
        #[command(flatten)]
        settings: Box<SettingsSource>,
    },
    /// Make a master key file for a PostgreSQL deployment; keep a copy apart from the data
    #[command(after_help = "Example:
  riskport key master --out master.key")]
    Master {
        /// The file; it must not be there yet
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

impl Key {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::New { out, alg } => {
                let key = PrivateKey::create(&out, alg)?;
                say(&key.jwk())
            }
            Self::Operator { out, alg, config, settings } => operator(out, alg, *settings, config).await,
            Self::Master { out } => {
                MasterKey::create(&out)?;
                say(&format!(
                    "{}: keep a copy apart from the data, for without it sealed inputs cannot be read",
                    out.display()
                ))
            }
        }
    }
}

async fn operator(
    out: PathBuf,
    alg: KeyAlgorithm,
    settings: SettingsSource,
    config: Option<PathBuf>,
) -> Result<(), Failure> {
    let settings = settings.or_file(config.as_ref())?.validate()?;
    let registered = found(&settings, &out, alg).await?;
    say(&format!("{}: the operator's key {}", out.display(), registered.kid))
}

/// Makes the first operator key and registers it straight in the database: no token can be good before it.
pub(super) async fn found(settings: &Settings, out: &Path, alg: KeyAlgorithm) -> Result<RegisteredKey, Failure> {
    settings.make_data_dir()?;
    let key = PrivateKey::create(out, alg)?;
    let founded = register(settings, key.public).await;
    if founded.is_err() {
        // The key is nobody's: leaving it would look as if it were good.
        std::fs::remove_file(out)?;
    }
    founded
}

async fn register(settings: &Settings, public: PublicKey) -> Result<RegisteredKey, Failure> {
    let (app, writer_task) = App::start(settings).await?;
    let founded = found_operator(&app, public).await;
    writer_task.finish().await;
    app.close().await;
    Ok(founded?)
}
