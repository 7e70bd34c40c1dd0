//! A price, and the terms that add up to it.

use rust_decimal::Decimal;

named!(
    /// What a term of a price pays for.
    TermKind {
        /// Expected claims.
        PurePremium = "pure-premium",
        /// Selling, running and settling.
        Expense = "expense",
        /// Tax on premiums.
        Tax = "tax",
        /// Profit and contingencies; the lender's margin.
        Margin = "margin",
        /// What was added or taken off to bring the price within the plan's floor and cap.
        Limit = "limit",
        /// What the money costs the lender.
        Funding = "funding",
        /// Expected loss of the loan: PD x LGD x EAD.
        ExpectedLoss = "expected-loss",
        /// Operating cost of the loan.
        Operating = "operating",
        /// What the capital that is held must earn.
        Capital = "capital",
        /// What rounding the rate, and bringing it within the plan's floor and cap, added or took off.
        RateLimit = "rate-limit",
        /// The fee that is kept from what is paid out.
        Fee = "fee",
    }
);

/// A price. `total_minor` is exactly the sum of the terms.
#[derive(Debug, Clone, PartialEq)]
pub struct Price {
    /// ISO 4217 alphabetic code.
    pub currency: String,
    /// What is to be paid: the premium, or the loan's whole finance charge.
    pub total_minor: i64,
    /// What it is made of, in the plan's order.
    pub terms: Vec<Term>,
    /// What else there is to say.
    pub detail: PriceDetail,
}

/// A term of a price.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// What it pays for.
    pub kind: TermKind,
    /// Its name: a loading's own, otherwise that of its kind.
    pub name: String,
    /// Its part of the total; may be negative for a limit.
    pub amount_minor: i64,
    /// Its part of a loan's annual rate, rounded to eight places; nothing for a premium, and for the fee.
    pub rate: Option<Decimal>,
}

/// What belongs to one kind of price only.
#[derive(Debug, Clone, PartialEq)]
pub enum PriceDetail {
    /// Of a loan.
    Loan(Box<LoanPrice>),
    /// Of a policy of insurance.
    Insurance(InsurancePrice),
}

/// A loan with its price.
#[derive(Debug, Clone, PartialEq)]
pub struct LoanPrice {
    /// What is lent.
    pub principal_minor: i64,
    /// The term in months.
    pub term_months: i32,
    /// The nominal rate a year, with six places.
    pub annual_rate: Decimal,
    /// What is paid each month but the last.
    pub instalment_minor: i64,
    /// What is paid in the last month: it absorbs what equal instalments leave.
    pub last_instalment_minor: i64,
    /// What is kept from what is paid out.
    pub fee_minor: i64,
    /// Annual percentage rate, nominal: twelve times the monthly rate at which the instalments are worth what is paid out.
    pub apr_nominal: Decimal,
    /// The same compounded over twelve months.
    pub apr_effective: Decimal,
    /// Month by month, when it was asked for.
    pub schedule: Vec<Instalment>,
}

/// One month of a loan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instalment {
    /// What is paid.
    pub payment_minor: i64,
    /// How much of it is interest.
    pub interest_minor: i64,
    /// What is owed after it; 0 after the last.
    pub balance_minor: i64,
}

/// A policy with its premium.
#[derive(Debug, Clone, PartialEq)]
pub struct InsurancePrice {
    /// The most that is paid.
    pub cover_minor: i64,
    /// How long the cover lasts, in months.
    pub period_months: i32,
}
