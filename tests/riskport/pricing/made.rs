//! Random plans, and what is asked of them.

use proptest::{prelude::*, sample::select};
use riskport::domain::{
    features::{FeatureValue, Features},
    money::Money,
    pricing::{
        FactorSpec, InsuranceSpec, KnotSpec, LevelSpec, LoadingKind, LoadingSpec, LoanSpec, LoanTerms, PriceInput,
        RatePlanSpec, RiskKind, RiskSourceSpec, TableSpec,
    },
};

/// How the values of a table go from knot to knot.
#[derive(Debug, Clone, Copy)]
pub enum Way {
    Rising,
    Falling,
    Any,
}

/// A number of millionths as a decimal.
pub fn millionths(value: u64) -> String {
    format!("{}.{:06}", value / 1_000_000, value % 1_000_000)
}

/// A table of one to six knots with values of at most `most` millionths.
pub fn table(way: Way, most: u64) -> impl Strategy<Value = TableSpec> {
    let knots =
        prop::collection::vec((prop_oneof![1 => Just(0), 1 => Just(1_000_000), 8 => 0..1_000_000_u64], 0..=most), 1..6);
    (any::<bool>(), knots).prop_map(move |(linear, knots)| {
        let (mut risks, mut values): (Vec<u64>, Vec<u64>) = knots.into_iter().unzip();
        risks[0] = 0;
        risks.sort_unstable();
        risks.dedup();
        values.truncate(risks.len());
        match way {
            Way::Rising => values.sort_unstable(),
            Way::Falling => values.sort_unstable_by(|one, other| other.cmp(one)),
            Way::Any => {}
        }
        let knots = risks.into_iter().zip(values).map(|(risk, value)| KnotSpec(millionths(risk), millionths(value)));
        if linear { TableSpec::Linear(knots.collect()) } else { TableSpec::Step(knots.collect()) }
    })
}

fn any_way() -> impl Strategy<Value = Way> {
    select(&[Way::Rising, Way::Rising, Way::Rising, Way::Rising, Way::Falling, Way::Any][..])
}

/// A table that mostly rises.
fn some_table(most: u64) -> impl Strategy<Value = TableSpec> {
    any_way().prop_flat_map(move |way| table(way, most))
}

fn plan(loan: Option<LoanSpec>, insurance: Option<InsuranceSpec>) -> RatePlanSpec {
    RatePlanSpec {
        title: "A plan".to_owned(),
        currency: "CNY".to_owned(),
        validity_seconds: 60,
        risk: RiskSourceSpec { kind: RiskKind::CreditScore, model: String::new(), max_age_seconds: 60 },
        loan,
        insurance,
    }
}

/// Loan plans: of default mostly rising, of what it loses any way.
pub fn loans() -> impl Strategy<Value = RatePlanSpec> {
    let tables = (
        prop_oneof![3 => table(Way::Rising, 1_000_000), 1 => some_table(1_000_000)],
        some_table(1_000_000),
        some_table(1_000_000),
        some_table(200_000),
        some_table(100_000),
    );
    let rates = (0..100_000_u64, 0..50_000_u64, 0..300_000_u64, 0..30_000_u64);
    let step = prop_oneof![Just(1_u64), Just(100), Just(2_500)];
    let limits = (step, 0..2_000_u64, 0..2_000_000_u64);
    (tables, rates, limits, (1..1_000_000_i64, 0..100_i64, 0..100_i64)).prop_map(
        |(
            (pd, lgd, ead, capital, margin),
            (funding, operating, hurdle, fee),
            (step, floor, above),
            (least, cost, upfront),
        )| {
            plan(
                Some(LoanSpec {
                    min_principal_minor: least,
                    max_principal_minor: 1_000_000_000_000,
                    min_term_months: 1,
                    max_term_months: 480,
                    funding_rate: millionths(funding),
                    default_probability: pd,
                    loss_given_default: lgd,
                    exposure: ead,
                    operating_share: millionths(operating),
                    operating_annual_minor: cost.min(least),
                    capital_ratio: capital,
                    hurdle_rate: millionths(hurdle),
                    margin,
                    fee_share: millionths(fee),
                    fee_minor: upfront.min(least / 4),
                    rate_step: millionths(step),
                    floor_rate: millionths(floor * step),
                    cap_rate: millionths((floor + above / step) * step),
                }),
                None,
            )
        },
    )
}

