//! Finds a decision again, with what became of it and, if asked, what it was decided on.

use super::App;
use crate::{
    auth::{Permit, mark},
    domain::{
        decision::{Decision, DecisionKind, SealedInputs, ShadowResult},
        features::FeatureValue,
        ids::{DecisionId, TenantId},
        outcome::CreditOutcome,
        pricing::PriceQuery,
        refusal::Refusal,
        tags::read_decision_inputs,
        text,
    },
    state::fraud::FeatureVector,
};

/// The length of the salt before the sealed features, in bytes.
pub(super) const SALT_BYTES: usize = 32;

/// A decision with what belongs to it.
pub struct FullDecision {
    /// The decision.
    pub decision: Decision,
    /// The outcome in force.
    pub outcome: Option<CreditOutcome>,
    /// What was decided on, when it was asked for and is not erased.
    pub features: Option<Vec<(String, FeatureValue)>>,
    /// What the shadows of the model made of the same.
    pub shadows: Vec<ShadowResult>,
}

/// Finds a decision of the caller's tenant.
///
/// # Errors
/// Not found, also when it is another tenant's.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn get_decision(
    app: &App,
    permit: &Permit<mark::DecisionRead>,
    id: &DecisionId,
    with_features: bool,
) -> Result<FullDecision, Refusal> {
    let tenant = permit.tenant();
    let decision = app.store.find_decision(tenant, id).await?.ok_or(Refusal::NotFound("decision"))?;
    let outcome = app.store.find_outcome(tenant, id).await?;
    let shadows = app.store.list_shadows(tenant, id).await?;
    // The rows of an inference are not features by name.
    let features = if with_features && decision.kind != DecisionKind::Inference {
        match app.store.find_inputs(tenant, id).await? {
            Some(inputs) => read(decision.kind, &unseal(app, tenant, id, &inputs).await?)?,
            None => None,
        }
    } else {
        None
    };
    Ok(FullDecision { decision, outcome, features, shadows })
}

async fn unseal(app: &App, tenant: &TenantId, id: &DecisionId, inputs: &SealedInputs) -> Result<Vec<u8>, Refusal> {
    let plain = app.key_of(tenant, &inputs.key_id).await?.open(id, &inputs.bytes)?;
    let (_salt, inputs) = plain.split_at_checked(SALT_BYTES).ok_or(Refusal::Internal)?;
    Ok(inputs.to_vec())
}

/// Features by name from what was decided on.
fn read(kind: DecisionKind, inputs: &[u8]) -> Result<Option<Vec<(String, FeatureValue)>>, Refusal> {
    if kind == DecisionKind::FraudCheck {
        let parts = text::parts(inputs).ok_or(Refusal::Internal)?;
        let [_event, vector] = parts.as_slice() else { return Err(Refusal::Internal) };
        // A catalogue of another version of the program has other features.
        let features = FeatureVector::from_bytes(vector);
        return Ok(features.map(|one| one.named().map(|(name, value)| (name.to_owned(), value)).collect()));
    }
    if kind == DecisionKind::PriceQuote {
        let (features, factors) = PriceQuery::read_inputs(inputs).ok_or(Refusal::Internal)?;
        let factors = factors.iter().map(|(name, value)| (format!("factors.{name}"), value.clone()));
        let features = features.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect::<Vec<_>>();
        return Ok(Some(features.into_iter().chain(factors).collect()));
    }
    let (features, _) = read_decision_inputs(inputs).ok_or(Refusal::Internal)?;
    Ok(Some(features.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect()))
}
