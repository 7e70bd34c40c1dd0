//! Rate plans of the contract, read into the domain.

use super::{
    parse::{at_most, known_enum, resource},
    proto::pricing::{self as proto, rate_plan_spec::Price},
};
use crate::{
    domain::{
        ids::ModelId,
        page::PageSize,
        pricing::{
            FactorSpec, InsuranceSpec, KnotSpec, LevelSpec, LoadingKind, LoadingSpec, LoanSpec, MAX_FACTORS, MAX_KNOTS,
            MAX_LEVELS, MAX_LOADINGS, MAX_RISK_RELATIVITIES, PlanId, PlanVersionName, RatePlanSpec, RiskKind,
            RiskSourceSpec, TableSpec,
        },
        refusal::{Refusal, Violations},
    },
    ops,
};

const PREFIX: &str = "ratePlans/";

/// The plan that a resource name is of.
pub(super) fn plan_id(name: &str) -> Result<PlanId, String> {
    resource(name, PREFIX, PlanId::parse)
}

/// The version that a resource name is of.
pub(super) fn version_name(name: &str) -> Result<PlanVersionName, String> {
    let form = || "must be ratePlans/{plan}/versions/{version}".to_owned();
    let (plan, version) = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once("/versions/")).ok_or_else(form)?;
    let plan = PlanId::parse(plan).map_err(|rule| format!("the plan {rule}"))?;
    let version = version.parse::<i64>().ok().filter(|number| *number > 0 && number.to_string() == version);
    Ok(PlanVersionName { plan, version: version.ok_or_else(form)? })
}

/// What a page of versions is asked for with.
pub(super) fn page(
    from: &proto::ListRatePlanVersionsRequest,
) -> Result<(Option<PlanId>, Option<PlanVersionName>, PageSize), Refusal> {
    let mut violations = Violations::default();
    let plan = match from.plan.as_str() {
        "" => None,
        name => violations.take("plan", plan_id(name)),
    };
    let after = match from.page_token.as_str() {
        "" => None,
        token => violations.take("page_token", version_name(token)),
    };
    if let (Some(plan), Some(after)) = (&plan, &after)
        && after.plan != *plan
    {
        violations.add("page_token", "must be the next_page_token of a list of the same plan");
    }
    match violations.take("page_size", PageSize::parse(from.page_size)) {
        Some(size) if violations.is_empty() => Ok((plan, after, size)),
        _ => Err(Refusal::Invalid(violations)),
    }
}

/// The plan to store, and what it says; or everything that is wrong with the request.
pub(super) async fn created(
    from: proto::CreateRatePlanVersionRequest,
) -> Result<(PlanId, RatePlanSpec, bool), Refusal> {
    let mut wrong = Violations::default();
    let plan = wrong.take("plan", plan_id(&from.plan));
    let Some(spec) = from.spec.map(|spec| read_spec(spec, &mut wrong)) else {
        wrong.add("spec", "is required");
        return Err(Refusal::Invalid(wrong));
    };
    match plan {
        Some(plan) if wrong.is_empty() => Ok((plan, spec, from.validate_only)),
        _ => {
            // What is wrong with what could be read is told with the rest.
            wrong.join(ops::rate_plan_faults(&spec).await);
            Err(Refusal::Invalid(wrong))
        }
    }
}

/// A message as what a plan says. What cannot be read is noted, and stands there as something that is right where that can be.
fn read_spec(from: proto::RatePlanSpec, wrong: &mut Violations) -> RatePlanSpec {
    let risk = from.risk.unwrap_or_else(|| {
        wrong.add("spec.risk", "is required");
        proto::RiskSource { kind: proto::RiskKind::CreditScore as i32, max_age_seconds: 1, ..Default::default() }
    });
    let kind = known_enum::<proto::RiskKind>(risk.kind).and_then(|kind| {
        Ok(match kind {
            proto::RiskKind::Unspecified => return Err("is required".to_owned()),
            proto::RiskKind::CreditScore => RiskKind::CreditScore,
            proto::RiskKind::RiskEvaluation => RiskKind::RiskEvaluation,
            proto::RiskKind::FraudCheck => RiskKind::FraudCheck,
        })
    });
    let model = match risk.model.as_str() {
        "" => None,
        name => wrong.take("spec.risk.model", resource(name, "models/", ModelId::parse)),
    };
    let (mut loan, mut insurance) = (None, None);
    match from.price {
        Some(Price::Loan(from)) => loan = Some(read_loan(from, wrong)),
        Some(Price::Insurance(from)) => insurance = Some(read_insurance(from, wrong)),
        None => {}
    }
    RatePlanSpec {
        title: from.title,
        currency: from.currency,
        validity_seconds: from.validity_seconds,
        risk: RiskSourceSpec {
            kind: wrong.take("spec.risk.kind", kind).unwrap_or(RiskKind::CreditScore),
            model: model.map(|model| model.as_str().to_owned()).unwrap_or_default(),
            max_age_seconds: risk.max_age_seconds,
        },
        loan,
        insurance,
    }
}

