//! Reads the models that a tenant may use: its own, and those of the platform that it was granted.

use super::App;
use crate::{
    auth::{Permit, mark},
    domain::{
        ids::{ModelId, TenantId},
        model::{Model, ModelKind, ModelVersion, Stage, VersionNumber},
        page::{Page, PageSize},
        refusal::Refusal,
    },
};

/// Lists models by id, from the one after `after`.
///
/// # Errors
/// Unavailable, when the database does not answer.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list_models(
    app: &App,
    permit: &Permit<mark::ModelRead>,
    kind: Option<ModelKind>,
    after: Option<&ModelId>,
    size: PageSize,
) -> Result<Page<Model, ModelId>, Refusal> {
    Ok(app.store.list_models(permit.tenant(), kind, after, size).await?)
}

/// Finds a model, with one version in full: the one named, or else the champion, or else the newest. Nothing in its place
/// when none was named and the tenant may see none.
///
/// # Errors
/// Not found.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn get_model(
    app: &App,
    permit: &Permit<mark::ModelRead>,
    model: &ModelId,
    version: Option<VersionNumber>,
) -> Result<(Model, Option<ModelVersion>), Refusal> {
    let tenant = permit.tenant();
    let found = app.store.find_model(tenant, model).await?.ok_or(Refusal::NotFound("model"))?;
    let number = version.or(found.lineup.champion).unwrap_or(found.newest);
    let shown = app.store.find_model_version(tenant, model, number).await?.filter(|one| may_see(tenant, one));
    if shown.is_none() && version.is_some() {
        return Err(Refusal::NotFound("model version"));
    }
    Ok((found, shown))
}

/// Lists the versions of a model, newest first, from the one before `before`.
///
/// # Errors
/// Not found.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list_model_versions(
    app: &App,
    permit: &Permit<mark::ModelRead>,
    model: &ModelId,
    before: Option<VersionNumber>,
    size: PageSize,
) -> Result<Page<ModelVersion, VersionNumber>, Refusal> {
    let tenant = permit.tenant();
    app.store.find_model(tenant, model).await?.ok_or(Refusal::NotFound("model"))?;
    let mut page = app.store.list_model_versions(tenant, model, before, size).await?;
    page.items.retain(|one| may_see(tenant, one));
    Ok(page)
}

/// Whether a tenant may see a version: its own always, one of the platform's once it took part in the traffic. What the
/// operator is still trying out is not for partners.
pub(super) fn may_see(tenant: &TenantId, version: &ModelVersion) -> bool {
    version.name.owner == *tenant || !matches!(version.stage, Stage::Draft | Stage::Validated)
}
