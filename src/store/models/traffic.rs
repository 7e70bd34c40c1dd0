//! Changes of which versions take part in the traffic. Each reads the whole model, lets `stages` decide, and writes what
//! is different; as changes happen one after the other, what was read is still so.

use serde_json::{Map, Value, json};

use super::{
    rows::{self, ModelRow, select_models},
    stages::{Line, Roster},
};
use crate::{
    domain::{
        audit::ChangeBy,
        ids::{ModelId, TenantId},
        model::{Challenger, Model, ModelName, ModelVersion, Reproduction, VersionNumber},
        refusal::Refusal,
    },
    store::{
        Store, StoreError,
        audit::{Change, in_change},
    },
};

statements! {
    FIND_OWN_MODEL = select_models!("WHERE m.owner_id = $1 AND m.model_id = $2");
    LIST_LINES = "SELECT version, stage, reference_rows, largest_difference, upload_kid
        FROM model_versions WHERE owner_id = $1 AND model_id = $2 ORDER BY version";
    LIST_MANIFESTS = "SELECT version, manifest_json FROM model_versions
        WHERE owner_id = $1 AND model_id = $2 AND version IN ($3, $4, $5, $6)";
    UPDATE_LINEUP = "UPDATE models SET champion_version = $3, previous_version = $4, challenger_version = $5,
        challenger_percent = $6, shadow_versions = $7, updated_us = $8 WHERE owner_id = $1 AND model_id = $2";
    UPDATE_LINE = "UPDATE model_versions SET stage = $4, reference_rows = $5, largest_difference = $6, updated_us = $7
        WHERE owner_id = $1 AND model_id = $2 AND version = $3";
}

#[derive(sqlx::FromRow)]
pub(super) struct LineRow {
    version: i64,
    stage: String,
    reference_rows: Option<i64>,
    largest_difference: Option<f64>,
    upload_kid: String,
}

impl TryFrom<LineRow> for Line {
    type Error = StoreError;

    fn try_from(row: LineRow) -> Result<Self, StoreError> {
        Ok(Self {
            version: rows::version(row.version, "version")?,
            stage: rows::stage(&row.stage)?,
            reproduction: rows::reproduction(row.reference_rows, row.largest_difference),
            uploaded_by: rows::kid(&row.upload_kid)?,
        })
    }
}

/// Reads all versions of the model of a row, with the manifests of those that take part and of one more.
macro_rules! read_roster {
    ($tx:ident, $model:expr, $asked:expr) => {{
        let (model, asked): (&$crate::domain::model::Model, Option<$crate::domain::model::VersionNumber>) =
            ($model, $asked);
        let lines: Vec<$crate::store::models::traffic::LineRow> =
            sqlx::query_as($crate::store::models::traffic::LIST_LINES)
                .bind(model.name.owner.as_str())
                .bind(model.name.model.as_str())
                .fetch_all(&mut *$tx)
                .await?;
        let lineup = &model.lineup;
        // No version has the number 0.
        let number = |version: Option<$crate::domain::model::VersionNumber>| version.map_or(0, |version| version.get());
        let manifests: Vec<(i64, String)> = sqlx::query_as($crate::store::models::traffic::LIST_MANIFESTS)
            .bind(model.name.owner.as_str())
            .bind(model.name.model.as_str())
            .bind(number(lineup.champion))
            .bind(number(lineup.previous))
            .bind(number(lineup.challenger.map(|challenger| challenger.version)))
            .bind(number(asked))
            .fetch_all(&mut *$tx)
            .await?;
        $crate::store::models::traffic::roster(model, lines, &manifests)?
    }};
}
pub(super) use read_roster;

