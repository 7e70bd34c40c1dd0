//! Stores policies, and puts them in charge.

use super::{
    App,
    served_model::served_model,
    served_policy::{digest, platform_policy, serve},
};
use crate::{
    auth::{Permit, mark},
    domain::{
        fraud::{EntityKind, FraudList, ListId, MAX_RULES, PolicyId, PolicySpec, PolicyVersion, PolicyVersionName},
        ids::TenantId,
        page::{Page, PageSize},
        quota::Quota,
        refusal::{Limit, Obstacle, Refusal, Violations},
    },
    engine::CompiledPolicy,
    state::ServedPolicy,
};

/// Checks a policy, and unless `validate_only` stores it as a new draft. Only checked it has no version: 0.
///
/// # Errors
/// See `FraudPolicyService.CreatePolicyVersion` in the contract.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn create_policy_version(
    app: &App,
    permit: &Permit<mark::FraudPolicy>,
    policy: &PolicyId,
    spec: PolicySpec,
    validate_only: bool,
) -> Result<PolicyVersion, Refusal> {
    check(app, permit.tenant(), &spec).await?;
    let rules = i64::try_from(spec.rules.len()).unwrap_or(i64::MAX);
    if permit.caller().quotas().is_exceeded(Quota::PolicyRules, rules) {
        return Err(Refusal::Exhausted { limit: Limit::PolicyRules, retry_after: None });
    }
    let digest = digest(&spec);
    if validate_only {
        let name = PolicyVersionName { policy: policy.clone(), version: 0 };
        return Ok(PolicyVersion { name, spec, digest, ..platform_policy() });
    }
    let by = app.change_by(permit.caller(), "create_policy_version");
    let stored = app.store.record_policy_version(permit.tenant(), policy, &spec, &digest, &by).await?;
    app.directory.changed(permit.tenant());
    stored
}

/// What is wrong with the conditions of a policy that is refused already, so that its author learns all at once; nothing when
/// the lists that they may name cannot be read.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn condition_faults(app: &App, permit: &Permit<mark::FraudPolicy>, spec: &PolicySpec) -> Violations {
    let Ok(kinds) = list_kinds(app, permit.tenant()).await else { return Violations::default() };
    CompiledPolicy::compile(spec, &kinds).err().unwrap_or_default()
}

async fn list_kinds(app: &App, tenant: &TenantId) -> Result<Vec<(ListId, EntityKind)>, Refusal> {
    Ok(kinds_of(&app.store.list_lists(tenant).await?))
}

/// The lists that conditions may name, each with the kind of its entries: the form in which they are compiled.
pub(super) fn kinds_of(lists: &[FraudList]) -> Vec<(ListId, EntityKind)> {
    lists.iter().map(|list| (list.id.clone(), list.kind)).collect()
}

/// Whether a policy can decide: its fields, its conditions, and its model. Tells the lists that it names.
async fn check(app: &App, tenant: &TenantId, spec: &PolicySpec) -> Result<Vec<(ListId, EntityKind)>, Refusal> {
    let mut wrong = spec.check();
    if spec.rules.len() > MAX_RULES {
        // However many there are, no more than may be are looked at one by one.
        return Err(Refusal::Invalid(wrong));
    }
    let kinds = list_kinds(app, tenant).await?;
    let compiled = CompiledPolicy::compile(spec, &kinds).map_err(|conditions| wrong.join(conditions));
    let (Ok(compiled), true) = (compiled, wrong.is_empty()) else { return Err(Refusal::Invalid(wrong)) };
    if let Some(model) = &spec.model {
        let served = served_model(app, tenant, model).await?;
        let champion = served.champion.as_ref().ok_or(Refusal::Precondition(Obstacle::NoChampion))?;
        champion.event_row().ok_or(Refusal::Precondition(Obstacle::ModelUnsuitable))?;
    }
    Ok(compiled.named_lists())
}

/// Whether a stored version can decide now.
async fn check_stored(app: &App, tenant: &TenantId, spec: &PolicySpec) -> Result<Vec<(ListId, EntityKind)>, Refusal> {
    check(app, tenant, spec).await.map_err(|refusal| match refusal {
        Refusal::Unavailable | Refusal::Internal => refusal,
        _ => Refusal::Precondition(Obstacle::PolicyUnsuitable),
    })
}

/// Puts a version in charge.
///
/// # Errors
/// See `FraudPolicyService.ActivatePolicyVersion` in the contract.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn activate_policy_version(
    app: &App,
    permit: &Permit<mark::FraudPolicy>,
    name: &PolicyVersionName,
) -> Result<PolicyVersion, Refusal> {
    let stored = find(app, permit.tenant(), name).await?;
    let lists = check_stored(app, permit.tenant(), &stored.spec).await?;
    let by = app.change_by(permit.caller(), "activate_policy_version");
    let active = app.store.activate_policy_version(permit.tenant(), name, &lists, &by).await?;
    app.directory.changed(permit.tenant());
    active
}

/// Takes the active version of a policy out of charge.
///
/// # Errors
/// See `FraudPolicyService.RetirePolicy` in the contract.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn retire_policy(
    app: &App,
    permit: &Permit<mark::FraudPolicy>,
    policy: &PolicyId,
) -> Result<PolicyVersion, Refusal> {
    let by = app.change_by(permit.caller(), "retire_policy");
    let retired = app.store.retire_policy(permit.tenant(), policy, &by).await?;
    app.directory.changed(permit.tenant());
    retired
}

/// Finds one version; also the platform's own.
///
/// # Errors
/// Not found.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn get_policy_version(
    app: &App,
    permit: &Permit<mark::FraudPolicy>,
    name: &PolicyVersionName,
) -> Result<PolicyVersion, Refusal> {
    find(app, permit.tenant(), name).await
}

pub(super) async fn find(app: &App, tenant: &TenantId, name: &PolicyVersionName) -> Result<PolicyVersion, Refusal> {
    let platform = platform_policy();
    if *name == platform.name {
        return Ok(platform);
    }
    app.store.find_policy_version(tenant, name).await?.ok_or(Refusal::NotFound("policy version"))
}

/// Lists versions, by policy and newest first.
///
/// # Errors
/// Unavailable.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list_policy_versions(
    app: &App,
    permit: &Permit<mark::FraudPolicy>,
    policy: Option<&PolicyId>,
    after: Option<&PolicyVersionName>,
    size: PageSize,
) -> Result<Page<PolicyVersion, PolicyVersionName>, Refusal> {
    Ok(app.store.list_policy_versions(permit.tenant(), policy, after, size).await?)
}

/// A stored version, ready to decide.
pub(super) async fn ready(
    app: &App,
    tenant: &TenantId,
    name: &PolicyVersionName,
) -> Result<(ServedPolicy, PolicySpec), Refusal> {
    let stored = find(app, tenant, name).await?;
    check_stored(app, tenant, &stored.spec).await?;
    let lists = app.store.list_lists(tenant).await?;
    Ok((serve(app, tenant, &stored, &lists).await?, stored.spec))
}
