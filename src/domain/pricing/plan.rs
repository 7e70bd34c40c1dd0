//! A rate plan of which every field is in range. Only [`RatePlan::parse`] makes one.

use rust_decimal::Decimal;

use super::{LoadingKind, RiskKind};
use crate::domain::ids::ModelId;

/// The longest term of a loan, in months.
pub const MAX_TERM_MONTHS: i32 = 480;

/// What a rate plan says.
#[derive(Debug, Clone, PartialEq)]
pub struct RatePlan {
    /// ISO 4217 alphabetic code of all its money.
    pub currency: String,
    /// How long a quote is honoured, in seconds.
    pub validity_seconds: i64,
    /// Where the risk comes from.
    pub risk: RiskSource,
    /// What it prices.
    pub priced: Priced,
}

/// Where the risk comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RiskSource {
    /// Which answers bring it.
    pub kind: RiskKind,
    /// The model that must have answered, and that scores features.
    pub model: Option<ModelId>,
    /// How old a decision may be, in seconds.
    pub max_age_seconds: i64,
}

/// What a plan prices.
#[derive(Debug, Clone, PartialEq)]
pub enum Priced {
    /// A loan.
    Loan(Box<LoanPlan>),
    /// A policy of insurance.
    Insurance(Box<InsurancePlan>),
}

/// A function of risk: its first knot is at 0, and their risks rise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Whether values between knots lie on the line; otherwise that of the knot before holds.
    pub linear: bool,
    /// Risks with at most 6 places, and values.
    pub knots: Vec<(Decimal, Decimal)>,
}

/// How a loan is priced. Rates are a year's; see [`super::LoanSpec`].
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of `LoanSpec`, in range")]
pub struct LoanPlan {
    pub principal_minor: (i64, i64),
    pub term_months: (i32, i32),
    pub funding_rate: Decimal,
    pub default_probability: Table,
    pub loss_given_default: Table,
    pub exposure: Table,
    pub operating_share: Decimal,
    pub operating_annual_minor: i64,
    pub capital_ratio: Table,
    pub hurdle_rate: Decimal,
    pub margin: Table,
    pub fee_share: Decimal,
    pub fee_minor: i64,
    /// In millionths; floor and cap are multiples of it.
    pub rate_step: u32,
    /// In steps.
    pub floor_steps: u32,
    /// In steps.
    pub cap_steps: u32,
}

/// How a policy of insurance is priced; see [`super::InsuranceSpec`].
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of `InsuranceSpec`, in range")]
pub struct InsurancePlan {
    pub cover_minor: i64,
    pub period_months: i32,
    pub frequency: Table,
    pub severity: Table,
    pub risk_relativities: Vec<Table>,
    pub factors: Vec<Factor>,
    pub loadings: Vec<Loading>,
    pub floor_minor: i64,
    pub cap_minor: i64,
}

/// A rating factor.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// Its name in requests.
    pub name: String,
    /// Its levels, the safest first: their relativities never fall.
    pub levels: Levels,
}

/// The levels of a rating factor.
#[derive(Debug, Clone, PartialEq)]
pub enum Levels {
    /// By category.
    Categories(Vec<Level<String>>),
    /// By bands of numbers, from the first on and before the second; they do not overlap.
    Bands(Vec<Level<(f64, f64)>>),
}

/// A level, and what the pure premium is multiplied by there.
#[derive(Debug, Clone, PartialEq)]
pub struct Level<T> {
    /// What is at this level.
    pub of: T,
    /// The relativity.
    pub relativity: Decimal,
}

/// What is added to the pure premium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loading {
    /// Its name in answers.
    pub name: String,
    /// What it pays for.
    pub kind: LoadingKind,
    /// The share of the premium, or nothing.
    pub share: Decimal,
    /// The amount, or nothing.
    pub amount_minor: i64,
}
