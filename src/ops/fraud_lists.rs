//! Keeps tenants' lists.

use super::{
    App,
    fraud_policies::kinds_of,
    served_policy::{find_list, served_list},
    take_entry::TRIES,
};
use crate::{
    auth::{Permit, mark},
    domain::{
        fraud::{ChangedEntries, EntityKey, EntityKind, EntryChange, EntryState, FraudList, ListId, network_prefixes},
        refusal::{Obstacle, Refusal},
        time::Timestamp,
    },
    engine::CompiledPolicy,
    vault::TenantKey,
};

/// Makes an empty list.
///
/// # Errors
/// See `FraudPolicyService.CreateList` in the contract.
pub async fn create_list(
    app: &App,
    permit: &Permit<mark::FraudPolicy>,
    id: ListId,
    kind: EntityKind,
    display_name: String,
) -> Result<FraudList, Refusal> {
    let by = app.change_by(permit.caller(), "create_list");
    let list = FraudList { id, kind, display_name, entries: 0, revision: 0, created: by.at };
    app.store.record_list(permit.tenant(), &list, &by).await??;
    app.directory.changed(permit.tenant());
    Ok(list)
}

/// Lists the lists.
///
/// # Errors
/// Unavailable.
pub async fn list_lists(app: &App, permit: &Permit<mark::FraudPolicy>) -> Result<Vec<FraudList>, Refusal> {
    Ok(app.store.list_lists(permit.tenant()).await?)
}

/// The list of that id.
///
/// # Errors
/// Not found.
pub async fn get_list(app: &App, permit: &Permit<mark::FraudPolicy>, list: &ListId) -> Result<FraudList, Refusal> {
    find_list(app, permit.tenant(), list).await
}

/// A change of a list, with its values in the clear; they must be neither stored nor logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListChange {
    /// The entity, or its networks, as [`list_entry`](crate::domain::fraud::list_entry) gives them.
    pub values: Vec<String>,
    /// What becomes of it.
    pub to: EntryState,
}

/// Turns changes into those of keyed hashes.
///
/// # Errors
/// Unavailable.
pub async fn hash_changes(
    app: &App,
    permit: &Permit<mark::FraudPolicy>,
    kind: EntityKind,
    changes: &[ListChange],
) -> Result<Vec<EntryChange>, Refusal> {
    let key = app.tenant_key(permit.tenant()).await?;
    let each = changes.iter().flat_map(|change| change.values.iter().map(move |value| (value, change.to)));
    Ok(each.map(|(value, to)| EntryChange { entry: entry(kind, value, &key), to }).collect())
}

fn entry(kind: EntityKind, value: &str, key: &TenantKey) -> EntityKey {
    match kind {
        EntityKind::Ip => key.network_key(value),
        kind => key.entity_key(kind, value),
    }
}

/// Changes some entries, all or none.
///
/// # Errors
/// See `FraudPolicyService.ChangeListEntries` in the contract.
pub async fn change_list_entries(
    app: &App,
    permit: &Permit<mark::FraudPolicy>,
    list: &ListId,
    changes: &[EntryChange],
) -> Result<ChangedEntries, Refusal> {
    let by = app.change_by(permit.caller(), "change_list_entries");
    let stored = app.store.change_list_entries(permit.tenant(), list, changes, &by).await?;
    app.directory.changed(permit.tenant());
    stored
}

/// Until when a value stands in a list, or for ever; nothing when it does not.
///
/// # Errors
/// Not found; one sentence, when it is no value of the list's kind.
pub async fn check_list_entry(
    app: &App,
    permit: &Permit<mark::FraudPolicy>,
    list: &ListId,
    value: &str,
) -> Result<Result<Option<Option<Timestamp>>, String>, Refusal> {
    let found = find_list(app, permit.tenant(), list).await?;
    let key = app.tenant_key(permit.tenant()).await?;
    let normal = match found.kind.normalise(value) {
        Ok(normal) => normal,
        Err(rule) => return Ok(Err(rule)),
    };
    let entries = match (found.kind, normal.parse()) {
        (EntityKind::Ip, Ok(ip)) => network_prefixes(ip).iter().map(|network| key.network_key(network)).collect(),
        _ => vec![key.entity_key(found.kind, &normal)],
    };
    let served = served_list(app, permit.tenant(), &found).await?;
    let now = app.now();
    // Of several networks the one that lasts longest tells: `None` is for ever.
    let lasting = |one: Option<Timestamp>| one.map_or(i64::MAX, Timestamp::micros);
    Ok(Ok(entries.into_iter().filter_map(|entry| served.has(entry, now)).max_by_key(|one| lasting(*one))))
}

/// Removes a list that no policy in charge names.
///
/// # Errors
/// See `FraudPolicyService.DeleteList` in the contract.
pub async fn delete_list(app: &App, permit: &Permit<mark::FraudPolicy>, list: &ListId) -> Result<(), Refusal> {
    let tenant = permit.tenant();
    for _ in 0..TRIES {
        let kinds = kinds_of(&app.store.list_lists(tenant).await?);
        let slot = kinds.iter().position(|(id, _)| id == list).ok_or(Refusal::NotFound("list"))?;
        let in_charge = app.store.list_active_policies(tenant).await?;
        for version in &in_charge {
            if CompiledPolicy::compile(&version.spec, &kinds).is_ok_and(|policy| policy.names_list(slot)) {
                return Err(Refusal::Precondition(Obstacle::ListInUse));
            }
        }
        let in_charge: Vec<_> = in_charge.into_iter().map(|version| version.name).collect();
        let by = app.change_by(permit.caller(), "delete_list");
        match app.store.delete_list(tenant, list, &in_charge, &by).await? {
            // A policy was put in charge meanwhile, perhaps by another process: it may name the list.
            Err(Refusal::StillRunning) => {}
            deleted => {
                app.directory.changed(permit.tenant());
                return deleted;
            }
        }
    }
    Err(Refusal::StillRunning)
}
