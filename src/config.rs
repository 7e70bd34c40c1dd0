//! Every setting: from flags, then the environment, then a TOML file, then defaults; validated once, secrets redacted
//! wherever they are shown.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    domain::text,
    store::{DEFAULT_CONNECTIONS, Database},
    vault::{MasterKey, MasterKeyError},
};

/// Settings as they are given: what is not given is not there.
///
/// Each has a flag, an environment variable `RISKPORT_*` and a line in the settings file, all of the same name.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, clap::Args)]
#[serde(deny_unknown_fields)]
pub struct SettingsSource {
    /// Address to listen on [default: 127.0.0.1:50051; port 0 picks a free one]
    #[arg(long, env = "RISKPORT_LISTEN", value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Folder of the embedded database and of the master key that is made for it [default: riskport-data]
    #[arg(long, env = "RISKPORT_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// PostgreSQL to use instead of the embedded SQLite: `postgres://user:password@host/database`
    #[arg(long, env = "RISKPORT_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Connections to PostgreSQL at most [default: 16]
    #[arg(long, env = "RISKPORT_DATABASE_CONNECTIONS", value_name = "COUNT")]
    pub database_connections: Option<u32>,
    /// File with the master key; needed with PostgreSQL [default: master.key in the data folder]
    #[arg(long, env = "RISKPORT_MASTER_KEY_FILE", value_name = "FILE")]
    pub master_key_file: Option<PathBuf>,
    /// The `aud` that tokens must have [default: riskport]
    #[arg(long, env = "RISKPORT_AUDIENCE", value_name = "NAME")]
    pub audience: Option<String>,
    /// Certificate chain in PEM, for TLS
    #[arg(long, env = "RISKPORT_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// Private key of the certificate in PEM
    #[arg(long, env = "RISKPORT_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Certificates in PEM of who issues clients' certificates: a client may then show one, and bind its tokens to it
    #[arg(long, env = "RISKPORT_TLS_CLIENT_CA", value_name = "FILE")]
    pub tls_client_ca: Option<PathBuf>,
    /// Serve without TLS on an address that is not loopback: only behind a proxy that adds it
    #[arg(long, env = "RISKPORT_PLAINTEXT", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub plaintext: Option<bool>,
    /// Let clients ask for the contract by gRPC reflection [default: true]
    #[arg(long, env = "RISKPORT_REFLECTION", value_name = "BOOL")]
    pub reflection: Option<bool>,
    /// The most connections at once; fewer where the limit of open files is lower [default: 4096]
    #[arg(long, env = "RISKPORT_MAX_CONNECTIONS", value_name = "N")]
    pub max_connections: Option<u32>,
    /// The longest a unary call may take, in milliseconds [default: 30000]
    #[arg(long, env = "RISKPORT_CALL_TIMEOUT_MS", value_name = "MS")]
    pub call_timeout_ms: Option<u64>,
    /// What half of the unary calls may take, in milliseconds: while they take longer, and not by the database's own doing, calls
    /// are refused as OVERLOADED, so that the others stay fast [default: 7]
    #[arg(long, env = "RISKPORT_GOOD_TIME_MS", value_name = "MS")]
    pub good_time_ms: Option<u64>,
    /// Address for `/metrics`, `/healthz` and `/readyz` over plain HTTP; whoever reaches it may read [default: none]
    #[arg(long, env = "RISKPORT_METRICS_LISTEN", value_name = "ADDR")]
    pub metrics_listen: Option<SocketAddr>,
    /// Collector that traces are sent to, over OTLP with gRPC: `http://host:4317` [default: none]
    #[arg(long, env = "RISKPORT_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<String>,
    /// The share of calls that are traced, 0 to 1, of those whose caller does not say [default: 1]
    #[arg(long, env = "RISKPORT_OTLP_SAMPLE_RATIO", value_name = "RATIO")]
    pub otlp_sample_ratio: Option<f64>,
}

/// Settings that have been validated.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// The database.
    pub database: Database,
    /// Connections to PostgreSQL at most, 1 to 500.
    pub database_connections: u32,
    /// File with the master key.
    pub master_key_file: PathBuf,
    /// The `aud` that tokens must have.
    pub audience: String,
    /// Certificate and key files, for TLS.
    pub tls: Option<TlsFiles>,
    /// Whether reflection is served.
    pub reflection: bool,
    /// The most connections at once.
    pub max_connections: usize,
    /// The longest a unary call may take.
    pub call_timeout: std::time::Duration,
    /// What half of the unary calls may take before others are refused.
    pub good_time: std::time::Duration,
    /// Address for metrics and probes over plain HTTP.
    pub metrics_listen: Option<SocketAddr>,
    /// Where traces go.
    pub otlp: Option<OtlpSettings>,
}

/// Where traces go, and which.
#[derive(Debug, Clone, PartialEq)]
pub struct OtlpSettings {
    /// The collector: `http://` and a host, with a port or not.
    pub endpoint: String,
    /// The share of calls that are traced, 0 to 1, of those whose caller does not say.
    pub sample_ratio: f64,
}

