//! The files that TLS is served with, as both the server and `riskport doctor` read them.

use std::{fs, path::Path};

use rustls::RootCertStore;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

/// The certificates that a file holds, one at least.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read(path)?;
    let held = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let held = held.map_err(|error| format!("cannot read the certificate file {}: {error}", path.display()))?;
    if held.is_empty() { Err(format!("the file {} holds no certificate", path.display())) } else { Ok(held) }
}

/// The private key that a file holds.
pub(crate) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(&read(path)?)
        .map_err(|error| format!("cannot read the key file {}: {error}", path.display()))
}

/// The certificates of a file as those of who issues clients' certificates.
pub(crate) fn issuers(path: &Path, held: Vec<CertificateDer<'static>>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for issuer in held {
        roots
            .add(issuer)
            .map_err(|error| format!("the file of clients' issuers {} is wrong: {error}", path.display()))?;
    }
    Ok(roots)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}
