//! A rate plan as it is written down. The serde form is the one that is stored and hashed, and that a TOML file has.

use serde::{Deserialize, Serialize};

named!(
    /// Which answers of the platform bring the risk of a plan.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    RiskKind {
        /// Credit scores: the probability of default.
        CreditScore = "credit_score",
        /// A model's verdicts: the probability of the event.
        RiskEvaluation = "risk_evaluation",
        /// Checks of events: the score by a thousand.
        FraudCheck = "fraud_check",
    }
);

named!(
    /// What a loading of a premium pays for.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    LoadingKind {
        /// Selling, running and settling.
        Expense = "expense",
        /// Tax on premiums.
        Tax = "tax",
        /// Profit and contingencies.
        Margin = "margin",
    }
);

/// What a rate plan says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatePlanSpec {
    /// For people.
    pub title: String,
    /// ISO 4217 alphabetic code of all its money.
    pub currency: String,
    /// How long a quote is honoured, in seconds.
    pub validity_seconds: i64,
    /// Where the risk comes from.
    pub risk: RiskSourceSpec,
    /// How a loan is priced; either this or `insurance`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loan: Option<LoanSpec>,
    /// How a policy is priced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insurance: Option<InsuranceSpec>,
}

/// Where the risk comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskSourceSpec {
    /// Which answers bring it.
    pub kind: RiskKind,
    /// The model that must have answered, and that scores features; empty takes decisions of any model, and no features.
    #[serde(default)]
    pub model: String,
    /// How old a decision may be, in seconds.
    pub max_age_seconds: i64,
}

/// A function of risk by its knots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TableSpec {
    /// The value of a knot holds from its risk on, up to the next.
    Step(Vec<KnotSpec>),
    /// Between two knots the value lies on the line; from the last one on it stays.
    Linear(Vec<KnotSpec>),
}

/// A risk and the value there, both decimals: `["0.02", "0.45"]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnotSpec(pub String, pub String);

/// How a loan is priced. Rates are a year's, decimals: `"0.05"` is 5 % a year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoanSpec {
    /// The least that is lent.
    pub min_principal_minor: i64,
    /// The most that is lent.
    pub max_principal_minor: i64,
    /// The shortest term, in months.
    pub min_term_months: i32,
    /// The longest term, in months.
    pub max_term_months: i32,
    /// What the money costs the lender.
    pub funding_rate: String,
    /// PD: the probability of default within a year, by risk.
    pub default_probability: TableSpec,
    /// LGD: the share of the exposure that a default loses, by risk.
    pub loss_given_default: TableSpec,
    /// EAD: the exposure at default as a share of the principal, by risk.
    pub exposure: TableSpec,
    /// Operating cost as a share of the principal a year.
    pub operating_share: String,
    /// Operating cost of a loan of any size a year.
    pub operating_annual_minor: i64,
    /// Capital held as a share of the principal, by risk.
    pub capital_ratio: TableSpec,
    /// What that capital must earn.
    pub hurdle_rate: String,
    /// The lender's margin, by risk.
    pub margin: TableSpec,
    /// The fee that is kept from what is paid out, as a share of the principal.
    pub fee_share: String,
    /// The fee of a loan of any size.
    pub fee_minor: i64,
    /// The rate is rounded up to a multiple of this.
    pub rate_step: String,
    /// The rate is never below this.
    pub floor_rate: String,
    /// The rate is never above this.
    pub cap_rate: String,
}

/// How a policy of insurance is priced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InsuranceSpec {
    /// The most that is paid.
    pub cover_minor: i64,
    /// How long the cover lasts, in months.
    pub period_months: i32,
    /// Expected claims in the period, by risk.
    pub frequency: TableSpec,
    /// The mean cost of a claim in minor units, by risk.
    pub severity: TableSpec,
    /// Further factors of the pure premium, by risk.
    #[serde(default)]
    pub risk_relativities: Vec<TableSpec>,
    /// Factors of the pure premium by what the partner says of the risk.
    #[serde(default)]
    pub factors: Vec<FactorSpec>,
    /// What is added to the pure premium.
    #[serde(default)]
    pub loadings: Vec<LoadingSpec>,
    /// The premium is never below this.
    pub floor_minor: i64,
    /// The premium is never above this.
    pub cap_minor: i64,
}

/// A rating factor: its levels in rising order of risk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorSpec {
    /// Its name in requests.
    pub name: String,
    /// The levels, the safest first.
    pub levels: Vec<LevelSpec>,
}

/// A level of a rating factor: a category by its `value`, or else a band of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelSpec {
    /// The category; empty for a band.
    #[serde(default)]
    pub value: String,
    /// The band's least number; empty: none.
    #[serde(default)]
    pub from: String,
    /// The number that the band ends before; empty: none.
    #[serde(default)]
    pub to: String,
    /// What the pure premium is multiplied by.
    pub relativity: String,
}

/// A loading: a share of the premium, or an amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadingSpec {
    /// Its name in answers.
    pub name: String,
    /// What it pays for.
    pub kind: LoadingKind,
    /// The share of the premium; empty for an amount.
    #[serde(default)]
    pub share: String,
    /// The amount; 0 for a share.
    #[serde(default)]
    pub amount_minor: i64,
}

impl RatePlanSpec {
    /// What is stored and hashed: JSON, always the same for the same plan.
    #[must_use]
    pub fn canonical(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
