//! A public key that a tenant's callers sign their tokens with.

use super::{
    ids::{Kid, TenantId},
    scope::ScopeSet,
    time::Timestamp,
};

/// The signature algorithm of a key. No shared secrets: HS256 and its kin have no place here, nor has `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyAlgorithm {
    /// Ed25519, RFC 8037.
    EdDsa,
    /// ECDSA on P-256 with SHA-256, RFC 7518.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256, RFC 7518.
    Rs256,
    /// RSASSA-PSS with SHA-256, RFC 7518.
    Ps256,
}

impl KeyAlgorithm {
    /// Every algorithm, the preferred first.
    pub const ALL: [Self; 4] = [Self::EdDsa, Self::Es256, Self::Rs256, Self::Ps256];

    /// The `alg` of RFC 7518 and RFC 8037, as tokens and the database have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
        }
    }

    /// The algorithm of that `alg`, if it is one of ours. Case matters (RFC 7515, section 4.1.1).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// A registered public key, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Whose key it is.
    pub tenant: TenantId,
    /// Its id within the tenant.
    pub kid: Kid,
    /// The algorithm of its signatures.
    pub algorithm: KeyAlgorithm,
    /// The public key: a JWK (RFC 7517) in JSON with the required members only.
    pub jwk: String,
    /// What it was granted.
    pub scopes: ScopeSet,
    /// Its name for people; may be empty.
    pub display_name: String,
    /// When it was added.
    pub created: Timestamp,
    /// When it was revoked, if it was.
    pub revoked: Option<Timestamp>,
}
