//! What shadows made of decisions, read back.

use crate::{
    domain::{
        decision::ShadowResult,
        ids::{DecisionId, TenantId},
    },
    store::{Store, StoreError},
};

statements! {
    LIST_SHADOWS = "SELECT model_version, model_digest, calibration_digest, engine_version, reply
        FROM shadow_results WHERE tenant_id = $1 AND decision_id = $2 ORDER BY model_version";
}

#[derive(sqlx::FromRow)]
struct ShadowRow {
    model_version: i64,
    model_digest: String,
    calibration_digest: Option<String>,
    engine_version: String,
    reply: Option<Vec<u8>>,
}

impl Store {
    /// Lists what shadows made of a tenant's decision, by version.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_shadows(&self, tenant: &TenantId, id: &DecisionId) -> Result<Vec<ShadowResult>, StoreError> {
        let rows: Vec<ShadowRow> = on_pool!(self, pool => {
            sqlx::query_as(LIST_SHADOWS).bind(tenant.as_str()).bind(id.as_str()).fetch_all(pool).await?
        });
        let shadow = |row: ShadowRow| ShadowResult {
            model_version: row.model_version,
            model_digest: row.model_digest,
            calibration_digest: row.calibration_digest,
            engine_version: row.engine_version,
            reply: row.reply,
        };
        Ok(rows.into_iter().map(shadow).collect())
    }
}
