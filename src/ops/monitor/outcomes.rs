//! The labelled decisions of a version, predicted again.

use std::{collections::HashMap, sync::Arc};

use tokio::{sync::OwnedSemaphorePermit, task::spawn_blocking};

use super::reading::read_inputs;
use crate::{
    domain::{monitor::VersionKey, refusal::Refusal, time::Timestamp},
    engine::Outcome,
    ops::App,
    state::ServedVersion,
    store::LabelledDecision,
    vault::TenantKey,
};

/// The most labelled decisions that are read: the newest. More of them would change a fit by less than its standard error.
const MAX_OUTCOMES: usize = 50_000;
/// How many are read at once.
const PAGE: usize = 2_000;

impl App {
    /// What the version predicts for its newest labelled decisions within a period, and what became of them. Those whose inputs
    /// are erased, or cannot be read, are left out. `place` is kept while a page is worked on.
    pub(super) async fn outcomes(
        &self,
        version: &VersionKey,
        served: &Arc<ServedVersion>,
        period: (Option<Timestamp>, Option<Timestamp>),
        place: &Arc<OwnedSemaphorePermit>,
    ) -> Result<Vec<Outcome>, Refusal> {
        let (mut outcomes, mut read, mut before) = (Vec::new(), 0, None);
        let mut keys: HashMap<String, Arc<TenantKey>> = HashMap::new();
        while read < MAX_OUTCOMES {
            let page =
                self.store.list_labelled(version, before.as_ref(), period, PAGE.min(MAX_OUTCOMES - read)).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.id.clone());
            read += page.len();
            for one in &page {
                if !keys.contains_key(&one.inputs.key_id) {
                    keys.insert(one.inputs.key_id.clone(), self.key_of(&version.tenant, &one.inputs.key_id).await?);
                }
            }
            let (keys, served, place) = (keys.clone(), Arc::clone(served), Arc::clone(place));
            let predicting = spawn_blocking(move || {
                let predicted: Vec<Outcome> =
                    page.iter().filter_map(|one| outcome(&served, keys.get(&one.inputs.key_id)?, one)).collect();
                drop(place);
                predicted
            });
            outcomes.extend(predicting.await.map_err(|_| Refusal::Internal)?);
        }
        Ok(outcomes)
    }
}

/// One decision, predicted again.
fn outcome(served: &ServedVersion, key: &TenantKey, decision: &LabelledDecision) -> Option<Outcome> {
    let plain = key.open(&decision.id, &decision.inputs.bytes).ok()?;
    let (row, _) = read_inputs(decision.kind, &plain, Some(served))?;
    let predicted = served.model.predict(&row?).ok()?.pop()?;
    Some(Outcome { predicted, bad: decision.bad })
}
