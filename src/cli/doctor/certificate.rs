//! The certificate and its key.

use std::{fs, net::IpAddr, os::unix::fs::PermissionsExt, path::Path};

use rustls::{crypto::aws_lc_rs::default_provider, pki_types::CertificateDer, sign::CertifiedKey};
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, parse_x509_certificate};

use super::finding::Finding;
use crate::{config::TlsFiles, domain::time::Timestamp, server::pem};

/// From here on somebody should renew it.
const WARN_DAYS: i64 = 30;
const DAY_SECONDS: i64 = 86_400;
/// How many names are shown.
const SHOWN_NAMES: usize = 4;

pub(super) fn examine(files: &TlsFiles, now: Timestamp) -> Vec<Finding> {
    let shown = files.cert.display();
    let chain = match pem::certificates(&files.cert) {
        Ok(chain) => chain,
        Err(error) => return vec![unusable(error)],
    };
    let mut parsed = Vec::new();
    for certificate in &chain {
        match parse_x509_certificate(certificate) {
            Ok((_, certificate)) => parsed.push(certificate),
            Err(error) => return vec![unusable(format!("{shown} holds something that is no certificate: {error}"))],
        }
    }
    let mut findings = vec![validity(&parsed, now), key(files, chain)];
    findings.extend(files.client_ca.as_deref().map(client_issuers));
    findings
}

/// Who issues clients' certificates.
fn client_issuers(path: &Path) -> Finding {
    let next = "name a file in PEM of who issues clients' certificates with --tls-client-ca";
    match pem::certificates(path).and_then(|held| pem::issuers(path, held)) {
        Ok(roots) => Finding::ok("client issuers", format!("{} in {}", roots.len(), path.display())),
        Err(error) => Finding::fail("client issuers", error, next),
    }
}

fn unusable(found: String) -> Finding {
    Finding::fail("certificate", found, "name a chain in PEM with --tls-cert, the server's own certificate first")
}

/// The whole chain is good for as long as the first of it to end.
fn validity(chain: &[X509Certificate<'_>], now: Timestamp) -> Finding {
    let names = chain.first().map(names).unwrap_or_default();
    let ends = chain.iter().map(|one| one.validity().not_after.timestamp()).min().unwrap_or(0);
    let begins = chain.iter().map(|one| one.validity().not_before.timestamp()).max().unwrap_or(0);
    let days = (ends - now.seconds()).div_euclid(DAY_SECONDS);
    let next = "renew it, and put chain and key in place: a server that runs takes them up";
    if begins > now.seconds() {
        let days = (begins - now.seconds()).div_euclid(DAY_SECONDS);
        return Finding::fail("certificate", format!("not good yet, for {days} days; for {names}"), next);
    }
    if ends <= now.seconds() {
        return Finding::fail("certificate", format!("expired {} days ago; for {names}", -days), next);
    }
    let found = format!("good for {days} more days; for {names}");
    if days < WARN_DAYS { Finding::warn("certificate", found, next) } else { Finding::ok("certificate", found) }
}

/// The names that clients may know the server by.
fn names(certificate: &X509Certificate<'_>) -> String {
    let listed = certificate.subject_alternative_name().ok().flatten();
    let names = listed.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    let mut shown: Vec<String> = names.iter().filter_map(name).collect();
    if shown.is_empty() {
        return "no name at all: clients will refuse it".to_owned();
    }
    let more = shown.len().saturating_sub(SHOWN_NAMES);
    shown.truncate(SHOWN_NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &more
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let four = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let sixteen = <[u8; 16]>::try_from(*bytes).map(IpAddr::from);
            four.or(sixteen).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

fn key(files: &TlsFiles, chain: Vec<CertificateDer<'static>>) -> Finding {
    let shown = files.key.display();
    let key = match pem::private_key(&files.key) {
        Ok(key) => key,
        Err(error) => {
            return Finding::fail("certificate key", error, "name the certificate's private key in PEM with --tls-key");
        }
    };
    if let Err(error) = CertifiedKey::from_der(chain, key, &default_provider()) {
        let next = "put the key in place that the certificate was made for";
        return Finding::fail("certificate key", format!("{shown} is not the certificate's key: {error}"), next);
    }
    let mode = fs::metadata(&files.key).map_or(0, |file| file.permissions().mode() & 0o777);
    if mode.trailing_zeros() >= 3 {
        Finding::ok("certificate key", format!("{shown} is the certificate's, mode {mode:04o}"))
    } else {
        let next = format!("chmod 600 {shown}");
        Finding::warn("certificate key", format!("{shown} has mode {mode:04o}: everybody can read it"), next)
    }
}
