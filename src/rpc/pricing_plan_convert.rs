//! Rate plans as the contract has them.

use super::{
    parse::proto_time,
    proto::pricing::{self as proto, rate_plan_spec::Price},
};
use crate::domain::pricing::{
    FactorSpec, InsuranceSpec, KnotSpec, LevelSpec, LoadingKind, LoadingSpec, LoanSpec, PlanStage, RatePlanSpec,
    RatePlanVersion, RiskKind, TableSpec,
};

/// A version as the contract has it; without name and times when it was only checked. Who stored one of the platform's is
/// the operator's own.
pub(super) fn version(from: &RatePlanVersion) -> proto::RatePlanVersion {
    let (stored, platform) = (from.name.version > 0, from.owner.is_operator());
    proto::RatePlanVersion {
        name: if stored { from.name.to_string() } else { String::new() },
        stage: match from.stage {
            _ if !stored => proto::RatePlanStage::Unspecified,
            PlanStage::Draft => proto::RatePlanStage::Draft,
            PlanStage::Active => proto::RatePlanStage::Active,
            PlanStage::Retired => proto::RatePlanStage::Retired,
        } as i32,
        spec: Some(plan_message(&from.spec)),
        digest: from.digest.clone(),
        platform,
        kid: if platform { String::new() } else { from.kid.clone() },
        create_time: stored.then(|| proto_time(from.created)),
        update_time: stored.then(|| proto_time(from.updated)),
    }
}

/// What a plan says as the contract has it; also what the command line sends.
#[must_use]
pub fn plan_message(from: &RatePlanSpec) -> proto::RatePlanSpec {
    let kind = match from.risk.kind {
        RiskKind::CreditScore => proto::RiskKind::CreditScore,
        RiskKind::RiskEvaluation => proto::RiskKind::RiskEvaluation,
        RiskKind::FraudCheck => proto::RiskKind::FraudCheck,
    };
    let model = match from.risk.model.trim_start_matches("models/") {
        "" => String::new(),
        model => format!("models/{model}"),
    };
    let loan = from.loan.as_ref().map(|one| Price::Loan(loan(one)));
    proto::RatePlanSpec {
        title: from.title.clone(),
        currency: from.currency.clone(),
        validity_seconds: from.validity_seconds,
        risk: Some(proto::RiskSource { kind: kind as i32, model, max_age_seconds: from.risk.max_age_seconds }),
        price: loan.or_else(|| from.insurance.as_ref().map(|one| Price::Insurance(insurance(one)))),
    }
}

fn table(from: &TableSpec) -> proto::RiskTable {
    let (shape, knots) = match from {
        TableSpec::Step(knots) => (proto::TableShape::Step, knots),
        TableSpec::Linear(knots) => (proto::TableShape::Linear, knots),
    };
    let knot = |KnotSpec(risk, value): &KnotSpec| proto::Knot { risk: risk.clone(), value: value.clone() };
    proto::RiskTable { shape: shape as i32, knots: knots.iter().map(knot).collect() }
}

fn loan(from: &LoanSpec) -> proto::LoanPlan {
    proto::LoanPlan {
        min_principal_minor: from.min_principal_minor,
        max_principal_minor: from.max_principal_minor,
        min_term_months: from.min_term_months,
        max_term_months: from.max_term_months,
        funding_rate: from.funding_rate.clone(),
        default_probability: Some(table(&from.default_probability)),
        loss_given_default: Some(table(&from.loss_given_default)),
        exposure: Some(table(&from.exposure)),
        operating_share: from.operating_share.clone(),
        operating_annual_minor: from.operating_annual_minor,
        capital_ratio: Some(table(&from.capital_ratio)),
        hurdle_rate: from.hurdle_rate.clone(),
        margin: Some(table(&from.margin)),
        fee_share: from.fee_share.clone(),
        fee_minor: from.fee_minor,
        rate_step: from.rate_step.clone(),
        floor_rate: from.floor_rate.clone(),
        cap_rate: from.cap_rate.clone(),
    }
}

fn insurance(from: &InsuranceSpec) -> proto::InsurancePlan {
    proto::InsurancePlan {
        cover_minor: from.cover_minor,
        period_months: from.period_months,
        frequency: Some(table(&from.frequency)),
        severity: Some(table(&from.severity)),
        risk_relativities: from.risk_relativities.iter().map(table).collect(),
        factors: from.factors.iter().map(factor).collect(),
        loadings: from.loadings.iter().map(loading).collect(),
        floor_minor: from.floor_minor,
        cap_minor: from.cap_minor,
    }
}

fn factor(from: &FactorSpec) -> proto::RatingFactor {
    let level = |one: &LevelSpec| proto::RatingLevel {
        value: one.value.clone(),
        from: one.from.clone(),
        to: one.to.clone(),
        relativity: one.relativity.clone(),
    };
    proto::RatingFactor { name: from.name.clone(), levels: from.levels.iter().map(level).collect() }
}

fn loading(from: &LoadingSpec) -> proto::Loading {
    let kind = match from.kind {
        LoadingKind::Expense => proto::LoadingKind::Expense,
        LoadingKind::Tax => proto::LoadingKind::Tax,
        LoadingKind::Margin => proto::LoadingKind::Margin,
    };
    proto::Loading {
        name: from.name.clone(),
        kind: kind as i32,
        share: from.share.clone(),
        amount_minor: from.amount_minor,
    }
}
