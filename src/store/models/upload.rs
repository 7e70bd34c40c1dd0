//! New versions, and the models that the first of them makes.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    rows::{self, ModelRow},
    stages::Roster,
    traffic::{FIND_OWN_MODEL, read_roster, write_roster},
};
use crate::{
    domain::{
        audit::ChangeBy,
        ids::{Kid, TenantId},
        model::{FittedTo, Lineup, Model, ModelVersion, NewVersion, Stage, VersionNumber},
        quota::Quota,
        refusal::{Limit, Obstacle, Refusal},
        time::Timestamp,
    },
    store::{
        BUILT_IN_KID, Store, StoreError,
        audit::{Change, in_change},
        tenants::quotas_of,
    },
};

statements! {
    COUNT_MODELS = "SELECT COUNT(*) FROM models WHERE owner_id = $1";
    HAS_VERSION = "SELECT 1 FROM model_versions
        WHERE owner_id = $1 AND model_id = $2 AND digest = $3 AND manifest_digest = $4";
    /// Whether the platform has a model of that name that the tenant may use.
    HAS_PLATFORM_MODEL = "SELECT 1 FROM models m WHERE m.owner_id = $2 AND m.model_id = $3 AND (m.for_everyone = 1
        OR EXISTS (SELECT 1 FROM model_grants g WHERE g.tenant_id = $1 AND g.model_id = m.model_id))";
    RECORD_MODEL = "INSERT INTO models
        (owner_id, model_id, kind, for_everyone, newest_version, shadow_versions, created_us, updated_us)
        VALUES ($1, $2, $3, $4, 1, '', $5, $5)";
    UPDATE_NEWEST = "UPDATE models SET newest_version = $3, updated_us = $4 WHERE owner_id = $1 AND model_id = $2";
    RECORD_VERSION = "INSERT INTO model_versions (owner_id, model_id, version, stage, format, digest, manifest_digest,
        manifest_json, file_bytes, reference_rows, largest_difference, upload_kid, upload_actor, created_us, updated_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)";
}

/// The model of the name, or nothing when the version would be its first; or why the version cannot be stored.
macro_rules! place {
    ($connection:expr, $new:expr) => {{
        let (owner, model) = (&$new.name.owner, &$new.name.model);
        let quotas = quotas_of!($connection, owner);
        let row: Option<ModelRow> = sqlx::query_as(FIND_OWN_MODEL)
            .bind(owner.as_str())
            .bind(model.as_str())
            .fetch_optional($connection)
            .await?;
        match row.map(Model::try_from).transpose()? {
            Some(found) => {
                let same = sqlx::query(HAS_VERSION)
                    .bind(owner.as_str())
                    .bind(model.as_str())
                    .bind(&$new.digest)
                    .bind(&$new.manifest_digest);
                if found.kind != $new.manifest.kind {
                    Err(Refusal::Precondition(Obstacle::SchemaDiffers))
                } else if same.fetch_optional($connection).await?.is_some() {
                    Err(Refusal::AlreadyExists("model version"))
                } else if quotas.is_exceeded(Quota::ModelVersions, found.newest.get() + 1) {
                    Err(Refusal::Exhausted { limit: Limit::ModelVersions, retry_after: None })
                } else {
                    Ok(Some(found))
                }
            }
            None => {
                let platform =
                    sqlx::query(HAS_PLATFORM_MODEL).bind(owner.as_str()).bind(TenantId::OPERATOR).bind(model.as_str());
                let count: i64 = sqlx::query_scalar(COUNT_MODELS).bind(owner.as_str()).fetch_one($connection).await?;
                if !owner.is_operator() && platform.fetch_optional($connection).await?.is_some() {
                    Err(Refusal::Precondition(Obstacle::ModelNameTaken))
                } else if quotas.is_exceeded(Quota::Models, count + 1) {
                    Err(Refusal::Exhausted { limit: Limit::Models, retry_after: None })
                } else {
                    Ok(None)
                }
            }
        }
    }};
}

/// Inserts a version, with its model when it is the first.
macro_rules! insert {
    ($tx:ident, $version:expr, $first:expr, $for_everyone:expr, $manifest:expr) => {{
        let version: &ModelVersion = $version;
        let (owner, model) = (version.name.owner.as_str(), version.name.model.as_str());
        if $first {
            sqlx::query(RECORD_MODEL)
                .bind(owner)
                .bind(model)
                .bind(version.manifest.kind.name())
                .bind(i64::from($for_everyone))
                .bind(version.created.micros())
                .execute(&mut *$tx)
                .await?;
        } else {
            sqlx::query(UPDATE_NEWEST)
                .bind(owner)
                .bind(model)
                .bind(version.version.get())
                .bind(version.created.micros())
                .execute(&mut *$tx)
                .await?;
        }
        sqlx::query(RECORD_VERSION)
            .bind(owner)
            .bind(model)
            .bind(version.version.get())
            .bind(version.stage.name())
            .bind(&version.format)
            .bind(&version.digest)
            .bind(&version.manifest_digest)
            .bind($manifest)
            .bind(version.file_bytes)
            .bind(version.reproduction.map(|reproduction| reproduction.rows))
            .bind(version.reproduction.map(|reproduction| reproduction.largest_difference))
            .bind(version.uploaded_by.as_str())
            .bind(&version.uploaded_actor)
            .bind(version.created.micros())
            .execute(&mut *$tx)
            .await?;
    }};
}

