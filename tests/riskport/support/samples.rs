//! Valid things to record. A test changes the fields that it is about.

use std::path::PathBuf;

use riskport::{
    domain::{
        audit::ChangeBy,
        decision::{DecisionKind, Environment, NewDecision, Provenance, SealedInputs, TrafficRole},
        ids::{DecisionId, Kid, ModelId, RequestId, TenantId, WriterId},
        key::{Key, KeyAlgorithm},
        page::PageSize,
        quota::QuotaSet,
        scope::ScopeSet,
        tenant::{RequestRate, Tenant, TenantMode, TenantState},
        time::Timestamp,
        zone::TimeZone,
    },
    vault::{WrappedKey, sha256},
};
use uuid::Uuid;

/// A point in time: so many microseconds after a fixed one.
pub fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000 + micros)
}

#[expect(clippy::disallowed_methods, reason = "below `ops::App` a test makes its own ids")]
pub fn uuid() -> String {
    Uuid::now_v7().to_string()
}

pub fn tenant_id(id: &str) -> TenantId {
    TenantId::parse(id).unwrap()
}

pub fn request_id(id: &str) -> RequestId {
    RequestId::parse(id).unwrap()
}

pub fn kid(id: &str) -> Kid {
    Kid::parse(id).unwrap()
}

pub fn writer_id() -> WriterId {
    WriterId::parse(&uuid()).unwrap()
}

pub fn decision_id() -> DecisionId {
    DecisionId::parse(&uuid()).unwrap()
}

pub fn pages_of(size: i32) -> PageSize {
    PageSize::parse(size).unwrap()
}

/// The operator, at a time, doing something.
pub fn by(micros: i64, action: &'static str) -> ChangeBy {
    ChangeBy { tenant: TenantId::operator(), kid: kid("op-1"), actor: "alice".to_owned(), at: at(micros), action }
}

pub fn tenant(id: &str) -> Tenant {
    Tenant {
        id: tenant_id(id),
        display_name: format!("The bank {id}"),
        state: TenantState::Active,
        scopes: ScopeSet::partner(),
        rate: RequestRate::DEFAULT,
        quotas: QuotaSet::default(),
        four_eyes: false,
        mode: TenantMode::Live,
        time_zone: TimeZone::utc(),
        created: at(0),
        updated: at(0),
    }
}

pub fn wrapped_key(key_id: &str) -> WrappedKey {
    WrappedKey { key_id: key_id.to_owned(), wrapped: format!("wrapped {key_id}").into_bytes() }
}

pub fn key(tenant: &str, id: &str) -> Key {
    Key {
        tenant: tenant_id(tenant),
        kid: kid(id),
        algorithm: KeyAlgorithm::EdDsa,
        jwk: format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{id}"}}"#),
        scopes: ScopeSet::partner(),
        display_name: format!("Key {id}"),
        created: at(0),
        revoked: None,
    }
}

/// A credit decision with a fresh id and a reply like no other; its payload is the same for the same request id.
pub fn decision(tenant: &str, request: &str) -> NewDecision {
    let id = decision_id();
    NewDecision {
        tenant: tenant_id(tenant),
        kind: DecisionKind::CreditScore,
        request_id: request_id(request),
        kid: kid("k1"),
        actor: "teller 7".to_owned(),
        subject_hmac: subject("anna"),
        purpose: "card application".to_owned(),
        consent_id: None,
        environment: Environment::Live,
        billable_units: 1,
        decided: at(0),
        provenance: Provenance {
            model: ModelId::parse("consumer-card").unwrap(),
            model_version: 3,
            model_digest: "ab".repeat(32),
            calibration_digest: None,
            policy_digest: Some("cd".repeat(32)),
            lists_digest: None,
            catalogue_digest: None,
            engine_version: "0.1.0".to_owned(),
            role: TrafficRole::Champion,
        },
        // Zero bytes and bytes that are no text must come back too.
        reply: [b"\0\xff reply of ", id.as_str().as_bytes()].concat(),
        input_commitment: sha256(&[b"inputs of ", id.as_str().as_bytes()]),
        inputs: SealedInputs {
            key_id: "dk-1".to_owned(),
            bytes: format!("sealed inputs of {tenant} {request}").into_bytes(),
        },
        payload_hmac: payload(request),
        shadows: Vec::new(),
        id,
    }
}

/// The keyed hash of a subject, as far as the store can tell.
pub fn subject(name: &str) -> [u8; 32] {
    sha256(&[b"subject ", name.as_bytes()])
}

/// The keyed hash of a payload, as far as the store can tell.
pub fn payload(text: &str) -> [u8; 32] {
    sha256(&[b"payload ", text.as_bytes()])
}

/// A folder with a master key that has sealed nothing yet.
pub fn folder_with_master_key() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("riskport-test-").tempdir().unwrap();
    riskport::vault::MasterKey::create(&folder.path().join("master.key")).unwrap();
    folder
}

/// The day so many days from today: year, month, day.
pub fn day_in(days: i64) -> (i32, u8, u8) {
    let now = jiff::Timestamp::from_microsecond(riskport::clock::Clock.now().micros()).unwrap();
    let day = now.to_zoned(jiff::tz::TimeZone::UTC).date().saturating_add(jiff::Span::new().days(days));
    (i32::from(day.year()), u8::try_from(day.month()).unwrap(), u8::try_from(day.day()).unwrap())
}

/// The library that moves a program's clock, or nothing (and a line that says so) where it is not installed.
pub fn faketime_library() -> Option<PathBuf> {
    let folders = ["/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime", "/usr/lib/faketime"];
    let found =
        folders.iter().map(|folder| PathBuf::from(folder).join("libfaketimeMT.so.1")).find(|file| file.exists());
    if found.is_none() {
        let _ = std::io::Write::write_all(&mut std::io::stderr(), b"SKIPPED (no libfaketime: install faketime)\n");
    }
    found
}
