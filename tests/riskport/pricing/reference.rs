//! A second reading of plans: tables looked up knot by knot, in decimals of 28 digits, sampled and never decided.

use riskport::domain::pricing::{InsuranceSpec, KnotSpec, LoanSpec, RatePlanSpec, TableSpec};
use rust_decimal::Decimal;

pub fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn value(table: &TableSpec, risk: Decimal) -> Decimal {
    let (linear, knots) = match table {
        TableSpec::Step(knots) => (false, knots),
        TableSpec::Linear(knots) => (true, knots),
    };
    let knots: Vec<(Decimal, Decimal)> = knots.iter().map(|KnotSpec(at, value)| (number(at), number(value))).collect();
    let before = knots.iter().rposition(|(at, _)| *at <= risk).unwrap();
    match (linear, knots.get(before + 1)) {
        (true, Some((next, after))) => {
            let (at, value) = knots[before];
            value + (after - value) * (risk - at) / (next - at)
        }
        _ => knots[before].1,
    }
}

/// A loan's rate but for what a loan of any size costs.
pub fn rate(loan: &LoanSpec, risk: Decimal) -> Decimal {
    number(&loan.funding_rate)
        + value(&loan.default_probability, risk) * value(&loan.loss_given_default, risk) * value(&loan.exposure, risk)
        + number(&loan.operating_share)
        + value(&loan.capital_ratio, risk) * number(&loan.hurdle_rate)
        + value(&loan.margin, risk)
}

/// The pure premium before factors.
pub fn pure(insurance: &InsuranceSpec, risk: Decimal) -> Decimal {
    let relativities: Decimal = insurance.risk_relativities.iter().map(|table| value(table, risk)).product();
    value(&insurance.frequency, risk) * value(&insurance.severity, risk) * relativities
}

/// The rate of a loan, or the pure premium: what must not fall.
pub fn price(spec: &RatePlanSpec, risk: Decimal) -> Decimal {
    match (&spec.loan, &spec.insurance) {
        (Some(loan), _) => rate(loan, risk),
        (_, Some(insurance)) => pure(insurance, risk),
        _ => unreachable!("a plan prices something"),
    }
}

/// Risks at which a plan may change its mind: each knot, just below it, and the middle between neighbours.
pub fn telling_risks(spec: &RatePlanSpec) -> Vec<Decimal> {
    let tables: Vec<&TableSpec> = match (&spec.loan, &spec.insurance) {
        (Some(loan), _) => {
            vec![&loan.default_probability, &loan.loss_given_default, &loan.exposure, &loan.capital_ratio, &loan.margin]
        }
        (_, Some(insurance)) => {
            [&insurance.frequency, &insurance.severity].into_iter().chain(&insurance.risk_relativities).collect()
        }
        _ => Vec::new(),
    };
    let knots = tables.into_iter().flat_map(|table| match table {
        TableSpec::Step(knots) | TableSpec::Linear(knots) => knots,
    });
    let mut risks: Vec<Decimal> = knots.map(|KnotSpec(at, _)| number(at)).chain([Decimal::ONE]).collect();
    risks.sort_unstable();
    risks.dedup();
    let parts = Decimal::new(1, 12);
    let between: Vec<Decimal> =
        risks.windows(2).flat_map(|pair| [(pair[0] + pair[1]) / Decimal::TWO, pair[1] - parts]).collect();
    risks.extend(between);
    risks.sort_unstable();
    risks
}
