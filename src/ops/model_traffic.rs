//! Says which versions of a model decide. Every change is one transaction: a decision is made by the versions of before it
//! or of after it, never by a mixture.

use super::{App, served_model::load_version};
use crate::{
    auth::{Permit, mark},
    domain::{
        ids::{ModelId, TenantId},
        model::{Challenger, Model, ModelVersion, VersionNumber},
        refusal::{Obstacle, Refusal},
    },
};

/// Puts a version of the caller's own model in charge.
///
/// # Errors
/// See `RiskModelService.PromoteModelVersion` in the contract.
pub async fn promote_model_version(
    app: &App,
    permit: &Permit<mark::ModelPromote>,
    model: &ModelId,
    version: VersionNumber,
) -> Result<Model, Refusal> {
    let (owner, four_eyes) = (permit.tenant(), needs_four_eyes(app, permit).await?);
    let by = app.change_by(permit.caller(), "promote_model_version");
    let promoted = app.store.promote_model_version(owner, model, version, four_eyes, &by).await??;
    app.directory.changed();
    Ok(promoted)
}

/// Puts the version back that was in charge before.
///
/// # Errors
/// See `RiskModelService.RollbackModel` in the contract.
pub async fn rollback_model(app: &App, permit: &Permit<mark::ModelPromote>, model: &ModelId) -> Result<Model, Refusal> {
    let by = app.change_by(permit.caller(), "rollback_model");
    let back = app.store.rollback_model(permit.tenant(), model, false, &by).await??;
    app.directory.changed();
    Ok(back)
}

/// Says which versions stand beside the champion.
///
/// # Errors
/// See `RiskModelService.SetModelTraffic` in the contract.
pub async fn set_model_traffic(
    app: &App,
    permit: &Permit<mark::ModelPromote>,
    model: &ModelId,
    challenger: Option<Challenger>,
    shadows: &[VersionNumber],
) -> Result<Model, Refusal> {
    let (owner, four_eyes) = (permit.tenant(), needs_four_eyes(app, permit).await?);
    if let Some(challenger) = challenger {
        check_takes_requests(app, owner, model, challenger.version).await?;
    }
    let by = app.change_by(permit.caller(), "set_model_traffic");
    let set = app.store.set_model_traffic(owner, model, challenger, shadows, four_eyes, &by).await??;
    app.directory.changed();
    Ok(set)
}

/// Takes a version out of use for ever.
///
/// # Errors
/// See `RiskModelService.RetireModelVersion` in the contract.
pub async fn retire_model_version(
    app: &App,
    permit: &Permit<mark::ModelPromote>,
    model: &ModelId,
    version: VersionNumber,
) -> Result<ModelVersion, Refusal> {
    let by = app.change_by(permit.caller(), "retire_model_version");
    let retired = app.store.retire_model_version(permit.tenant(), model, version, &by).await??;
    app.directory.changed();
    Ok(retired)
}

/// Refuses a challenger that does not take every request that the champion takes. The store compares what was uploaded;
/// only the loaded models have what a file says of itself.
async fn check_takes_requests(
    app: &App,
    owner: &TenantId,
    model: &ModelId,
    challenger: VersionNumber,
) -> Result<(), Refusal> {
    let found = app.store.find_model(owner, model).await?.filter(|found| found.name.owner == *owner);
    let found = found.ok_or(Refusal::NotFound("model"))?;
    let Some(champion) = found.lineup.champion else { return Ok(()) };
    let champion = load_version(app, &found.name, champion).await?;
    let challenger = load_version(app, &found.name, challenger).await?;
    let takes = challenger.model.manifest().takes_requests_of(champion.model.manifest());
    if takes { Ok(()) } else { Err(Refusal::Precondition(Obstacle::SchemaDiffers)) }
}

async fn needs_four_eyes(app: &App, permit: &Permit<mark::ModelPromote>) -> Result<bool, Refusal> {
    Ok(app.store.find_tenant(permit.tenant()).await?.is_some_and(|tenant| tenant.four_eyes))
}
