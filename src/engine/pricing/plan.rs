//! A plan, compiled: whether its price never falls, and what is needed for one price after another.

use super::{insurance::InsurancePricer, loan::LoanPricer};
use crate::domain::{
    pricing::{Price, PriceInput, Priced, RatePlan, RatePlanSpec, Risk},
    refusal::Violations,
};

/// A plan whose price never falls when the risk rises.
#[derive(Debug)]
pub struct CompiledPlan {
    plan: RatePlan,
    pricer: Pricer,
}

#[derive(Debug)]
enum Pricer {
    Loan(Box<LoanPricer>),
    Insurance(Box<InsurancePricer>),
}

impl CompiledPlan {
    /// Reads a plan, and decides whether its price ever falls when the risk rises: before rounding, floor and cap, which never
    /// make it fall. Decided is the price as a function of all real risks of 0 to 1.
    ///
    /// # Errors
    /// Every field that is wrong. Of a plan whose price falls: two risks, the lower first, and the two prices, of which the
    /// first is the higher. Of one that is too complicated to be decided: that.
    pub fn compile(spec: &RatePlanSpec) -> Result<Self, Violations> {
        let plan = RatePlan::parse(spec)?;
        let pricer = match &plan.priced {
            Priced::Loan(loan) => Pricer::Loan(Box::new(LoanPricer::new(loan)?)),
            Priced::Insurance(insurance) => Pricer::Insurance(Box::new(InsurancePricer::new(insurance)?)),
        };
        Ok(Self { plan, pricer })
    }

    /// What the plan says.
    #[must_use]
    pub fn plan(&self) -> &RatePlan {
        &self.plan
    }

    /// The price of a risk. For the same input it never falls when the risk rises.
    ///
    /// # Errors
    /// Every field of the input that the plan does not know or take.
    pub fn price(&self, risk: Risk, input: &PriceInput) -> Result<Price, Violations> {
        match (&self.pricer, &self.plan.priced) {
            (Pricer::Loan(pricer), Priced::Loan(plan)) => pricer.price(plan, &self.plan.currency, risk, input),
            (Pricer::Insurance(pricer), Priced::Insurance(plan)) => {
                pricer.price(plan, &self.plan.currency, risk, input)
            }
            // Both were made of the same plan.
            _ => Err(Violations::default()),
        }
    }
}
