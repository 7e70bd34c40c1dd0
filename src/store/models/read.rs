//! What a tenant sees: its own models, and those of the platform that are for everyone or that it was granted. A model
//! of its own hides one of the platform with the same name.

use super::rows::{ModelRow, VersionRow, select_models};
use crate::{
    domain::{
        ids::{ModelId, TenantId},
        model::{Model, ModelKind, ModelVersion, VersionNumber},
        page::{Page, PageSize},
    },
    store::{Store, StoreError},
};

/// That the tenant `$1` sees the model `m`; `$2` is the operator.
macro_rules! visible {
    ($rest:literal) => {
        concat!(
            "WHERE m.owner_id IN ($1, $2) AND (m.owner_id = $1 OR (
               (m.for_everyone = 1
                OR EXISTS (SELECT 1 FROM model_grants g WHERE g.tenant_id = $1 AND g.model_id = m.model_id))
               AND NOT EXISTS (SELECT 1 FROM models o WHERE o.owner_id = $1 AND o.model_id = m.model_id))) ",
            $rest
        )
    };
}

/// The versions of models that the tenant sees, with their manifests or without.
macro_rules! select_versions {
    ($manifest:literal, $rest:expr) => {
        concat!(
            "SELECT v.owner_id, v.model_id, m.kind, v.version, v.stage, v.format, v.digest, v.manifest_digest, ",
            $manifest,
            " AS manifest_json, v.file_bytes, v.reference_rows, v.largest_difference, v.upload_kid, v.upload_actor,
              v.created_us, v.updated_us
              FROM models m JOIN model_versions v ON v.owner_id = m.owner_id AND v.model_id = m.model_id ",
            $rest
        )
    };
}

statements! {
    FIND_MODEL = select_models!(visible!("AND m.model_id = $3"));
    LIST_MODELS = select_models!(
        visible!("AND m.model_id > $3 AND ($4 = '' OR m.kind = $4) ORDER BY m.model_id LIMIT $5")
    );
    FIND_VERSION = select_versions!("v.manifest_json", visible!("AND m.model_id = $3 AND v.version = $4"));
    LIST_VERSIONS = select_versions!(
        "CAST(NULL AS TEXT)",
        visible!("AND m.model_id = $3 AND v.version < $4 ORDER BY v.version DESC LIMIT $5")
    );
}

impl Store {
    /// Finds a model that a tenant may use.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_model(&self, tenant: &TenantId, model: &ModelId) -> Result<Option<Model>, StoreError> {
        let row: Option<ModelRow> = on_pool!(self, pool => {
            sqlx::query_as(FIND_MODEL)
                .bind(tenant.as_str())
                .bind(TenantId::OPERATOR)
                .bind(model.as_str())
                .fetch_optional(pool)
                .await?
        });
        row.map(Model::try_from).transpose()
    }

    /// Lists the models that a tenant may use by id, all or those of one kind, from the one after `after`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_models(
        &self,
        tenant: &TenantId,
        kind: Option<ModelKind>,
        after: Option<&ModelId>,
        size: PageSize,
    ) -> Result<Page<Model, ModelId>, StoreError> {
        let rows: Vec<ModelRow> = on_pool!(self, pool => {
            sqlx::query_as(LIST_MODELS)
                .bind(tenant.as_str())
                .bind(TenantId::OPERATOR)
                .bind(after.map_or("", ModelId::as_str))
                .bind(kind.map_or("", ModelKind::name))
                .bind(i64::from(size.get()) + 1)
                .fetch_all(pool)
                .await?
        });
        let items = rows.into_iter().map(Model::try_from).collect::<Result<_, _>>()?;
        Ok(page(items, size, |last: &Model| last.name.model.clone()))
    }

    /// Finds a version of a model that a tenant may use.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_model_version(
        &self,
        tenant: &TenantId,
        model: &ModelId,
        version: VersionNumber,
    ) -> Result<Option<ModelVersion>, StoreError> {
        let row: Option<VersionRow> = on_pool!(self, pool => {
            sqlx::query_as(FIND_VERSION)
                .bind(tenant.as_str())
                .bind(TenantId::OPERATOR)
                .bind(model.as_str())
                .bind(version.get())
                .fetch_optional(pool)
                .await?
        });
        row.map(ModelVersion::try_from).transpose()
    }

    /// Lists the versions of a model that a tenant may use, newest first, from the one before `before`. Their manifests
    /// are not read: each has an empty one of the model's kind.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_model_versions(
        &self,
        tenant: &TenantId,
        model: &ModelId,
        before: Option<VersionNumber>,
        size: PageSize,
    ) -> Result<Page<ModelVersion, VersionNumber>, StoreError> {
        let rows: Vec<VersionRow> = on_pool!(self, pool => {
            sqlx::query_as(LIST_VERSIONS)
                .bind(tenant.as_str())
                .bind(TenantId::OPERATOR)
                .bind(model.as_str())
                .bind(before.map_or(i64::MAX, VersionNumber::get))
                .bind(i64::from(size.get()) + 1)
                .fetch_all(pool)
                .await?
        });
        let items = rows.into_iter().map(ModelVersion::try_from).collect::<Result<_, _>>()?;
        Ok(page(items, size, |last: &ModelVersion| last.version))
    }
}

/// A page of what was read with one more than it takes.
fn page<T, C>(mut items: Vec<T>, size: PageSize, cursor: impl Fn(&T) -> C) -> Page<T, C> {
    let more = items.len() > usize::try_from(size.get()).unwrap_or(0);
    if more {
        items.pop();
    }
    let next = items.last().filter(|_| more).map(cursor);
    Page { items, next }
}
