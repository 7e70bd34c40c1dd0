//! Which tenants may use a model of the platform that is not for everyone.

use serde_json::json;

use crate::{
    domain::{
        audit::ChangeBy,
        ids::{ModelId, TenantId},
        refusal::{Obstacle, Refusal},
    },
    store::{
        Store, StoreError,
        audit::{Change, in_change},
        tenants::FIND_TENANT,
    },
};

statements! {
    HAS_MODEL = "SELECT 1 FROM models WHERE owner_id = $1 AND model_id = $2";
    GRANT = "INSERT INTO model_grants (tenant_id, model_id, granted_us) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    REVOKE = "DELETE FROM model_grants WHERE tenant_id = $1 AND model_id = $2";
}

/// The refusal, when there is no such model of the platform or no such partner.
macro_rules! check_grant {
    ($tx:ident, $tenant:expr, $model:expr) => {
        let has_model = sqlx::query(HAS_MODEL).bind(TenantId::OPERATOR).bind($model.as_str());
        if has_model.fetch_optional(&mut *$tx).await?.is_none() {
            return Ok(Err(Refusal::NotFound("model")));
        }
        let tenant = sqlx::query(FIND_TENANT).bind($tenant.as_str()).fetch_optional(&mut *$tx).await?;
        if tenant.is_none() || $tenant.is_operator() {
            return Ok(Err(Refusal::NotFound("tenant")));
        }
    };
}

impl Store {
    /// Lets a partner use a model of the platform. No audit row when it was granted before.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn grant_model(
        &self,
        tenant: &TenantId,
        model: &ModelId,
        by: &ChangeBy,
    ) -> Result<Result<(), Refusal>, StoreError> {
        let (tenant, model, at) = (tenant.clone(), model.clone(), by.at);
        in_change!(self, by, tx => {
            check_grant!(tx, tenant, model);
            let own = sqlx::query(HAS_MODEL).bind(tenant.as_str()).bind(model.as_str());
            if own.fetch_optional(&mut *tx).await?.is_some() {
                return Ok(Err(Refusal::Precondition(Obstacle::ModelNameTaken)));
            }
            let granted = sqlx::query(GRANT)
                .bind(tenant.as_str())
                .bind(model.as_str())
                .bind(at.micros())
                .execute(&mut *tx)
                .await?
                .rows_affected() == 1;
            (Ok(()), granted.then(|| change_of(&tenant, &model, true)))
        })
    }

    /// Takes a model of the platform from a partner. No audit row when it was not granted.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn revoke_model(
        &self,
        tenant: &TenantId,
        model: &ModelId,
        by: &ChangeBy,
    ) -> Result<Result<(), Refusal>, StoreError> {
        let (tenant, model) = (tenant.clone(), model.clone());
        in_change!(self, by, tx => {
            check_grant!(tx, tenant, model);
            let revoke = sqlx::query(REVOKE).bind(tenant.as_str()).bind(model.as_str());
            let revoked = revoke.execute(&mut *tx).await?.rows_affected() == 1;
            (Ok(()), revoked.then(|| change_of(&tenant, &model, false)))
        })
    }
}

fn change_of(tenant: &TenantId, model: &ModelId, granted: bool) -> Change {
    Change {
        tenant: tenant.clone(),
        target: format!("tenants/{}/models/{model}", TenantId::OPERATOR),
        before: Some(json!({ "granted": !granted })),
        after: json!({ "granted": granted }),
    }
}
