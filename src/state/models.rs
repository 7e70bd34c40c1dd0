//! Model versions, loaded. A version never changes, so one that is here stays good; it goes when the memory is needed for
//! others, and is then loaded again.

use std::{
    future::Future,
    sync::{Arc, OnceLock},
};

use moka::future::Cache;

use super::event_row::EventRow;
use crate::{
    domain::{
        decision::{Provenance, TrafficRole},
        model::{Challenger, Model, ModelName, VersionNumber},
        refusal::Refusal,
    },
    engine::{self, monitor::Binning},
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
    event_row: OnceLock<Option<EventRow>>,
    binning: OnceLock<Binning>,
}

impl ServedVersion {
    /// A version that was just loaded.
    #[must_use]
    pub fn new(name: ModelName, version: VersionNumber, file_bytes: u32, model: engine::Model) -> Self {
        Self { name, version, file_bytes, model, event_row: OnceLock::new(), binning: OnceLock::new() }
    }

    /// How its row follows from what is known before an event; nothing when it cannot score events.
    pub fn event_row(&self) -> Option<&EventRow> {
        self.event_row.get_or_init(|| EventRow::of(self.model.manifest())).as_ref()
    }

    /// How its scores and features are counted.
    pub fn binning(&self) -> &Binning {
        self.binning.get_or_init(|| Binning::of(self.model.manifest()))
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
    /// How many versions are loaded, and the bytes of their files, about: what came or went just now may be missing.
    #[must_use]
    pub fn size(&self) -> (usize, u64) {
        let count = self.0.entry_count();
        let overhead = count.saturating_mul(u64::from(OVERHEAD_BYTES));
        (usize::try_from(count).unwrap_or(usize::MAX), self.0.weighted_size().saturating_sub(overhead))
    }

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
