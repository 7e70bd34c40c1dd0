//! Versions of tenants' policies.

use serde_json::{Value, json};
use sqlx::FromRow;

use super::lists::{LIST_LISTS, Row as ListRow};
use crate::{
    domain::{
        audit::ChangeBy,
        fraud::{EntityKind, FraudList, ListId, PolicyId, PolicySpec, PolicyStage, PolicyVersion, PolicyVersionName},
        ids::{Kid, TenantId},
        page::{Page, PageSize},
        quota::Quota,
        refusal::{Limit, Obstacle, Refusal},
        time::Timestamp,
    },
    store::{
        Store, StoreError,
        audit::{Change, in_change},
        tenants::quotas_of,
        weighed_page::weighed_page,
    },
};

/// The most versions of a policy.
const MAX_POLICY_VERSIONS: i64 = 1_000;
/// How many versions are read at once: the largest take some 250 KB each.
const READ_TOGETHER: usize = 16;

statements! {
    COUNT_POLICIES = "SELECT COUNT(DISTINCT policy_id) FROM fraud_policies WHERE tenant_id = $1 AND policy_id <> $2";
    LAST_VERSION = "SELECT COALESCE(MAX(version), 0) FROM fraud_policies WHERE tenant_id = $1 AND policy_id = $2";
    RECORD_VERSION = "INSERT INTO fraud_policies
        (tenant_id, policy_id, version, stage, spec_json, digest, kid, actor, created_us, updated_us)
        VALUES ($1, $2, $3, 'draft', $4, $5, $6, $7, $8, $8)";
    FIND_POLICY_VERSION = "SELECT policy_id, version, stage, spec_json, digest, kid, created_us, updated_us
        FROM fraud_policies WHERE tenant_id = $1 AND policy_id = $2 AND version = $3";
    LIST_ACTIVE = "SELECT policy_id, version, stage, spec_json, digest, kid, created_us, updated_us
        FROM fraud_policies WHERE tenant_id = $1 AND stage = 'active' ORDER BY policy_id";
    LIST_ALL = "SELECT policy_id, version, stage, spec_json, digest, kid, created_us, updated_us FROM fraud_policies
        WHERE tenant_id = $1 AND (policy_id > $2 OR (policy_id = $2 AND version < $3))
        ORDER BY policy_id, version DESC LIMIT $4";
    LIST_OF_ONE = "SELECT policy_id, version, stage, spec_json, digest, kid, created_us, updated_us FROM fraud_policies
        WHERE tenant_id = $1 AND policy_id = $2 AND version < $3 ORDER BY version DESC LIMIT $4";
    SET_STAGE = "UPDATE fraud_policies SET stage = $4, updated_us = $5
        WHERE tenant_id = $1 AND policy_id = $2 AND version = $3";
}

#[derive(FromRow)]
pub(super) struct Row {
    policy_id: String,
    version: i64,
    stage: String,
    spec_json: String,
    digest: String,
    kid: String,
    created_us: i64,
    updated_us: i64,
}

impl Row {
    /// Which version it is.
    pub(super) fn name(&self) -> Result<PolicyVersionName, StoreError> {
        let policy = PolicyId::parse(&self.policy_id).map_err(|_| StoreError::unreadable("policy_id"))?;
        Ok(PolicyVersionName { policy, version: self.version })
    }
}

impl TryFrom<Row> for PolicyVersion {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            name: row.name()?,
            stage: PolicyStage::from_name(&row.stage).ok_or_else(|| StoreError::unreadable("stage"))?,
            spec: serde_json::from_str::<PolicySpec>(&row.spec_json)
                .map_err(|_| StoreError::unreadable("spec_json"))?,
            digest: row.digest,
            kid: row.kid,
            created: Timestamp::from_micros(row.created_us),
            updated: Timestamp::from_micros(row.updated_us),
        })
    }
}

