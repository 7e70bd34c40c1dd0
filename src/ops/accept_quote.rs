//! Finds quotes again, and accepts them.

use super::App;
use crate::{
    auth::{Permit, mark},
    domain::{
        decision::{Decision, DecisionKind},
        ids::{DecisionId, RequestId, TenantId},
        pricing::QuoteAcceptance,
        refusal::{Obstacle, Refusal},
        time::Timestamp,
    },
    store::RecordAcceptance,
};

/// A quote as it was answered, and its acceptance if there is one.
pub struct StoredQuote {
    /// The decision that it is.
    pub decision: Decision,
    /// Its acceptance.
    pub acceptance: Option<QuoteAcceptance>,
}

/// Finds a quote of the caller's tenant.
///
/// # Errors
/// Not found, also when it is another tenant's, or a decision of another kind.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn get_quote(
    app: &App,
    permit: &Permit<mark::PricingQuote>,
    quote: &DecisionId,
) -> Result<StoredQuote, Refusal> {
    find(app, permit.tenant(), quote).await
}

async fn find(app: &App, tenant: &TenantId, quote: &DecisionId) -> Result<StoredQuote, Refusal> {
    let decision = app.store.find_decision(tenant, quote).await?;
    let decision = decision.filter(|decision| decision.kind == DecisionKind::PriceQuote);
    let decision = decision.ok_or(Refusal::NotFound("quote"))?;
    let acceptance = app.store.find_acceptance(tenant, quote).await?;
    Ok(StoredQuote { decision, acceptance })
}

/// Accepts a quote, once, before it expires. `expires` reads from the bytes of its answer when that is.
///
/// # Errors
/// See `PricingService.AcceptQuote` in the contract.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn accept_quote(
    app: &App,
    permit: &Permit<mark::PricingQuote>,
    quote: &DecisionId,
    request_id: &RequestId,
    expires: impl FnOnce(&[u8]) -> Option<Timestamp>,
) -> Result<StoredQuote, Refusal> {
    let stored = find(app, permit.tenant(), quote).await?;
    if let Some(before) = stored.acceptance {
        return repeated(stored.decision, before, request_id);
    }
    let now = app.now();
    if now >= expires(&stored.decision.reply).ok_or(Refusal::Internal)? {
        return Err(Refusal::Precondition(Obstacle::QuoteExpired));
    }
    let caller = permit.caller();
    let acceptance = QuoteAcceptance {
        quote: quote.clone(),
        request_id: request_id.clone(),
        accepted: now,
        kid: caller.kid().clone(),
    };
    match app.store.record_acceptance(permit.tenant(), &acceptance, caller.actor()).await? {
        RecordAcceptance::Recorded => Ok(StoredQuote { decision: stored.decision, acceptance: Some(acceptance) }),
        RecordAcceptance::Accepted(before) => repeated(stored.decision, before, request_id),
        RecordAcceptance::IdUsed => Err(Refusal::Precondition(Obstacle::RequestIdReused)),
    }
}

fn repeated(decision: Decision, before: QuoteAcceptance, request_id: &RequestId) -> Result<StoredQuote, Refusal> {
    if before.request_id == *request_id {
        Ok(StoredQuote { decision, acceptance: Some(before) })
    } else {
        Err(Refusal::Precondition(Obstacle::QuoteAccepted))
    }
}
