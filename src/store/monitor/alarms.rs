//! Reading alarms back.

use crate::{
    domain::{
        ids::{ModelId, TenantId},
        monitor::{Alarm, AlarmSignal, NewAlarm, VersionKey},
        time::Timestamp,
    },
    store::{Store, StoreError},
};

/// The columns of an alarm.
macro_rules! select_alarms {
    ($rest:literal) => {
        concat!(
            "SELECT seq, model_version, manifest_digest, signal, feature, decisions, value, expected, p_value, alpha,
             window_number, raised_us FROM model_alarms ",
            $rest
        )
    };
}

statements! {
    LIST_ALARMS = select_alarms!("WHERE tenant_id = $1 AND model_id = $2 AND seq > $3 ORDER BY seq LIMIT $4");
    LIST_NEWEST_ALARMS = select_alarms!(
        "WHERE tenant_id = $1 AND model_id = $2 AND model_version = $3 AND manifest_digest = $4 ORDER BY seq DESC LIMIT $5"
    );
}

#[derive(sqlx::FromRow)]
struct AlarmRow {
    seq: i64,
    model_version: i64,
    manifest_digest: String,
    signal: String,
    feature: String,
    decisions: i64,
    value: f64,
    expected: f64,
    p_value: f64,
    alpha: f64,
    window_number: i64,
    raised_us: i64,
}

impl AlarmRow {
    fn read(self, tenant: &TenantId, model: &ModelId) -> Result<Alarm, StoreError> {
        let signal =
            AlarmSignal::from_name(&self.signal, self.feature).ok_or_else(|| StoreError::unreadable("signal"))?;
        Ok(Alarm {
            sequence: self.seq,
            version: VersionKey {
                tenant: tenant.clone(),
                model: model.clone(),
                version: self.model_version,
                manifest_digest: self.manifest_digest,
            },
            raised: NewAlarm {
                signal,
                decisions: self.decisions,
                value: self.value,
                expected: self.expected,
                p_value: self.p_value,
                alpha: self.alpha,
                window: self.window_number,
            },
            at: Timestamp::from_micros(self.raised_us),
        })
    }
}

impl Store {
    /// Lists a model's alarms after a place, at most `limit`, in order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_alarms(
        &self,
        tenant: &TenantId,
        model: &ModelId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Alarm>, StoreError> {
        let rows: Vec<AlarmRow> = on_pool!(self, pool => {
            let query = sqlx::query_as(LIST_ALARMS).bind(tenant.as_str()).bind(model.as_str()).bind(after).bind(limit);
            query.fetch_all(pool).await?
        });
        rows.into_iter().map(|row| row.read(tenant, model)).collect()
    }

    /// Lists the newest alarms of a version, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_newest_alarms(&self, version: &VersionKey, limit: i64) -> Result<Vec<Alarm>, StoreError> {
        let rows: Vec<AlarmRow> = on_pool!(self, pool => {
            sqlx::query_as(LIST_NEWEST_ALARMS)
                .bind(version.tenant.as_str())
                .bind(version.model.as_str())
                .bind(version.version)
                .bind(&version.manifest_digest)
                .bind(limit)
                .fetch_all(pool)
                .await?
        });
        rows.into_iter().map(|row| row.read(&version.tenant, &version.model)).collect()
    }
}
