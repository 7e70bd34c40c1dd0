//! Predicts for rows: a call of the Open Inference Protocol.

use std::{ptr, sync::Arc};

use tokio::{sync::OwnedSemaphorePermit, task::spawn_blocking};

use super::{
    App,
    decide::{Question, Turn, decide},
    served_model::served_model,
};
use crate::{
    auth::{Permit, mark},
    domain::{
        decision::{DecisionKind, Recorded},
        ids::{ModelId, RequestId, TenantId},
        inference::{InferenceQuery, Layout, Output, Predictions, Tensors},
        model::VersionNumber,
        quota::Quota,
        refusal::{Limit, Obstacle, Refusal, Violations},
        text,
    },
    engine,
    state::ServedVersion,
    vault,
};

/// A place among the calls of `ModelInfer`, which is free again when the last clone is dropped: whoever works on a call holds
/// one, also after the caller has gone.
pub type InferencePlace = Arc<OwnedSemaphorePermit>;

/// Up to so many rows are predicted where the call runs; more go to a thread of their own, so that a large forest holds up
/// no other call.
const INLINE_ROWS: usize = 16;
/// How many rows are laid out at once.
const CHUNK_ROWS: usize = 256;
/// After so many rows with something wrong in them the others are not looked at.
const MAX_FAULTY_ROWS: usize = 64;

/// Predicts, and answers once the decision is on disk. `encode` makes the bytes of the answer; it is given the id of the
/// request, which is made here when the caller gave none.
///
/// # Errors
/// See `GRPCInferenceService.ModelInfer` in the contract.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn infer(
    app: &App,
    permit: &Permit<mark::RiskEvaluate>,
    query: InferenceQuery,
    place: InferencePlace,
    mut encode: impl FnMut(&Turn<'_>, &RequestId, &Predictions) -> Vec<u8>,
) -> Result<Recorded, Refusal> {
    let made = || RequestId::parse(&app.new_id().to_string()).map_err(|_| Refusal::Internal);
    let request_id = query.id.clone().map_or_else(made, Ok)?;
    let inputs = query.tensors.canonical();
    let query = Arc::new(query);
    let rows = i64::try_from(query.tensors.rows()).map_err(|_| Refusal::Internal)?;
    let too_many = permit.caller().quotas().is_exceeded(Quota::InferenceRows, rows);
    let ahead = if query.tensors.rows() > INLINE_ROWS && !too_many {
        predict_aside(app, permit.tenant(), &query, place).await
    } else {
        None
    };
    let question = Question {
        kind: DecisionKind::Inference,
        request_id: &request_id,
        subject: None,
        model: &query.model,
        purpose: "",
        payload: &payload(&query, &inputs),
        inputs: &inputs,
        billable_units: i32::try_from(query.tensors.rows()).map_err(|_| Refusal::Internal)?,
    };
    decide(app, permit, &question, |turn| {
        if too_many {
            return Err(Refusal::Exhausted { limit: Limit::InferenceRows, retry_after: None });
        }
        let predictions = match &ahead {
            Some((version, predicted)) if ptr::eq(Arc::as_ptr(version), turn.version) => predicted.clone(),
            // Few rows; or another version was put in charge since, which happens too rarely to be quick about.
            _ => predict(turn.version, &query),
        }?;
        Ok(encode(turn, &request_id, &predictions))
    })
    .await
}

/// What is wrong with tensors for the model that is in charge; nothing when there is no such model.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn tensor_misfits(
    app: &App,
    permit: &Permit<mark::RiskEvaluate>,
    query: InferenceQuery,
    place: InferencePlace,
) -> Violations {
    match predict_aside(app, permit.tenant(), &Arc::new(query), place).await {
        Some((_, Err(Refusal::Invalid(violations)))) => violations,
        _ => Violations::default(),
    }
}

/// The version in charge of a model, which must be the one named, if one is.
///
/// # Errors
/// Not found; a precondition, when none is in charge.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn served_champion(
    app: &App,
    permit: &Permit<mark::RiskEvaluate>,
    model: &ModelId,
    version: Option<VersionNumber>,
) -> Result<Arc<ServedVersion>, Refusal> {
    let served = served_model(app, permit.tenant(), model).await?;
    let champion = served.champion.as_ref().ok_or(Refusal::Precondition(Obstacle::NoChampion))?;
    check_version(champion, version)?;
    Ok(Arc::clone(champion))
}

fn check_version(served: &ServedVersion, asked: Option<VersionNumber>) -> Result<(), Refusal> {
    if asked.is_none_or(|asked| asked == served.version) { Ok(()) } else { Err(Refusal::NotFound("model version")) }
}

/// The bytes that make two calls with one id the same call.
fn payload(query: &InferenceQuery, inputs: &[u8]) -> Vec<u8> {
    let version = query.version.map_or(String::new(), |version| version.to_string());
    let outputs: Vec<&str> = query.outputs.iter().map(|one| one.name()).collect();
    let digest = vault::sha256(&[inputs]);
    text::payload(&[query.model.as_str().as_bytes(), version.as_bytes(), outputs.join(" ").as_bytes(), &digest])
}

