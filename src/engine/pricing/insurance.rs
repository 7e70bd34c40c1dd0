//! Premiums: the pure premium (frequency x severity x relativities), and the gross premium that pays for it and for the
//! loadings: (pure + fixed loadings) / (1 - shares), as in Werner and Modlin, Basic Ratemaking (CAS 2016), chapter 7.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};
use rust_decimal::Decimal;

use super::{
    apportion::{apportioned, rounded},
    curves::{Curve, Evaluator, Grid},
    loan::whole_minor,
    monotone::{MAX_DEGREE, fall, rises, shown},
    polynomial::{rational, whole},
};
use crate::domain::{
    features::{FeatureValue, Features, shown as shown_name},
    money::MAX_MINOR,
    pricing::{
        Factor, InsurancePlan, InsurancePrice, Levels, LoadingKind, Price, PriceDetail, PriceInput, Risk, Table, Term,
        TermKind, VALUE_PLACES,
    },
    refusal::Violations,
};

/// Parts of one in which shares and relativities are counted.
const UNIT: u64 = 10_u64.pow(VALUE_PLACES);

/// What is needed for one premium after another.
#[derive(Debug)]
pub(super) struct InsurancePricer {
    /// The pure premium in minor units, before factors.
    pure: Evaluator,
    /// The shares of all loadings together, and their amounts.
    shares: u64,
    amounts: i64,
}

impl InsurancePricer {
    pub(super) fn new(plan: &InsurancePlan) -> Result<Self, Violations> {
        let tables = || [&plan.frequency, &plan.severity].into_iter().chain(&plan.risk_relativities);
        let grid = Grid::of(tables());
        let curves: Vec<Curve> = tables().map(|table| grid.curve(table)).collect();
        let one = Curve::constant(&grid, &BigRational::one());
        let pure = curves.iter().fold(one, |product, curve| product.times(curve));
        let mut wrong = Violations::default();
        // A product of functions that are not negative and never fall never falls, whatever its degree.
        if !curves.iter().all(|curve| rises(&grid, curve)) {
            if pure.degree() > MAX_DEGREE {
                wrong.add(
                    "spec.insurance",
                    format!(
                        "cannot be decided: frequency, severity and risk_relativities make a polynomial of degree {}, and \
                         some of them fall; at most {MAX_DEGREE} is decided, or any degree where none falls",
                        pure.degree()
                    ),
                );
            } else if let Some(fall) = fall(&grid, &pure) {
                let [lower, higher] = fall.risks.map(|risk| shown(&risk));
                let [before, after] = fall.values.map(|value| shown(&value));
                wrong.add(
                    "spec.insurance",
                    format!(
                        "the premium falls when the risk rises: the pure premium is {before} minor units at risk {lower} \
                         and {after} at risk {higher}"
                    ),
                );
            }
        }
        let amounts = plan.loadings.iter().map(|one| one.amount_minor).sum();
        let shares = plan.loadings.iter().map(|one| units(one.share)).sum();
        let loaded = BigRational::new(BigInt::from(UNIT), BigInt::from(UNIT - shares));
        let most = tables().map(highest).chain(plan.factors.iter().map(highest_of)).product::<BigRational>();
        if (most + whole(amounts)) * loaded > whole(MAX_MINOR) {
            wrong.add("spec.insurance", format!("must have no premium above {MAX_MINOR} minor units before the cap"));
        }
        if wrong.is_empty() { Ok(Self { pure: Evaluator::new(&grid, &[&pure]), shares, amounts }) } else { Err(wrong) }
    }

