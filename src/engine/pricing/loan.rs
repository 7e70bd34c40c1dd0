//! Loans: the annual rate that pays for funding, expected loss, operating cost and capital, and what it comes to in money.
//!
//! rate = funding + PD x LGD x EAD + operating + capital ratio x hurdle + margin, all a year's and of the principal. The
//! expected loss is that of the Basel framework's risk parameters (BCBS d424, CRE31 and CRE32).

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{ToPrimitive, Zero};
use rust_decimal::Decimal;

use super::{
    apportion::{apportioned, rounded},
    apr::annual_percentage_rate,
    curves::{Curve, Evaluator, Grid},
    insurance::units,
    monotone::{fall, shown},
    polynomial::{rational, whole},
    schedule::{Amortisation, MILLION},
};
use crate::domain::{
    pricing::{LoanPlan, LoanPrice, LoanTerms, Price, PriceDetail, PriceInput, Risk, Term, TermKind, VALUE_PLACES},
    refusal::Violations,
};

/// What is needed for one loan after another.
#[derive(Debug)]
pub(super) struct LoanPricer {
    /// The parts of the rate that need no principal, in the order of [`PARTS`].
    rate: Evaluator,
}

/// The terms that make the rate, in the order of answers.
const PARTS: [TermKind; 5] =
    [TermKind::Funding, TermKind::ExpectedLoss, TermKind::Operating, TermKind::Capital, TermKind::Margin];
/// The place of the operating cost, to which the cost of a loan of any size is added.
const OPERATING: usize = 2;

impl LoanPricer {
    pub(super) fn new(plan: &LoanPlan) -> Result<Self, Violations> {
        let tables =
            [&plan.default_probability, &plan.loss_given_default, &plan.exposure, &plan.capital_ratio, &plan.margin];
        let grid = Grid::of(tables.into_iter());
        let [default, lost, exposure, capital, margin] = tables.map(|table| grid.curve(table));
        let constant = |value: Decimal| Curve::constant(&grid, &rational(value));
        let parts = [
            constant(plan.funding_rate),
            default.times(&lost).times(&exposure),
            constant(plan.operating_share),
            capital.times(&constant(plan.hurdle_rate)),
            margin,
        ];
        let rate = parts.iter().skip(1).fold(parts[0].clone(), |sum, part| sum.plus(part));
        let mut wrong = Violations::default();
        // A product of three tables is a cubic at most: it is decided always.
        if let Some(fall) = fall(&grid, &rate) {
            let [lower, higher] = fall.risks.map(|risk| shown(&risk));
            let [before, after] = fall.values.map(|value| shown(&value));
            wrong.add(
                "spec.loan",
                format!(
                    "the rate falls when the risk rises: before rounding, floor and cap it is {before} at risk {lower} and \
                     {after} at risk {higher}"
                ),
            );
        }
        let least = whole(plan.principal_minor.0);
        if whole(plan.operating_annual_minor) > least {
            wrong.add("spec.loan.operating_annual_minor", "must be at most min_principal_minor");
        }
        if whole(2) * (rational(plan.fee_share) * &least + whole(plan.fee_minor)) > least {
            wrong.add("spec.loan.fee_minor", "must not, with fee_share, be above half of min_principal_minor");
        }
        if wrong.is_empty() {
            Ok(Self { rate: Evaluator::new(&grid, &[&parts[0], &parts[1], &parts[2], &parts[3], &parts[4]]) })
        } else {
            Err(wrong)
        }
    }