/// Files that TLS is served with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificate chain in PEM.
    pub cert: PathBuf,
    /// Private key in PEM.
    pub key: PathBuf,
    /// Certificates in PEM of who issues clients' certificates; without it none are asked for.
    pub client_ca: Option<PathBuf>,
}

/// What is wrong with the settings.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read the settings file {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not TOML, or names a setting that does not exist.
    #[error("the settings file {} is wrong: {message}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// Where and why.
        message: String,
    },
    /// Values are wrong; each in a sentence.
    #[error("wrong settings: {}", .0.join("; "))]
    Values(Vec<String>),
    /// The data folder cannot be made.
    #[error("cannot make the data folder {}: {source}", path.display())]
    DataDir {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Where the server listens when nothing is said: loopback, on the port that gRPC examples use.
const DEFAULT_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 50_051);

impl SettingsSource {
    /// These settings, and for those that are not given the ones of a TOML file.
    ///
    /// # Errors
    /// When the file cannot be read or is wrong.
    pub fn or_file(self, path: Option<&PathBuf>) -> Result<Self, SettingsError> {
        let Some(path) = path else { return Ok(self) };
        let text = fs::read_to_string(path).map_err(|source| SettingsError::File { path: path.clone(), source })?;
        let file: Self = toml::from_str(&text)
            .map_err(|error| SettingsError::Toml { path: path.clone(), message: error.message().to_owned() })?;
        Ok(Self {
            listen: self.listen.or(file.listen),
            data_dir: self.data_dir.or(file.data_dir),
            database_url: self.database_url.or(file.database_url),
            database_connections: self.database_connections.or(file.database_connections),
            master_key_file: self.master_key_file.or(file.master_key_file),
            audience: self.audience.or(file.audience),
            tls_cert: self.tls_cert.or(file.tls_cert),
            tls_key: self.tls_key.or(file.tls_key),
            tls_client_ca: self.tls_client_ca.or(file.tls_client_ca),
            plaintext: self.plaintext.or(file.plaintext),
            reflection: self.reflection.or(file.reflection),
            max_connections: self.max_connections.or(file.max_connections),
            call_timeout_ms: self.call_timeout_ms.or(file.call_timeout_ms),
            good_time_ms: self.good_time_ms.or(file.good_time_ms),
            metrics_listen: self.metrics_listen.or(file.metrics_listen),
            otlp_endpoint: self.otlp_endpoint.or(file.otlp_endpoint),
            otlp_sample_ratio: self.otlp_sample_ratio.or(file.otlp_sample_ratio),
        })
    }

    /// Checks the settings, all at once, and fills in the defaults.
    ///
    /// # Errors
    /// Every value that is wrong.
    pub fn validate(self) -> Result<Settings, SettingsError> {
        let mut wrong = Vec::new();
        let listen = self.listen.unwrap_or(SocketAddr::from(DEFAULT_LISTEN));
        let data_dir = self.data_dir.unwrap_or_else(|| PathBuf::from("riskport-data"));
        let tls = match (self.tls_cert, self.tls_key, self.tls_client_ca) {
            (Some(cert), Some(key), client_ca) => Some(TlsFiles { cert, key, client_ca }),
            (None, None, None) => None,
            (None, None, Some(_)) => {
                wrong.push("tls_client_ca needs tls_cert and tls_key".to_owned());
                None
            }
            _ => {
                wrong.push("tls_cert and tls_key go together".to_owned());
                None
            }
        };
        if tls.is_none() && !listen.ip().is_loopback() && self.plaintext != Some(true) {
            wrong.push(format!(
                "{listen} is not loopback: give tls_cert and tls_key, or say plaintext = true behind a proxy with TLS"
            ));
        }
        let database = match self.database_url {
            None => Database::Sqlite(data_dir.join("riskport.db")),
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => Database::Postgres(url),
            Some(_) => {
                wrong.push("database_url must begin with postgres://".to_owned());
                Database::Sqlite(PathBuf::new())
            }
        };
        if matches!(database, Database::Postgres(_)) && self.master_key_file.is_none() {
            wrong.push("PostgreSQL needs master_key_file: make one with `riskport key master --out FILE`".to_owned());
        }
        let audience = self.audience.unwrap_or_else(|| "riskport".to_owned());
        if text::plain(&audience, 1, 200).is_err() {
            wrong.push("audience must have 1 to 200 characters".to_owned());
        }
        let call_timeout_ms = self.call_timeout_ms.unwrap_or(30_000);
        if !(10..=600_000).contains(&call_timeout_ms) {
            wrong.push("call_timeout_ms must be 10 to 600000".to_owned());
        }
        let good_time_ms = self.good_time_ms.unwrap_or(7);
        if !(1..=60_000).contains(&good_time_ms) {
            wrong.push("good_time_ms must be 1 to 60000".to_owned());
        }
        let max_connections = self.max_connections.unwrap_or(4_096);
        if !(1..=100_000).contains(&max_connections) {
            wrong.push("max_connections must be 1 to 100000".to_owned());
        }
        let otlp = otlp(self.otlp_endpoint, self.otlp_sample_ratio, &mut wrong);
        let database_connections = self.database_connections.unwrap_or(DEFAULT_CONNECTIONS);
        if !(1..=500).contains(&database_connections) {
            wrong.push("database_connections must be 1 to 500".to_owned());
        }
        if !wrong.is_empty() {
            return Err(SettingsError::Values(wrong));
        }
        Ok(Settings {
            listen,
            database,
            database_connections,
            master_key_file: self.master_key_file.unwrap_or_else(|| data_dir.join("master.key")),
            audience,
            tls,
            reflection: self.reflection.unwrap_or(true),
            max_connections: usize::try_from(max_connections).unwrap_or(usize::MAX),
            call_timeout: std::time::Duration::from_millis(call_timeout_ms),
            good_time: std::time::Duration::from_millis(good_time_ms),
            metrics_listen: self.metrics_listen,
            otlp,
        })
    }

