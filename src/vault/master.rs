//! The master key: 32 random bytes in a file that only its owner can read, outside the database.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use thiserror::Error;

use super::{TenantKey, WrappedKey, random, tenant_key::SECRET_BYTES};
use crate::domain::{ids::TenantId, refusal::Refusal};

/// What a credential of systemd seems to allow: it is the service's alone by an access list, whose mask stands where the
/// group's bits do.
const GROUP_CAN_READ: u32 = 0o040;

/// The key that wraps every tenant's key (AES-256-GCM, NIST SP 800-38D).
pub struct MasterKey(RandomizedNonceKey);

/// Why there is no master key.
#[derive(Debug, Error)]
pub enum MasterKeyError {
    /// The file cannot be read or written.
    #[error("cannot use the master key file {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others than the owner can read it.
    #[error("the master key file {} can be read by others than its owner: run `chmod 600` on it", .0.display())]
    OpenToOthers(PathBuf),
    /// It does not hold a key.
    #[error("the master key file {} does not hold 32 bytes in base64", .0.display())]
    Content(PathBuf),
    /// The random generator failed.
    #[error("the operating system gave no random bytes")]
    Random,
}

impl MasterKey {
    /// Reads a key file: 32 bytes in base64 on one line, mode 0600 or stricter.
    ///
    /// # Errors
    /// When the file cannot be read, is open to others or holds something else.
    pub fn read(path: &Path) -> Result<Self, MasterKeyError> {
        let file = |source| MasterKeyError::File { path: path.to_owned(), source };
        let open_to = fs::metadata(path).map_err(file)?.permissions().mode() & 0o077;
        if open_to != 0 && !(open_to == GROUP_CAN_READ && is_credential(path)) {
            return Err(MasterKeyError::OpenToOthers(path.to_owned()));
        }
        let text = fs::read_to_string(path).map_err(file)?;
        let bytes = STANDARD.decode(text.trim()).ok().filter(|bytes| bytes.len() == SECRET_BYTES);
        bytes
            .and_then(|bytes| RandomizedNonceKey::new(&AES_256_GCM, &bytes).ok())
            .map(Self)
            .ok_or_else(|| MasterKeyError::Content(path.to_owned()))
    }

    /// Writes a new random key to a file that must not be there yet, readable by its owner only, and onto the disk:
    /// a key that a power cut loses takes every sealed input with it.
    ///
    /// # Errors
    /// When the file is there already or cannot be written.
    pub fn create(path: &Path) -> Result<Self, MasterKeyError> {
        let file = |source| MasterKeyError::File { path: path.to_owned(), source };
        let secret: [u8; SECRET_BYTES] = random().map_err(|_| MasterKeyError::Random)?;
        let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(file)?;
        writeln!(out, "{}", STANDARD.encode(secret)).map_err(file)?;
        out.sync_all().map_err(file)?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(file)?;
        }
        Self::read(path)
    }

    /// Makes a new key for a tenant, and its wrapped form for the database.
    ///
    /// # Errors
    /// Internal, when the cryptography fails.
    pub fn new_tenant_key(&self, tenant: &TenantId, key_id: String) -> Result<(TenantKey, WrappedKey), Refusal> {
        let secret: [u8; SECRET_BYTES] = random()?;
        let mut bytes = secret.to_vec();
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(associated(tenant, &key_id)), &mut bytes)
            .map_err(|_| Refusal::Internal)?;
        let wrapped = [nonce.as_ref().as_slice(), &bytes].concat();
        Ok((TenantKey::derive(key_id.clone(), &secret)?, WrappedKey { key_id, wrapped }))
    }

    /// Unwraps a tenant's key.
    ///
    /// # Errors
    /// Internal, when it was wrapped under another master key, or for another tenant, or was changed.
    pub fn open_tenant_key(&self, tenant: &TenantId, key: &WrappedKey) -> Result<TenantKey, Refusal> {
        let (nonce, sealed) = key.wrapped.split_at_checked(NONCE_LEN).ok_or(Refusal::Internal)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Refusal::Internal)?;
        let mut bytes = sealed.to_vec();
        let secret = self
            .0
            .open_in_place(nonce, Aad::from(associated(tenant, &key.key_id)), &mut bytes)
            .map_err(|_| Refusal::Internal)?;
        TenantKey::derive(key.key_id.clone(), secret)
    }
}

/// Whether a file lies in the folder that systemd makes of a service's credentials, which nobody else can enter.
fn is_credential(path: &Path) -> bool {
    std::env::var_os("CREDENTIALS_DIRECTORY").is_some_and(|folder| path.parent() == Some(Path::new(&folder)))
}

/// Ties a wrapped key to its tenant and id, so that rows cannot be swapped.
fn associated(tenant: &TenantId, key_id: &str) -> String {
    format!("riskport tenant key/{tenant}/{key_id}")
}
