//! Private keys of callers: PKCS#8 in PEM, as every JWT library reads them, and the tokens signed with them.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path, time::Duration};

use aws_lc_rs::{
    encoding::AsDer,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde::Serialize;
use serde_json::Value;

use super::Failure;
use crate::{
    auth::{PublicKey, Thumbprint, parse_jwk},
    domain::{key::KeyAlgorithm, time::Timestamp},
};

/// The strength of RSA keys that are made here.
const RSA_KEY: KeySize = KeySize::Rsa3072;

/// A private key, ready to sign tokens.
pub struct PrivateKey {
    encoding: EncodingKey,
    /// Its public half, with the algorithm of its signatures and its id.
    pub public: PublicKey,
}

/// What a token is to say.
#[derive(Debug, Clone)]
pub struct TokenClaims<'a> {
    /// The tenant it is from.
    pub tenant: &'a str,
    /// The platform it is for.
    pub audience: &'a str,
    /// Who or what acts.
    pub actor: Option<&'a str>,
    /// Scopes separated by spaces; nothing asks for all that the key has.
    pub scope: Option<&'a str>,
    /// When it is signed.
    pub now: Timestamp,
    /// How long it is good.
    pub lifetime: Duration,
    /// The client's certificate that it is bound to.
    pub certificate: Option<Thumbprint>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Value>,
}

impl PrivateKey {
    /// Makes a new key, and its PEM form.
    ///
    /// # Errors
    /// When the cryptography fails.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<(Self, String), Failure> {
        let failed = |_| Failure::new("a key could not be made");
        let der = match algorithm {
            KeyAlgorithm::EdDsa => Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8v1()).map_err(failed)?,
            KeyAlgorithm::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                .and_then(|pair| pair.to_pkcs8v1())
                .map_err(failed)?,
            KeyAlgorithm::Rs256 | KeyAlgorithm::Ps256 => {
                let pair = RsaKeyPair::generate(RSA_KEY).map_err(failed)?;
                let text = pem::encode(&pem::Pem::new("PRIVATE KEY", pair.as_der().map_err(failed)?.as_ref()));
                return Ok((Self::parse(&text, Some(algorithm))?, text));
            }
        };
        let text = pem::encode(&pem::Pem::new("PRIVATE KEY", der.as_ref()));
        Ok((Self::parse(&text, Some(algorithm))?, text))
    }

    /// Makes a new key and writes it to a file that must not be there yet, readable by its owner only.
    ///
    /// # Errors
    /// When the file is there already or cannot be written.
    pub fn create(path: &Path, algorithm: KeyAlgorithm) -> Result<Self, Failure> {
        let (key, text) = Self::generate(algorithm)?;
        fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| Failure::new(format!("cannot write the key file {}: {error}", path.display())))?;
        Ok(key)
    }

    /// Reads a key file. `algorithm` is only needed to sign PS256 with an RSA key.
    ///
    /// # Errors
    /// When it cannot be read, or holds no key that tokens may be signed with.
    pub fn read(path: &Path, algorithm: Option<KeyAlgorithm>) -> Result<Self, Failure> {
        let text = fs::read_to_string(path)
            .map_err(|error| Failure::new(format!("cannot read the key file {}: {error}", path.display())))?;
        Self::parse(&text, algorithm).map_err(|_| {
            Failure::new(format!("{} holds no private key of a kind that tokens are signed with", path.display()))
        })
    }

    fn parse(text: &str, algorithm: Option<KeyAlgorithm>) -> Result<Self, Failure> {
        let pem = text.as_bytes();
        let (encoding, implied) = EncodingKey::from_ed_pem(pem)
            .map(|key| (key, KeyAlgorithm::EdDsa))
            .or_else(|_| EncodingKey::from_ec_pem(pem).map(|key| (key, KeyAlgorithm::Es256)))
            .or_else(|_| EncodingKey::from_rsa_pem(pem).map(|key| (key, KeyAlgorithm::Rs256)))?;
        let algorithm = algorithm.unwrap_or(implied);
        let mut jwk = Jwk::from_encoding_key(&encoding, signing(algorithm))?;
        jwk.common.key_algorithm = None;
        let public = parse_jwk(&serde_json::to_string(&jwk)?, Some(algorithm)).map_err(Failure::new)?;
        Ok(Self { encoding, public })
    }

    /// Signs a token.
    ///
    /// # Errors
    /// When the cryptography fails.
    pub fn sign(&self, claims: &TokenClaims<'_>) -> Result<String, Failure> {
        let mut header = Header::new(signing(self.public.algorithm));
        header.kid = Some(self.public.kid.as_str().to_owned());
        let issued = claims.now.seconds();
        let lifetime = i64::try_from(claims.lifetime.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims {
            iss: claims.tenant,
            aud: claims.audience,
            iat: issued,
            exp: issued.saturating_add(lifetime),
            sub: claims.actor,
            scope: claims.scope,
            cnf: claims.certificate.as_ref().map(Thumbprint::claim),
        };
        Ok(jsonwebtoken::encode(&header, &claims, &self.encoding)?)
    }

    /// The public half as the JWK that a tenant registers, with its id and algorithm.
    #[must_use]
    pub fn jwk(&self) -> String {
        let members = self.public.jwk.trim_start_matches('{');
        format!(r#"{{"alg":"{}","kid":"{}",{members}"#, self.public.algorithm.name(), self.public.kid)
    }
}

fn signing(algorithm: KeyAlgorithm) -> Algorithm {
    match algorithm {
        KeyAlgorithm::EdDsa => Algorithm::EdDSA,
        KeyAlgorithm::Es256 => Algorithm::ES256,
        KeyAlgorithm::Rs256 => Algorithm::RS256,
        KeyAlgorithm::Ps256 => Algorithm::PS256,
    }
}

/// The algorithm of that name, for an argument.
pub(super) fn algorithm(name: &str) -> Result<KeyAlgorithm, String> {
    KeyAlgorithm::from_name(name).ok_or_else(|| "must be EdDSA, ES256, RS256 or PS256".to_owned())
}
