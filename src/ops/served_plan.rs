//! Finds the rate plan that prices for a tenant, ready to price.

use std::sync::Arc;

use super::App;
use crate::{
    domain::{
        ids::TenantId,
        pricing::{PlanId, PlanVersionName, RatePlanSpec, RatePlanVersion},
        refusal::Refusal,
    },
    engine::CompiledPlan,
    state::ServedPlan,
    vault,
};

/// The version in charge of a plan that a tenant sees.
///
/// # Errors
/// Not found; unavailable, when it must be read and the database does not answer.
pub(super) async fn served_plan(app: &App, tenant: &TenantId, plan: &PlanId) -> Result<Arc<ServedPlan>, Refusal> {
    let (known, generation) = app.directory.plan(tenant, plan, app.now());
    if let Some(known) = known {
        return known.ok_or(Refusal::NotFound("active rate plan"));
    }
    let found = app.store.find_active_plan(tenant, plan).await?;
    let found = found.as_ref().map(ready).transpose()?.map(Arc::new);
    app.directory.keep_plan(tenant.clone(), plan.clone(), found.clone(), generation);
    found.ok_or(Refusal::NotFound("active rate plan"))
}

/// A version of any stage that a tenant sees.
///
/// # Errors
/// Not found.
pub(super) async fn served_version(
    app: &App,
    tenant: &TenantId,
    name: &PlanVersionName,
) -> Result<ServedPlan, Refusal> {
    let found = app.store.find_plan_version(tenant, name).await?;
    ready(&found.ok_or(Refusal::NotFound("rate plan version"))?)
}

fn ready(version: &RatePlanVersion) -> Result<ServedPlan, Refusal> {
    let plan = CompiledPlan::compile(&version.spec).map_err(|violations| {
        // It was compiled before it was stored.
        let first = violations.as_slice().first().map(|one| one.field.clone());
        tracing::error!(name = %version.name, ?first, "a stored rate plan cannot be used any more");
        Refusal::Internal
    })?;
    Ok(ServedPlan { name: version.name.clone(), digest: version.digest.clone(), plan })
}

/// SHA-256 of what a plan says, in hexadecimal.
pub(super) fn digest(spec: &RatePlanSpec) -> String {
    vault::hex(&vault::sha256(&[spec.canonical().as_bytes()]))
}
