//! What a stored decision says that is counted: its score, its features by bin, and its tags.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use crate::{
    domain::{
        decision::DecisionKind,
        ids::TenantId,
        model::VersionNumber,
        monitor::{Bin, Counted, Scored, VersionKey},
        tags::{Tags, read_decision_inputs},
        text,
    },
    engine::monitor::{Binning, Bins},
    ops::{App, get_decision::SALT_BYTES, served_model::load_version, served_model::served_model},
    state::{ServedVersion, fraud::FeatureVector},
    store::UncountedDecision,
    vault::TenantKey,
};

/// Reads the score out of the bytes of an answer; nothing when there is none in it, or decisions of that kind are not counted.
pub type ReadScore = fn(DecisionKind, &[u8]) -> Option<Scored>;

/// What is needed to read a batch of decisions: the versions that made them, and the keys that their inputs lie under.
#[derive(Default)]
pub(super) struct Library {
    versions: HashMap<VersionKey, Option<Arc<ServedVersion>>>,
    keys: HashMap<(TenantId, String), Option<Arc<TenantKey>>>,
}

/// One decision, read.
pub(super) struct Read {
    /// The version that answered.
    pub version: VersionKey,
    /// What it said.
    pub scored: Scored,
    /// The partner's tags; none when the inputs are erased.
    pub tags: Tags,
    /// The decision as it counts.
    pub counted: Counted,
    /// What each shadow said, and the decision as it counts there.
    pub shadows: Vec<(VersionKey, Scored, Counted)>,
}

/// The version that made a decision; nothing where rules made it alone.
pub(super) fn version_of(decision: &UncountedDecision) -> Option<VersionKey> {
    Some(VersionKey {
        tenant: decision.tenant.clone(),
        model: decision.model.clone(),
        version: decision.version,
        manifest_digest: decision.manifest_digest.clone()?,
    })
}

impl Library {
    /// Fetches what a decision needs, unless it is here. What cannot be found is left out: counting goes on without it.
    pub async fn fetch(&mut self, app: &App, decision: &UncountedDecision) {
        let Some(version) = version_of(decision) else { return };
        let shadows = decision.shadows.iter().filter_map(|shadow| {
            let manifest_digest = shadow.calibration_digest.clone()?;
            Some(VersionKey { version: shadow.model_version, manifest_digest, ..version.clone() })
        });
        for version in shadows.chain([version.clone()]) {
            if let Entry::Vacant(place) = self.versions.entry(version) {
                let loaded = load(app, place.key()).await;
                place.insert(loaded);
            }
        }
        let Some(inputs) = &decision.inputs else { return };
        if let Entry::Vacant(place) = self.keys.entry((decision.tenant.clone(), inputs.key_id.clone())) {
            let (tenant, key_id) = place.key();
            let opened = app.key_of(tenant, key_id).await.ok();
            place.insert(opened);
        }
    }

    /// Reads a decision; nothing when its kind is not counted, or no model made it.
    pub fn read(&self, decision: &UncountedDecision, read_score: ReadScore) -> Option<Read> {
        let version = version_of(decision)?;
        let scored = read_score(decision.kind, &decision.reply)?;
        let served = self.versions.get(&version).and_then(Option::as_ref);
        let (row, tags) = self.row(decision, served.map(Arc::as_ref));
        let counted_here = counted(&scored, served.map(|served| served.binning()), row.as_deref());
        let shadows = decision.shadows.iter().filter_map(|shadow| {
            let manifest_digest = shadow.calibration_digest.clone()?;
            let scored = read_score(decision.kind, shadow.reply.as_ref()?)?;
            let key = VersionKey { version: shadow.model_version, manifest_digest, ..version.clone() };
            let served = self.versions.get(&key).and_then(Option::as_ref);
            let counted = counted(&scored, served.map(|served| served.binning()), None);
            Some((key, scored, counted))
        });
        let shadows = shadows.collect();
        Some(Read { version, scored, tags, counted: counted_here, shadows })
    }

    /// The row that the model saw, and the tags; neither when the inputs cannot be read.
    fn row(&self, decision: &UncountedDecision, served: Option<&ServedVersion>) -> (Option<Vec<f64>>, Tags) {
        self.try_row(decision, served).unwrap_or_default()
    }

    fn try_row(
        &self,
        decision: &UncountedDecision,
        served: Option<&ServedVersion>,
    ) -> Option<(Option<Vec<f64>>, Tags)> {
        let sealed = decision.inputs.as_ref()?;
        let key = self.keys.get(&(decision.tenant.clone(), sealed.key_id.clone()))?.as_ref()?;
        let plain = key.open(&decision.id, &sealed.bytes).ok()?;
        read_inputs(decision.kind, &plain, served)
    }
}

/// The row that a model sees in opened inputs, unless there is no model or it cannot take them, and the tags. Nothing when the
/// inputs are not of their form.
pub(super) fn read_inputs(
    kind: DecisionKind,
    plain: &[u8],
    served: Option<&ServedVersion>,
) -> Option<(Option<Vec<f64>>, Tags)> {
    let (_salt, inputs) = plain.split_at_checked(SALT_BYTES)?;
    if kind == DecisionKind::FraudCheck {
        let parts = text::parts(inputs)?;
        let [_event, vector] = parts.as_slice() else { return None };
        let row = FeatureVector::from_bytes(vector).zip(served.and_then(ServedVersion::event_row));
        return Some((row.map(|(vector, row)| row.row(&vector)), Tags::default()));
    }
    let (features, tags) = read_decision_inputs(inputs)?;
    Some((served.and_then(|served| served.model.row_of(&features).ok()), tags))
}

/// A version that a tenant's decisions name, if it is still the one that the tenant has under that name.
pub(super) async fn load(app: &App, key: &VersionKey) -> Option<Arc<ServedVersion>> {
    let served = served_model(app, &key.tenant, &key.model).await.ok()?;
    let version = load_version(app, &served.model.name, VersionNumber::from_stored(key.version)?).await.ok()?;
    (version.model.manifest_digest() == key.manifest_digest).then_some(version)
}

/// A decision as it counts.
fn counted(scored: &Scored, binning: Option<&Binning>, row: Option<&[f64]>) -> Counted {
    let bin = |(bins, value): (&Bins, &f64)| Bin { at: bins.bin(*value), of: bins.count() };
    Counted {
        step: scored.step(),
        score: binning.map(|binning| bin((&binning.scores, &scored.score()))),
        features: binning.zip(row).map(|(binning, row)| binning.features.iter().zip(row).map(bin).collect()),
    }
}
