//! A request for a price.

use super::{PlanId, Risk};
use crate::domain::{
    features::Features,
    ids::{DecisionId, Kid, RequestId},
    money::Money,
    text::{parts, payload},
    time::Timestamp,
};

/// What canonical inputs begin with when features were scored.
const SCORED: &[u8] = b"features";

/// A valid request for a quote.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceQuery {
    /// The partner's id of the request.
    pub request_id: RequestId,
    /// The partner's identifier of the person, in the clear; it must not be stored or logged.
    pub subject: String,
    /// The plan.
    pub plan: PlanId,
    /// Where the risk comes from.
    pub risk: QuoteRisk,
    /// What is priced.
    pub input: PriceInput,
    /// Why it is asked for; may be empty.
    pub purpose: String,
}

/// Where the risk of one price comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum QuoteRisk {
    /// A decision of the caller's own tenant.
    Decision(DecisionId),
    /// Features that the plan's model scores now.
    Features(Features),
    /// A probability, for previews only.
    Given(Risk),
}

/// What is priced.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PriceInput {
    /// Rating factors by name.
    pub factors: Features,
    /// The loan.
    pub loan: Option<LoanTerms>,
    /// Whether the answer is to tell a loan month by month.
    pub schedule: bool,
}

/// A loan that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoanTerms {
    /// What is to be lent.
    pub principal: Money,
    /// The term in months.
    pub term_months: i32,
}

impl PriceQuery {
    /// The bytes that make two requests with one id the same request: everything but the id.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        payload(&[self.subject.as_bytes(), self.plan.as_str().as_bytes(), &self.inputs(), self.purpose.as_bytes()])
    }

    /// The canonical bytes of what is decided on: the risk's source, the factors, the loan.
    #[must_use]
    pub fn inputs(&self) -> Vec<u8> {
        let (source, risk): (&[u8], Vec<u8>) = match &self.risk {
            QuoteRisk::Decision(id) => (b"decision", id.as_str().as_bytes().to_vec()),
            QuoteRisk::Features(features) => (SCORED, features.canonical()),
            QuoteRisk::Given(risk) => (b"given", risk.parts().to_be_bytes().to_vec()),
        };
        let loan = self.input.loan.as_ref().map_or(Vec::new(), |loan| {
            let Money { currency_code, amount_minor } = &loan.principal;
            payload(&[currency_code.as_bytes(), &amount_minor.to_be_bytes(), &loan.term_months.to_be_bytes()])
        });
        payload(&[source, &risk, &self.input.factors.canonical(), &loan, &[u8::from(self.input.schedule)]])
    }

    /// The features that were scored, if any were, and the factors, from canonical bytes; nothing when the bytes are none.
    #[must_use]
    pub fn read_inputs(bytes: &[u8]) -> Option<(Features, Features)> {
        let parts = parts(bytes)?;
        let [source, risk, factors, ..] = parts.as_slice() else { return None };
        let features = if *source == SCORED { Features::from_canonical(risk)? } else { Features::default() };
        Some((features, Features::from_canonical(factors)?))
    }
}

/// The acceptance of a quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuoteAcceptance {
    /// The quote.
    pub quote: DecisionId,
    /// The partner's id for it.
    pub request_id: RequestId,
    /// When it was accepted.
    pub accepted: Timestamp,
    /// The key that signed the caller's token.
    pub kid: Kid,
}
