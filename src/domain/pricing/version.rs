//! Rate plans by name and version.

use std::fmt;

use super::RatePlanSpec;
use crate::domain::{ids::TenantId, text, time::Timestamp};

named!(
    /// Where a version of a rate plan is in its life.
    PlanStage {
        /// Never in charge yet.
        Draft = "draft",
        /// In charge.
        Active = "active",
        /// Was in charge.
        Retired = "retired",
    }
);

/// A rate plan: 1-64 of `[a-z0-9-]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanId(String);

impl PlanId {
    /// Takes a text that has the form of this id.
    ///
    /// # Errors
    /// One sentence that says the form.
    pub fn parse(value: &str) -> Result<Self, String> {
        text::lower_token(value).map(Self)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One version of a rate plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanVersionName {
    /// The plan.
    pub plan: PlanId,
    /// Its version, from 1 on.
    pub version: i64,
}

impl fmt::Display for PlanVersionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ratePlans/{}/versions/{}", self.plan.as_str(), self.version)
    }
}

/// One version of a rate plan as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatePlanVersion {
    /// Whose it is: a tenant's, or the operator's for the platform's own.
    pub owner: TenantId,
    /// Its name.
    pub name: PlanVersionName,
    /// Where it is in its life.
    pub stage: PlanStage,
    /// What it says.
    pub spec: RatePlanSpec,
    /// SHA-256 of what it says, in hexadecimal.
    pub digest: String,
    /// The key that stored it.
    pub kid: String,
    /// When it was stored.
    pub created: Timestamp,
    /// When its stage last changed.
    pub updated: Timestamp,
}