    pub(super) fn price(
        &self,
        plan: &LoanPlan,
        currency: &str,
        risk: Risk,
        input: &PriceInput,
    ) -> Result<Price, Violations> {
        let loan = checked(plan, currency, input)?;
        let (principal, months) = (loan.principal.amount_minor, loan.term_months);
        // Over this denominator every part of the rate is whole.
        let (mut parts, denominator) = self.rate.at(risk);
        let over: BigInt = &denominator * principal;
        for part in &mut parts {
            *part *= principal;
        }
        if let Some(operating) = parts.get_mut(OPERATING) {
            *operating += &denominator * plan.operating_annual_minor;
        }
        let exact: BigInt = parts.iter().sum();
        let rate = stepped(plan, &exact, &over);
        let amortisation = Amortisation::new(principal, rate, months);
        let interest = amortisation.total_minor - principal;

        // What rounding and limits added to the rate is a part of it too; over the same denominator times a million.
        let limit = &over * rate - &exact * MILLION;
        let parts: Vec<BigInt> = parts.into_iter().map(|part| part * MILLION).chain([limit]).collect();
        let (million_over, whole_rate): (BigInt, BigInt) = (&over * MILLION, &over * rate);
        let amounts = if rate == 0 {
            vec![BigInt::zero(); parts.len()]
        } else {
            let shares: Vec<BigInt> = parts.iter().map(|part| part * interest).collect();
            apportioned(&interest.into(), &shares, &whole_rate)
        };
        let fee_minor = fee(plan, principal);
        let kinds = PARTS.into_iter().chain([TermKind::RateLimit]);
        let term = |kind: TermKind, amount_minor, rate| Term { kind, name: kind.name().to_owned(), amount_minor, rate };
        let terms = kinds.zip(amounts.iter().zip(&parts));
        let terms = terms.map(|(kind, (amount, part))| term(kind, whole_minor(amount), places(part, &million_over)));
        let (apr_nominal, apr_effective) = annual_percentage_rate(principal - fee_minor, &amortisation);
        Ok(Price {
            currency: currency.to_owned(),
            total_minor: interest + fee_minor,
            terms: terms.chain([term(TermKind::Fee, fee_minor, None)]).collect(),
            detail: PriceDetail::Loan(Box::new(LoanPrice {
                principal_minor: principal,
                term_months: months,
                annual_rate: Decimal::new(i64::from(rate), 6),
                instalment_minor: amortisation.instalment_minor,
                last_instalment_minor: amortisation.last_minor,
                fee_minor,
                apr_nominal,
                apr_effective,
                schedule: if input.schedule { amortisation.schedule() } else { Vec::new() },
            })),
        })
    }
}

/// The loan that is asked for, when the plan gives such loans.
fn checked<'a>(plan: &LoanPlan, currency: &str, input: &'a PriceInput) -> Result<&'a LoanTerms, Violations> {
    let mut wrong = Violations::default();
    for (name, _) in input.factors.iter() {
        wrong.add(format!("factors.{}", crate::domain::features::shown(name)), "is no factor of the plan");
    }
    if let Some(loan) = &input.loan {
        if loan.principal.currency_code != currency {
            wrong.add("loan.principal.currency_code", format!("must be the plan's, {currency}"));
        }
        let (least, most) = plan.principal_minor;
        if !(least..=most).contains(&loan.principal.amount_minor) {
            wrong.add("loan.principal.amount_minor", format!("must be {least} to {most} by the plan"));
        }
        let (shortest, longest) = plan.term_months;
        if !(shortest..=longest).contains(&loan.term_months) {
            wrong.add("loan.term_months", format!("must be {shortest} to {longest} by the plan"));
        }
    } else {
        wrong.add("loan", "is required: the plan prices loans");
    }
    match &input.loan {
        Some(loan) if wrong.is_empty() => Ok(loan),
        _ => Err(wrong),
    }
}

/// The rate in millionths: rounded up to the plan's step, then brought within floor and cap. None of it makes it fall.
fn stepped(plan: &LoanPlan, exact: &BigInt, over: &BigInt) -> u32 {
    let steps = (exact * MILLION).div_ceil(&(over * plan.rate_step));
    steps.to_u32().unwrap_or(u32::MAX).clamp(plan.floor_steps, plan.cap_steps) * plan.rate_step
}

fn fee(plan: &LoanPlan, principal: i64) -> i64 {
    let unit = 10_u64.pow(VALUE_PLACES);
    whole_minor(&rounded(&(BigInt::from(units(plan.fee_share)) * principal), &unit.into())) + plan.fee_minor
}

/// An amount that the bounds of plans keep far within 64 bits.
pub(super) fn whole_minor(amount: &BigInt) -> i64 {
    amount.to_i64().unwrap_or(i64::MAX)
}

/// A fraction rounded to eight places.
fn places(numerator: &BigInt, denominator: &BigInt) -> Option<Decimal> {
    let unit = 10_u64.pow(VALUE_PLACES);
    rounded(&(numerator * unit), denominator).to_i64().map(|value| Decimal::new(value, VALUE_PLACES))
}
