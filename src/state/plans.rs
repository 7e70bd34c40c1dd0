//! Rate plans as they price.

use crate::{domain::pricing::PlanVersionName, engine::CompiledPlan};

/// A version of a rate plan that is ready to price.
pub struct ServedPlan {
    /// Which version.
    pub name: PlanVersionName,
    /// SHA-256 of what it says, in hexadecimal.
    pub digest: String,
    /// What it says.
    pub plan: CompiledPlan,
}