    pub(super) fn price(
        &self,
        plan: &InsurancePlan,
        currency: &str,
        risk: Risk,
        input: &PriceInput,
    ) -> Result<Price, Violations> {
        let mut wrong = Violations::default();
        if input.loan.is_some() {
            wrong.add("loan", "must be absent: the plan prices insurance");
        }
        let relativities = relativities(&plan.factors, &input.factors, &mut wrong);
        if !wrong.is_empty() {
            return Err(wrong);
        }
        // pure = pure.0 / pure.1, exactly.
        let (numerators, mut denominator) = self.pure.at(risk);
        let mut pure: BigInt = numerators.into_iter().sum();
        for relativity in relativities {
            pure *= units(relativity);
            denominator *= UNIT;
        }
        // Over this denominator everything is whole: gross = (pure + amounts) * UNIT / (UNIT - shares).
        let kept = UNIT - self.shares;
        let over: BigInt = &denominator * kept;
        let loaded: BigInt = pure.clone() + &denominator * self.amounts;
        let mut parts = vec![pure * kept];
        parts.extend(plan.loadings.iter().map(|one| &loaded * units(one.share) + &over * one.amount_minor));
        let gross = rounded(&(loaded * UNIT), &over);
        let terms = apportioned(&gross, &parts, &over);
        let gross = whole_minor(&gross);
        let total_minor = gross.clamp(plan.floor_minor, plan.cap_minor);
        let named = plan.loadings.iter().map(|one| (kind(one.kind), one.name.as_str()));
        let named = [(TermKind::PurePremium, TermKind::PurePremium.name())].into_iter().chain(named);
        let limit = (TermKind::Limit, TermKind::Limit.name(), total_minor - gross);
        let amounts = named.zip(&terms).map(|((kind, name), amount)| (kind, name, whole_minor(amount)));
        let terms = amounts.chain([limit]).map(|(kind, name, amount_minor)| Term {
            kind,
            name: name.to_owned(),
            amount_minor,
            rate: None,
        });
        Ok(Price {
            currency: currency.to_owned(),
            total_minor,
            terms: terms.collect(),
            detail: PriceDetail::Insurance(InsurancePrice {
                cover_minor: plan.cover_minor,
                period_months: plan.period_months,
            }),
        })
    }
}

const fn kind(of: LoadingKind) -> TermKind {
    match of {
        LoadingKind::Expense => TermKind::Expense,
        LoadingKind::Tax => TermKind::Tax,
        LoadingKind::Margin => TermKind::Margin,
    }
}

/// A value with at most [`VALUE_PLACES`] places in parts of [`UNIT`].
pub(super) fn units(value: Decimal) -> u64 {
    u64::try_from((value * Decimal::from(UNIT)).trunc()).unwrap_or(u64::MAX)
}

fn highest(table: &Table) -> BigRational {
    table.knots.iter().map(|(_, value)| rational(*value)).max().unwrap_or_else(BigRational::zero)
}

fn highest_of(factor: &Factor) -> BigRational {
    let last = match &factor.levels {
        Levels::Categories(levels) => levels.last().map(|level| level.relativity),
        Levels::Bands(levels) => levels.last().map(|level| level.relativity),
    };
    rational(last.unwrap_or_default())
}

/// The relativity of each factor, in the plan's order.
fn relativities(factors: &[Factor], given: &Features, wrong: &mut Violations) -> Vec<Decimal> {
    let mut found = Vec::with_capacity(factors.len());
    for factor in factors {
        let field = format!("factors.{}", factor.name);
        let relativity = match given.get(&factor.name) {
            None => Err("is required by the plan".to_owned()),
            Some(value) => factor.relativity(value),
        };
        found.extend(wrong.take(&field, relativity));
    }
    for (name, _) in given.iter().filter(|(name, _)| !factors.iter().any(|factor| factor.name == *name)) {
        wrong.add(format!("factors.{}", shown_name(name)), "is no factor of the plan");
    }
    found
}

impl Factor {
    fn relativity(&self, value: &FeatureValue) -> Result<Decimal, String> {
        let found = match (&self.levels, value) {
            (Levels::Categories(levels), FeatureValue::Text(text)) => {
                levels.iter().find(|level| level.of == *text).map(|level| level.relativity)
            }
            (Levels::Bands(levels), FeatureValue::Number(number)) => {
                let inside = |(from, to): (f64, f64)| from <= *number && *number < to;
                levels.iter().find(|level| inside(level.of)).map(|level| level.relativity)
            }
            (Levels::Categories(_), _) => return Err("must be a text: one of the plan's categories".to_owned()),
            (Levels::Bands(_), _) => return Err("must be a number".to_owned()),
        };
        found.ok_or_else(|| "must be at a level that the plan has a relativity for".to_owned())
    }
}