/// Writes what is different between two states of a model.
macro_rules! write_roster {
    ($tx:ident, $name:expr, $before:expr, $after:expr, $at:expr) => {{
        let (name, before, after): (
            &$crate::domain::model::ModelName,
            &$crate::store::models::stages::Roster,
            &$crate::store::models::stages::Roster,
        ) = ($name, $before, $after);
        for line in $crate::store::models::traffic::changed(before, after) {
            sqlx::query($crate::store::models::traffic::UPDATE_LINE)
                .bind(name.owner.as_str())
                .bind(name.model.as_str())
                .bind(line.version.get())
                .bind(line.stage.name())
                .bind(line.reproduction.map(|reproduction| reproduction.rows))
                .bind(line.reproduction.map(|reproduction| reproduction.largest_difference))
                .bind($at.micros())
                .execute(&mut *$tx)
                .await?;
        }
        let lineup = &after.lineup;
        sqlx::query($crate::store::models::traffic::UPDATE_LINEUP)
            .bind(name.owner.as_str())
            .bind(name.model.as_str())
            .bind(lineup.champion.map(|version| version.get()))
            .bind(lineup.previous.map(|version| version.get()))
            .bind(lineup.challenger.map(|challenger| challenger.version.get()))
            .bind(lineup.challenger.map(|challenger| i64::from(challenger.share.get())))
            .bind($crate::store::models::rows::shadow_versions(lineup))
            .bind($at.micros())
            .execute(&mut *$tx)
            .await?;
    }};
}
pub(super) use write_roster;

impl Store {
    /// Puts a version of an owner's model in charge, at once and wholly. The one that was in charge retires, and is the
    /// way back. A challenger whose features are not those of the new champion leaves the traffic.
    ///
    /// With `four_eyes` the key that uploaded the version may not do it.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn promote_model_version(
        &self,
        owner: &TenantId,
        model: &ModelId,
        version: VersionNumber,
        four_eyes: bool,
        by: &ChangeBy,
    ) -> Result<Result<Model, Refusal>, StoreError> {
        let kid = four_eyes.then(|| by.kid.clone());
        self.change_model(owner, model, Some(version), by, move |roster| roster.promote(version, kid.as_ref())).await
    }

    /// Puts the version back that was in charge before the champion, and the champion in its place.
    ///
    /// With `four_eyes` the key that uploaded that version may not do it.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn rollback_model(
        &self,
        owner: &TenantId,
        model: &ModelId,
        four_eyes: bool,
        by: &ChangeBy,
    ) -> Result<Result<Model, Refusal>, StoreError> {
        let kid = four_eyes.then(|| by.kid.clone());
        self.change_model(owner, model, None, by, move |roster| roster.roll_back(kid.as_ref())).await
    }

    /// Says which versions stand beside the champion. The caller sees to it that there are at most
    /// [`Lineup::MAX_SHADOWS`](crate::domain::model::Lineup::MAX_SHADOWS) and that no version is named twice.
    ///
    /// With `four_eyes` the key that uploaded a version may not bring it in, nor change its share.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn set_model_traffic(
        &self,
        owner: &TenantId,
        model: &ModelId,
        challenger: Option<Challenger>,
        shadows: &[VersionNumber],
        four_eyes: bool,
        by: &ChangeBy,
    ) -> Result<Result<Model, Refusal>, StoreError> {
        let (kid, shadows) = (four_eyes.then(|| by.kid.clone()), shadows.to_vec());
        let asked = challenger.map(|challenger| challenger.version);
        self.change_model(owner, model, asked, by, move |roster| roster.set_traffic(challenger, &shadows, kid.as_ref()))
            .await
    }

    /// Takes a version of an owner's model out of use for ever. When it is the way back, there is none any more.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn retire_model_version(
        &self,
        owner: &TenantId,
        model: &ModelId,
        version: VersionNumber,
        by: &ChangeBy,
    ) -> Result<Result<ModelVersion, Refusal>, StoreError> {
        let done = self.change_model(owner, model, Some(version), by, move |roster| roster.retire(version)).await?;
        self.version_after(owner, model, version, done).await
    }

    /// Notes that a draft of an owner's model reproduced its reference rows.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn validate_model_version(
        &self,
        owner: &TenantId,
        model: &ModelId,
        version: VersionNumber,
        reproduction: Reproduction,
        by: &ChangeBy,
    ) -> Result<Result<ModelVersion, Refusal>, StoreError> {
        let edit = move |roster: &mut Roster| roster.validate(version, reproduction);
        let done = self.change_model(owner, model, Some(version), by, edit).await?;
        self.version_after(owner, model, version, done).await
    }

    /// The version that a change was about. Only its stage can have changed again since.
    async fn version_after(
        &self,
        owner: &TenantId,
        model: &ModelId,
        version: VersionNumber,
        done: Result<Model, Refusal>,
    ) -> Result<Result<ModelVersion, Refusal>, StoreError> {
        if let Err(refusal) = done {
            return Ok(Err(refusal));
        }
        let version = self.find_model_version(owner, model, version).await?;
        Ok(Ok(version.ok_or_else(|| StoreError::unreadable("version"))?))
    }

    /// Changes the versions of an owner's model. No audit row when nothing changes.
    async fn change_model(
        &self,
        owner: &TenantId,
        model: &ModelId,
        asked: Option<VersionNumber>,
        by: &ChangeBy,
        edit: impl FnOnce(&mut Roster) -> Result<(), Refusal> + Send + 'static,
    ) -> Result<Result<Model, Refusal>, StoreError> {
        let (name, at) = (ModelName { owner: owner.clone(), model: model.clone() }, by.at);
        in_change!(self, by, tx => {
            let row: Option<ModelRow> = sqlx::query_as(FIND_OWN_MODEL)
                .bind(name.owner.as_str())
                .bind(name.model.as_str())
                .fetch_optional(&mut *tx)
                .await?;
            let Some(row) = row else { return Ok(Err(Refusal::NotFound("model"))) };
            let mut model = Model::try_from(row)?;
            let before = read_roster!(tx, &model, asked);
            let mut after = before.clone();
            if let Err(refusal) = edit(&mut after) {
                return Ok(Err(refusal));
            }
            if after == before {
                return Ok(Ok(model));
            }
            write_roster!(tx, &name, &before, &after, at);
            let change = change_of(&name, &before, &after);
            model.lineup = after.lineup;
            (Ok(model), Some(change))
        })
    }
}

