//! A tenant's key: what it seals, and what it hashes.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hkdf, hmac,
};

use crate::domain::{
    fraud::{EntityKey, EntityKind},
    ids::DecisionId,
    refusal::Refusal,
};

/// The length of a secret in bytes: 256 bits.
pub(super) const SECRET_BYTES: usize = 32;

/// A tenant's key as the database keeps it.
#[derive(Clone)]
pub struct WrappedKey {
    /// Its id, a UUIDv7.
    pub key_id: String,
    /// Nonce, ciphertext and tag under the master key.
    pub wrapped: Vec<u8>,
}

/// The keys that a tenant's secret gives (HKDF-SHA-256, RFC 5869): one for each use, so that none can be turned
/// against another.
pub struct TenantKey {
    key_id: String,
    inputs: RandomizedNonceKey,
    entries: RandomizedNonceKey,
    subjects: hmac::Key,
    payloads: hmac::Key,
    elements: hmac::Key,
}

impl TenantKey {
    pub(super) fn derive(key_id: String, secret: &[u8]) -> Result<Self, Refusal> {
        let inputs = expand(secret, b"riskport inputs v1")?;
        let entries = expand(secret, b"riskport log entries v1")?;
        Ok(Self {
            key_id,
            inputs: RandomizedNonceKey::new(&AES_256_GCM, &inputs).map_err(|_| Refusal::Internal)?,
            entries: RandomizedNonceKey::new(&AES_256_GCM, &entries).map_err(|_| Refusal::Internal)?,
            subjects: hmac::Key::new(hmac::HMAC_SHA256, &expand(secret, b"riskport subjects v1")?),
            payloads: hmac::Key::new(hmac::HMAC_SHA256, &expand(secret, b"riskport payloads v1")?),
            elements: hmac::Key::new(hmac::HMAC_SHA256, &expand(secret, b"riskport entities v1")?),
        })
    }

    /// The id of the key, which stands beside whatever it sealed.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Seals the inputs of a decision: nonce, ciphertext, tag. Random 96-bit nonces are safe for 2^32 uses of one key
    /// (NIST SP 800-38D, section 8.3).
    ///
    /// # Errors
    /// Internal, when the cryptography fails.
    pub fn seal(&self, decision: &DecisionId, plain: Vec<u8>) -> Result<Vec<u8>, Refusal> {
        seal_under(&self.inputs, decision.as_str().as_bytes(), plain)
    }

    /// Seals an entry of the log for its place there, as [`Self::seal`].
    ///
    /// # Errors
    /// Internal, when the cryptography fails.
    pub fn seal_entry(&self, place: i64, plain: Vec<u8>) -> Result<Vec<u8>, Refusal> {
        seal_under(&self.entries, &place.to_be_bytes(), plain)
    }

    /// Opens a sealed entry of the log.
    ///
    /// # Errors
    /// Internal, when it belongs to another place, was sealed under another key, or was changed.
    pub fn open_entry(&self, place: i64, sealed: &[u8]) -> Result<Vec<u8>, Refusal> {
        open_under(&self.entries, &place.to_be_bytes(), sealed)
    }

    /// Opens the sealed inputs of a decision.
    ///
    /// # Errors
    /// Internal, when they are another decision's, sealed under another key, or were changed.
    pub fn open(&self, decision: &DecisionId, sealed: &[u8]) -> Result<Vec<u8>, Refusal> {
        open_under(&self.inputs, decision.as_str().as_bytes(), sealed)
    }

    /// The keyed hash of a subject: equal for equal subjects of the tenant, and no help in guessing them without the
    /// key, which a plain hash of a phone or card number would be.
    #[must_use]
    pub fn subject_hmac(&self, subject: &str) -> [u8; 32] {
        tag(&self.subjects, subject.as_bytes())
    }

    /// The keyed hash of a request's payload, for telling a retry from another request with the same id.
    #[must_use]
    pub fn payload_hmac(&self, payload: &[u8]) -> [u8; 32] {
        tag(&self.payloads, payload)
    }

