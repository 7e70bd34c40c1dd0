//! Gets a model's verdict on a subject.

use super::{
    App,
    decide::{Question, Turn, decide},
};
use crate::{
    auth::{Permit, mark},
    domain::{
        decision::{DecisionKind, Recorded},
        refusal::Refusal,
        risk::{RiskQuery, RiskVerdict},
        tags::decision_inputs,
    },
};

/// Evaluates a model, and answers once the decision is on disk. `encode` makes the bytes of the answer.
///
/// # Errors
/// See `RiskModelService.EvaluateRisk` in the contract.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn evaluate_risk(
    app: &App,
    permit: &Permit<mark::RiskEvaluate>,
    query: &RiskQuery,
    mut encode: impl FnMut(&Turn<'_>, RiskVerdict) -> Vec<u8>,
) -> Result<Recorded, Refusal> {
    let question = Question {
        kind: DecisionKind::RiskEvaluation,
        request_id: &query.request_id,
        subject: Some(&query.subject),
        model: &query.model,
        purpose: &query.purpose,
        payload: &query.payload(),
        inputs: &decision_inputs(&query.features, &query.tags),
        billable_units: 1,
    };
    decide(app, permit, &question, |turn| {
        let verdict = turn.version.model.evaluate(&query.features, query.language).map_err(Refusal::Invalid)?;
        Ok(encode(turn, verdict))
    })
    .await
}
