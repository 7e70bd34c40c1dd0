//! Scores an applicant.

use super::{
    App,
    decide::{Question, Turn, decide},
    served_model::served_model,
};
use crate::{
    auth::{Permit, mark},
    domain::{
        credit::{CreditApplication, CreditScore},
        decision::{DecisionKind, Recorded},
        features::Features,
        ids::{ModelId, TenantId},
        refusal::{Obstacle, Refusal, Violations},
        tags::decision_inputs,
    },
};

/// Scores an applicant, and answers once the decision is on disk. `encode` makes the bytes of the answer.
///
/// # Errors
/// See `CreditScoreService.ScoreCredit` in the contract.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn score_credit(
    app: &App,
    permit: &Permit<mark::CreditScore>,
    application: &CreditApplication,
    mut encode: impl FnMut(&Turn<'_>, CreditScore) -> Vec<u8>,
) -> Result<Recorded, Refusal> {
    let question = Question {
        kind: DecisionKind::CreditScore,
        request_id: &application.request_id,
        subject: Some(&application.subject),
        model: application.model.as_ref().unwrap_or(&app.default_credit_model),
        purpose: &application.purpose,
        payload: &application.payload(),
        inputs: &decision_inputs(&application.features, &application.tags),
        billable_units: 1,
    };
    decide(app, permit, &question, |turn| {
        let model = &turn.version.model;
        if !model.gives_credit_scores() {
            return Err(Refusal::Precondition(Obstacle::ModelUnsuitable));
        }
        let score = model.credit_score(&application.features, application.language).map_err(Refusal::Invalid)?;
        Ok(encode(turn, score))
    })
    .await
}

/// What is wrong with features for the model asked for, or for the default model for credit; nothing when there is no such
/// model, or it cannot be asked now.
pub async fn feature_misfits(app: &App, tenant: &TenantId, model: Option<&ModelId>, features: &Features) -> Violations {
    match served_model(app, tenant, model.unwrap_or(&app.default_credit_model)).await {
        Ok(served) => served.champion.as_ref().map_or_else(Violations::default, |one| one.model.misfits(features)),
        Err(_) => Violations::default(),
    }
}
