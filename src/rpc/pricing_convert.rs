//! Prices as the contract has them, and what is read back from answers.

use prost::Message;

use super::{
    parse::proto_time,
    proto::{
        common,
        credit::ScoreCreditResponse,
        fraud::CheckFraudResponse,
        pricing::{self as proto, price::Detail},
        risk::EvaluateRiskResponse,
    },
};
use crate::{
    domain::{
        decision::{DecisionKind, Provenance},
        pricing::{LoanPrice, Price, PriceDetail, QuoteAcceptance, TermKind},
        refusal::Refusal,
        time::Timestamp,
    },
    ops::{Priced, Quoted},
};

/// The risk that an answer brings: a probability.
pub(super) fn risk_of(kind: DecisionKind, reply: &[u8]) -> Option<f64> {
    match kind {
        DecisionKind::CreditScore => Some(ScoreCreditResponse::decode(reply).ok()?.probability_of_default),
        DecisionKind::RiskEvaluation => EvaluateRiskResponse::decode(reply).ok()?.probability,
        DecisionKind::FraudCheck => CheckFraudResponse::decode(reply).ok()?.score.map(|score| f64::from(score) / 1e3),
        DecisionKind::Inference | DecisionKind::PriceQuote => None,
    }
}

/// Until when a quote is honoured, by its answer.
pub(super) fn expires(reply: &[u8]) -> Option<Timestamp> {
    let time = proto::QuotePriceResponse::decode(reply).ok()?.quote?.expire_time?;
    Timestamp::from_parts(time.seconds, time.nanos).ok()
}

/// The answer to a request for a quote.
pub(super) fn response(from: &Quoted<'_>) -> proto::QuotePriceResponse {
    let Quoted { decision, decided, expires, risk_decision, priced } = from;
    let quote = proto::Quote {
        name: format!("decisions/{decision}"),
        price: Some(price(&priced.price)),
        risk: priced.risk.to_string(),
        risk_decision: risk_decision.map(|id| format!("decisions/{id}")).unwrap_or_default(),
        plan_version: priced.plan.name.to_string(),
        plan_digest: priced.plan.digest.clone(),
        model_version: model(priced.model),
        model_digest: priced.model.map(|model| model.model_digest.clone()).unwrap_or_default(),
        decide_time: Some(proto_time(*decided)),
        expire_time: Some(proto_time(*expires)),
    };
    proto::QuotePriceResponse { quote: Some(quote) }
}

/// The answer to a request to try a plan.
pub(super) fn preview(from: &Priced<'_>) -> proto::PreviewPriceResponse {
    proto::PreviewPriceResponse {
        price: Some(price(&from.price)),
        risk: from.risk.to_string(),
        plan_version: from.plan.name.to_string(),
        plan_digest: from.plan.digest.clone(),
        model_version: model(from.model),
    }
}

/// A quote as it was answered.
pub(super) fn stored(reply: &[u8]) -> Result<Option<proto::Quote>, Refusal> {
    Ok(proto::QuotePriceResponse::decode(reply).map_err(|_| Refusal::Internal)?.quote)
}

/// The acceptance of a quote.
pub(super) fn acceptance(from: &QuoteAcceptance) -> proto::QuoteAcceptance {
    proto::QuoteAcceptance {
        request_id: from.request_id.as_str().to_owned(),
        accept_time: Some(proto_time(from.accepted)),
        kid: from.kid.as_str().to_owned(),
    }
}

fn model(from: Option<&Provenance>) -> String {
    from.map(|one| format!("models/{}/versions/{}", one.model, one.model_version)).unwrap_or_default()
}

/// A price as the contract has it; also what the command line shows of a plan that is a file.
#[must_use]
pub fn price(from: &Price) -> proto::Price {
    let term = |one: &crate::domain::pricing::Term| proto::PriceTerm {
        kind: kind(one.kind) as i32,
        name: one.name.clone(),
        amount_minor: one.amount_minor,
        rate: one.rate.map(|rate| rate.to_string()).unwrap_or_default(),
    };
    proto::Price {
        total: Some(common::Money { currency_code: from.currency.clone(), amount_minor: from.total_minor }),
        terms: from.terms.iter().map(term).collect(),
        detail: Some(match &from.detail {
            PriceDetail::Loan(of) => Detail::Loan(loan(of)),
            PriceDetail::Insurance(of) => Detail::Insurance(proto::InsurancePrice {
                cover_minor: of.cover_minor,
                period_months: of.period_months,
            }),
        }),
    }
}

fn loan(from: &LoanPrice) -> proto::LoanPrice {
    let row = |(month, one): (i32, &crate::domain::pricing::Instalment)| proto::Instalment {
        month,
        payment_minor: one.payment_minor,
        interest_minor: one.interest_minor,
        principal_minor: one.payment_minor - one.interest_minor,
        balance_minor: one.balance_minor,
    };
    proto::LoanPrice {
        principal_minor: from.principal_minor,
        term_months: from.term_months,
        annual_rate: from.annual_rate.to_string(),
        instalment_minor: from.instalment_minor,
        last_instalment_minor: from.last_instalment_minor,
        fee_minor: from.fee_minor,
        apr_nominal: format!("{:.6}", from.apr_nominal),
        apr_effective: format!("{:.6}", from.apr_effective),
        schedule: (1..).zip(&from.schedule).map(row).collect(),
    }
}

const fn kind(of: TermKind) -> proto::PriceTermKind {
    match of {
        TermKind::PurePremium => proto::PriceTermKind::PurePremium,
        TermKind::Expense => proto::PriceTermKind::Expense,
        TermKind::Tax => proto::PriceTermKind::Tax,
        TermKind::Margin => proto::PriceTermKind::Margin,
        TermKind::Limit => proto::PriceTermKind::Limit,
        TermKind::Funding => proto::PriceTermKind::Funding,
        TermKind::ExpectedLoss => proto::PriceTermKind::ExpectedLoss,
        TermKind::Operating => proto::PriceTermKind::Operating,
        TermKind::Capital => proto::PriceTermKind::Capital,
        TermKind::RateLimit => proto::PriceTermKind::RateLimit,
        TermKind::Fee => proto::PriceTermKind::Fee,
    }
}
