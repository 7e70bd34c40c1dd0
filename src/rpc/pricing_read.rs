//! Requests for prices, read into the domain.

use prost_types::Struct;

use super::{
    features::features_at,
    parse::{purpose, resource},
    pricing_plan_read::{plan_id, version_name},
    proto::pricing::{
        AcceptQuoteRequest, LoanTerms as ProtoLoan, PreviewPriceRequest, QuotePriceRequest,
        preview_price_request::Risk as PreviewRisk, quote_price_request::Risk as AskedRisk,
    },
};
use crate::{
    domain::{
        ids::{DecisionId, RequestId, TenantId},
        money::Money,
        pricing::{LoanTerms, PlanId, PlanVersionName, PriceInput, PriceQuery, QuoteRisk, Risk},
        refusal::{Refusal, Violations},
        text,
    },
    ops::{self, App},
};

/// A request with something wrong in it.
pub(super) struct Misread {
    violations: Violations,
    plan: Option<PlanId>,
    risk: Option<QuoteRisk>,
    input: PriceInput,
}

impl Misread {
    /// Why the request is refused: what is wrong with it for the plan is told with the rest.
    pub(super) async fn refusal(self, app: &App, tenant: &TenantId) -> Refusal {
        let Self { mut violations, plan, risk, input } = self;
        if let Some(plan) = plan {
            violations.join(ops::price_misfits(app, tenant, &plan, risk.as_ref(), &input).await);
        }
        Refusal::Invalid(violations)
    }
}

/// A request for a quote.
pub(super) fn query(from: QuotePriceRequest) -> Result<PriceQuery, Box<Misread>> {
    let mut wrong = Violations::default();
    let request_id = wrong.take("request_id", RequestId::parse(&from.request_id));
    let subject = wrong.take("subject", text::plain(&from.subject, 1, 128));
    let plan = wrong.take("plan", plan_id(&from.plan));
    let risk = match from.risk {
        Some(AskedRisk::Decision(name)) => decision(&name, &mut wrong),
        Some(AskedRisk::Features(features)) => {
            Some(QuoteRisk::Features(features_at("features", Some(features), &mut wrong)))
        }
        None => missing_risk(&mut wrong),
    };
    let input = input(from.factors, from.loan, from.include_schedule, &mut wrong);
    let purpose = wrong.take("purpose", purpose(&from.purpose));
    match (request_id, subject, plan, risk, purpose) {
        (Some(request_id), Some(subject), Some(plan), Some(risk), Some(purpose)) if wrong.is_empty() => {
            Ok(PriceQuery { request_id, subject, plan, risk, input, purpose })
        }
        (_, _, plan, risk, _) => Err(Box::new(Misread { violations: wrong, plan, risk, input })),
    }
}

/// What is to be tried.
pub(super) struct Preview {
    pub version: PlanVersionName,
    pub subject: String,
    pub risk: QuoteRisk,
    pub input: PriceInput,
}

/// A request to try a plan.
pub(super) fn preview(from: PreviewPriceRequest) -> Result<Preview, Refusal> {
    let mut wrong = Violations::default();
    let version = wrong.take("plan_version", version_name(&from.plan_version));
    let subject = match &from.risk {
        Some(PreviewRisk::Decision(_)) => wrong.take("subject", text::plain(&from.subject, 1, 128)),
        _ => Some(String::new()),
    };
    let risk = match from.risk {
        Some(PreviewRisk::Decision(name)) => decision(&name, &mut wrong),
        Some(PreviewRisk::Features(features)) => {
            Some(QuoteRisk::Features(features_at("features", Some(features), &mut wrong)))
        }
        Some(PreviewRisk::Probability(text)) => wrong.take("probability", Risk::parse(&text)).map(QuoteRisk::Given),
        None => missing_risk(&mut wrong),
    };
    let input = input(from.factors, from.loan, from.include_schedule, &mut wrong);
    match (version, subject, risk) {
        (Some(version), Some(subject), Some(risk)) if wrong.is_empty() => Ok(Preview { version, subject, risk, input }),
        _ => Err(Refusal::Invalid(wrong)),
    }
}

/// The quote to accept, and the id of the acceptance.
pub(super) fn acceptance(from: &AcceptQuoteRequest) -> Result<(DecisionId, RequestId), Refusal> {
    let mut wrong = Violations::default();
    let quote = wrong.take("quote", resource(&from.quote, "decisions/", DecisionId::parse));
    let request_id = wrong.take("request_id", RequestId::parse(&from.request_id));
    quote.zip(request_id).ok_or(Refusal::Invalid(wrong))
}

fn decision(name: &str, wrong: &mut Violations) -> Option<QuoteRisk> {
    wrong.take("decision", resource(name, "decisions/", DecisionId::parse)).map(QuoteRisk::Decision)
}

fn missing_risk(wrong: &mut Violations) -> Option<QuoteRisk> {
    wrong.add("risk", "is required");
    None
}

fn input(factors: Option<Struct>, loan: Option<ProtoLoan>, schedule: bool, wrong: &mut Violations) -> PriceInput {
    let factors = features_at("factors", factors, wrong);
    let loan = loan.map(|loan| {
        let money = loan.principal.unwrap_or_else(|| {
            wrong.add("loan.principal", "is required");
            super::proto::common::Money::default()
        });
        LoanTerms {
            principal: Money { currency_code: money.currency_code, amount_minor: money.amount_minor },
            term_months: loan.term_months,
        }
    });
    PriceInput { factors, loan, schedule }
}
