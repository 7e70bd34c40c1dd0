//! Takes a model version in: loads it, holds it against its reference rows, and stores it.

use std::sync::Arc;

use tokio::{sync::OwnedSemaphorePermit, task::spawn_blocking};

use super::App;
use crate::{
    auth::{Permit, mark},
    domain::{
        features::Features,
        ids::ModelId,
        model::{Manifest, ModelName, ModelVersion, NewVersion, Reproduction},
        refusal::{Refusal, Violations},
    },
    engine,
};

/// A model file with what was sent beside it.
pub struct ModelUpload {
    /// The model.
    pub model: ModelId,
    /// What the file does not say.
    pub manifest: Manifest,
    /// The file.
    pub file: Vec<u8>,
    /// Rows with the prediction that is expected; may be empty.
    pub rows: ReferenceRows,
}

/// Rows whose predictions are known.
pub struct ReferenceRows {
    /// Features and the expected prediction.
    pub rows: Vec<(Features, f64)>,
    /// How far a prediction may be from it.
    pub tolerance: f64,
}

/// Uploads a version. `place` is kept until the file was loaded, also when the caller is gone by then: whoever sends and
/// hangs up must not make more work than there are places.
///
/// # Errors
/// See `RiskModelService.UploadModel` in the contract.
pub async fn upload_model(
    app: &App,
    permit: &Permit<mark::ModelManage>,
    upload: ModelUpload,
    place: OwnedSemaphorePermit,
) -> Result<ModelVersion, Refusal> {
    let ModelUpload { model, manifest, file, rows } = upload;
    let file: Arc<[u8]> = file.into();
    let bytes = Arc::clone(&file);
    let loading = spawn_blocking(move || {
        let loaded = engine::Model::load(&bytes, manifest)?;
        let reproduction = reproduce(&loaded, &rows)?;
        drop(place);
        Ok::<_, Violations>((
            loaded.format(),
            loaded.digest().to_owned(),
            loaded.manifest_digest().to_owned(),
            loaded.manifest().clone(),
            reproduction,
        ))
    });
    let loaded = loading.await.map_err(|_| Refusal::Internal)?.map_err(Refusal::Invalid)?;
    let (format, digest, manifest_digest, manifest, reproduction) = loaded;
    let name = ModelName { owner: permit.tenant().clone(), model };
    let new = NewVersion {
        name,
        format: format.to_owned(),
        digest,
        manifest_digest,
        manifest,
        reproduction,
        fitted_to: None,
    };
    let by = app.change_by(permit.caller(), "upload_model");
    let stored = app.store.record_model_version(&new, &file, &by).await??;
    app.directory.changed(permit.tenant());
    Ok(stored)
}

/// Holds a model against rows; nothing to tell when there are none.
pub(super) fn reproduce(model: &engine::Model, rows: &ReferenceRows) -> Result<Option<Reproduction>, Violations> {
    if rows.rows.is_empty() { Ok(None) } else { model.reproduce(&rows.rows, rows.tolerance).map(Some) }
}