/// A rating factor by category and one by band, each with rising relativities.
fn factors() -> impl Strategy<Value = Vec<FactorSpec>> {
    let relativities = || {
        prop::collection::vec(0..3_000_000_u64, 3).prop_map(|mut all| {
            all.sort_unstable();
            all
        })
    };
    (relativities(), relativities(), any::<[bool; 2]>()).prop_map(|(by_category, by_band, there)| {
        let category = |(name, relativity): (&str, u64)| LevelSpec {
            value: name.to_owned(),
            from: String::new(),
            to: String::new(),
            relativity: millionths(relativity),
        };
        let band = |((from, to), relativity): ((&str, &str), u64)| LevelSpec {
            value: String::new(),
            from: from.to_owned(),
            to: to.to_owned(),
            relativity: millionths(relativity),
        };
        let device = FactorSpec {
            name: "device".to_owned(),
            levels: ["phone", "tablet", "shared"].into_iter().zip(by_category).map(category).collect(),
        };
        let age = FactorSpec {
            name: "age".to_owned(),
            levels: [("40", ""), ("25", "40"), ("", "25")].into_iter().zip(by_band).map(band).collect(),
        };
        [device, age].into_iter().zip(there).filter(|(_, there)| *there).map(|(factor, _)| factor).collect()
    })
}

fn loadings() -> impl Strategy<Value = Vec<LoadingSpec>> {
    let kind = select(&[LoadingKind::Expense, LoadingKind::Tax, LoadingKind::Margin][..]);
    let one = (kind, prop_oneof![(0..220_000_u64).prop_map(Ok), (0..500_i64).prop_map(Err)]);
    prop::collection::vec(one, 0..4).prop_map(|all| {
        let loading = |(at, (kind, what)): (usize, (LoadingKind, Result<u64, i64>))| LoadingSpec {
            name: format!("loading-{at}"),
            kind,
            share: what.map_or(String::new(), millionths),
            amount_minor: what.err().unwrap_or(0),
        };
        all.into_iter().enumerate().map(loading).collect()
    })
}

/// Insurance plans; of the functions of risk some may fall.
pub fn insurances() -> impl Strategy<Value = RatePlanSpec> {
    let tables = (
        prop_oneof![3 => table(Way::Rising, 100_000), 1 => some_table(100_000)],
        some_table(20_000_000_000),
        prop::collection::vec(some_table(3_000_000), 0..3),
    );
    (tables, factors(), loadings(), (0..500_i64, 0..100_000_i64)).prop_map(
        |((frequency, severity, risk_relativities), factors, loadings, (floor, above))| {
            plan(
                None,
                Some(InsuranceSpec {
                    cover_minor: 100_000_000,
                    period_months: 12,
                    frequency,
                    severity,
                    risk_relativities,
                    factors,
                    loadings,
                    floor_minor: floor,
                    cap_minor: floor + above,
                }),
            )
        },
    )
}

/// What may be asked of any plan: for a loan the principal and the term, for insurance the factors.
pub fn input(spec: &RatePlanSpec, (principal, months, level): (i64, i32, usize)) -> PriceInput {
    if let Some(loan) = &spec.loan {
        let principal = Money {
            currency_code: "CNY".to_owned(),
            amount_minor: loan.min_principal_minor + principal % (loan.max_principal_minor - loan.min_principal_minor),
        };
        let loan = Some(LoanTerms { principal, term_months: months });
        return PriceInput { loan, schedule: true, ..PriceInput::default() };
    }
    let mut factors = Features::default();
    for factor in spec.insurance.iter().flat_map(|insurance| &insurance.factors) {
        let value = match factor.name.as_str() {
            "device" => FeatureValue::Text(["phone", "tablet", "shared"][level % 3].to_owned()),
            _ => FeatureValue::Number([55.0, 30.0, 18.0][level % 3]),
        };
        factors.insert(&factor.name, value).unwrap();
    }
    PriceInput { factors, ..PriceInput::default() }
}
