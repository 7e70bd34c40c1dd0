//! Models and versions as their rows hold them.

use serde_json::{Value, json};

use crate::{
    domain::{
        ids::{Kid, ModelId, TenantId},
        model::{
            Calibration, Challenger, Lineup, Manifest, Model, ModelCard, ModelKind, ModelName, ModelVersion, Percent,
            Reproduction, Stage, VersionNumber,
        },
        time::Timestamp,
    },
    store::StoreError,
};

/// A model with its lineup, and whatever follows.
macro_rules! select_models {
    ($rest:expr) => {
        concat!(
            "SELECT m.owner_id, m.model_id, m.kind, m.newest_version, m.champion_version, m.previous_version, ",
            "m.challenger_version, m.challenger_percent, m.shadow_versions FROM models m ",
            $rest
        )
    };
}
pub(super) use select_models;

#[derive(sqlx::FromRow)]
pub(super) struct ModelRow {
    owner_id: String,
    model_id: String,
    kind: String,
    newest_version: i64,
    champion_version: Option<i64>,
    previous_version: Option<i64>,
    challenger_version: Option<i64>,
    challenger_percent: Option<i64>,
    shadow_versions: String,
}

impl TryFrom<ModelRow> for Model {
    type Error = StoreError;

    fn try_from(row: ModelRow) -> Result<Self, StoreError> {
        let unreadable = StoreError::unreadable;
        let challenger = match row.challenger_version.zip(row.challenger_percent) {
            Some((challenger, percent)) => Some(Challenger {
                version: version(challenger, "challenger_version")?,
                share: i32::try_from(percent)
                    .ok()
                    .and_then(|percent| Percent::parse(percent).ok())
                    .ok_or_else(|| unreadable("challenger_percent"))?,
            }),
            None => None,
        };
        let shadows = row.shadow_versions.split_ascii_whitespace().map(VersionNumber::parse);
        Ok(Self {
            name: name(&row.owner_id, &row.model_id)?,
            kind: ModelKind::from_name(&row.kind).ok_or_else(|| unreadable("kind"))?,
            lineup: Lineup {
                champion: row.champion_version.map(|number| version(number, "champion_version")).transpose()?,
                previous: row.previous_version.map(|number| version(number, "previous_version")).transpose()?,
                challenger,
                shadows: shadows.collect::<Result<_, _>>().map_err(|_| unreadable("shadow_versions"))?,
            },
            newest: version(row.newest_version, "newest_version")?,
        })
    }
}

/// The shadows of a lineup as they are stored.
pub(super) fn shadow_versions(lineup: &Lineup) -> String {
    lineup.shadows.iter().map(VersionNumber::to_string).collect::<Vec<_>>().join(" ")
}

/// A version, whose manifest may have been left out.
#[derive(sqlx::FromRow)]
pub(super) struct VersionRow {
    owner_id: String,
    model_id: String,
    kind: String,
    version: i64,
    stage: String,
    format: String,
    digest: String,
    manifest_digest: String,
    manifest_json: Option<String>,
    file_bytes: i64,
    reference_rows: Option<i64>,
    largest_difference: Option<f64>,
    upload_kid: String,
    upload_actor: String,
    created_us: i64,
    updated_us: i64,
}

impl TryFrom<VersionRow> for ModelVersion {
    type Error = StoreError;

    fn try_from(row: VersionRow) -> Result<Self, StoreError> {
        let kind = ModelKind::from_name(&row.kind).ok_or_else(|| StoreError::unreadable("kind"))?;
        Ok(Self {
            name: name(&row.owner_id, &row.model_id)?,
            version: version(row.version, "version")?,
            stage: stage(&row.stage)?,
            format: row.format,
            digest: row.digest,
            manifest_digest: row.manifest_digest,
            manifest: row.manifest_json.map_or_else(|| Ok(left_out(kind)), |json| manifest(&json))?,
            file_bytes: row.file_bytes,
            reproduction: reproduction(row.reference_rows, row.largest_difference),
            uploaded_by: kid(&row.upload_kid)?,
            uploaded_actor: row.upload_actor,
            created: Timestamp::from_micros(row.created_us),
            updated: Timestamp::from_micros(row.updated_us),
        })
    }
}

/// What stands for a manifest that was not read.
fn left_out(kind: ModelKind) -> Manifest {
    Manifest {
        title: String::new(),
        kind,
        features: Vec::new(),
        target: None,
        calibration: Calibration::None,
        scaling: None,
        card: ModelCard::default(),
        profile: None,
    }
}

pub(super) fn name(owner: &str, model: &str) -> Result<ModelName, StoreError> {
    Ok(ModelName {
        owner: TenantId::parse(owner).map_err(|_| StoreError::unreadable("owner_id"))?,
        model: ModelId::parse(model).map_err(|_| StoreError::unreadable("model_id"))?,
    })
}

pub(super) fn version(number: i64, column: &str) -> Result<VersionNumber, StoreError> {
    VersionNumber::from_stored(number).ok_or_else(|| StoreError::unreadable(column))
}

pub(super) fn stage(name: &str) -> Result<Stage, StoreError> {
    Stage::from_name(name).ok_or_else(|| StoreError::unreadable("stage"))
}

pub(super) fn kid(kid: &str) -> Result<Kid, StoreError> {
    Kid::parse(kid).map_err(|_| StoreError::unreadable("upload_kid"))
}

pub(super) fn manifest(json: &str) -> Result<Manifest, StoreError> {
    serde_json::from_str(json).map_err(|_| StoreError::unreadable("manifest_json"))
}

pub(super) fn reproduction(rows: Option<i64>, largest_difference: Option<f64>) -> Option<Reproduction> {
    rows.zip(largest_difference).map(|(rows, largest_difference)| Reproduction { rows, largest_difference })
}

/// The resource name of a model, or of one of its versions, for the record of changes.
pub(super) fn target(name: &ModelName, version: Option<VersionNumber>) -> String {
    let model = format!("tenants/{}/models/{}", name.owner, name.model);
    version.map_or_else(|| model.clone(), |version| format!("{model}/versions/{version}"))
}

/// A lineup for the record of changes.
pub(super) fn audited_lineup(lineup: &Lineup) -> Value {
    let numbers = |version: VersionNumber| version.get();
    json!({
        "champion": lineup.champion.map(numbers),
        "previous": lineup.previous.map(numbers),
        "challenger": lineup.challenger.map(|challenger| challenger.version.get()),
        "challenger_percent": lineup.challenger.map(|challenger| challenger.share.get()),
        "shadows": lineup.shadows.iter().copied().map(numbers).collect::<Vec<_>>(),
    })
}