/// Puts together what was read of a model.
pub(super) fn roster(model: &Model, lines: Vec<LineRow>, manifests: &[(i64, String)]) -> Result<Roster, StoreError> {
    let manifest = |(version, json): &(i64, String)| Ok((rows::version(*version, "version")?, rows::manifest(json)?));
    Ok(Roster {
        lineup: model.lineup.clone(),
        lines: lines.into_iter().map(Line::try_from).collect::<Result<_, _>>()?,
        manifests: manifests.iter().map(manifest).collect::<Result<_, StoreError>>()?,
    })
}

/// The versions that are not as they were.
pub(super) fn changed<'a>(before: &'a Roster, after: &'a Roster) -> impl Iterator<Item = &'a Line> {
    after.lines.iter().filter(|line| !before.lines.contains(line))
}

fn change_of(name: &ModelName, before: &Roster, after: &Roster) -> Change {
    let changed: Vec<VersionNumber> = changed(before, after).map(|line| line.version).collect();
    Change {
        tenant: name.owner.clone(),
        target: rows::target(name, None),
        before: Some(audited(before, &changed)),
        after: audited(after, &changed),
    }
}

/// A lineup, with the stages of the versions whose stage the change was about.
fn audited(roster: &Roster, changed: &[VersionNumber]) -> Value {
    let lines = roster.lines.iter().filter(|line| changed.contains(&line.version));
    let versions: Map<String, Value> = lines
        .map(|line| {
            let now = json!({
                "stage": line.stage.name(),
                "reference_rows": line.reproduction.map(|reproduction| reproduction.rows),
                "largest_difference": line.reproduction.map(|reproduction| reproduction.largest_difference),
            });
            (line.version.to_string(), now)
        })
        .collect();
    json!({ "lineup": rows::audited_lineup(&roster.lineup), "versions": versions })
}
