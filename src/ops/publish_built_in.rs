//! Publishes the models and rate plans that come with the program: the platform's own, which every tenant may use.

use std::sync::Arc;

use super::{AppError, served_plan::digest};
use crate::{
    domain::{
        ids::{ModelId, TenantId},
        model::{ModelName, NewVersion},
        pricing::{PlanId, RatePlanSpec},
        refusal::{Refusal, Violations},
        time::Timestamp,
    },
    engine::{self, CompiledPlan, Scorecard},
    store::Store,
};

/// The scorecard that every tenant has: a behaviour score of card clients, trained on public data.
const BUILT_IN_SCORECARD: &[u8] = include_bytes!("../../models/credit/scorecard.json");
const SCORECARD_MANIFEST: &str = include_str!("../../models/credit/manifest.toml");
/// The model of fraud that every tenant has: trained on simulated events, as its name and its card say.
const FRAUD_MODEL: &str = "fraud-simulated";
const FRAUD_FILE: &[u8] = include_bytes!("../../models/fraud/model.txt");
const FRAUD_MANIFEST: &str = include_str!("../../models/fraud/manifest.toml");

/// The rate plans that every tenant has, with their ids.
const RATE_PLANS: [(&str, &str); 2] = [
    ("account-safety", include_str!("../../models/pricing/account-safety.toml")),
    ("consumer-loan", include_str!("../../models/pricing/consumer-loan.toml")),
];

/// The models that decide where nobody names another.
pub(super) struct BuiltIn {
    /// For credit.
    pub credit: ModelId,
    /// For fraud.
    pub fraud: ModelId,
}

/// Puts the built-in models and rate plans into the registry, unless these versions of them are there.
///
/// # Errors
/// When one cannot be loaded, or the database does not take it.
pub(super) async fn publish_built_in(store: &Store, at: Timestamp) -> Result<BuiltIn, AppError> {
    let credit = Scorecard::load(BUILT_IN_SCORECARD).map_err(|error| AppError::Model(error.to_string()))?.model;
    publish(store, &credit, BUILT_IN_SCORECARD, SCORECARD_MANIFEST, at).await?;
    let fraud = ModelId::parse(FRAUD_MODEL).map_err(AppError::Model)?;
    publish(store, &fraud, FRAUD_FILE, FRAUD_MANIFEST, at).await?;
    for (id, text) in RATE_PLANS {
        publish_plan(store, id, text, at).await?;
    }
    Ok(BuiltIn { credit, fraud })
}

async fn publish_plan(store: &Store, id: &str, text: &str, at: Timestamp) -> Result<(), AppError> {
    let broken = |why: String| AppError::Plan(format!("{id}: {why}"));
    let spec: RatePlanSpec = toml::from_str(text).map_err(|error| broken(error.to_string()))?;
    CompiledPlan::compile(&spec).map_err(|violations| {
        let first = violations.as_slice().first().map(|one| format!("{} {}", one.field, one.description));
        broken(first.unwrap_or_default())
    })?;
    let id = PlanId::parse(id).map_err(broken)?;
    let published = store.publish_built_in_plan(&id, &spec, &digest(&spec), at).await;
    published.map_err(|error| AppError::Publish(error.into()))
}

async fn publish(
    store: &Store,
    id: &ModelId,
    file: &'static [u8],
    manifest: &str,
    at: Timestamp,
) -> Result<(), AppError> {
    let manifest = toml::from_str(manifest).map_err(|error| AppError::Model(error.to_string()))?;
    let first = |violations: Violations| {
        let first = violations.as_slice().first().map(|one| format!("{}: {} {}", id, one.field, one.description));
        AppError::Model(first.unwrap_or_default())
    };
    let model = engine::Model::load(file, manifest).map_err(first)?;
    let new = NewVersion {
        name: ModelName { owner: TenantId::operator(), model: id.clone() },
        format: model.format().to_owned(),
        digest: model.digest().to_owned(),
        manifest_digest: model.manifest_digest().to_owned(),
        manifest: model.manifest().clone(),
        reproduction: None,
        fitted_to: None,
    };
    let published = store.publish_built_in(&new, &Arc::from(file), at).await.map_err(Refusal::from);
    published.and_then(|done| done).map_err(AppError::Publish)
}
