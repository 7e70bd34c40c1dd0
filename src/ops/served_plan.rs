//! Finds the rate plan that prices for a tenant, ready to price.

use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::App;
use crate::{
    domain::{
        ids::TenantId,
        pricing::{PlanId, PlanVersionName, RatePlanSpec, RatePlanVersion},
        refusal::{Refusal, Violations},
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
    let found = match found {
        Some(found) => Some(Arc::new(ready(found).await?)),
        None => None,
    };
    app.directory.keep_plan(tenant, plan.clone(), found.clone(), generation);
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
    ready(found.ok_or(Refusal::NotFound("rate plan version"))?).await
}

async fn ready(version: RatePlanVersion) -> Result<ServedPlan, Refusal> {
    let RatePlanVersion { name, digest, spec, .. } = version;
    let plan = compiled(&spec).await?.map_err(|violations| {
        // It was compiled before it was stored.
        let first = violations.as_slice().first().map(|one| one.field.clone());
        tracing::error!(%name, ?first, "a stored rate plan cannot be used any more");
        Refusal::Internal
    })?;
    Ok(ServedPlan { name, digest, plan })
}

/// A plan, compiled apart from what answers calls: tables of many knots take long enough to hold those up.
///
/// # Errors
/// Internal, when that was broken off. Within: what is wrong with the plan.
pub(super) async fn compiled(spec: &RatePlanSpec) -> Result<Result<CompiledPlan, Violations>, Refusal> {
    let spec = spec.clone();
    spawn_blocking(move || CompiledPlan::compile(&spec)).await.map_err(|_| Refusal::Internal)
}

/// SHA-256 of what a plan says, in hexadecimal.
pub(super) fn digest(spec: &RatePlanSpec) -> String {
    vault::hex(&vault::sha256(&[spec.canonical().as_bytes()]))
}
