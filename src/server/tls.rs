//! TLS by rustls: TLS 1.2 and 1.3, HTTP/2 only; certificates of clients, where one says who issues them; and new files taken
//! up while serving.

use std::{fs, sync::Arc, time::Duration};

use rustls::{RootCertStore, ServerConfig, ServerConnection, server::WebPkiClientVerifier};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use crate::{auth::Thumbprint, config::TlsFiles, vault};

/// How often it is looked whether the files were replaced.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// What the files say, byte by byte.
type Contents = Vec<Vec<u8>>;

/// The certificate of now, and what its files said.
pub(super) struct Certificate {
    files: TlsFiles,
    contents: Contents,
    config: watch::Sender<Arc<ServerConfig>>,
}

impl Certificate {
    /// Reads the certificate chain, its key, and who issues certificates of clients.
    ///
    /// # Errors
    /// Which file is wrong, and why.
    pub(super) fn read(files: &TlsFiles) -> Result<Self, String> {
        let contents = read_all(files)?;
        let config = watch::Sender::new(Arc::new(configured(files, &contents)?));
        Ok(Self { files: files.clone(), contents, config })
    }

    /// The certificate of now, for connections to come.
    pub(super) fn current(&self) -> watch::Receiver<Arc<ServerConfig>> {
        self.config.subscribe()
    }

    /// Takes up new files as they are put in place of the old ones. When they are wrong the old ones go on serving: of two
    /// files one is replaced first.
    pub(super) async fn keep_current(mut self) {
        let mut looks = interval(LOOK_INTERVAL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = None;
        loop {
            looks.tick().await;
            let read = read_all(&self.files).and_then(|contents| {
                let replaced = contents != self.contents;
                Ok((replaced.then(|| configured(&self.files, &contents)).transpose()?, contents))
            });
            match read {
                Ok((None, _)) => told = None,
                Ok((Some(config), contents)) => {
                    (self.contents, told) = (contents, None);
                    self.config.send_replace(Arc::new(config));
                    tracing::info!("took up a new certificate");
                }
                Err(error) => {
                    if told.as_ref() != Some(&error) {
                        tracing::error!(error, "the certificate cannot be replaced, the old one goes on");
                    }
                    told = Some(error);
                }
            }
        }
    }
}

/// What RFC 8705 calls `x5t#S256` of the certificate that the client showed, if it showed one.
pub(super) fn thumbprint(connection: &ServerConnection) -> Option<Thumbprint> {
    let certificate = connection.peer_certificates()?.first()?;
    Some(Thumbprint(vault::sha256(&[certificate])))
}

fn read_all(files: &TlsFiles) -> Result<Contents, String> {
    let paths = [Some(&files.cert), Some(&files.key), files.client_ca.as_ref()];
    let read =
        |path| fs::read(path).map_err(|error| format!("cannot read {}: {error}", std::path::Path::display(path)));
    paths.into_iter().flatten().map(|path| read(path)).collect()
}

fn configured(files: &TlsFiles, contents: &Contents) -> Result<ServerConfig, String> {
    let [cert, key, client_ca @ ..] = contents.as_slice() else { return Err("no certificate".to_owned()) };
    let shown = files.cert.display();
    let chain = certificates(cert).map_err(|error| format!("cannot read the certificate file {shown}: {error}"))?;
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| format!("cannot read the key file {}: {error}", files.key.display()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = match (client_ca, &files.client_ca) {
        ([issuers], Some(path)) => {
            let wrong = |error: String| format!("the file of clients' issuers {} is wrong: {error}", path.display());
            let mut roots = RootCertStore::empty();
            for issuer in certificates(issuers).map_err(|error| wrong(error.to_string()))? {
                roots.add(issuer).map_err(|error| wrong(error.to_string()))?;
            }
            // Who shows none is let in: it can use no token that is bound to one.
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .allow_unauthenticated()
                .build()
                .map_err(|error| wrong(error.to_string()))?;
            builder.with_client_cert_verifier(verifier)
        }
        _ => builder.with_no_client_auth(),
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|error| format!("the certificate file {shown} cannot be used: {error}"))?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, rustls_pki_types::pem::Error> {
    CertificateDer::pem_slice_iter(pem).collect()
}