impl Store {
    /// Stores a policy as a new draft version.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn record_policy_version(
        &self,
        tenant: &TenantId,
        policy: &PolicyId,
        spec: &PolicySpec,
        digest: &str,
        by: &ChangeBy,
    ) -> Result<Result<PolicyVersion, Refusal>, StoreError> {
        let (tenant, policy, spec, digest) = (tenant.clone(), policy.clone(), spec.clone(), digest.to_owned());
        let who: (Kid, String, Timestamp) = (by.kid.clone(), by.actor.clone(), by.at);
        in_change!(self, by, tx => {
            let (kid, actor, at) = who;
            let last: i64 = sqlx::query_scalar(LAST_VERSION)
                .bind(tenant.as_str())
                .bind(policy.as_str())
                .fetch_one(&mut *tx)
                .await?;
            let others: i64 = sqlx::query_scalar(COUNT_POLICIES)
                .bind(tenant.as_str())
                .bind(policy.as_str())
                .fetch_one(&mut *tx)
                .await?;
            let quotas = quotas_of!(&mut *tx, tenant);
            if last >= MAX_POLICY_VERSIONS || quotas.is_exceeded(Quota::Policies, others + 1) {
                return Ok(Err(Refusal::Exhausted { limit: Limit::Policies, retry_after: None }));
            }
            sqlx::query(RECORD_VERSION)
                .bind(tenant.as_str())
                .bind(policy.as_str())
                .bind(last + 1)
                .bind(spec.canonical())
                .bind(digest.as_str())
                .bind(kid.as_str())
                .bind(actor.as_str())
                .bind(at.micros())
                .execute(&mut *tx)
                .await?;
            let stored = PolicyVersion {
                name: PolicyVersionName { policy, version: last + 1 },
                stage: PolicyStage::Draft,
                spec,
                digest,
                kid: kid.as_str().to_owned(),
                created: at,
                updated: at,
            };
            let change = change(&tenant, &stored.name, None, staged(&stored));
            (Ok(stored), Some(change))
        })
    }

    /// Puts a version in charge, and retires the one of its policy that was. What does not fit any more is found before, by
    /// the caller; that the lists that it names are still there, and that two policies do not decide one scene, is found
    /// here.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn activate_policy_version(
        &self,
        tenant: &TenantId,
        name: &PolicyVersionName,
        lists: &[(ListId, EntityKind)],
        by: &ChangeBy,
    ) -> Result<Result<PolicyVersion, Refusal>, StoreError> {
        let (tenant, name, lists, at) = (tenant.clone(), name.clone(), lists.to_vec(), by.at);
        in_change!(self, by, tx => {
            let row: Option<Row> = sqlx::query_as(FIND_POLICY_VERSION)
                .bind(tenant.as_str())
                .bind(name.policy.as_str())
                .bind(name.version)
                .fetch_optional(&mut *tx)
                .await?;
            let Some(row) = row else { return Ok(Err(Refusal::NotFound("policy version"))) };
            let mut wanted = PolicyVersion::try_from(row)?;
            if wanted.stage == PolicyStage::Active {
                return Ok(Ok(wanted));
            }
            let rows: Vec<ListRow> = sqlx::query_as(LIST_LISTS).bind(tenant.as_str()).fetch_all(&mut *tx).await?;
            let there = rows.into_iter().map(FraudList::try_from).collect::<Result<Vec<_>, _>>()?;
            if !lists.iter().all(|(id, kind)| there.iter().any(|list| (&list.id, &list.kind) == (id, kind))) {
                return Ok(Err(Refusal::Precondition(Obstacle::PolicyUnsuitable)));
            }
            let rows: Vec<Row> = sqlx::query_as(LIST_ACTIVE).bind(tenant.as_str()).fetch_all(&mut *tx).await?;
            let active = rows.into_iter().map(PolicyVersion::try_from).collect::<Result<Vec<_>, _>>()?;
            let (same, others): (Vec<_>, Vec<_>) = active.iter().partition(|one| one.name.policy == name.policy);
            if others.iter().any(|other| overlap(&other.spec, &wanted.spec)) {
                return Ok(Err(Refusal::Precondition(Obstacle::SceneTaken)));
            }
            let staging = same.iter().map(|one| (&one.name, PolicyStage::Retired)).chain([(&name, PolicyStage::Active)]);
            for (version, stage) in staging {
                sqlx::query(SET_STAGE)
                    .bind(tenant.as_str())
                    .bind(version.policy.as_str())
                    .bind(version.version)
                    .bind(stage.name())
                    .bind(at.micros())
                    .execute(&mut *tx)
                    .await?;
            }
            let before = same.first().map(|one| json!({ "active": one.name.version }));
            wanted.stage = PolicyStage::Active;
            wanted.updated = at;
            let change = change(&tenant, &name, before, staged(&wanted));
            (Ok(wanted), Some(change))
        })
    }

    /// Takes the active version of a policy out of charge.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn retire_policy(
        &self,
        tenant: &TenantId,
        policy: &PolicyId,
        by: &ChangeBy,
    ) -> Result<Result<PolicyVersion, Refusal>, StoreError> {
        let (tenant, policy, at) = (tenant.clone(), policy.clone(), by.at);
        in_change!(self, by, tx => {
            let rows: Vec<Row> = sqlx::query_as(LIST_ACTIVE).bind(tenant.as_str()).fetch_all(&mut *tx).await?;
            let active = rows.into_iter().find(|row| row.policy_id == policy.as_str());
            let Some(active) = active else { return Ok(Err(Refusal::NotFound("active policy version"))) };
            let mut active = PolicyVersion::try_from(active)?;
            sqlx::query(SET_STAGE)
                .bind(tenant.as_str())
                .bind(policy.as_str())
                .bind(active.name.version)
                .bind(PolicyStage::Retired.name())
                .bind(at.micros())
                .execute(&mut *tx)
                .await?;
            let before = staged(&active);
            active.stage = PolicyStage::Retired;
            active.updated = at;
            let change = change(&tenant, &active.name, Some(before), staged(&active));
            (Ok(active), Some(change))
        })
    }

    /// Finds one version.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_policy_version(
        &self,
        tenant: &TenantId,
        name: &PolicyVersionName,
    ) -> Result<Option<PolicyVersion>, StoreError> {
        let row: Option<Row> = on_pool!(self, pool => {
            sqlx::query_as(FIND_POLICY_VERSION)
                .bind(tenant.as_str())
                .bind(name.policy.as_str())
                .bind(name.version)
                .fetch_optional(pool)
                .await?
        });
        row.map(PolicyVersion::try_from).transpose()
    }

    /// Lists the versions in charge.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_active_policies(&self, tenant: &TenantId) -> Result<Vec<PolicyVersion>, StoreError> {
        let rows: Vec<Row> =
            on_pool!(self, pool => sqlx::query_as(LIST_ACTIVE).bind(tenant.as_str()).fetch_all(pool).await?);
        rows.into_iter().map(PolicyVersion::try_from).collect()
    }

    /// Lists versions by policy, newest first, after one of them; those of one policy only, when it is given.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_policy_versions(
        &self,
        tenant: &TenantId,
        policy: Option<&PolicyId>,
        after: Option<&PolicyVersionName>,
        size: PageSize,
    ) -> Result<Page<PolicyVersion, PolicyVersionName>, StoreError> {
        let statement = if policy.is_some() { LIST_OF_ONE } else { LIST_ALL };
        let read = |after: Option<PolicyVersionName>, limit: usize| async move {
            let version = after.as_ref().map_or(i64::MAX, |name| name.version);
            let policy = after.as_ref().map(|name| &name.policy).or(policy).map_or("", PolicyId::as_str);
            let rows: Vec<Row> = on_pool!(self, pool => {
                sqlx::query_as(statement)
                    .bind(tenant.as_str())
                    .bind(policy)
                    .bind(version)
                    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
                    .fetch_all(pool)
                    .await?
            });
            Ok(rows)
        };
        let name = |version: &PolicyVersion| version.name.clone();
        weighed_page(size, READ_TOGETHER, after, |row| row.spec_json.len(), name, read).await
    }
}

/// Whether two policies of one tenant would decide one scene.
fn overlap(one: &PolicySpec, other: &PolicySpec) -> bool {
    match (one.scenes.is_empty(), other.scenes.is_empty()) {
        (true, true) => true,
        (false, false) => one.scenes.iter().any(|scene| other.scenes.contains(scene)),
        // The one without scenes decides what is left.
        _ => false,
    }
}

fn change(tenant: &TenantId, name: &PolicyVersionName, before: Option<Value>, after: Value) -> Change {
    Change { tenant: tenant.clone(), target: name.to_string(), before, after }
}

fn staged(version: &PolicyVersion) -> Value {
    json!({ "stage": version.stage.name(), "digest": version.digest })
}
