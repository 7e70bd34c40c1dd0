//! Scores an applicant.

use super::App;
use crate::{
    auth::{Permit, mark},
    domain::{
        credit::{CreditApplication, CreditScore, Language},
        decision::{DecisionKind, Environment, NewDecision, Provenance, Recorded, SealedInputs, TrafficRole},
        features::Features,
        ids::{DecisionId, ModelId},
        refusal::{Obstacle, Refusal, Violations},
        time::Timestamp,
    },
    engine::{ENGINE_VERSION, Scorecard},
    vault::{self, TenantKey},
};

/// A score and what an answer says beside it.
pub struct ScoredCredit<'a> {
    /// The decision.
    pub decision: &'a DecisionId,
    /// The score.
    pub score: CreditScore,
    /// The model that scored.
    pub model: &'a Scorecard,
    /// When.
    pub decided: Timestamp,
}

/// Scores an applicant, and answers once the decision is on disk. `encode` makes the bytes of the answer: they are what
/// is stored, and what a retry gets.
///
/// Scoring comes before looking whether the request id was used: it costs microseconds, looking costs a read, and the
/// commit finds out in any case.
///
/// # Errors
/// See `CreditScoreService.ScoreCredit` in the contract.
pub async fn score_credit(
    app: &App,
    permit: &Permit<mark::CreditScore>,
    application: &CreditApplication,
    encode: impl FnOnce(ScoredCredit<'_>) -> Vec<u8>,
) -> Result<Recorded, Refusal> {
    let key = app.tenant_key(permit.tenant()).await?;
    let payload_hmac = key.payload_hmac(&application.payload());
    let model = &app.credit_model;
    let scored = match &application.model {
        Some(asked) if *asked != model.model => Err(Refusal::NotFound("model")),
        _ => model.score(&application.features, application.language).map_err(Refusal::Invalid),
    };
    let score = match scored {
        Ok(score) => score,
        // A retry gets its answer also when the model has changed so that it would not take the request today.
        Err(refusal) => return replay(app, permit, application, payload_hmac, refusal).await,
    };
    let (id, decided) = (DecisionId::from(app.new_id()), app.now());
    let reply = encode(ScoredCredit { decision: &id, score, model, decided });
    let (inputs, input_commitment) = seal(&key, &id, &application.features)?;
    let caller = permit.caller();
    let decision = NewDecision {
        id,
        tenant: permit.tenant().clone(),
        kind: DecisionKind::CreditScore,
        request_id: application.request_id.clone(),
        kid: caller.kid().clone(),
        actor: caller.actor().to_owned(),
        subject_hmac: key.subject_hmac(&application.subject),
        purpose: application.purpose.clone(),
        consent_id: None,
        environment: Environment::Live,
        billable_units: 1,
        decided,
        provenance: provenance_of(model),
        reply,
        input_commitment,
        inputs,
        payload_hmac,
        shadows: Vec::new(),
    };
    app.writer.record(decision).await
}

/// What is wrong with features for the model asked for; nothing when there is no such model.
#[must_use]
pub fn feature_misfits(app: &App, model: Option<&ModelId>, features: &Features) -> Violations {
    match model {
        Some(asked) if *asked != app.credit_model.model => Violations::default(),
        _ => app.credit_model.score(features, Language::English).err().unwrap_or_default(),
    }
}

/// The stored answer to a request that cannot be scored (any more), or the refusal when it never was.
async fn replay(
    app: &App,
    permit: &Permit<mark::CreditScore>,
    application: &CreditApplication,
    payload_hmac: [u8; 32],
    refusal: Refusal,
) -> Result<Recorded, Refusal> {
    match app.store.find_reply(permit.tenant(), DecisionKind::CreditScore, &application.request_id).await? {
        None => Err(refusal),
        Some((asked, reply)) if asked == payload_hmac => Ok(Recorded { reply, replayed: true }),
        Some(_) => Err(Refusal::Precondition(Obstacle::RequestIdReused)),
    }
}

/// Seals what was decided on, and commits to it: SHA-256 over a random salt and the canonical features. The salt is
/// sealed with them: when they are erased, nobody can guess them from the commitment.
fn seal(key: &TenantKey, id: &DecisionId, features: &Features) -> Result<(SealedInputs, [u8; 32]), Refusal> {
    let salt: [u8; 32] = vault::random()?;
    let canonical = features.canonical();
    let commitment = vault::sha256(&[&salt, &canonical]);
    let bytes = key.seal(id, [salt.as_slice(), &canonical].concat())?;
    Ok((SealedInputs { key_id: key.key_id().to_owned(), bytes }, commitment))
}

fn provenance_of(model: &Scorecard) -> Provenance {
    Provenance {
        model: model.model.clone(),
        model_version: model.version,
        model_digest: model.digest.clone(),
        calibration_digest: None,
        policy_digest: None,
        lists_digest: None,
        catalogue_digest: None,
        engine_version: ENGINE_VERSION.to_owned(),
        role: TrafficRole::Champion,
    }
}
