//! Versions of rate plans. A tenant sees its own plans and the platform's; of one name its own.

use serde_json::{Value, json};
use sqlx::FromRow;

use crate::{
    domain::{
        audit::ChangeBy,
        ids::{Kid, TenantId},
        page::{Page, PageSize},
        pricing::{PlanId, PlanStage, PlanVersionName, RatePlanSpec, RatePlanVersion},
        refusal::{Limit, Obstacle, Refusal},
        time::Timestamp,
    },
    store::{
        BUILT_IN_KID, Store, StoreError,
        audit::{Change, in_change},
        weighed_page::weighed_page,
    },
};

/// The most plans of a tenant, and the most versions of one.
const MAX_PLANS: i64 = 64;
const MAX_PLAN_VERSIONS: i64 = 1_000;
/// How many versions are read at once.
const READ_TOGETHER: usize = 32;

/// The versions that the tenant `$1` sees, beside its own those of the operator `$2`.
macro_rules! select_visible {
    ($rest:literal) => {
        concat!(
            "SELECT owner_id, plan_id, version, stage, spec_json, digest, kid, created_us, updated_us FROM rate_plans p ",
            "WHERE (owner_id = $1 OR (owner_id = $2 AND NOT EXISTS ",
            "(SELECT 1 FROM rate_plans o WHERE o.owner_id = $1 AND o.plan_id = p.plan_id))) ",
            $rest
        )
    };
}

statements! {
    COUNT_PLANS = "SELECT COUNT(DISTINCT plan_id) FROM rate_plans WHERE owner_id = $1 AND plan_id <> $2";
    LAST_VERSION = "SELECT COALESCE(MAX(version), 0) FROM rate_plans WHERE owner_id = $1 AND plan_id = $2";
    RECORD_VERSION = "INSERT INTO rate_plans
        (owner_id, plan_id, version, stage, spec_json, digest, kid, actor, created_us, updated_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)";
    FIND_PLAN_VERSION = select_visible!("AND plan_id = $3 AND version = $4");
    FIND_ACTIVE_PLAN = select_visible!("AND plan_id = $3 AND stage = 'active'");
    FIND_OWN_VERSION = "SELECT owner_id, plan_id, version, stage, spec_json, digest, kid, created_us, updated_us
        FROM rate_plans WHERE owner_id = $1 AND plan_id = $2 AND version = $3";
    FIND_OWN_ACTIVE = "SELECT owner_id, plan_id, version, stage, spec_json, digest, kid, created_us, updated_us
        FROM rate_plans WHERE owner_id = $1 AND plan_id = $2 AND stage = 'active'";
    COUNT_OWN_DIGEST = "SELECT COUNT(*) FROM rate_plans WHERE owner_id = $1 AND plan_id = $2 AND digest = $3";
    LIST_PLAN_VERSIONS = select_visible!(
        "AND ($5 = '' OR plan_id = $5) AND (plan_id > $3 OR (plan_id = $3 AND version < $4))
         ORDER BY plan_id, version DESC LIMIT $6"
    );
    SET_STAGE = "UPDATE rate_plans SET stage = $4, updated_us = $5
        WHERE owner_id = $1 AND plan_id = $2 AND version = $3";
}

#[derive(FromRow)]
struct Row {
    owner_id: String,
    plan_id: String,
    version: i64,
    stage: String,
    spec_json: String,
    digest: String,
    kid: String,
    created_us: i64,
    updated_us: i64,
}

impl TryFrom<Row> for RatePlanVersion {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let unreadable = StoreError::unreadable;
        let plan = PlanId::parse(&row.plan_id).map_err(|_| unreadable("plan_id"))?;
        Ok(Self {
            owner: TenantId::parse(&row.owner_id).map_err(|_| unreadable("owner_id"))?,
            name: PlanVersionName { plan, version: row.version },
            stage: PlanStage::from_name(&row.stage).ok_or_else(|| unreadable("stage"))?,
            spec: serde_json::from_str::<RatePlanSpec>(&row.spec_json).map_err(|_| unreadable("spec_json"))?,
            digest: row.digest,
            kid: row.kid,
            created: Timestamp::from_micros(row.created_us),
            updated: Timestamp::from_micros(row.updated_us),
        })
    }
}

/// Inserts a version, and sets the stage of one, in a transaction on either database.
macro_rules! insert {
    ($tx:ident, $version:expr, $by:expr) => {{
        let version: &RatePlanVersion = $version;
        sqlx::query(RECORD_VERSION)
            .bind(version.owner.as_str())
            .bind(version.name.plan.as_str())
            .bind(version.name.version)
            .bind(version.stage.name())
            .bind(version.spec.canonical())
            .bind(version.digest.as_str())
            .bind($by.kid.as_str())
            .bind($by.actor.as_str())
            .bind($by.at.micros())
            .execute(&mut *$tx)
            .await?;
    }};
}

