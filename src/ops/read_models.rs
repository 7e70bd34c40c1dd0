//! Reads the models that a tenant may use: its own, and those of the platform that it was granted.

use super::App;
use crate::{
    auth::{Permit, mark},
    domain::{
        ids::ModelId,
        model::{Model, ModelKind, ModelVersion, VersionNumber},
        page::{Page, PageSize},
        refusal::Refusal,
    },
};

/// Lists models by id, from the one after `after`.
///
/// # Errors
/// Unavailable, when the database does not answer.
pub async fn list_models(
    app: &App,
    permit: &Permit<mark::ModelRead>,
    kind: Option<ModelKind>,
    after: Option<&ModelId>,
    size: PageSize,
) -> Result<Page<Model, ModelId>, Refusal> {
    Ok(app.store.list_models(permit.tenant(), kind, after, size).await?)
}

/// Finds a model, with one version in full: the one named, or else the champion, or else the newest.
///
/// # Errors
/// Not found.
pub async fn get_model(
    app: &App,
    permit: &Permit<mark::ModelRead>,
    model: &ModelId,
    version: Option<VersionNumber>,
) -> Result<(Model, ModelVersion), Refusal> {
    let tenant = permit.tenant();
    let found = app.store.find_model(tenant, model).await?.ok_or(Refusal::NotFound("model"))?;
    let version = version.or(found.lineup.champion).unwrap_or(found.newest);
    let version = app.store.find_model_version(tenant, model, version).await?;
    Ok((found, version.ok_or(Refusal::NotFound("model version"))?))
}

/// Lists the versions of a model, newest first, from the one before `before`.
///
/// # Errors
/// Not found.
pub async fn list_model_versions(
    app: &App,
    permit: &Permit<mark::ModelRead>,
    model: &ModelId,
    before: Option<VersionNumber>,
    size: PageSize,
) -> Result<Page<ModelVersion, VersionNumber>, Refusal> {
    let tenant = permit.tenant();
    app.store.find_model(tenant, model).await?.ok_or(Refusal::NotFound("model"))?;
    Ok(app.store.list_model_versions(tenant, model, before, size).await?)
}