fn table(field: &str, from: Option<proto::RiskTable>, wrong: &mut Violations) -> TableSpec {
    let Some(from) = from else {
        wrong.add(field, "is required");
        return TableSpec::Step(Vec::new());
    };
    let knots = at_most(MAX_KNOTS, field, from.knots, wrong);
    let knots = knots.into_iter().map(|knot| KnotSpec(knot.risk, knot.value)).collect();
    let shape = known_enum::<proto::TableShape>(from.shape).and_then(|shape| match shape {
        proto::TableShape::Unspecified => Err("is required".to_owned()),
        shape => Ok(shape),
    });
    match wrong.take(&format!("{field}.shape"), shape) {
        Some(proto::TableShape::Linear) => TableSpec::Linear(knots),
        _ => TableSpec::Step(knots),
    }
}

fn read_loan(from: proto::LoanPlan, wrong: &mut Violations) -> LoanSpec {
    let mut table = |name: &str, from| table(&format!("spec.loan.{name}"), from, wrong);
    LoanSpec {
        min_principal_minor: from.min_principal_minor,
        max_principal_minor: from.max_principal_minor,
        min_term_months: from.min_term_months,
        max_term_months: from.max_term_months,
        funding_rate: from.funding_rate,
        default_probability: table("default_probability", from.default_probability),
        loss_given_default: table("loss_given_default", from.loss_given_default),
        exposure: table("exposure", from.exposure),
        operating_share: from.operating_share,
        operating_annual_minor: from.operating_annual_minor,
        capital_ratio: table("capital_ratio", from.capital_ratio),
        hurdle_rate: from.hurdle_rate,
        margin: table("margin", from.margin),
        fee_share: from.fee_share,
        fee_minor: from.fee_minor,
        rate_step: from.rate_step,
        floor_rate: from.floor_rate,
        cap_rate: from.cap_rate,
    }
}

fn read_insurance(from: proto::InsurancePlan, wrong: &mut Violations) -> InsuranceSpec {
    let field = |name: &str| format!("spec.insurance.{name}");
    let frequency = table(&field("frequency"), from.frequency, wrong);
    let severity = table(&field("severity"), from.severity, wrong);
    let relativities = at_most(MAX_RISK_RELATIVITIES, &field("risk_relativities"), from.risk_relativities, wrong);
    let relativities = relativities.into_iter().enumerate();
    let relativities =
        relativities.map(|(at, one)| table(&field(&format!("risk_relativities[{at}]")), Some(one), wrong));
    let risk_relativities = relativities.collect();
    let loadings = at_most(MAX_LOADINGS, &field("loadings"), from.loadings, wrong).into_iter().enumerate();
    let loadings = loadings.map(|(at, one)| loading(&field(&format!("loadings[{at}]")), one, wrong)).collect();
    let level = |one: proto::RatingLevel| LevelSpec {
        value: one.value,
        from: one.from,
        to: one.to,
        relativity: one.relativity,
    };
    let mut factors = Vec::new();
    for (at, one) in at_most(MAX_FACTORS, &field("factors"), from.factors, wrong).into_iter().enumerate() {
        let levels = at_most(MAX_LEVELS, &field(&format!("factors[{at}].levels")), one.levels, wrong);
        factors.push(FactorSpec { name: one.name, levels: levels.into_iter().map(level).collect() });
    }
    InsuranceSpec {
        cover_minor: from.cover_minor,
        period_months: from.period_months,
        frequency,
        severity,
        risk_relativities,
        factors,
        loadings,
        floor_minor: from.floor_minor,
        cap_minor: from.cap_minor,
    }
}

fn loading(field: &str, from: proto::Loading, wrong: &mut Violations) -> LoadingSpec {
    let kind = known_enum::<proto::LoadingKind>(from.kind).and_then(|kind| {
        Ok(match kind {
            proto::LoadingKind::Unspecified => return Err("is required".to_owned()),
            proto::LoadingKind::Expense => LoadingKind::Expense,
            proto::LoadingKind::Tax => LoadingKind::Tax,
            proto::LoadingKind::Margin => LoadingKind::Margin,
        })
    });
    LoadingSpec {
        name: from.name,
        kind: wrong.take(&format!("{field}.kind"), kind).unwrap_or(LoadingKind::Expense),
        share: from.share,
        amount_minor: from.amount_minor,
    }
}
