//! Fits a calibration to the outcomes that were reported, and stores the same file with it as a new version.

use std::sync::Arc;

use tokio::{sync::OwnedSemaphorePermit, task::spawn_blocking};

use crate::{
    auth::{Permit, mark},
    domain::{
        ids::ModelId,
        model::{CalibrationMethod, FittedTo, ModelName, ModelVersion, NewVersion, VersionNumber},
        monitor::VersionKey,
        refusal::{Obstacle, Refusal},
        time::Timestamp,
    },
    engine::{self, Fitting, Outcome, statistics::FitError},
    ops::{App, served_model::load_version},
    state::ServedVersion,
};

/// What to recalibrate, and on what.
pub struct Recalibration {
    /// The model.
    pub model: ModelId,
    /// The version.
    pub version: VersionNumber,
    /// How.
    pub method: CalibrationMethod,
    /// Only decisions made at or after this time.
    pub start: Option<Timestamp>,
    /// Only decisions made before this time.
    pub end: Option<Timestamp>,
}

/// The version that was made.
pub struct Recalibrated {
    /// The new version.
    pub version: ModelVersion,
    /// The labelled decisions it was fitted on.
    pub fitted_on: i64,
    /// Of those, the bad ones.
    pub bad: i64,
    /// The Brier score of the old calibration on them.
    pub brier_before: f64,
    /// That of the new one.
    pub brier_after: f64,
}

/// A model with the calibration that was fitted.
struct Fitted {
    model: engine::Model,
    file: Vec<u8>,
    brier_before: f64,
    brier_after: f64,
}

/// Recalibrates a version of the tenant's own, on the tenant's own decisions. `place` is kept until all work is done, also when
/// the caller is gone by then.
///
/// # Errors
/// See `RiskModelService.RecalibrateModel` in the contract.
pub async fn recalibrate_model(
    app: &App,
    permit: &Permit<mark::ModelManage>,
    query: &Recalibration,
    place: OwnedSemaphorePermit,
) -> Result<Recalibrated, Refusal> {
    let name = ModelName { owner: permit.tenant().clone(), model: query.model.clone() };
    let old = app.store.find_model_version(&name.owner, &name.model, query.version).await?;
    let old = old.filter(|one| one.name == name).ok_or(Refusal::NotFound("model version"))?;
    let served = load_version(app, &name, query.version).await?;
    let unsuitable = Refusal::Precondition(Obstacle::ModelUnsuitable);
    let fitting = served.model.fitting(query.method).ok_or(unsuitable)?;
    let key = VersionKey {
        tenant: name.owner.clone(),
        model: name.model.clone(),
        version: query.version.get(),
        manifest_digest: served.model.manifest_digest().to_owned(),
    };
    let place = Arc::new(place);
    let outcomes = app.outcomes(&key, &served, (query.start, query.end), &place).await?;
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let fitted_on = count(outcomes.len());
    let bad = count(outcomes.iter().filter(|one| one.bad).count());
    let file = app.store.find_model_file(&name.owner, &old.digest).await?.ok_or(Refusal::Internal)?;
    let fitting = spawn_blocking(move || {
        let fitted = fit(&served, file, fitting, &outcomes);
        drop(place);
        fitted
    });
    let Fitted { model, file, brier_before, brier_after } = fitting.await.map_err(|_| Refusal::Internal)??;
    let new = NewVersion {
        name,
        format: model.format().to_owned(),
        digest: model.digest().to_owned(),
        manifest_digest: model.manifest_digest().to_owned(),
        manifest: model.manifest().clone(),
        // Reference rows compare predictions, which come before the calibration: the new version gives the same.
        reproduction: old.reproduction,
        fitted_to: Some(FittedTo { version: query.version, method: query.method, decisions: fitted_on, bad }),
    };
    let by = app.change_by(permit.caller(), "recalibrate_model");
    let version = app.store.record_model_version(&new, &file.into(), &by).await??;
    app.directory.changed(permit.tenant());
    Ok(Recalibrated { version, fitted_on, bad, brier_before, brier_after })
}

/// Fits, and loads the file with what was fitted.
fn fit(served: &ServedVersion, file: Vec<u8>, fitting: Fitting, outcomes: &[Outcome]) -> Result<Fitted, Refusal> {
    let unfit = || Refusal::Precondition(Obstacle::OutcomesUnfit);
    let calibration = fitting.fit(outcomes).map_err(|error| match error {
        FitError::TooFew { .. } | FitError::TooFewAltogether { .. } => Refusal::Precondition(Obstacle::TooFewOutcomes),
        FitError::Separated | FitError::NotRising | FitError::NotConverged => unfit(),
    })?;
    // What is fitted to outcomes that hardly overlap may be steeper than a manifest takes.
    let (model, file) = served.model.with_calibration(file, calibration).map_err(|_| unfit())?;
    let (before, after) = (served.model.brier(outcomes), model.brier(outcomes));
    let (brier_before, brier_after) = before.zip(after).ok_or(Refusal::Internal)?;
    Ok(Fitted { model, file, brier_before, brier_after })
}
