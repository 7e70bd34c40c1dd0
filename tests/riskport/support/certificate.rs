//! Certificates that sign themselves.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};

/// Files with a certificate and its key.
pub struct Files {
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// Writes a certificate for `localhost` that is good from one day to another, with its key, as `{name}.pem`.
pub fn certificate(folder: &Path, name: &str, from: (i32, u8, u8), until: (i32, u8, u8)) -> Files {
    let mut params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    params.not_before = date_time_ymd(from.0, from.1, from.2);
    params.not_after = date_time_ymd(until.0, until.1, until.2);
    let pair = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&pair).unwrap();
    let files = Files { cert: folder.join(format!("{name}.pem")), key: folder.join(format!("{name}.key.pem")) };
    let text = |tag: &str, der: &[u8]| pem::encode(&pem::Pem::new(tag, der));
    fs::write(&files.cert, text("CERTIFICATE", certificate.der())).unwrap();
    fs::write(&files.key, text("PRIVATE KEY", &pair.serialize_der())).unwrap();
    files
}
