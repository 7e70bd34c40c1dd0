//! Watches a model: its alarms in order, those there are and then those that come.

use std::{sync::Arc, time::Duration};

use crate::{
    auth::{Permit, mark},
    domain::{
        ids::{ModelId, TenantId},
        monitor::Alarm,
        refusal::Refusal,
    },
    ops::App,
};

/// How many alarms are read at once.
const PAGE: i64 = 256;
/// How often it is asked for new ones.
const INTERVAL: Duration = Duration::from_millis(500);

/// The alarms of a model after a place.
pub struct NextAlarms {
    app: Arc<App>,
    tenant: TenantId,
    model: ModelId,
    after: i64,
}

/// Begins to watch a model that the caller may use.
///
/// # Errors
/// Not found.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn watch_model(
    app: &Arc<App>,
    permit: &Permit<mark::ModelRead>,
    model: ModelId,
    after: i64,
) -> Result<NextAlarms, Refusal> {
    let tenant = permit.tenant().clone();
    app.store.find_model(&tenant, &model).await?.ok_or(Refusal::NotFound("model"))?;
    Ok(NextAlarms { app: Arc::clone(app), tenant, model, after })
}

impl NextAlarms {
    /// The next alarms, at least one, waiting for it when there is none.
    ///
    /// # Errors
    /// Not found, when the model was taken from the tenant meanwhile.
    pub async fn next(&mut self) -> Result<Vec<Alarm>, Refusal> {
        loop {
            // A database that is away for a moment ends no watch.
            if let Ok(alarms) = self.app.store.list_alarms(&self.tenant, &self.model, self.after, PAGE).await
                && let Some(last) = alarms.last()
            {
                self.after = last.sequence;
                return Ok(alarms);
            }
            tokio::time::sleep(INTERVAL).await;
            if let Ok(None) = self.app.store.find_model(&self.tenant, &self.model).await {
                return Err(Refusal::NotFound("model"));
            }
        }
    }
}
