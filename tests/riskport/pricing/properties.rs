//! What holds for every plan that is taken, and of every one that is not.

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestCaseResult, TestRunner},
};
use riskport::{
    domain::{
        features::FeatureValue,
        pricing::{FactorSpec, Price, PriceDetail, PriceInput, RatePlanSpec, Risk, TermKind},
    },
    engine::CompiledPlan,
};
use rust_decimal::Decimal;

use super::{
    made::{input, insurances, loans},
    reference::{number, price, pure, rate, telling_risks},
};

/// Plans of each kind, the risks that each is asked for beside those at its knots, and how many prices that makes at least: of
/// both kinds 100,000 together.
const PLANS: u32 = 4_000;
const RISKS: usize = 12;
const PRICES: u32 = 50_000;

/// What is asked of a plan: random risks in parts of 10^12, and the rest of the request.
fn asked() -> impl Strategy<Value = (Vec<u64>, (i64, i32, usize))> {
    let months = prop_oneof![4 => 1..60_i32, 1 => 60..=480_i32];
    let principal = prop_oneof![0..10_000_i64, 0..100_000_000_i64, 0..i64::MAX / 2];
    (prop::collection::vec(0..=1_000_000_000_000_u64, RISKS), (principal, months, 0..3_usize))
}

fn run<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value) -> TestCaseResult) {
    let config = Config { failure_persistence: None, max_shrink_iters: 2_000, ..Config::with_cases(cases) };
    if let Err(failed) = TestRunner::new(config).run(strategy, test) {
        panic!("{failed}");
    }
}

fn parts(risk: Decimal) -> u64 {
    (risk * Decimal::from(1_000_000_000_000_u64)).trunc().try_into().unwrap()
}

fn terms_add_up(price: &Price) -> TestCaseResult {
    prop_assert_eq!(price.terms.iter().map(|term| term.amount_minor).sum::<i64>(), price.total_minor);
    let limit = |kind: TermKind| matches!(kind, TermKind::Limit | TermKind::RateLimit);
    prop_assert!(price.terms.iter().all(|term| term.amount_minor >= 0 || limit(term.kind)), "{price:?}");
    Ok(())
}

/// What a price is held against: the rate of a loan or the premium, which must be within the plan's limits.
fn within_limits(spec: &RatePlanSpec, price: &Price) -> Result<Decimal, TestCaseError> {
    match (&price.detail, &spec.loan, &spec.insurance) {
        (PriceDetail::Loan(loan), Some(plan), _) => {
            let (floor, cap) = (number(&plan.floor_rate), number(&plan.cap_rate));
            prop_assert!((floor..=cap).contains(&loan.annual_rate), "{}", loan.annual_rate);
            prop_assert!((loan.annual_rate % number(&plan.rate_step)).is_zero());
            schedule_ends_at_nothing(price)?;
            Ok(loan.annual_rate)
        }
        (PriceDetail::Insurance(_), _, Some(plan)) => {
            prop_assert!((plan.floor_minor..=plan.cap_minor).contains(&price.total_minor));
            Ok(price.total_minor.into())
        }
        _ => Err(TestCaseError::fail("a price of another kind than its plan")),
    }
}

fn schedule_ends_at_nothing(price: &Price) -> TestCaseResult {
    let PriceDetail::Loan(loan) = &price.detail else { return Ok(()) };
    prop_assert_eq!(loan.schedule.len(), usize::try_from(loan.term_months).unwrap());
    let mut owed = loan.principal_minor;
    for (at, row) in loan.schedule.iter().enumerate() {
        let last = at + 1 == loan.schedule.len();
        let payment = if last { loan.last_instalment_minor } else { loan.instalment_minor };
        prop_assert_eq!(row.payment_minor, payment);
        prop_assert!(row.interest_minor >= 0);
        owed += row.interest_minor - row.payment_minor;
        prop_assert_eq!(row.balance_minor, owed);
    }
    prop_assert_eq!(owed, 0);
    let paid: i64 = loan.schedule.iter().map(|row| row.payment_minor).sum();
    prop_assert_eq!(paid, loan.principal_minor + price.total_minor - loan.fee_minor);
    let spread = loan.last_instalment_minor - loan.instalment_minor;
    prop_assert!((0..i64::from(loan.term_months)).contains(&spread), "{spread}");
    Ok(())
}

