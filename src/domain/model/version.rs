//! A version of a model, as it is stored.

use std::fmt;

use super::{FittedTo, Lineup, Manifest, ModelKind};
use crate::domain::{
    ids::{Kid, ModelId, TenantId},
    time::Timestamp,
};

named!(
    /// How far a version has come. Nothing but the order of these steps leads to a decision.
    Stage {
        /// It was loaded, and nobody has shown that it predicts as it did where it was trained.
        Draft = "draft",
        /// It reproduced its reference rows.
        Validated = "validated",
        /// It is evaluated beside the champion and recorded, and its answers are not sent.
        Shadow = "shadow",
        /// It decides for a share of the subjects.
        Challenger = "challenger",
        /// It is in charge.
        Champion = "champion",
        /// It no longer decides. It stays, for its decisions name it.
        Retired = "retired",
    }
);

/// The number of a version, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionNumber(i64);

impl VersionNumber {
    /// The first.
    pub const FIRST: Self = Self(1);

    /// Takes a number from 1.
    ///
    /// # Errors
    /// One sentence that says the rule.
    pub fn parse(text: &str) -> Result<Self, String> {
        let digits = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(number) if digits && !text.starts_with('0') => Ok(Self(number)),
            _ => Err("must be a version number, from 1".to_owned()),
        }
    }

    /// The number as it stands in the database; nothing when it is no version's.
    #[must_use]
    pub fn from_stored(number: i64) -> Option<Self> {
        (number >= 1).then_some(Self(number))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A model by its owner: a partner, or the operator for a model of the platform.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelName {
    /// Whose it is.
    pub owner: TenantId,
    /// Its id, unique within the owner's models.
    pub model: ModelId,
}

/// A model, as it is stored: a name, and the versions that take part in its traffic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Whose it is, and its id.
    pub name: ModelName,
    /// What it is for: every version has the same kind.
    pub kind: ModelKind,
    /// Which versions take part.
    pub lineup: Lineup,
    /// The newest version.
    pub newest: VersionNumber,
}

/// How well a version reproduced its reference rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reproduction {
    /// How many rows.
    pub rows: i64,
    /// The largest difference from what was expected.
    pub largest_difference: f64,
}

/// A version that is to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewVersion {
    /// The model.
    pub name: ModelName,
    /// The format of its file.
    pub format: String,
    /// SHA-256 of the file, in hexadecimal.
    pub digest: String,
    /// SHA-256 of the manifest's stored form, in hexadecimal.
    pub manifest_digest: String,
    /// What the file does not say.
    pub manifest: Manifest,
    /// How it reproduced its reference rows; nothing when it came without any.
    pub reproduction: Option<Reproduction>,
    /// What its calibration was fitted to; nothing for a version that was uploaded.
    pub fitted_to: Option<FittedTo>,
}

/// A stored version. Everything but its stage stays as it is for ever.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelVersion {
    /// The model.
    pub name: ModelName,
    /// Its number.
    pub version: VersionNumber,
    /// How far it has come.
    pub stage: Stage,
    /// The format of its file.
    pub format: String,
    /// SHA-256 of the file, in hexadecimal.
    pub digest: String,
    /// SHA-256 of the manifest's stored form, in hexadecimal.
    pub manifest_digest: String,
    /// What the file does not say.
    pub manifest: Manifest,
    /// The size of the file, in bytes.
    pub file_bytes: i64,
    /// How it reproduced its reference rows; nothing when it came without any.
    pub reproduction: Option<Reproduction>,
    /// The key that uploaded it.
    pub uploaded_by: Kid,
    /// `sub` of the token it was uploaded with; may be empty.
    pub uploaded_actor: String,
    /// When it was uploaded.
    pub created: Timestamp,
    /// When its stage last changed.
    pub updated: Timestamp,
}
