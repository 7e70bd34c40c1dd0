//! The risk that a price follows from: of a decision, or of features that are scored now.

use super::{App, served_model::served_model};
use crate::{
    domain::{
        decision::{Decision, DecisionKind, Provenance, TrafficRole},
        features::Features,
        ids::{DecisionId, ModelId, TenantId},
        pricing::{QuoteRisk, Risk, RiskKind, RiskSource},
        refusal::{Obstacle, Refusal, Violations},
    },
    engine::{Model, PRICING_VERSION},
    state::ServedPlan,
};

/// Reads the risk from the bytes of an answer of a kind: a probability, or nothing when the answer has none.
pub type ReadRisk = fn(DecisionKind, &[u8]) -> Option<f64>;

/// A risk, and what it was assessed by.
pub(super) struct Assessed {
    pub risk: Risk,
    pub provenance: Provenance,
}

impl Assessed {
    /// The model that the risk is of.
    pub(super) fn model(&self) -> Option<&Provenance> {
        Some(&self.provenance).filter(|provenance| provenance.model_version > 0)
    }
}

/// What stands for the model where there is none: its version is 0, which no model has.
const NO_MODEL: &str = "none";

/// Assesses the risk. `subject_hmac` is whom a decision must be about.
///
/// # Errors
/// See `PricingService.QuotePrice` in the contract.
pub(super) async fn assess(
    app: &App,
    tenant: &TenantId,
    plan: &ServedPlan,
    risk: &QuoteRisk,
    subject_hmac: &[u8; 32],
    read: ReadRisk,
) -> Result<Assessed, Refusal> {
    let source = &plan.plan.plan().risk;
    match risk {
        QuoteRisk::Decision(id) => of_decision(app, tenant, source, id, subject_hmac, read).await,
        QuoteRisk::Features(features) => of_features(app, tenant, source, features).await,
        QuoteRisk::Given(risk) => {
            let model = ModelId::parse(NO_MODEL).map_err(|_| Refusal::Internal)?;
            Ok(Assessed { risk: *risk, provenance: provenance(model, 0, String::new(), TrafficRole::Champion) })
        }
    }
}

async fn of_decision(
    app: &App,
    tenant: &TenantId,
    source: &RiskSource,
    id: &DecisionId,
    subject_hmac: &[u8; 32],
    read: ReadRisk,
) -> Result<Assessed, Refusal> {
    let unsuitable = Refusal::Precondition(Obstacle::DecisionUnsuitable);
    let found: Decision = app.store.find_decision(tenant, id).await?.ok_or(Refusal::NotFound("decision"))?;
    let kind = match source.kind {
        RiskKind::CreditScore => DecisionKind::CreditScore,
        RiskKind::RiskEvaluation => DecisionKind::RiskEvaluation,
        RiskKind::FraudCheck => DecisionKind::FraudCheck,
    };
    let of_model = source.model.as_ref().is_none_or(|model| *model == found.model);
    if found.kind != kind || !of_model || found.subject_hmac != subject_hmac {
        return Err(unsuitable);
    }
    if app.now() > found.decided.plus_seconds(source.max_age_seconds) {
        return Err(Refusal::Precondition(Obstacle::DecisionTooOld));
    }
    let risk = read(kind, &found.reply).and_then(Risk::of_probability).ok_or(unsuitable)?;
    let provenance = provenance(found.model, found.model_version, found.model_digest, found.role);
    Ok(Assessed { risk, provenance })
}

async fn of_features(
    app: &App,
    tenant: &TenantId,
    source: &RiskSource,
    features: &Features,
) -> Result<Assessed, Refusal> {
    let model = scoring(source).map_err(|rule| Violations::one("features", rule))?;
    let served = served_model(app, tenant, model).await?;
    let champion = served.champion.as_ref().ok_or(Refusal::Precondition(Obstacle::NoChampion))?;
    let risk = probability(&champion.model, features)?;
    Ok(Assessed { risk, provenance: champion.provenance(TrafficRole::Champion) })
}

/// The model that scores features for a plan.
fn scoring(source: &RiskSource) -> Result<&ModelId, &'static str> {
    match &source.model {
        _ if source.kind == RiskKind::FraudCheck => Err("must be absent: the plan takes the risk of checks of events"),
        Some(model) => Ok(model),
        None => Err("must be absent: the plan names no model, so give a decision"),
    }
}

/// The probability that a model gives features, without its reasons.
fn probability(model: &Model, features: &Features) -> Result<Risk, Refusal> {
    let row = model.row_of(features).map_err(Refusal::Invalid)?;
    let predicted = model.predict(&row);
    // The row fits, so that all that can be wrong is what comes out.
    let predicted =
        predicted.map_err(|_| Violations::one("features", "must be such that the model's output is finite"))?;
    let probability = predicted.first().and_then(|one| one.probability).and_then(Risk::of_probability);
    probability.ok_or(Refusal::Precondition(Obstacle::ModelUnsuitable))
}

/// What is wrong with features for the model of a plan; nothing when that cannot be asked now.
pub(super) async fn feature_faults(app: &App, tenant: &TenantId, plan: &ServedPlan, features: &Features) -> Violations {
    match of_features(app, tenant, &plan.plan.plan().risk, features).await {
        Err(Refusal::Invalid(violations)) => violations,
        _ => Violations::default(),
    }
}

fn provenance(model: ModelId, model_version: i64, model_digest: String, role: TrafficRole) -> Provenance {
    Provenance {
        model,
        model_version,
        model_digest,
        calibration_digest: None,
        policy_digest: None,
        lists_digest: None,
        catalogue_digest: None,
        engine_version: PRICING_VERSION.to_owned(),
        role,
    }
}
