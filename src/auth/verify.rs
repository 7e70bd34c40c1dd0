//! Holds a token against the key it names, the audience and the time.

use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde_json::Value;

use super::{
    caller::Caller,
    certificate::Thumbprint,
    jwk::parse_jwk,
    token::{Token, TokenFault},
};
use crate::domain::{
    key::{Key, KeyAlgorithm},
    refusal::Refusal,
    scope::ScopeSet,
    tenant::Tenant,
    text,
    time::Timestamp,
};

/// How long after `exp` a token is still taken, for clocks that differ.
const EXPIRY_LEEWAY_SECONDS: i64 = 5;
/// How far ahead `iat` and `nbf` may lie, for clocks that differ (FAPI 2.0, section 5.3.2.1, asks for 10 to 60).
const AHEAD_LEEWAY_SECONDS: i64 = 60;
/// The longest that a token may be valid.
const MAX_LIFETIME_SECONDS: i64 = 3_600;

/// A registered key, parsed once and ready to verify with.
pub struct VerifyingKey {
    /// The key as it is stored.
    pub key: Key,
    decoding: DecodingKey,
}

impl VerifyingKey {
    /// Makes a stored key ready.
    ///
    /// # Errors
    /// Internal, when the stored JWK is not one that registration lets in.
    pub fn new(key: Key) -> Result<Self, Refusal> {
        let parsed = parse_jwk(&key.jwk, Some(key.algorithm)).map_err(|_| Refusal::Internal)?;
        Ok(Self { key, decoding: parsed.decoding })
    }
}

/// Verifies a token: the algorithm is the key's, the signature is good, the claims are for us and for now, and the client showed
/// the certificate that it is bound to, if it is bound to one (RFC 8705, section 3). The effective scopes are what the token asks for (all, if it asks for none), the key was granted, and the tenant may
/// have.
///
/// # Errors
/// What is wrong; the caller must learn no more than that something is.
pub fn verify(
    token: &Token<'_>,
    key: &VerifyingKey,
    tenant: &Tenant,
    audience: &str,
    certificate: Option<&Thumbprint>,
    now: Timestamp,
) -> Result<Caller, TokenFault> {
    if key.key.revoked.is_some() || key.key.kid != token.kid || key.key.tenant != token.issuer {
        return Err(TokenFault::UnknownKey);
    }
    if token.algorithm != key.key.algorithm.name() {
        return Err(TokenFault::Algorithm);
    }
    let algorithm = match key.key.algorithm {
        KeyAlgorithm::EdDsa => Algorithm::EdDSA,
        KeyAlgorithm::Es256 => Algorithm::ES256,
        KeyAlgorithm::Rs256 => Algorithm::RS256,
        KeyAlgorithm::Ps256 => Algorithm::PS256,
    };
    match crypto::verify(token.signature, token.signed.as_bytes(), &key.decoding, algorithm) {
        Ok(true) => {}
        Ok(false) | Err(_) => return Err(TokenFault::Signature),
    }
    check_audience(token, audience)?;
    let expires = check_times(token, now)?;
    let actor = match token.claims.get("sub") {
        None => String::new(),
        Some(sub) => sub.as_str().and_then(|sub| text::plain(sub, 0, 256).ok()).ok_or(TokenFault::Claims)?,
    };
    let asked = match token.claims.get("scope") {
        None => key.key.scopes,
        Some(scope) => ScopeSet::from_names(scope.as_str().ok_or(TokenFault::Claims)?),
    };
    let bound_to = token.claims.get("cnf").map(Thumbprint::from_claim).transpose()?;
    if bound_to.is_some() && bound_to.as_ref() != certificate {
        return Err(TokenFault::Certificate);
    }
    let scopes = asked.intersect(key.key.scopes).intersect(tenant.scopes);
    Ok(Caller::new(&key.key, tenant, actor, scopes, expires, bound_to))
}

/// `aud` is our name, or a list of texts with our name among them (RFC 7519, section 4.1.3).
fn check_audience(token: &Token<'_>, audience: &str) -> Result<(), TokenFault> {
    let ours = match token.claims.get("aud") {
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(all)) => all.iter().all(Value::is_string) && all.iter().any(|one| one == audience),
        _ => false,
    };
    if ours { Ok(()) } else { Err(TokenFault::Claims) }
}

/// Checks `exp`, `iat` and `nbf`, and tells when the token ends: after the leeway, for streams and unary calls alike.
fn check_times(token: &Token<'_>, now: Timestamp) -> Result<Timestamp, TokenFault> {
    let expires = numeric_date(token, "exp")?.ok_or(TokenFault::Time)?;
    let issued = numeric_date(token, "iat")?.ok_or(TokenFault::Time)?;
    let not_before = numeric_date(token, "nbf")?.unwrap_or(issued);
    let ends = Timestamp::from_micros(expires * 1_000_000).plus_seconds(EXPIRY_LEEWAY_SECONDS);
    let latest_begin = now.seconds() + AHEAD_LEEWAY_SECONDS;
    let in_time = now <= ends
        && issued <= latest_begin
        && not_before <= latest_begin
        && (1..=MAX_LIFETIME_SECONDS).contains(&(expires - issued));
    if in_time { Ok(ends) } else { Err(TokenFault::Time) }
}

/// A NumericDate (RFC 7519, section 2): seconds, with a fraction if need be, which is cut off.
fn numeric_date(token: &Token<'_>, claim: &str) -> Result<Option<i64>, TokenFault> {
    /// Beyond the year 9999 a date is a mistake, and would overflow.
    const MAX: f64 = 253_402_300_799.0;
    match token.claims.get(claim) {
        None => Ok(None),
        Some(value) => match value.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "the range was just checked")]
            Some(seconds) if (0.0..=MAX).contains(&seconds) => Ok(Some(seconds as i64)),
            _ => Err(TokenFault::Time),
        },
    }
}