/// The relativity of a factor, by the level that a value is at.
fn relativity(factor: &FactorSpec, value: &FeatureValue) -> Decimal {
    let edge = |text: &str, open: f64| if text.is_empty() { open } else { text.parse().unwrap() };
    let level = factor.levels.iter().find(|level| match value {
        FeatureValue::Text(text) => level.value == *text,
        FeatureValue::Number(at) => (edge(&level.from, f64::NEG_INFINITY)..edge(&level.to, f64::INFINITY)).contains(at),
        FeatureValue::Flag(_) => false,
    });
    number(&level.unwrap().relativity)
}

/// A price is what the second reading gives: a rate rounded up by less than a step, a premium to the nearest unit.
fn is_exact(spec: &RatePlanSpec, price: &Price, risk: u64, input: &PriceInput) -> TestCaseResult {
    let risk = Decimal::new(risk.try_into().unwrap(), 12);
    let slack = Decimal::new(1, 12);
    match (&price.detail, &spec.loan, &spec.insurance) {
        (PriceDetail::Loan(loan), Some(plan), _) => {
            let any_size = Decimal::from(plan.operating_annual_minor) / Decimal::from(loan.principal_minor);
            let step = number(&plan.rate_step);
            let exact = ((rate(plan, risk) + any_size) / step).clamp(Decimal::ZERO, Decimal::from(i64::MAX));
            let told = loan.annual_rate / step;
            let (floor, cap) = (number(&plan.floor_rate) / step, number(&plan.cap_rate) / step);
            let least = exact.clamp(floor, cap) - slack * exact.max(Decimal::ONE);
            prop_assert!(least <= told && told < (exact + Decimal::ONE + slack).clamp(floor + slack, cap + slack));
        }
        (_, _, Some(plan)) => {
            let factors =
                plan.factors.iter().map(|factor| relativity(factor, input.factors.get(&factor.name).unwrap()));
            let pure = factors.fold(pure(plan, risk), |pure, relativity| pure * relativity);
            let amounts: i64 = plan.loadings.iter().map(|one| one.amount_minor).sum();
            let shares = plan.loadings.iter().filter(|one| !one.share.is_empty()).map(|one| number(&one.share));
            let gross = (pure + Decimal::from(amounts)) / (Decimal::ONE - shares.sum::<Decimal>());
            let limit = price.terms.last().unwrap().amount_minor;
            let unlimited = Decimal::from(price.total_minor - limit);
            prop_assert!(
                (unlimited - gross).abs() <= Decimal::new(5, 1) + slack * gross.max(Decimal::ONE),
                "{gross}: {price:?}"
            );
            let term = Decimal::from(price.terms[0].amount_minor);
            prop_assert!((term - pure).abs() < Decimal::ONE + slack * pure.max(Decimal::ONE), "{pure}: {price:?}");
        }
        _ => return Err(TestCaseError::fail("a price of another kind than its plan")),
    }
    Ok(())
}

/// The annual percentage rate makes what is paid worth what was paid out.
fn apr_is_right(price: &Price) -> TestCaseResult {
    let PriceDetail::Loan(loan) = &price.detail else { return Ok(()) };
    // Small loans only: each amount must be an exact number here.
    let exact = |amount: i64| u32::try_from(amount).ok().map(f64::from);
    let payments: Option<Vec<f64>> = loan.schedule.iter().map(|row| exact(row.payment_minor)).collect();
    let Some((paid_out, payments)) = exact(loan.principal_minor - loan.fee_minor).zip(payments) else { return Ok(()) };
    let worth = |month: f64| payments.iter().rev().fold(0.0, |worth, payment| (worth + payment) / (1.0 + month));
    let nominal: f64 = loan.apr_nominal.to_string().parse().unwrap();
    let effective: f64 = loan.apr_effective.to_string().parse().unwrap();
    let half = 0.51e-6;
    let (low, high) = ((nominal - half).max(0.0) / 12.0, (nominal + half) / 12.0);
    let slack = paid_out * 1e-9;
    prop_assert!(worth(high) <= paid_out + slack, "{} above {paid_out}: {loan:?}", worth(high));
    prop_assert!(worth(low) + slack >= paid_out || low == 0.0, "{} below {paid_out}: {loan:?}", worth(low));
    let month = nominal / 12.0;
    let compounded = (1.0 + month).powi(12) - 1.0;
    prop_assert!((compounded - effective).abs() <= 2e-6 * (1.0 + month).powi(11), "{compounded} {effective}");
    Ok(())
}

