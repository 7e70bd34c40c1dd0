//! Holds a stored draft against reference rows.

use tokio::task::spawn_blocking;

use super::{App, ReferenceRows, served_model::load_version, upload_model::reproduce};
use crate::{
    auth::{Permit, mark},
    domain::{
        ids::ModelId,
        model::{ModelName, ModelVersion, VersionNumber},
        refusal::{Refusal, Violations},
    },
};

/// Validates a version of the caller's own.
///
/// # Errors
/// See `RiskModelService.ValidateModelVersion` in the contract.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn validate_model_version(
    app: &App,
    permit: &Permit<mark::ModelManage>,
    model: &ModelId,
    version: VersionNumber,
    rows: ReferenceRows,
) -> Result<ModelVersion, Refusal> {
    let name = ModelName { owner: permit.tenant().clone(), model: model.clone() };
    let loaded = load_version(app, &name, version).await?;
    let reproducing = spawn_blocking(move || reproduce(&loaded.model, &rows));
    let reproduction = reproducing.await.map_err(|_| Refusal::Internal)?.map_err(Refusal::Invalid)?;
    let reproduction = reproduction.ok_or_else(|| Violations::one("rows", "is required"))?;
    let by = app.change_by(permit.caller(), "validate_model_version");
    app.store.validate_model_version(permit.tenant(), model, version, reproduction, &by).await?
}
