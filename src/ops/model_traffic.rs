//! Says which versions of a model decide. Every change is one transaction: a decision is made by the versions of before it
//! or of after it, never by a mixture.

use super::App;
use crate::{
    auth::{Permit, mark},
    domain::{
        ids::ModelId,
        model::{Challenger, Model, ModelVersion, VersionNumber},
        refusal::Refusal,
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
    app.directory.changed(permit.tenant());
    Ok(promoted)
}

/// Puts the version back that was in charge before.
///
/// # Errors
/// See `RiskModelService.RollbackModel` in the contract.
pub async fn rollback_model(app: &App, permit: &Permit<mark::ModelPromote>, model: &ModelId) -> Result<Model, Refusal> {
    let by = app.change_by(permit.caller(), "rollback_model");
    let back = app.store.rollback_model(permit.tenant(), model, &by).await??;
    app.directory.changed(permit.tenant());
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
    let by = app.change_by(permit.caller(), "set_model_traffic");
    let set = app.store.set_model_traffic(owner, model, challenger, shadows, four_eyes, &by).await??;
    app.directory.changed(permit.tenant());
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
    app.directory.changed(permit.tenant());
    Ok(retired)
}

async fn needs_four_eyes(app: &App, permit: &Permit<mark::ModelPromote>) -> Result<bool, Refusal> {
    Ok(app.store.find_tenant(permit.tenant()).await?.is_some_and(|tenant| tenant.four_eyes))
}
