//! Finds the model that decides for a tenant, loaded.

use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::App;
use crate::{
    domain::{
        ids::{ModelId, TenantId},
        model::{Challenger, Model, ModelName, VersionNumber},
        refusal::Refusal,
    },
    engine,
    state::{ServedModel, ServedVersion},
};

/// The model of that name for a tenant: its own, or one of the platform's that it may use.
///
/// # Errors
/// Not found, also when it is another tenant's; unavailable, when it must be read and the database does not answer.
pub(super) async fn served_model(app: &App, tenant: &TenantId, model: &ModelId) -> Result<Arc<ServedModel>, Refusal> {
    let (known, generation) = app.directory.model(tenant, model, app.now());
    if let Some(known) = known {
        return known.ok_or(Refusal::NotFound("model"));
    }
    let found = match app.store.find_model(tenant, model).await? {
        Some(found) => Some(Arc::new(load_lineup(app, found).await?)),
        None => None,
    };
    app.directory.keep_model(tenant, model.clone(), found.clone(), generation);
    found.ok_or(Refusal::NotFound("model"))
}

async fn load_lineup(app: &App, model: Model) -> Result<ServedModel, Refusal> {
    let champion = match model.lineup.champion {
        Some(version) => Some(load_version(app, &model.name, version).await?),
        None => None,
    };
    let challenger = match model.lineup.challenger {
        Some(challenger @ Challenger { version, .. }) => {
            Some((challenger, load_version(app, &model.name, version).await?))
        }
        None => None,
    };
    let mut shadows = Vec::with_capacity(model.lineup.shadows.len());
    for version in &model.lineup.shadows {
        shadows.push(load_version(app, &model.name, *version).await?);
    }
    Ok(ServedModel { model, champion, challenger, shadows })
}

/// A version, loaded.
pub(super) async fn load_version(
    app: &App,
    name: &ModelName,
    version: VersionNumber,
) -> Result<Arc<ServedVersion>, Refusal> {
    let load = async {
        let stored = app.store.find_model_version(&name.owner, &name.model, version).await?;
        // The owner of the name, not whoever else has a model that it may use under the same name.
        let stored = stored.filter(|stored| stored.name == *name).ok_or(Refusal::NotFound("model version"))?;
        let file = app.store.find_model_file(&name.owner, &stored.digest).await?.ok_or(Refusal::Internal)?;
        let file_bytes = u32::try_from(file.len()).unwrap_or(u32::MAX);
        // It was loaded before it was stored; when it cannot be loaded now, that is a fault of ours.
        let loading = spawn_blocking(move || engine::Model::load(&file, stored.manifest));
        let model = loading.await.map_err(|_| Refusal::Internal)?.map_err(|violations| {
            let first = violations.as_slice().first().map(|one| one.field.clone());
            tracing::error!(%name.model, %version, ?first, "a stored model cannot be loaded");
            Refusal::Internal
        })?;
        Ok(ServedVersion::new(name.clone(), version, file_bytes, model))
    };
    app.versions.get_or_load(name, version, load).await
}
