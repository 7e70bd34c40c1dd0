//! Takes a bearer token apart, strictly: a JWT in compact form (RFC 7519, RFC 7515) with no room for a second reading.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize,
    de::{Error, MapAccess, Visitor},
};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::domain::ids::{Kid, TenantId};

/// The longest token that is looked at, in bytes: an RS256 token of 4,096 bits with ample claims has about 2,000.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Headers that would let a token bring its own key, or ask for processing that is not done here (RFC 7515, 4.1).
const REFUSED_HEADERS: [&str; 8] = ["jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "enc"];

/// What is wrong with a token; for the log, never for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenFault {
    /// Not exactly one `authorization` of the form `Bearer <token>`.
    #[error("not exactly one bearer authorization")]
    Authorization,
    /// Longer than `MAX_TOKEN_BYTES`.
    #[error("token too long")]
    TooLong,
    /// Not three parts of base64url, or header and claims are not JSON objects without duplicates.
    #[error("token malformed")]
    Malformed,
    /// A header that is refused, or `typ` is something else.
    #[error("token header refused")]
    Header,
    /// `alg` is not the key's.
    #[error("token algorithm is not the key's")]
    Algorithm,
    /// No such key, or it was revoked.
    #[error("no such key")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("token signature wrong")]
    Signature,
    /// `iss`, `aud`, `sub` or `scope` is missing, of another type, or names somebody else.
    #[error("token claims wrong")]
    Claims,
    /// It is bound to a certificate that the client did not show.
    #[error("token bound to another certificate")]
    Certificate,
    /// `exp`, `iat` or `nbf` is missing, of another type, or does not include now.
    #[error("token not valid now")]
    Time,
}

/// A token that has been taken apart and not yet verified: only its key can tell whether any of it is true.
pub struct Token<'a> {
    /// The bytes that are signed: header and claims as they came.
    pub(super) signed: &'a str,
    /// The signature in base64url.
    pub(super) signature: &'a str,
    /// `alg` of the header.
    pub(super) algorithm: String,
    /// `kid` of the header.
    pub kid: Kid,
    /// `iss` of the claims: the tenant that the token says it is from.
    pub issuer: TenantId,
    pub(super) claims: Map<String, Value>,
}

/// Finds the token in the values of the `authorization` header.
///
/// # Errors
/// When there is not exactly one value, or it is not `Bearer` and a token of at most `MAX_TOKEN_BYTES`.
pub fn bearer<'a>(mut values: impl Iterator<Item = &'a [u8]>) -> Result<&'a str, TokenFault> {
    let (Some(value), None) = (values.next(), values.next()) else { return Err(TokenFault::Authorization) };
    let value = std::str::from_utf8(value).map_err(|_| TokenFault::Authorization)?;
    let (scheme, token) = value.split_once(' ').ok_or(TokenFault::Authorization)?;
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(TokenFault::Authorization);
    }
    if token.len() > MAX_TOKEN_BYTES { Err(TokenFault::TooLong) } else { Ok(token) }
}

impl<'a> Token<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// When its form, its header or its issuer is not what a token of ours may have.
    pub fn parse(token: &'a str) -> Result<Self, TokenFault> {
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenFault::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenFault::Malformed)?;
        if claims.contains('.') || signature.is_empty() {
            return Err(TokenFault::Malformed);
        }
        let (header, claims) = (object(header)?, object(claims)?);
        if REFUSED_HEADERS.iter().any(|name| header.contains_key(*name)) {
            return Err(TokenFault::Header);
        }
        match header.get("typ") {
            None => {}
            Some(Value::String(typ)) if typ == "JWT" || typ == "at+jwt" => {}
            Some(_) => return Err(TokenFault::Header),
        }
        let algorithm = text(&header, "alg").ok_or(TokenFault::Header)?.to_owned();
        let kid = text(&header, "kid").and_then(|kid| Kid::parse(kid).ok()).ok_or(TokenFault::Header)?;
        let issuer = text(&claims, "iss").and_then(|iss| TenantId::parse(iss).ok()).ok_or(TokenFault::Claims)?;
        Ok(Self { signed, signature, algorithm, kid, issuer, claims })
    }
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str()
}

fn object(part: &str) -> Result<Map<String, Value>, TokenFault> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenFault::Malformed)?;
    let UniqueObject(object) = serde_json::from_slice(&bytes).map_err(|_| TokenFault::Malformed)?;
    Ok(object)
}

/// A JSON object in which no name stands twice. RFC 7519, section 4, lets a parser keep the last of two claims; another
/// parser may keep the first, and then two machines read two tokens in one.
struct UniqueObject(Map<String, Value>);

impl<'de> Deserialize<'de> for UniqueObject {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unique;
        impl<'de> Visitor<'de> for Unique {
            type Value = UniqueObject;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object without duplicate names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<UniqueObject, A::Error> {
                let mut object = Map::new();
                while let Some((name, value)) = entries.next_entry::<String, Value>()? {
                    if object.insert(name, value).is_some() {
                        return Err(A::Error::custom("duplicate name"));
                    }
                }
                Ok(UniqueObject(object))
            }
        }
        deserializer.deserialize_map(Unique)
    }
}