/// The prices of a plan from the lowest risk to the highest: none is below the one before, and each holds by itself.
fn holds(
    spec: &RatePlanSpec,
    plan: &CompiledPlan,
    (risks, rest): (Vec<u64>, (i64, i32, usize)),
    priced: &AtomicU32,
) -> TestCaseResult {
    let input = input(spec, rest);
    let mut risks: Vec<u64> = risks.into_iter().chain(telling_risks(spec).into_iter().map(parts)).collect();
    risks.sort_unstable();
    priced.fetch_add(u32::try_from(risks.len()).unwrap(), Ordering::Relaxed);
    let mut before: Option<(u64, Decimal, i64)> = None;
    for risk in risks {
        let price = plan
            .price(Risk::of_parts(risk).unwrap(), &input)
            .map_err(|wrong| TestCaseError::fail(format!("a price was refused: {wrong:?}")))?;
        terms_add_up(&price)?;
        is_exact(spec, &price, risk, &input)?;
        apr_is_right(&price)?;
        let rate = within_limits(spec, &price)?;
        if let Some((lower, was, total)) = before {
            prop_assert!(
                was <= rate && total <= price.total_minor,
                "{lower}: {was}, {total}; {risk}: {rate}, {price:?}"
            );
        }
        before = Some((risk, rate, price.total_minor));
    }
    Ok(())
}

/// The two risks and the two prices that a refusal tells.
fn counter_example(told: &str) -> Option<[Decimal; 4]> {
    let words: Vec<Decimal> = told
        .split(' ')
        .map(|word| word.trim_end_matches([',', '.']))
        .filter(|word| word.starts_with(|first: char| first.is_ascii_digit()))
        .filter_map(|word| word.parse().ok())
        .collect();
    let [before, lower, after, higher] = words.as_slice() else { return None };
    Some([*lower, *higher, *before, *after])
}

/// A plan that is refused falls where the refusal says, by the second reading of it.
fn falls_where_told(spec: &RatePlanSpec, told: &str) -> TestCaseResult {
    let Some([lower, higher, before, after]) = counter_example(told) else {
        return Err(TestCaseError::fail(format!("no counter-example: {told}")));
    };
    prop_assert!(lower < higher && after < before, "{told}");
    // As many digits as the second reading has.
    let near = |one: Decimal, other: Decimal| {
        (one - other).abs() <= Decimal::new(1, 15).max(other.abs() * Decimal::new(1, 20))
    };
    prop_assert!(near(price(spec, lower), before), "{}: {told}", price(spec, lower));
    prop_assert!(near(price(spec, higher), after), "{}: {told}", price(spec, higher));
    Ok(())
}

fn every_plan(strategy: &(impl Strategy<Value = RatePlanSpec> + Clone + 'static)) -> [u32; 4] {
    let [priced, taken, refused, undecided] = [const { AtomicU32::new(0) }; 4];
    let count = |one: &AtomicU32| {
        one.fetch_add(1, Ordering::Relaxed);
    };
    run(PLANS, &(strategy.clone(), asked()), |(spec, asked)| match CompiledPlan::compile(&spec) {
        Ok(plan) => {
            count(&taken);
            holds(&spec, &plan, asked, &priced)
        }
        Err(wrong) => {
            let told = &wrong.as_slice()[0].description;
            if told.starts_with("cannot be decided") {
                count(&undecided);
                return Ok(());
            }
            count(&refused);
            falls_where_told(&spec, told)
        }
    });
    [priced, taken, refused, undecided].map(AtomicU32::into_inner)
}

#[test]
fn every_loan_plan_holds_or_falls_where_its_refusal_says() {
    let [priced, taken, refused, undecided] = every_plan(&loans().boxed());
    println!("{taken} loan plans taken, {refused} refused, {priced} prices");
    assert!(priced > PRICES, "{priced}");
    assert!(taken > PLANS / 10 && refused > PLANS / 10 && undecided == 0, "{taken} {refused} {undecided}");
}

#[test]
fn every_insurance_plan_holds_or_falls_where_its_refusal_says() {
    let [priced, taken, refused, undecided] = every_plan(&insurances().boxed());
    println!("{taken} insurance plans taken, {refused} refused, {undecided} not decided, {priced} prices");
    assert!(priced > PRICES, "{priced}");
    assert!(taken > PLANS / 10 && refused > PLANS / 10 && undecided > 0, "{taken} {refused} {undecided}");
}
