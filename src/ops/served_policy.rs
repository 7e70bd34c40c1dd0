//! Finds the policy that decides a scene for a tenant, ready to decide.

use std::{collections::HashMap, sync::Arc};

use super::{App, fraud_policies::kinds_of};
use crate::{
    domain::{
        fraud::{
            EntryState, FraudList, ListId, PolicyId, PolicySpec, PolicyStage, PolicyVersion, PolicyVersionName, Scene,
        },
        ids::TenantId,
        refusal::Refusal,
        time::Timestamp,
    },
    engine::CompiledPolicy,
    state::{ServedList, ServedPolicies, ServedPolicy},
    vault,
};

/// The policy in charge of a scene: the tenant's own, or the platform's.
///
/// # Errors
/// Unavailable, when it must be read and the database does not answer.
pub(super) async fn served_policy(app: &App, tenant: &TenantId, scene: &Scene) -> Result<Arc<ServedPolicy>, Refusal> {
    let (known, generation) = app.directory.policies(tenant, app.now());
    if let Some(known) = known {
        return Ok(known.of(scene));
    }
    let served = Arc::new(read(app, tenant).await?);
    app.directory.keep_policies(tenant, Arc::clone(&served), generation);
    Ok(served.of(scene))
}

/// The platform's own policy, which is in charge where a tenant has none.
pub(super) fn platform_policy() -> PolicyVersion {
    let spec = PolicySpec::platform();
    PolicyVersion {
        name: PolicyVersionName { policy: PolicyId::platform(), version: 1 },
        stage: PolicyStage::Active,
        digest: digest(&spec),
        spec,
        kid: String::new(),
        created: Timestamp::from_micros(0),
        updated: Timestamp::from_micros(0),
    }
}

/// SHA-256 of what a policy says, in hexadecimal.
pub(super) fn digest(spec: &PolicySpec) -> String {
    vault::hex(&vault::sha256(&[spec.canonical().as_bytes()]))
}

async fn read(app: &App, tenant: &TenantId) -> Result<ServedPolicies, Refusal> {
    let active = app.store.list_active_policies(tenant).await?;
    let lists = app.store.list_lists(tenant).await?;
    let platform = platform_policy();
    let mut served =
        ServedPolicies { by_scene: HashMap::new(), otherwise: Arc::new(serve(app, tenant, &platform, &lists).await?) };
    for version in &active {
        let policy = Arc::new(serve(app, tenant, version, &lists).await?);
        if version.spec.scenes.is_empty() {
            served.otherwise = policy;
        } else {
            served.by_scene.extend(version.spec.scenes.iter().map(|scene| (scene.clone(), Arc::clone(&policy))));
        }
    }
    Ok(served)
}

/// A version, ready to decide.
pub(super) async fn serve(
    app: &App,
    tenant: &TenantId,
    version: &PolicyVersion,
    lists: &[FraudList],
) -> Result<ServedPolicy, Refusal> {
    let policy = CompiledPolicy::compile(&version.spec, &kinds_of(lists)).map_err(|violations| {
        // It fitted when it was put in charge, and the lists that it names cannot be removed since.
        let first = violations.as_slice().first().map(|one| one.field.clone());
        tracing::error!(name = %version.name, ?first, "a policy in charge does not fit any more");
        Refusal::Internal
    })?;
    let mut served = Vec::with_capacity(lists.len());
    for (slot, list) in lists.iter().enumerate() {
        served.push(if policy.names_list(slot) {
            served_list(app, tenant, list).await?
        } else {
            Arc::new(ServedList::new(list))
        });
    }
    Ok(ServedPolicy {
        name: version.name.clone(),
        digest: version.digest.clone(),
        policy,
        model: version.spec.model.clone().unwrap_or_else(|| app.default_fraud_model.clone()),
        lists: served,
    })
}

/// A list as it is now, at that revision or a newer one: what changed since it was last read is read.
pub(super) async fn served_list(app: &App, tenant: &TenantId, list: &FraudList) -> Result<Arc<ServedList>, Refusal> {
    let known = app.lists.get(tenant, &list.id).filter(|known| known.is_of(list));
    let after = known.as_ref().map_or(0, |known| known.revision());
    if let Some(known) = known.as_ref().filter(|_| after >= list.revision) {
        return Ok(Arc::clone(known));
    }
    let (changes, newest) = app.store.list_changed_entries(tenant, &list.id, after).await?;
    let mut next = known.map_or_else(|| ServedList::new(list), |known| (*known).clone());
    next.advance(
        // The last changes may have touched nothing, and there may be newer ones.
        list.revision.max(newest),
        changes.into_iter().map(|change| match change.to {
            EntryState::Listed(expires) => (change.entry, Some(expires)),
            EntryState::Removed => (change.entry, None),
        }),
    );
    let next = Arc::new(next);
    app.lists.keep(tenant, Arc::clone(&next));
    Ok(next)
}

/// The list of that id.
pub(super) async fn find_list(app: &App, tenant: &TenantId, list: &ListId) -> Result<FraudList, Refusal> {
    app.store.find_list(tenant, list).await?.ok_or(Refusal::NotFound("list"))
}
