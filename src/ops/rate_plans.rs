//! Stores rate plans, and puts them in charge.

use super::{
    App,
    served_model::served_model,
    served_plan::{compiled, digest},
};
use crate::{
    auth::{Permit, mark},
    domain::{
        ids::TenantId,
        page::{Page, PageSize},
        pricing::{PlanId, PlanStage, PlanVersionName, RatePlanSpec, RatePlanVersion, RiskKind, RiskSource},
        refusal::{Obstacle, Refusal, Violations},
        time::Timestamp,
    },
};

/// Checks a plan, decides that its price never falls when the risk rises, and unless `validate_only` stores it as a new
/// draft. Only checked it has no version: 0.
///
/// # Errors
/// See `PricingService.CreateRatePlanVersion` in the contract.
pub async fn create_rate_plan_version(
    app: &App,
    permit: &Permit<mark::PricingPlan>,
    plan: &PlanId,
    spec: RatePlanSpec,
    validate_only: bool,
) -> Result<RatePlanVersion, Refusal> {
    let plan_itself = compiled(&spec).await?.map_err(Refusal::Invalid)?;
    check_model(app, permit.tenant(), &plan_itself.plan().risk).await?;
    let digest = digest(&spec);
    if validate_only {
        return Ok(RatePlanVersion {
            owner: permit.tenant().clone(),
            name: PlanVersionName { plan: plan.clone(), version: 0 },
            stage: PlanStage::Draft,
            spec,
            digest,
            kid: String::new(),
            created: Timestamp::from_micros(0),
            updated: Timestamp::from_micros(0),
        });
    }
    let by = app.change_by(permit.caller(), "create_rate_plan_version");
    let stored = app.store.record_plan_version(permit.tenant(), plan, &spec, &digest, &by).await?;
    app.directory.changed(permit.tenant());
    stored
}

/// What is wrong with a plan that is refused already, so that its author learns all at once.
pub async fn rate_plan_faults(spec: &RatePlanSpec) -> Violations {
    compiled(spec).await.map(|plan| plan.err().unwrap_or_default()).unwrap_or_default()
}

/// Whether the model that a plan names can bring its risk.
async fn check_model(app: &App, tenant: &TenantId, risk: &RiskSource) -> Result<(), Refusal> {
    let Some(model) = &risk.model else { return Ok(()) };
    let served = served_model(app, tenant, model).await?;
    let champion = served.champion.as_ref().ok_or(Refusal::Precondition(Obstacle::NoChampion))?;
    if risk.kind == RiskKind::CreditScore && !champion.model.gives_credit_scores() {
        return Err(Refusal::Precondition(Obstacle::ModelUnsuitable));
    }
    Ok(())
}

/// Puts a version in charge.
///
/// # Errors
/// See `PricingService.ActivateRatePlanVersion` in the contract.
pub async fn activate_rate_plan_version(
    app: &App,
    permit: &Permit<mark::PricingPlan>,
    name: &PlanVersionName,
) -> Result<RatePlanVersion, Refusal> {
    let by = app.change_by(permit.caller(), "activate_rate_plan_version");
    let active = app.store.activate_plan_version(permit.tenant(), name, &by).await?;
    app.directory.changed(permit.tenant());
    active
}

/// Takes the active version of a plan out of charge.
///
/// # Errors
/// See `PricingService.RetireRatePlan` in the contract.
pub async fn retire_rate_plan(
    app: &App,
    permit: &Permit<mark::PricingPlan>,
    plan: &PlanId,
) -> Result<RatePlanVersion, Refusal> {
    let by = app.change_by(permit.caller(), "retire_rate_plan");
    let retired = app.store.retire_plan(permit.tenant(), plan, &by).await?;
    app.directory.changed(permit.tenant());
    retired
}

/// Finds one version, the tenant's own or the platform's.
///
/// # Errors
/// Not found.
pub async fn get_rate_plan_version(
    app: &App,
    permit: &Permit<mark::PricingPlan>,
    name: &PlanVersionName,
) -> Result<RatePlanVersion, Refusal> {
    let found = app.store.find_plan_version(permit.tenant(), name).await?;
    found.ok_or(Refusal::NotFound("rate plan version"))
}

/// Lists versions, the tenant's own and the platform's, by plan and newest first.
///
/// # Errors
/// Unavailable.
pub async fn list_rate_plan_versions(
    app: &App,
    permit: &Permit<mark::PricingPlan>,
    plan: Option<&PlanId>,
    after: Option<&PlanVersionName>,
    size: PageSize,
) -> Result<Page<RatePlanVersion, PlanVersionName>, Refusal> {
    Ok(app.store.list_plan_versions(permit.tenant(), plan, after, size).await?)
}
