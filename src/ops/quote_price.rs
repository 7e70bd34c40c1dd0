//! Quotes a price from a risk, and tries a plan without quoting.

use super::{
    App,
    day_quota::take_day_place,
    decide::{billable, replay, seal},
    quote_risk::{Assessed, ReadRisk, assess, feature_faults},
    served_plan::{served_plan, served_version},
};
use crate::{
    auth::{Permit, mark},
    domain::{
        decision::{DecisionKind, NewDecision, Provenance, Recorded},
        ids::{DecisionId, TenantId},
        pricing::{PlanId, PlanVersionName, Price, PriceInput, PriceQuery, QuoteRisk, Risk},
        refusal::{Refusal, Violations},
        time::Timestamp,
    },
    state::ServedPlan,
};

/// A price, and what it was made by.
pub struct Priced<'a> {
    /// The price.
    pub price: Price,
    /// The risk that it follows from.
    pub risk: Risk,
    /// The plan.
    pub plan: &'a ServedPlan,
    /// The model that the risk is of; nothing when the risk was given, or rules decided alone.
    pub model: Option<&'a Provenance>,
}

/// A quote that is made, and not yet on disk.
pub struct Quoted<'a> {
    /// Its name.
    pub decision: &'a DecisionId,
    /// When it was made.
    pub decided: Timestamp,
    /// Until when it is honoured.
    pub expires: Timestamp,
    /// The decision that the risk came from.
    pub risk_decision: Option<&'a DecisionId>,
    /// What it says.
    pub priced: Priced<'a>,
}

/// Quotes a price, and answers once the quote is on disk. `read_risk` reads the risk from an answer, `encode` makes the bytes
/// of this one.
///
/// # Errors
/// See `PricingService.QuotePrice` in the contract.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn quote_price(
    app: &App,
    permit: &Permit<mark::PricingQuote>,
    query: &PriceQuery,
    read_risk: ReadRisk,
    encode: impl FnOnce(&Quoted<'_>) -> Vec<u8>,
) -> Result<Recorded, Refusal> {
    let key = app.tenant_key(permit.tenant()).await?;
    let payload_hmac = key.payload_hmac(&query.payload());
    let subject_hmac = key.subject_hmac(&query.subject);
    let (decision, decided) = (DecisionId::from(app.new_id()), app.now());
    let answered = async {
        let place = take_day_place(app, permit.caller(), decided).await?;
        let plan = served_plan(app, permit.tenant(), &query.plan).await?;
        let assessed = assess(app, permit.tenant(), &plan, &query.risk, &subject_hmac, read_risk).await;
        let (price, assessed) = priced(&plan, assessed, &query.input)?;
        let quoted = Quoted {
            decision: &decision,
            decided,
            expires: decided.plus_seconds(plan.plan.plan().validity_seconds),
            risk_decision: match &query.risk {
                QuoteRisk::Decision(id) => Some(id),
                QuoteRisk::Features(_) | QuoteRisk::Given(_) => None,
            },
            priced: Priced { price, risk: assessed.risk, plan: &plan, model: assessed.model() },
        };
        let reply = encode(&quoted);
        let provenance = Provenance { policy_digest: Some(plan.digest.clone()), ..assessed.provenance };
        Ok((reply, provenance, place))
    };
    let (reply, provenance, place) = match answered.await {
        Ok(answered) => answered,
        // A retry gets its answer also when the day's decisions are used up, or plan or model have changed so that they would not
        // take the request today.
        Err(refusal) => {
            let kind = DecisionKind::PriceQuote;
            return replay(app, permit, kind, &query.request_id, payload_hmac, refusal).await;
        }
    };
    let (inputs, input_commitment) = seal(&key, &decision, &query.inputs())?;
    let caller = permit.caller();
    let decision = NewDecision {
        id: decision,
        tenant: permit.tenant().clone(),
        kind: DecisionKind::PriceQuote,
        request_id: query.request_id.clone(),
        kid: caller.kid().clone(),
        actor: caller.actor().to_owned(),
        subject_hmac,
        purpose: query.purpose.clone(),
        consent_id: None,
        environment: caller.mode().environment(),
        billable_units: billable(caller, 1),
        decided,
        provenance,
        reply,
        input_commitment,
        inputs,
        payload_hmac,
        shadows: Vec::new(),
    };
    app.writer.record_placed(decision, place).await
}

/// The price of an assessed risk, or everything that is wrong with both the features and the input.
fn priced(
    plan: &ServedPlan,
    assessed: Result<Assessed, Refusal>,
    input: &PriceInput,
) -> Result<(Price, Assessed), Refusal> {
    let risk = assessed.as_ref().map_or(Risk::default(), |assessed| assessed.risk);
    let price = plan.plan.price(risk, input).map_err(Refusal::Invalid);
    Refusal::both(price, assessed)
}

/// Answers the price that a version of a plan would give, and records nothing. `subject` is who a decision must be about.
///
/// # Errors
/// See `PricingService.PreviewPrice` in the contract.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn preview_price<T>(
    app: &App,
    permit: &Permit<mark::PricingPlan>,
    (name, subject): (&PlanVersionName, &str),
    (risk, input): (&QuoteRisk, &PriceInput),
    read_risk: ReadRisk,
    answer: impl FnOnce(&Priced<'_>) -> T,
) -> Result<T, Refusal> {
    let subject_hmac = app.tenant_key(permit.tenant()).await?.subject_hmac(subject);
    let plan = served_version(app, permit.tenant(), name).await?;
    let assessed = assess(app, permit.tenant(), &plan, risk, &subject_hmac, read_risk).await;
    let (price, assessed) = priced(&plan, assessed, input)?;
    Ok(answer(&Priced { price, risk: assessed.risk, plan: &plan, model: assessed.model() }))
}

/// What is wrong with a request for a plan, beside what is wrong with it anyway; nothing when there is no such plan, or it
/// cannot be asked now.
pub async fn price_misfits(
    app: &App,
    tenant: &TenantId,
    plan: &PlanId,
    risk: Option<&QuoteRisk>,
    input: &PriceInput,
) -> Violations {
    let Ok(plan) = served_plan(app, tenant, plan).await else { return Violations::default() };
    let mut wrong = plan.plan.price(Risk::default(), input).err().unwrap_or_default();
    if let Some(QuoteRisk::Features(features)) = risk {
        wrong.join(feature_faults(app, tenant, &plan, features).await);
    }
    wrong
}