type Ahead = (Arc<ServedVersion>, Result<Predictions, Refusal>);

/// Predicts on a thread of its own by the version that is in charge now; nothing when there is none.
async fn predict_aside(
    app: &App,
    tenant: &TenantId,
    query: &Arc<InferenceQuery>,
    place: InferencePlace,
) -> Option<Ahead> {
    let served = served_model(app, tenant, &query.model).await.ok()?;
    let (version, query) = (Arc::clone(served.champion.as_ref()?), Arc::clone(query));
    let working = spawn_blocking(move || {
        let predicted = predict(&version, &query);
        drop(place);
        (version, predicted)
    });
    working.await.ok()
}

/// The predictions, or everything that is wrong with the call for this version.
fn predict(served: &ServedVersion, query: &InferenceQuery) -> Result<Predictions, Refusal> {
    check_version(served, query.version)?;
    let (model, tensors) = (&served.model, &query.tensors);
    let mut violations = Violations::default();
    let unknown = query.outputs.iter().position(|one| *one == Output::Probability && !model.gives_probabilities());
    if let Some(at) = unknown {
        violations.add(format!("outputs[{at}].name"), "the model gives no probability");
    }
    let layout = tensors.layout(model.manifest(), &mut violations);
    let sound = violations.is_empty() && tensors.refused.is_empty();
    let predicted = predict_rows(model, &layout, tensors, sound);
    match predicted {
        Ok(predictions) if violations.is_empty() => Ok(predictions),
        Ok(_) => Err(Refusal::Invalid(violations)),
        Err(more) => {
            violations.join(more);
            Err(Refusal::Invalid(violations))
        }
    }
}

/// Predicts for all rows while nothing is wrong; from then on only looks for what else is.
fn predict_rows(
    model: &engine::Model,
    layout: &Layout<'_>,
    tensors: &Tensors,
    mut sound: bool,
) -> Result<Predictions, Violations> {
    let (mut predictions, mut faults, mut cells) = (Predictions::default(), Faults::new(layout), Vec::new());
    let width = model.manifest().features.len();
    for start in (0..tensors.rows()).step_by(CHUNK_ROWS) {
        let end = tensors.rows().min(start + CHUNK_ROWS);
        layout.fill(start..end, &mut cells, |row, feature, why| faults.add(row, feature, &why));
        sound = sound && faults.rows == 0;
        if sound {
            match model.predict(&cells) {
                Ok(predicted) => predictions.extend(predicted),
                Err(violations) => {
                    sound = false;
                    faults.without_place = first(&violations, start);
                }
            }
        }
        if !sound {
            for (row, cells) in (start..end).zip(cells.chunks_exact(width)) {
                faults.look(row, &model.check_rows(cells));
            }
            if faults.rows >= MAX_FAULTY_ROWS {
                break;
            }
        }
    }
    faults.end().map(|()| predictions)
}

/// What a model says of a row as a whole, by the place of the row in the call.
fn first(violations: &Violations, start: usize) -> Option<String> {
    let one = violations.as_slice().first()?;
    let row = one.field.strip_prefix("rows[").and_then(|rest| rest.split(']').next());
    let row = row.and_then(|row| row.parse::<usize>().ok()).map_or(start, |row| start + row);
    Some(format!("row {row}: {}", one.description))
}

impl Extend<engine::Prediction> for Predictions {
    fn extend<I: IntoIterator<Item = engine::Prediction>>(&mut self, all: I) {
        for one in all {
            self.prediction.push(one.prediction);
            self.raw.push(one.raw);
            self.probability.extend(one.probability);
        }
    }
}

/// The first fault of each feature.
struct Faults<'a> {
    layout: &'a Layout<'a>,
    told: Vec<usize>,
    violations: Violations,
    /// How many rows had one, counted more than once for several.
    rows: usize,
    /// What the model says of a row whose every value is fine.
    without_place: Option<String>,
}

impl<'a> Faults<'a> {
    fn new(layout: &'a Layout<'a>) -> Self {
        Self { layout, told: Vec::new(), violations: Violations::default(), rows: 0, without_place: None }
    }

    fn add(&mut self, row: usize, feature: usize, why: &str) {
        self.rows += 1;
        if !self.layout.refuses(feature) && !self.told.contains(&feature) {
            self.told.push(feature);
            let (field, which) = self.layout.field(row, feature);
            self.violations.add(field, format!("{which}: {why}"));
        }
    }

    /// Adds what the model says of the values of one row.
    fn look(&mut self, row: usize, found: &Violations) {
        for one in found.as_slice() {
            let feature = one.field.strip_prefix("rows[0].").and_then(|name| self.layout.place(name));
            if let Some(feature) = feature {
                self.add(row, feature, &one.description);
            }
        }
    }

    fn end(mut self) -> Result<(), Violations> {
        if let Some(what) = self.without_place.filter(|_| self.violations.is_empty()) {
            self.violations.add("inputs", what);
        }
        if self.violations.is_empty() { Ok(()) } else { Err(self.violations) }
    }
}