    /// The keyed hash of an entity in its normal form: equal for equal entities of one kind and one tenant. Its 128 bits
    /// make two of a billion entities equal by chance with a probability of about 2^-69.
    #[must_use]
    pub fn entity_key(&self, kind: EntityKind, normal: &str) -> EntityKey {
        self.element(kind.name(), normal)
    }

    /// The keyed hash of a network such as `10.1.0.0/16`, for telling whether an address lies in a listed one.
    #[must_use]
    pub fn network_key(&self, network: &str) -> EntityKey {
        self.element("ip-network", network)
    }

    fn element(&self, kind: &str, value: &str) -> EntityKey {
        let tag = tag(&self.elements, &[kind.as_bytes(), &[0], value.as_bytes()].concat());
        EntityKey::from_bytes(tag.first_chunk().copied().unwrap_or_default())
    }
}

fn seal_under(key: &RandomizedNonceKey, bound_to: &[u8], plain: Vec<u8>) -> Result<Vec<u8>, Refusal> {
    let mut bytes = plain;
    let nonce = key.seal_in_place_append_tag(Aad::from(bound_to), &mut bytes).map_err(|_| Refusal::Internal)?;
    Ok([nonce.as_ref().as_slice(), &bytes].concat())
}

fn open_under(key: &RandomizedNonceKey, bound_to: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Refusal> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN).ok_or(Refusal::Internal)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Refusal::Internal)?;
    let mut bytes = sealed.to_vec();
    let plain = key.open_in_place(nonce, Aad::from(bound_to), &mut bytes).map_err(|_| Refusal::Internal)?;
    Ok(plain.to_vec())
}

fn tag(key: &hmac::Key, data: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hmac::sign(key, data).as_ref());
    bytes
}

fn expand(secret: &[u8], info: &[u8]) -> Result<[u8; SECRET_BYTES], Refusal> {
    let mut key = [0; SECRET_BYTES];
    hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
        .extract(secret)
        .expand(&[info], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut key))
        .map_err(|_| Refusal::Internal)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::ids::TenantId, vault::MasterKey};

    #[test]
    fn what_is_sealed_opens_for_its_decision_and_key_only() {
        let folder = tempfile::tempdir().unwrap();
        let master = MasterKey::create(&folder.path().join("master.key")).unwrap();
        let north = TenantId::parse("north").unwrap();
        let (key, wrapped) = master.new_tenant_key(&north, "k1".to_owned()).unwrap();
        let (other, _) = master.new_tenant_key(&north, "k2".to_owned()).unwrap();
        let first = DecisionId::parse("01890a5d-ac96-774b-bcce-b302099a8057").unwrap();
        let second = DecisionId::parse("01890a5d-ac96-774b-bcce-b302099a8058").unwrap();

        let sealed = key.seal(&first, b"inputs".to_vec()).unwrap();
        assert_eq!(key.open(&first, &sealed).unwrap(), b"inputs");
        assert!(key.open(&second, &sealed).is_err());
        assert!(other.open(&first, &sealed).is_err());

        let again = master.open_tenant_key(&north, &wrapped).unwrap();
        assert_eq!(again.open(&first, &sealed).unwrap(), b"inputs");
        assert_eq!(again.subject_hmac("a"), key.subject_hmac("a"));
        assert_ne!(other.subject_hmac("a"), key.subject_hmac("a"));
        let card = key.entity_key(EntityKind::Card, "a");
        assert_eq!(again.entity_key(EntityKind::Card, "a"), card);
        assert_ne!(key.entity_key(EntityKind::Device, "a"), card);
        assert_ne!(other.entity_key(EntityKind::Card, "a"), card);
        assert!(master.open_tenant_key(&TenantId::parse("south").unwrap(), &wrapped).is_err());
    }

    #[test]
    fn a_master_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        MasterKey::create(&path).unwrap();
        assert!(MasterKey::create(&path).is_err(), "an existing key was overwritten");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(MasterKey::read(&path).is_err());
    }
}
