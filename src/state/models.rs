//! Model versions, loaded. A version never changes, so one that is here stays good; it goes when the memory is needed for
//! others, and is then loaded again.

use std::{
    future::Future,
    sync::{Arc, OnceLock},
};

use moka::future::Cache;

use crate::{
    domain::{
        decision::{Provenance, TrafficRole},
        fraud::{Catalogue, FeatureType},
        model::{
            Challenger, FeatureKind, FeatureSpec, Manifest, MissingPolicy, Model, ModelKind, ModelName, VersionNumber,
        },
        refusal::Refusal,
    },
    engine,
};

/// The most that loaded versions may weigh together, in bytes of their files. In memory a version weighs a few times that.
const MAX_LOADED_BYTES: u64 = 256 * 1024 * 1024;
/// What a version weighs beside its file.
const OVERHEAD_BYTES: u32 = 64 * 1024;

/// A version that is loaded.
pub struct ServedVersion {
    /// The model it is a version of.
    pub name: ModelName,
    /// Its number.
    pub version: VersionNumber,
    /// The size of its file, in bytes.
    pub file_bytes: u32,
    /// What it computes.
    pub model: engine::Model,
    event_features: OnceLock<Option<Vec<usize>>>,
}

impl ServedVersion {
    /// A version that was just loaded.
    #[must_use]
    pub fn new(name: ModelName, version: VersionNumber, file_bytes: u32, model: engine::Model) -> Self {
        Self { name, version, file_bytes, model, event_features: OnceLock::new() }
    }

    /// Of each of its features the place in the catalogue of events' features; nothing when it cannot score events.
    pub fn event_features(&self) -> Option<&[usize]> {
        self.event_features.get_or_init(|| event_features(self.model.manifest())).as_deref()
    }

    /// Its resource name.
    #[must_use]
    pub fn resource(&self) -> String {
        format!("models/{}/versions/{}", self.name.model, self.version)
    }

    /// What a decision says of it.
    #[must_use]
    pub fn provenance(&self, role: TrafficRole) -> Provenance {
        Provenance {
            model: self.name.model.clone(),
            model_version: self.version.get(),
            model_digest: self.model.digest().to_owned(),
            calibration_digest: Some(self.model.manifest_digest().to_owned()),
            policy_digest: None,
            lists_digest: None,
            catalogue_digest: None,
            engine_version: self.model.engine_version().to_owned(),
            role,
        }
    }
}

/// Of each feature of a model of fraud its place in the catalogue of events' features.
///
/// Nothing when it cannot score events: it is of another kind, gives no score within 0-1,000, or has a feature that events
/// have not, or that may not be missing or is bounded.
#[must_use]
pub fn event_features(manifest: &Manifest) -> Option<Vec<usize>> {
    let scored = manifest.scaling.as_ref().is_some_and(|one| one.min_score >= 0 && one.max_score <= 1_000);
    if manifest.kind != ModelKind::Fraud || !scored {
        return None;
    }
    let catalogue = Catalogue::get();
    let place = |spec: &FeatureSpec| {
        let at = catalogue.index_of(&spec.name)?;
        let (kind, texts): (_, &[&str]) = match catalogue.features().get(at)?.kind {
            FeatureType::Int | FeatureType::Double => (FeatureKind::Number, &[]),
            FeatureType::Flag => (FeatureKind::Flag, &[]),
            FeatureType::Category(texts) => (FeatureKind::Category, texts),
        };
        let bounded = spec.min.is_some() || spec.max.is_some() || spec.missing == MissingPolicy::Refuse;
        let knows_all = texts.iter().all(|text| spec.values.iter().any(|value| value == text));
        (spec.kind == kind && knows_all && !bounded).then_some(at)
    };
    manifest.features.iter().map(place).collect()
}

/// A model as it decides: the versions that take part, loaded. What it says belongs together: it was read at one moment.
pub struct ServedModel {
    /// The model.
    pub model: Model,
    /// In charge; nothing while none was promoted.
    pub champion: Option<Arc<ServedVersion>>,
    /// Decides for a share of the subjects.
    pub challenger: Option<(Challenger, Arc<ServedVersion>)>,
    /// Evaluated and recorded beside whoever decides.
    pub shadows: Vec<Arc<ServedVersion>>,
}

/// Loaded versions, the least used of which go when they weigh too much.
pub struct LoadedVersions(Cache<(ModelName, VersionNumber), Arc<ServedVersion>>);

impl Default for LoadedVersions {
    fn default() -> Self {
        let weigh = |_: &_, version: &Arc<ServedVersion>| version.file_bytes.saturating_add(OVERHEAD_BYTES);
        Self(Cache::builder().max_capacity(MAX_LOADED_BYTES).weigher(weigh).build())
    }
}

impl LoadedVersions {
    /// A version that is here, or else what `load` gives. Whoever asks for the same version meanwhile waits for that.
    ///
    /// # Errors
    /// What `load` refuses.
    pub async fn get_or_load(
        &self,
        name: &ModelName,
        version: VersionNumber,
        load: impl Future<Output = Result<ServedVersion, Refusal>>,
    ) -> Result<Arc<ServedVersion>, Refusal> {
        let loaded = self.0.try_get_with((name.clone(), version), async { load.await.map(Arc::new) }).await;
        loaded.map_err(|refusal| (*refusal).clone())
    }
}
