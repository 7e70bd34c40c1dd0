//! Prices from risk: what a rate plan says, what is to be priced, and what a price is made of.
//!
//! A plan is written as a [`RatePlanSpec`], which is what is stored and hashed, and read into a [`RatePlan`], in which
//! everything is in range. What follows from it, and whether its price never falls when the risk rises, is the engine's.

mod numbers;
mod plan;
mod price;
mod query;
mod read;
mod read_tables;
mod spec;
mod version;

pub use numbers::{RISK_SCALE, Risk, VALUE_PLACES};
pub use plan::{
    Factor, InsurancePlan, Level, Levels, Loading, LoanPlan, MAX_TERM_MONTHS, Priced, RatePlan, RiskSource, Table,
};
pub use price::{Instalment, InsurancePrice, LoanPrice, Price, PriceDetail, Term, TermKind};
pub use query::{LoanTerms, PriceInput, PriceQuery, QuoteAcceptance, QuoteRisk};
pub use read::{MAX_FACTORS, MAX_LOADINGS, MAX_RISK_RELATIVITIES};
pub use read_tables::{MAX_KNOTS, MAX_LEVELS};
pub use spec::{
    FactorSpec, InsuranceSpec, KnotSpec, LevelSpec, LoadingKind, LoadingSpec, LoanSpec, RatePlanSpec, RiskKind,
    RiskSourceSpec, TableSpec,
};
pub use version::{PlanId, PlanStage, PlanVersionName, RatePlanVersion};