    /// The settings as TOML, for showing: the password of a database URL is left out.
    #[must_use]
    pub fn redacted(&self) -> String {
        let shown = Self { database_url: self.database_url.as_deref().map(redact_url), ..self.clone() };
        toml::to_string(&shown).unwrap_or_default()
    }
}

impl Settings {
    /// The file of the embedded database; nothing where it is PostgreSQL.
    #[must_use]
    pub fn sqlite_file(&self) -> Option<&Path> {
        match &self.database {
            Database::Sqlite(path) => Some(path),
            Database::Postgres(_) => None,
        }
    }

    /// Reads the master key. The embedded database gets one made on first start; PostgreSQL must be given one, for it
    /// would be lost with the machine that made it.
    ///
    /// # Errors
    /// When there is none, or the file is wrong.
    pub fn master_key(&self) -> Result<MasterKey, MasterKeyError> {
        if let Database::Sqlite(path) = &self.database
            && !self.master_key_file.exists()
            && !path.exists()
        {
            let key = MasterKey::create(&self.master_key_file)?;
            tracing::warn!(
                file = %self.master_key_file.display(),
                "made a master key: keep a copy apart from the data, for without it sealed inputs cannot be read"
            );
            return Ok(key);
        }
        MasterKey::read(&self.master_key_file)
    }

    /// Makes the folder of the embedded database, readable by its owner only.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make_data_dir(&self) -> Result<(), SettingsError> {
        use std::os::unix::fs::DirBuilderExt;
        let Database::Sqlite(path) = &self.database else { return Ok(()) };
        let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| SettingsError::DataDir { path: folder.to_owned(), source })
    }
}

/// Where traces go, when they go anywhere. The collector is one beside the server, which takes them on over TLS: so the
/// program needs no trust in certificates of its own.
fn otlp(endpoint: Option<String>, ratio: Option<f64>, wrong: &mut Vec<String>) -> Option<OtlpSettings> {
    let sample_ratio = ratio.unwrap_or(1.0);
    if !(0.0..=1.0).contains(&sample_ratio) {
        wrong.push("otlp_sample_ratio must be 0 to 1".to_owned());
    }
    if ratio.is_some() && endpoint.is_none() {
        wrong.push("otlp_sample_ratio says nothing without otlp_endpoint".to_owned());
    }
    let endpoint = endpoint?;
    let host = endpoint.strip_prefix("http://").map(|host| host.strip_suffix('/').unwrap_or(host));
    let plain = |one: char| one.is_ascii_alphanumeric() || "-._:[]".contains(one);
    if host.is_none_or(|host| host.is_empty() || !host.chars().all(plain)) {
        wrong.push("otlp_endpoint must be http:// and a host and port, for example http://127.0.0.1:4317".to_owned());
    }
    Some(OtlpSettings { endpoint, sample_ratio })
}

/// Everything between `//` and the last `@` is credentials; parameters after `?` may hold some too.
fn redact_url(url: &str) -> String {
    let base = url.split('?').next().unwrap_or_default();
    match (base.split_once("://"), base.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://[redacted]@{place}"),
        _ => base.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_value_is_named_at_once() {
        let source = SettingsSource {
            listen: Some("0.0.0.0:1".parse().unwrap()),
            database_url: Some("mysql://x".to_owned()),
            tls_cert: Some("a.pem".into()),
            call_timeout_ms: Some(1),
            otlp_endpoint: Some("https://me:secret@collector".to_owned()),
            otlp_sample_ratio: Some(1.5),
            ..SettingsSource::default()
        };
        let SettingsError::Values(wrong) = source.validate().unwrap_err() else { panic!("not the values") };
        assert_eq!(wrong.len(), 6, "{wrong:?}");
    }

    #[test]
    fn a_password_is_never_shown() {
        for url in ["postgres://me:s3cret@db/x", "postgres://me:s3@cret@db/x", "postgres://db/x?password=s3cret"] {
            let source = SettingsSource { database_url: Some(url.to_owned()), ..SettingsSource::default() };
            assert!(!source.redacted().contains("cret"), "{}", source.redacted());
            let settings = SettingsSource { master_key_file: Some("k".into()), ..source }.validate().unwrap();
            assert!(!format!("{settings:?}").contains("cret"));
        }
    }
}
