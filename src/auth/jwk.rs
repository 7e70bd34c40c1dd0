//! Takes a public key that a tenant registers: a JWK (RFC 7517) of a kind and strength that tokens may be signed with.

use aws_lc_rs::{
    digest,
    signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use serde_json::{Map, Value};

use crate::domain::{ids::Kid, key::KeyAlgorithm};

/// The longest JWK that is looked at, in bytes.
const MAX_JWK_BYTES: usize = 8 * 1024;
/// Members that only a private or a secret key has (RFC 7518, section 6; RFC 8037, section 2).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
/// The strength of RSA keys, in bits of the modulus.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;

/// A public key that may be registered.
#[derive(Clone)]
pub struct PublicKey {
    /// The algorithm of its signatures.
    pub algorithm: KeyAlgorithm,
    /// The JWK's own `kid`, or its RFC 7638 thumbprint.
    pub kid: Kid,
    /// The required members only, in the order of RFC 7638: what is stored.
    pub jwk: String,
    pub(super) decoding: DecodingKey,
}

/// Parses a JWK. `algorithm` is what the caller says of it; otherwise its own `alg`, or what its type implies.
///
/// # Errors
/// One sentence that says what is wrong with it.
pub fn parse_jwk(json: &str, algorithm: Option<KeyAlgorithm>) -> Result<PublicKey, String> {
    if json.len() > MAX_JWK_BYTES {
        return Err(format!("must have at most {MAX_JWK_BYTES} bytes"));
    }
    let jwk: Map<String, Value> = serde_json::from_str(json).map_err(|_| "must be a JWK in JSON".to_owned())?;
    if PRIVATE_MEMBERS.iter().any(|member| jwk.contains_key(*member)) {
        return Err("must be the public key only: this one holds a private part, treat that key as lost".to_owned());
    }
    let (implied, members, decoding) = match text(&jwk, "kty") {
        Some("OKP") => ed25519(&jwk)?,
        Some("EC") => p256(&jwk)?,
        Some("RSA") => rsa(&jwk)?,
        _ => return Err("kty must be OKP, EC or RSA".to_owned()),
    };
    let named = match text(&jwk, "alg") {
        None => None,
        // RFC 9864 gives Ed25519 a name of its own.
        Some("Ed25519") => Some(KeyAlgorithm::EdDsa),
        Some(alg) => {
            Some(KeyAlgorithm::from_name(alg).ok_or_else(|| "alg must be EdDSA, ES256, RS256 or PS256".to_owned())?)
        }
    };
    let algorithm = algorithm.or(named).unwrap_or(implied);
    let fits = algorithm == implied || (implied, algorithm) == (KeyAlgorithm::Rs256, KeyAlgorithm::Ps256);
    if !fits || named.is_some_and(|named| named != algorithm) {
        return Err("the algorithm does not fit the key".to_owned());
    }
    let kid = match jwk.get("kid") {
        None => Kid::parse(&thumbprint(&members))?,
        Some(kid) => Kid::parse(kid.as_str().unwrap_or_default()).map_err(|rule| format!("kid {rule}"))?,
    };
    Ok(PublicKey { algorithm, kid, jwk: members, decoding })
}

/// RFC 7638: SHA-256 over the required members in lexical order.
fn thumbprint(members: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, members.as_bytes()))
}

type Parsed = (KeyAlgorithm, String, DecodingKey);

fn ed25519(jwk: &Map<String, Value>) -> Result<Parsed, String> {
    if text(jwk, "crv") != Some("Ed25519") {
        return Err("crv of an OKP key must be Ed25519".to_owned());
    }
    let x = bytes(jwk, "x")?;
    if is_weak_ed25519(&x) {
        return Err("x is a weak Ed25519 public key: anybody can sign for it".to_owned());
    }
    ParsedPublicKey::new(&ED25519, &x).map_err(|_| "x is not an Ed25519 public key".to_owned())?;
    let x = URL_SAFE_NO_PAD.encode(x);
    let decoding = DecodingKey::from_ed_components(&x).map_err(|_| unusable())?;
    Ok((KeyAlgorithm::EdDsa, format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#), decoding))
}

/// Whether a point is one of the few of small order, in any of its encodings: with zeros for a key, for example, some
/// signatures hold for every text. These are all values of y for them, the sign of x aside.
fn is_weak_ed25519(x: &[u8]) -> bool {
    const Y_OF_ORDER_8: [&str; 2] =
        ["JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU", "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o"];
    let Ok(mut y) = <[u8; 32]>::try_from(x) else { return false };
    y[31] &= 0x7f;
    // Of order 1, 2 and 4: y is 1, -1 or 0 modulo p. In little-endian, p is 0xed, thirty times 0xff, and 0x7f.
    let near_zero = y[0] <= 1 && y[1..].iter().all(|byte| *byte == 0);
    let near_p = (0xec..=0xee).contains(&y[0]) && y[1..31].iter().all(|byte| *byte == 0xff) && y[31] == 0x7f;
    near_zero || near_p || Y_OF_ORDER_8.contains(&URL_SAFE_NO_PAD.encode(y).as_str())
}

fn p256(jwk: &Map<String, Value>) -> Result<Parsed, String> {
    if text(jwk, "crv") != Some("P-256") {
        return Err("crv of an EC key must be P-256".to_owned());
    }
    let (x, y) = (bytes(jwk, "x")?, bytes(jwk, "y")?);
    let point = [&[4], x.as_slice(), y.as_slice()].concat();
    // Parsing checks that the point lies on the curve.
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point)
        .map_err(|_| "x and y are not a point of P-256".to_owned())?;
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let decoding = DecodingKey::from_ec_components(&x, &y).map_err(|_| unusable())?;
    Ok((KeyAlgorithm::Es256, format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#), decoding))
}

fn rsa(jwk: &Map<String, Value>) -> Result<Parsed, String> {
    let (n, e) = (bytes(jwk, "n")?, bytes(jwk, "e")?);
    let bits = n
        .iter()
        .position(|byte| *byte != 0)
        .map_or(0, |zeros| (n.len() - zeros) * 8 - usize::try_from(n[zeros].leading_zeros()).unwrap_or(0));
    if !RSA_BITS.contains(&bits) || n.last().is_none_or(|byte| byte % 2 == 0) {
        return Err(format!("n must be an odd number of {} to {} bits", RSA_BITS.start(), RSA_BITS.end()));
    }
    if e != [1, 0, 1] {
        return Err("e must be 65537".to_owned());
    }
    let (n, e) = (URL_SAFE_NO_PAD.encode(n), URL_SAFE_NO_PAD.encode(e));
    let decoding = DecodingKey::from_rsa_components(&n, &e).map_err(|_| unusable())?;
    Ok((KeyAlgorithm::Rs256, format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#), decoding))
}

fn text<'a>(jwk: &'a Map<String, Value>, member: &str) -> Option<&'a str> {
    jwk.get(member)?.as_str()
}

fn bytes(jwk: &Map<String, Value>, member: &str) -> Result<Vec<u8>, String> {
    text(jwk, member)
        .and_then(|value| URL_SAFE_NO_PAD.decode(value).ok())
        .ok_or_else(|| format!("{member} must be base64url without padding"))
}

fn unusable() -> String {
    "is not a usable key".to_owned()
}
