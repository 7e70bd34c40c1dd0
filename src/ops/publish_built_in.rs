//! Publishes the models that come with the program: models of the platform that every tenant may use.

use std::sync::Arc;

use super::AppError;
use crate::{
    domain::{
        ids::{ModelId, TenantId},
        model::{Calibration, Manifest, Metric, ModelCard, ModelKind, ModelName, NewVersion},
        refusal::{Refusal, Violations},
        time::Timestamp,
    },
    engine::{self, Scorecard},
    store::Store,
};

/// The scorecard that every tenant has: a behaviour score of card clients, trained on public data.
const BUILT_IN_SCORECARD: &[u8] = include_bytes!("../../models/credit/scorecard.json");
/// The model of fraud that every tenant has: trained on simulated events, as its name and its card say.
const FRAUD_MODEL: &str = "fraud-simulated";
const FRAUD_FILE: &[u8] = include_bytes!("../../models/fraud/model.txt");
const FRAUD_MANIFEST: &str = include_str!("../../models/fraud/manifest.toml");

/// The models that decide where nobody names another.
pub(super) struct BuiltIn {
    /// For credit.
    pub credit: ModelId,
    /// For fraud.
    pub fraud: ModelId,
}

/// Puts the built-in models into the registry, unless these versions of them are there.
///
/// # Errors
/// When one cannot be loaded, or the database does not take it.
pub(super) async fn publish_built_in(store: &Store, at: Timestamp) -> Result<BuiltIn, AppError> {
    let scorecard = Scorecard::load(BUILT_IN_SCORECARD).map_err(|error| AppError::Model(error.to_string()))?;
    let manifest = Manifest {
        title: scorecard.title,
        kind: ModelKind::Credit,
        features: Vec::new(),
        target: None,
        calibration: Calibration::None,
        scaling: None,
        card: card(),
        profile: None,
    };
    publish(store, &scorecard.model, BUILT_IN_SCORECARD, manifest, at).await?;
    let fraud = ModelId::parse(FRAUD_MODEL).map_err(AppError::Model)?;
    let manifest = toml::from_str(FRAUD_MANIFEST).map_err(|error| AppError::Model(error.to_string()))?;
    publish(store, &fraud, FRAUD_FILE, manifest, at).await?;
    Ok(BuiltIn { credit: scorecard.model, fraud })
}

async fn publish(
    store: &Store,
    id: &ModelId,
    file: &'static [u8],
    manifest: Manifest,
    at: Timestamp,
) -> Result<(), AppError> {
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

/// What `models/credit/CARD.md` says at length.
fn card() -> ModelCard {
    ModelCard {
        intended_use: "Ranking existing card clients by the risk that they miss the next month's payment. Not for \
            applicants, other products or other countries without validation on the lender's own data."
            .to_owned(),
        training_data:
            "Default of Credit Card Clients (I-Cheng Yeh, UCI Machine Learning Repository, 2009): 30,000 card \
            clients in Taiwan, April to September 2005; trained on 21,000, held out 9,000."
                .to_owned(),
        limitations: "One lender, one country, one month ahead, 2005. No application dates, so no test out of time."
            .to_owned(),
        owner: "The platform".to_owned(),
        licence: "Data CC BY 4.0 (doi:10.24432/C55S3H)".to_owned(),
        metrics: [("AUC, held out", 0.7673), ("KS, held out", 0.4030), ("Brier score, held out", 0.1372)]
            .map(|(name, value)| Metric { name: name.to_owned(), value })
            .into(),
    }
}
