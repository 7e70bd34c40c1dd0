//! Reads a plan, and tells everything that is wrong with it at once.

use std::collections::HashSet;

use rust_decimal::Decimal;

use super::{
    InsurancePlan, InsuranceSpec, LoanPlan, LoanSpec, MAX_TERM_MONTHS, Priced, RatePlan, RatePlanSpec, RiskSource,
    VALUE_PLACES,
    numbers::{KNOT_PLACES, decimal},
    read_tables::MAX_RELATIVITY,
};
use crate::domain::{ids::ModelId, money::MAX_PRICED_MINOR, refusal::Violations, text};

/// The most rating factors.
pub const MAX_FACTORS: usize = 16;
/// The most loadings.
pub const MAX_LOADINGS: usize = 16;
/// The most relativities by risk.
pub const MAX_RISK_RELATIVITIES: usize = 4;
/// The longest that a quote is honoured, and that a decision may be old: a year of 366 days, in seconds.
const MAX_SECONDS: i64 = 366 * 86_400;
/// The highest rate a year, and the most claims a period.
const MAX_RATE: Decimal = Decimal::TEN;
const MAX_FREQUENCY: Decimal = Decimal::ONE_HUNDRED;

impl RatePlan {
    /// Reads a plan.
    ///
    /// # Errors
    /// Every field that is wrong, as `spec...`; among them levels of a factor whose relativity falls, with the two.
    pub fn parse(spec: &RatePlanSpec) -> Result<Self, Violations> {
        let mut reader = Reader(Violations::default());
        let plan = reader.plan(spec);
        match plan {
            Some(plan) if reader.0.is_empty() => Ok(plan),
            _ => Err(reader.0),
        }
    }
}

/// What is wrong so far. Each method reads one part and notes what is wrong with it.
pub(super) struct Reader(pub(super) Violations);