impl Store {
    /// Records a version, and its model when it is the first: validated when it reproduced reference rows, and else a
    /// draft.
    ///
    /// The file is stored first and by itself; a file that no version names is never read.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn record_model_version(
        &self,
        new: &NewVersion,
        file: &Arc<[u8]>,
        by: &ChangeBy,
    ) -> Result<Result<ModelVersion, Refusal>, StoreError> {
        self.upload(new, file, by, false).await
    }

    /// Publishes the model that the program brings along: for everyone, and in charge unless the operator put another
    /// version of it in charge. It does nothing when this version is there already, so every process may do it when it
    /// starts.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn publish_built_in(
        &self,
        new: &NewVersion,
        file: &Arc<[u8]>,
        at: Timestamp,
    ) -> Result<Result<(), Refusal>, StoreError> {
        let by = ChangeBy {
            tenant: TenantId::operator(),
            kid: Kid::parse(BUILT_IN_KID).map_err(|_| StoreError::unreadable("upload_kid"))?,
            actor: String::new(),
            at,
            action: "publish_built_in",
        };
        match self.upload(new, file, &by, true).await? {
            Ok(_) | Err(Refusal::AlreadyExists(_)) => Ok(Ok(())),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    async fn upload(
        &self,
        new: &NewVersion,
        file: &Arc<[u8]>,
        by: &ChangeBy,
        built_in: bool,
    ) -> Result<Result<ModelVersion, Refusal>, StoreError> {
        // Asked before the file is stored as well, so that what is refused leaves no file.
        let place: Result<Option<Model>, Refusal> = on_pool!(self, pool => place!(pool, new));
        if let Err(refusal) = place {
            return Ok(Err(refusal));
        }
        self.record_model_file(&new.name.owner, &new.digest, file).await?;
        let manifest = serde_json::to_string(&new.manifest).map_err(|error| StoreError::Broken(error.to_string()))?;
        let file_bytes = i64::try_from(file.len()).map_err(|_| StoreError::unreadable("file_bytes"))?;
        let (new, who) = (new.clone(), by.clone());
        in_change!(self, by, tx => {
            let found = match place!(&mut *tx, &new) {
                Ok(found) => found,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let mut version = version_of(&new, found.as_ref(), file_bytes, &who)?;
            if built_in {
                version.stage = Stage::Validated;
            }
            insert!(tx, &version, found.is_none(), built_in, &manifest);
            let first = found.is_none();
            let mut model = found.unwrap_or_else(|| first_of(&new));
            if built_in {
                let before = read_roster!(tx, &model, Some(version.version));
                let mut after = before.clone();
                if first || built_in_leads(&before) {
                    if let Err(refusal) = after.promote(version.version, None) {
                        return Ok(Err(refusal));
                    }
                    write_roster!(tx, &new.name, &before, &after, who.at);
                    version.stage = Stage::Champion;
                    model.lineup = after.lineup;
                }
            }
            let change = Change {
                tenant: new.name.owner.clone(),
                target: rows::target(&new.name, Some(version.version)),
                before: None,
                after: audited(&version, new.fitted_to, &rows::audited_lineup(&model.lineup)),
            };
            (Ok(version), Some(change))
        })
    }
}

/// A model as its first version makes it.
fn first_of(new: &NewVersion) -> Model {
    Model { name: new.name.clone(), kind: new.manifest.kind, lineup: Lineup::default(), newest: VersionNumber::FIRST }
}

/// Whether a version that the program brought along is in charge.
fn built_in_leads(roster: &Roster) -> bool {
    let champion = roster.lineup.champion.and_then(|champion| roster.line(champion).ok());
    champion.is_some_and(|line| line.uploaded_by.as_str() == BUILT_IN_KID)
}

/// The version as it is stored first.
fn version_of(
    new: &NewVersion,
    model: Option<&Model>,
    file_bytes: i64,
    by: &ChangeBy,
) -> Result<ModelVersion, StoreError> {
    let version = match model {
        Some(model) => rows::version(model.newest.get() + 1, "newest_version")?,
        None => VersionNumber::FIRST,
    };
    Ok(ModelVersion {
        name: new.name.clone(),
        version,
        stage: if new.reproduction.is_some() { Stage::Validated } else { Stage::Draft },
        format: new.format.clone(),
        digest: new.digest.clone(),
        manifest_digest: new.manifest_digest.clone(),
        manifest: new.manifest.clone(),
        file_bytes,
        reproduction: new.reproduction,
        uploaded_by: by.kid.clone(),
        uploaded_actor: by.actor.clone(),
        created: by.at,
        updated: by.at,
    })
}

fn audited(version: &ModelVersion, fitted_to: Option<FittedTo>, lineup: &Value) -> Value {
    let mut after = json!({
        "kind": version.manifest.kind.name(),
        "stage": version.stage.name(),
        "format": version.format,
        "digest": version.digest,
        "manifest_digest": version.manifest_digest,
        "file_bytes": version.file_bytes,
        "reference_rows": version.reproduction.map(|reproduction| reproduction.rows),
        "largest_difference": version.reproduction.map(|reproduction| reproduction.largest_difference),
        "lineup": lineup,
    });
    if let Some(to) = fitted_to {
        after["fitted_to"] = json!({
            "version": to.version.get(),
            "method": to.method.name(),
            "decisions": to.decisions,
            "bad": to.bad,
        });
    }
    after
}
