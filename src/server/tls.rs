//! TLS by rustls: TLS 1.2 and 1.3, HTTP/2 only; certificates of clients, where one says who issues them; and new files taken
//! up while serving.

use std::{sync::Arc, time::Duration};

use rustls::{ServerConfig, ServerConnection, server::WebPkiClientVerifier};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use super::pem;
use crate::{auth::Thumbprint, config::TlsFiles, vault};

/// How often it is looked whether the files were replaced.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// What the files hold.
#[derive(PartialEq)]
struct Contents {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    client_issuers: Option<Vec<CertificateDer<'static>>>,
}

/// The certificate of now, and what its files held.
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
        let contents = Contents::read(files)?;
        let config = watch::Sender::new(Arc::new(contents.configured(files)?));
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
            let read = Contents::read(&self.files).and_then(|contents| {
                let replaced = contents != self.contents;
                Ok((replaced.then(|| contents.configured(&self.files)).transpose()?, contents))
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

impl Contents {
    fn read(files: &TlsFiles) -> Result<Self, String> {
        Ok(Self {
            chain: pem::certificates(&files.cert)?,
            key: pem::private_key(&files.key)?,
            client_issuers: files.client_ca.as_deref().map(pem::certificates).transpose()?,
        })
    }

    fn configured(&self, files: &TlsFiles) -> Result<ServerConfig, String> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let builder = match (&self.client_issuers, &files.client_ca) {
            (Some(issuers), Some(path)) => {
                let roots = Arc::new(pem::issuers(path, issuers.clone())?);
                // Who shows none is let in: it can use no token that is bound to one.
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider)
                    .allow_unauthenticated()
                    .build()
                    .map_err(|error| format!("the file of clients' issuers {} is wrong: {error}", path.display()))?;
                builder.with_client_cert_verifier(verifier)
            }
            _ => builder.with_no_client_auth(),
        };
        let shown = files.cert.display();
        let mut config = builder
            .with_single_cert(self.chain.clone(), self.key.clone_key())
            .map_err(|error| format!("the certificate file {shown} cannot be used: {error}"))?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
    }
}