impl Reader {
    fn plan(&mut self, spec: &RatePlanSpec) -> Option<RatePlan> {
        let wrong = &mut self.0;
        wrong.take("spec.title", text::plain(&spec.title, 1, 200));
        if spec.currency.len() != 3 || !spec.currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            wrong.add("spec.currency", "must be three upper-case letters (ISO 4217)");
        }
        self.within("spec.validity_seconds", spec.validity_seconds, 1, MAX_SECONDS);
        self.within("spec.risk.max_age_seconds", spec.risk.max_age_seconds, 1, MAX_SECONDS);
        let model = match spec.risk.model.trim_start_matches("models/") {
            "" => None,
            name => self.0.take("spec.risk.model", ModelId::parse(name)),
        };
        let priced = match (&spec.loan, &spec.insurance) {
            (Some(loan), None) => self.loan(loan).map(|loan| Priced::Loan(Box::new(loan))),
            (None, Some(insurance)) => self.insurance(insurance).map(|one| Priced::Insurance(Box::new(one))),
            _ => {
                self.0.add("spec", "must have either loan or insurance");
                None
            }
        };
        Some(RatePlan {
            currency: spec.currency.clone(),
            validity_seconds: spec.validity_seconds,
            risk: RiskSource { kind: spec.risk.kind, model, max_age_seconds: spec.risk.max_age_seconds },
            priced: priced?,
        })
    }

    fn loan(&mut self, spec: &LoanSpec) -> Option<LoanPlan> {
        let field = |name: &str| format!("spec.loan.{name}");
        self.within(&field("min_principal_minor"), spec.min_principal_minor, 1, MAX_PRICED_MINOR);
        self.within(
            &field("max_principal_minor"),
            spec.max_principal_minor,
            spec.min_principal_minor.max(1),
            MAX_PRICED_MINOR,
        );
        let longest = i64::from(MAX_TERM_MONTHS);
        self.within(&field("min_term_months"), spec.min_term_months.into(), 1, longest);
        self.within(
            &field("max_term_months"),
            spec.max_term_months.into(),
            spec.min_term_months.max(1).into(),
            longest,
        );
        self.within(&field("operating_annual_minor"), spec.operating_annual_minor, 0, MAX_PRICED_MINOR);
        self.within(&field("fee_minor"), spec.fee_minor, 0, MAX_PRICED_MINOR);
        let funding_rate = self.value(&field("funding_rate"), &spec.funding_rate, MAX_RATE);
        let default_probability = self.table(&field("default_probability"), &spec.default_probability, Decimal::ONE);
        let loss_given_default = self.table(&field("loss_given_default"), &spec.loss_given_default, Decimal::ONE);
        let exposure = self.table(&field("exposure"), &spec.exposure, Decimal::ONE);
        let operating_share = self.value(&field("operating_share"), &spec.operating_share, Decimal::ONE);
        let capital_ratio = self.table(&field("capital_ratio"), &spec.capital_ratio, Decimal::ONE);
        let hurdle_rate = self.value(&field("hurdle_rate"), &spec.hurdle_rate, MAX_RATE);
        let margin = self.table(&field("margin"), &spec.margin, MAX_RATE);
        let fee_share = self.value(&field("fee_share"), &spec.fee_share, Decimal::ONE);
        let rate_step = self.millionths(&field("rate_step"), &spec.rate_step, 10_000)?;
        if rate_step == 0 {
            self.0.add(field("rate_step"), "must be above 0");
            return None;
        }
        let (floor, cap) = (
            self.millionths(&field("floor_rate"), &spec.floor_rate, 10_000_000)?,
            self.millionths(&field("cap_rate"), &spec.cap_rate, 10_000_000)?,
        );
        for (name, rate) in [("floor_rate", floor), ("cap_rate", cap)] {
            if rate % rate_step != 0 {
                self.0.add(field(name), "must be a multiple of rate_step");
            }
        }
        if cap < floor {
            self.0.add(field("cap_rate"), "must not be below floor_rate");
        }
        Some(LoanPlan {
            principal_minor: (spec.min_principal_minor, spec.max_principal_minor),
            term_months: (spec.min_term_months, spec.max_term_months),
            funding_rate: funding_rate?,
            default_probability: default_probability?,
            loss_given_default: loss_given_default?,
            exposure: exposure?,
            operating_share: operating_share?,
            operating_annual_minor: spec.operating_annual_minor,
            capital_ratio: capital_ratio?,
            hurdle_rate: hurdle_rate?,
            margin: margin?,
            fee_share: fee_share?,
            fee_minor: spec.fee_minor,
            rate_step,
            floor_steps: floor / rate_step,
            cap_steps: cap / rate_step,
        })
    }

    fn insurance(&mut self, spec: &InsuranceSpec) -> Option<InsurancePlan> {
        let field = |name: &str| format!("spec.insurance.{name}");
        self.within(&field("cover_minor"), spec.cover_minor, 1, MAX_PRICED_MINOR);
        self.within(&field("period_months"), spec.period_months.into(), 1, 120);
        self.within(&field("floor_minor"), spec.floor_minor, 0, MAX_PRICED_MINOR);
        self.within(&field("cap_minor"), spec.cap_minor, spec.floor_minor.max(0), MAX_PRICED_MINOR);
        let frequency = self.table(&field("frequency"), &spec.frequency, MAX_FREQUENCY);
        let severity = self.table(&field("severity"), &spec.severity, Decimal::from(MAX_PRICED_MINOR));
        if !self.at_most(&field("risk_relativities"), spec.risk_relativities.len(), MAX_RISK_RELATIVITIES)
            || !self.at_most(&field("factors"), spec.factors.len(), MAX_FACTORS)
            || !self.at_most(&field("loadings"), spec.loadings.len(), MAX_LOADINGS)
        {
            return None;
        }
        let mut risk_relativities = Vec::new();
        for (at, table) in spec.risk_relativities.iter().enumerate() {
            risk_relativities.extend(self.table(&field(&format!("risk_relativities[{at}]")), table, MAX_RELATIVITY));
        }
        let mut names = HashSet::new();
        let mut factors = Vec::new();
        for (at, factor) in spec.factors.iter().enumerate() {
            let field = field(&format!("factors[{at}]"));
            if !names.insert(factor.name.as_str()) {
                self.0.add(format!("{field}.name"), "must not be that of an earlier factor");
            }
            factors.extend(self.factor(&field, factor));
        }
        let loadings = self.loadings(&field("loadings"), &spec.loadings);
        Some(InsurancePlan {
            cover_minor: spec.cover_minor,
            period_months: spec.period_months,
            frequency: frequency?,
            severity: severity?,
            risk_relativities,
            factors,
            loadings,
            floor_minor: spec.floor_minor,
            cap_minor: spec.cap_minor,
        })
    }

    pub(super) fn value(&mut self, field: &str, text: &str, most: Decimal) -> Option<Decimal> {
        self.0.take(field, decimal(text, VALUE_PLACES, most))
    }

    /// A decimal with at most six places, in millionths.
    fn millionths(&mut self, field: &str, text: &str, most: u32) -> Option<u32> {
        let value = self.0.take(field, decimal(text, KNOT_PLACES, Decimal::new(most.into(), KNOT_PLACES)))?;
        u32::try_from(value * Decimal::from(1_000_000)).ok()
    }

    pub(super) fn within(&mut self, field: &str, value: i64, least: i64, most: i64) {
        if !(least..=most).contains(&value) {
            self.0.add(field, format!("must be {least} to {most}"));
        }
    }

    pub(super) fn at_most(&mut self, field: &str, count: usize, most: usize) -> bool {
        if count > most {
            self.0.add(field, format!("must be at most {most}"));
        }
        count <= most
    }
}