macro_rules! set_stage {
    ($tx:ident, $version:expr, $stage:expr, $at:expr) => {{
        let version: &RatePlanVersion = $version;
        sqlx::query(SET_STAGE)
            .bind(version.owner.as_str())
            .bind(version.name.plan.as_str())
            .bind(version.name.version)
            .bind($stage.name())
            .bind($at.micros())
            .execute(&mut *$tx)
            .await?;
    }};
}

impl Store {
    /// Stores a plan of a tenant as a new draft version.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn record_plan_version(
        &self,
        tenant: &TenantId,
        plan: &PlanId,
        spec: &RatePlanSpec,
        digest: &str,
        by: &ChangeBy,
    ) -> Result<Result<RatePlanVersion, Refusal>, StoreError> {
        let (tenant, plan, spec, digest) = (tenant.clone(), plan.clone(), spec.clone(), digest.to_owned());
        let who = by.clone();
        in_change!(self, by, tx => {
            let last: i64 =
                sqlx::query_scalar(LAST_VERSION).bind(tenant.as_str()).bind(plan.as_str()).fetch_one(&mut *tx).await?;
            let platforms: i64 = sqlx::query_scalar(LAST_VERSION)
                .bind(TenantId::OPERATOR)
                .bind(plan.as_str())
                .fetch_one(&mut *tx)
                .await?;
            // A plan that the tenant had before the platform did stays its own.
            if last == 0 && platforms > 0 && !tenant.is_operator() {
                return Ok(Err(Refusal::Precondition(Obstacle::PlanNameTaken)));
            }
            let others: i64 =
                sqlx::query_scalar(COUNT_PLANS).bind(tenant.as_str()).bind(plan.as_str()).fetch_one(&mut *tx).await?;
            if last >= MAX_PLAN_VERSIONS || others >= MAX_PLANS {
                return Ok(Err(Refusal::Exhausted { limit: Limit::Plans, retry_after: None }));
            }
            let stored = version_of(tenant, plan, last + 1, spec, digest, &who);
            insert!(tx, &stored, who);
            let change = change(&stored.owner, &stored.name, None, staged(&stored));
            (Ok(stored), Some(change))
        })
    }

    /// Stores a plan that comes with the program as the platform's own, unless a version says just that. It is in charge at
    /// once, unless the operator has put another in charge.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn publish_built_in_plan(
        &self,
        plan: &PlanId,
        spec: &RatePlanSpec,
        digest: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (plan, spec, digest, operator) = (plan.clone(), spec.clone(), digest.to_owned(), TenantId::operator());
        let kid = Kid::parse(BUILT_IN_KID).map_err(|_| StoreError::unreadable("kid"))?;
        let by = ChangeBy { tenant: operator.clone(), kid, actor: String::new(), at, action: "publish_built_in_plan" };
        let who = by.clone();
        in_change!(self, by, tx => {
            let there: i64 = sqlx::query_scalar(COUNT_OWN_DIGEST)
                .bind(operator.as_str())
                .bind(plan.as_str())
                .bind(digest.as_str())
                .fetch_one(&mut *tx)
                .await?;
            if there > 0 {
                return Ok(());
            }
            let last: i64 = sqlx::query_scalar(LAST_VERSION)
                .bind(operator.as_str())
                .bind(plan.as_str())
                .fetch_one(&mut *tx)
                .await?;
            let row: Option<Row> = sqlx::query_as(FIND_OWN_ACTIVE)
                .bind(operator.as_str())
                .bind(plan.as_str())
                .fetch_optional(&mut *tx)
                .await?;
            let active = row.map(RatePlanVersion::try_from).transpose()?;
            let mut stored = version_of(operator, plan, last + 1, spec, digest, &who);
            if active.as_ref().is_none_or(|active| active.kid == BUILT_IN_KID) {
                stored.stage = PlanStage::Active;
                if let Some(active) = &active {
                    set_stage!(tx, active, PlanStage::Retired, who.at);
                }
            }
            insert!(tx, &stored, who);
            let change = change(&stored.owner, &stored.name, None, staged(&stored));
            ((), Some(change))
        })
    }

    /// Puts a version of a tenant's own plan in charge, and retires the one that was.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn activate_plan_version(
        &self,
        tenant: &TenantId,
        name: &PlanVersionName,
        by: &ChangeBy,
    ) -> Result<Result<RatePlanVersion, Refusal>, StoreError> {
        let (tenant, name, at) = (tenant.clone(), name.clone(), by.at);
        in_change!(self, by, tx => {
            let row: Option<Row> = sqlx::query_as(FIND_OWN_VERSION)
                .bind(tenant.as_str())
                .bind(name.plan.as_str())
                .bind(name.version)
                .fetch_optional(&mut *tx)
                .await?;
            let Some(row) = row else { return Ok(Err(Refusal::NotFound("rate plan version"))) };
            let mut wanted = RatePlanVersion::try_from(row)?;
            if wanted.stage == PlanStage::Active {
                return Ok(Ok(wanted));
            }
            let row: Option<Row> = sqlx::query_as(FIND_OWN_ACTIVE)
                .bind(tenant.as_str())
                .bind(name.plan.as_str())
                .fetch_optional(&mut *tx)
                .await?;
            let active = row.map(RatePlanVersion::try_from).transpose()?;
            if let Some(active) = &active {
                set_stage!(tx, active, PlanStage::Retired, at);
            }
            set_stage!(tx, &wanted, PlanStage::Active, at);
            let before = active.map(|one| json!({ "active": one.name.version }));
            wanted.stage = PlanStage::Active;
            wanted.updated = at;
            let change = change(&tenant, &name, before, staged(&wanted));
            (Ok(wanted), Some(change))
        })
    }

    /// Takes the active version of a tenant's own plan out of charge.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn retire_plan(
        &self,
        tenant: &TenantId,
        plan: &PlanId,
        by: &ChangeBy,
    ) -> Result<Result<RatePlanVersion, Refusal>, StoreError> {
        let (tenant, plan, at) = (tenant.clone(), plan.clone(), by.at);
        in_change!(self, by, tx => {
            let row: Option<Row> = sqlx::query_as(FIND_OWN_ACTIVE)
                .bind(tenant.as_str())
                .bind(plan.as_str())
                .fetch_optional(&mut *tx)
                .await?;
            let Some(row) = row else { return Ok(Err(Refusal::NotFound("active rate plan version"))) };
            let mut active = RatePlanVersion::try_from(row)?;
            set_stage!(tx, &active, PlanStage::Retired, at);
            let before = staged(&active);
            active.stage = PlanStage::Retired;
            active.updated = at;
            let change = change(&tenant, &active.name, Some(before), staged(&active));
            (Ok(active), Some(change))
        })
    }

    /// Finds one version that a tenant sees.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_plan_version(
        &self,
        tenant: &TenantId,
        name: &PlanVersionName,
    ) -> Result<Option<RatePlanVersion>, StoreError> {
        let row: Option<Row> = on_pool!(self, pool => {
            sqlx::query_as(FIND_PLAN_VERSION)
                .bind(tenant.as_str())
                .bind(TenantId::OPERATOR)
                .bind(name.plan.as_str())
                .bind(name.version)
                .fetch_optional(pool)
                .await?
        });
        row.map(RatePlanVersion::try_from).transpose()
    }

    /// Finds the version in charge of a plan that a tenant sees.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_active_plan(
        &self,
        tenant: &TenantId,
        plan: &PlanId,
    ) -> Result<Option<RatePlanVersion>, StoreError> {
        let row: Option<Row> = on_pool!(self, pool => {
            sqlx::query_as(FIND_ACTIVE_PLAN)
                .bind(tenant.as_str())
                .bind(TenantId::OPERATOR)
                .bind(plan.as_str())
                .fetch_optional(pool)
                .await?
        });
        row.map(RatePlanVersion::try_from).transpose()
    }

    /// Lists the versions that a tenant sees by plan, newest first, after one of them; those of one plan only, when it is
    /// given.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_plan_versions(
        &self,
        tenant: &TenantId,
        plan: Option<&PlanId>,
        after: Option<&PlanVersionName>,
        size: PageSize,
    ) -> Result<Page<RatePlanVersion, PlanVersionName>, StoreError> {
        let read = |after: Option<PlanVersionName>, limit: usize| async move {
            let (after_plan, version) =
                after.map_or((String::new(), i64::MAX), |name| (name.plan.as_str().to_owned(), name.version));
            let rows: Vec<Row> = on_pool!(self, pool => {
                sqlx::query_as(LIST_PLAN_VERSIONS)
                    .bind(tenant.as_str())
                    .bind(TenantId::OPERATOR)
                    .bind(after_plan)
                    .bind(version)
                    .bind(plan.map_or("", PlanId::as_str))
                    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
                    .fetch_all(pool)
                    .await?
            });
            Ok(rows)
        };
        let name = |version: &RatePlanVersion| version.name.clone();
        weighed_page(size, READ_TOGETHER, after, |row| row.spec_json.len(), name, read).await
    }
}

fn version_of(
    owner: TenantId,
    plan: PlanId,
    version: i64,
    spec: RatePlanSpec,
    digest: String,
    by: &ChangeBy,
) -> RatePlanVersion {
    RatePlanVersion {
        owner,
        name: PlanVersionName { plan, version },
        stage: PlanStage::Draft,
        spec,
        digest,
        kid: by.kid.as_str().to_owned(),
        created: by.at,
        updated: by.at,
    }
}

fn change(tenant: &TenantId, name: &PlanVersionName, before: Option<Value>, after: Value) -> Change {
    Change { tenant: tenant.clone(), target: name.to_string(), before, after }
}

fn staged(version: &RatePlanVersion) -> Value {
    json!({ "stage": version.stage.name(), "digest": version.digest })
}
