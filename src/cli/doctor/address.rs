//! The address: free, or answered by a server of ours.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs::default_provider},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::health_check_response::ServingStatus;
use tower::service_fn;

use super::finding::Finding;
use crate::{
    cli::{Failure, health},
    config::Settings,
};

const LIMIT: Duration = Duration::from_secs(3);
const CHECK: &str = "address";

/// Looks at the address, and tells too whether a riskport answers there.
pub(super) async fn examine(settings: &Settings) -> (Finding, bool) {
    let address = settings.listen;
    if address.port() == 0 {
        return (Finding::ok(CHECK, format!("{address}: a free port is taken at the start")), false);
    }
    match timeout(LIMIT, TcpStream::connect(reachable(address))).await {
        Ok(Ok(stream)) => match timeout(LIMIT, answer(stream, settings.tls.is_some())).await {
            Ok(Ok(ServingStatus::Serving)) => {
                (Finding::ok(CHECK, format!("a server answers on {address}, and serves")), true)
            }
            Ok(Ok(_)) => {
                let found = format!("a server answers on {address}, and does not serve");
                (
                    Finding::warn(
                        CHECK,
                        found,
                        "its database does not answer, or it is ending: see below, and its log",
                    ),
                    true,
                )
            }
            Ok(Err(_)) | Err(_) => (taken(address), false),
        },
        _ => (bindable(address), false),
    }
}

fn taken(address: SocketAddr) -> Finding {
    let found = format!("something that is no riskport with these settings has {address}");
    Finding::fail(
        CHECK,
        found,
        format!("end it (`ss -ltnp sport = :{}` names it), or listen elsewhere", address.port()),
    )
}

/// Nobody answers: is the address there for us to take?
fn bindable(address: SocketAddr) -> Finding {
    match std::net::TcpListener::bind(address) {
        Ok(_) => Finding::ok(CHECK, format!("{address} is free")),
        Err(error) => {
            let next = match error.kind() {
                io::ErrorKind::AddrInUse => "end the program that has it, or listen elsewhere",
                io::ErrorKind::PermissionDenied => {
                    "ports below 1024 need a privilege: listen on another, behind a proxy"
                }
                _ => "listen on an address that this machine has",
            };
            Finding::fail(CHECK, format!("cannot listen on {address}: {error}"), next)
        }
    }
}

/// Where a client finds a server that listens everywhere.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

async fn answer(stream: TcpStream, tls: bool) -> Result<ServingStatus, Failure> {
    let name = ServerName::from(stream.peer_addr()?.ip());
    let channel = if tls {
        let provider = Arc::new(default_provider());
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        over(TlsConnector::from(Arc::new(config)).connect(name, stream).await?).await?
    } else {
        over(stream).await?
    };
    health::ask(channel, "").await.map_err(|status| Failure::new(status.message().to_owned()))
}

/// A channel over a stream that is open already.
async fn over<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(stream: S) -> Result<Channel, Failure> {
    let mut stream = Some(TokioIo::new(stream));
    let connector = service_fn(move |_| {
        let taken = stream.take().ok_or_else(|| io::Error::other("the connection has ended"));
        async move { taken }
    });
    Ok(Endpoint::from_static("http://riskport").connect_with_connector(connector).await?)
}

/// Takes whatever certificate there is: nothing secret is said, and that the certificate is good is another check.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
