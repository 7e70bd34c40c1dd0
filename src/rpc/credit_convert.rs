//! Credit messages to and from the domain.

use super::{
    features::features,
    parse::{known_enum, proto_time, required_time, resource},
    proto::{common, credit as proto},
};
use crate::{
    domain::{
        credit::{CreditApplication, Language},
        features::Features,
        ids::{DecisionId, ModelId, RequestId},
        money::Money,
        outcome::{CreditAction, CreditOutcome, CreditPerformance, OutcomeReport, check_observed},
        refusal::{Refusal, Violations},
        text,
        time::Timestamp,
    },
    ops::ScoredCredit,
};

/// A message as a valid request for a score. When something is wrong with it, `misfits` is asked what is wrong with its
/// features for the model as well, so that the caller learns all at once.
pub(super) fn application(
    from: proto::ScoreCreditRequest,
    misfits: impl FnOnce(Option<&ModelId>, &Features) -> Violations,
) -> Result<CreditApplication, Refusal> {
    let mut violations = Violations::default();
    let request_id = violations.take("request_id", RequestId::parse(&from.request_id));
    let subject = violations.take("subject", text::plain(&from.subject, 1, 128));
    let model = match from.model.as_str() {
        "" => Some(None),
        name => violations.take("model", resource(name, "models/", ModelId::parse)).map(Some),
    };
    let features = features(from.features, &mut violations);
    let purpose = match from.purpose.as_str() {
        "" => Some(String::new()),
        purpose => violations.take("purpose", text::token(purpose, 1, 64, "._-")),
    };
    let language = violations.take("language", known_enum::<proto::Language>(from.language)).map(|one| match one {
        proto::Language::Unspecified | proto::Language::En => Language::English,
        proto::Language::Zh => Language::Chinese,
    });
    if let Some(model) = &model
        && !violations.is_empty()
    {
        violations.join(misfits(model.as_ref(), &features));
    }
    match (request_id, subject, model, purpose, language) {
        (Some(request_id), Some(subject), Some(model), Some(purpose), Some(language)) if violations.is_empty() => {
            Ok(CreditApplication { request_id, subject, model, features, purpose, language })
        }
        _ => Err(Refusal::Invalid(violations)),
    }
}

/// A score as the message that is sent and stored.
pub(super) fn response(scored: ScoredCredit<'_>) -> proto::ScoreCreditResponse {
    let score = scored.score;
    let contributions = score.contributions.into_iter().map(|one| proto::Contribution {
        characteristic: one.characteristic,
        points: one.points,
        missing: one.missing,
    });
    let reasons = score.reasons.into_iter().map(|one| proto::Reason {
        code: one.code,
        sentence: one.sentence,
        characteristic: one.characteristic,
        points_lost: one.points_lost,
    });
    proto::ScoreCreditResponse {
        decision: format!("decisions/{}", scored.decision),
        score: score.score,
        probability_of_default: score.probability_of_default,
        band: score.band,
        base_points: score.base_points,
        contributions: contributions.collect(),
        clamp_points: score.clamp_points,
        reasons: reasons.collect(),
        other_points_lost: score.other_points_lost,
        model_version: scored.model.version_name(),
        model_digest: scored.model.digest.clone(),
        target: Some(proto::Target {
            definition: scored.model.target.definition.clone(),
            horizon_months: scored.model.target.horizon_months,
        }),
        decide_time: Some(proto_time(scored.decided)),
    }
}

/// A message as a valid report.
pub(super) fn report(from: proto::ReportCreditOutcomeRequest, now: Timestamp) -> Result<OutcomeReport, Refusal> {
    let mut violations = Violations::default();
    let request_id = violations.take("request_id", RequestId::parse(&from.request_id));
    let decision = violations.take("decision", resource(&from.decision, "decisions/", DecisionId::parse));
    let observed = required_time(from.observe_time).and_then(|observed| check_observed(observed, now));
    let observed = violations.take("observe_time", observed);
    let action = action(from.action, &from.override_reason, &mut violations);
    let performance = from.performance.map(|one| performance(one, &mut violations));
    if from.action == proto::CreditAction::Unspecified as i32 && performance.is_none() {
        violations.add("performance", "is required when there is no action");
    }
    match (request_id, decision, observed) {
        (Some(request_id), Some(decision), Some(observed)) if violations.is_empty() => {
            Ok(OutcomeReport { request_id, decision, action, performance, observed })
        }
        _ => Err(Refusal::Invalid(violations)),
    }
}

fn action(action: i32, override_reason: &str, violations: &mut Violations) -> Option<CreditAction> {
    let action = violations.take("action", known_enum::<proto::CreditAction>(action))?;
    let overridden = matches!(action, proto::CreditAction::OverriddenApproved | proto::CreditAction::OverriddenRefused);
    if !overridden && !override_reason.is_empty() {
        violations.add("override_reason", "must be empty when nothing was overridden");
    }
    match action {
        proto::CreditAction::Unspecified => None,
        proto::CreditAction::Approved => Some(CreditAction::Approved),
        proto::CreditAction::Refused => Some(CreditAction::Refused),
        proto::CreditAction::OverriddenApproved => violations
            .take("override_reason", text::plain(override_reason, 1, 256))
            .map(CreditAction::OverriddenApproved),
        proto::CreditAction::OverriddenRefused => violations
            .take("override_reason", text::plain(override_reason, 1, 256))
            .map(CreditAction::OverriddenRefused),
    }
}

fn performance(from: proto::CreditPerformance, violations: &mut Violations) -> CreditPerformance {
    if from.days_past_due.is_some_and(|days| !(0..=36_500).contains(&days)) {
        violations.add("performance.days_past_due", "must be 0 to 36500");
    }
    let amount = from.amount.and_then(|one| {
        let wrong = match Money::not_negative(&one.currency_code, one.amount_minor) {
            Ok(money) => return Some(money),
            Err(wrong) => wrong,
        };
        for (field, rule) in wrong {
            violations.add(format!("performance.amount.{field}"), rule);
        }
        None
    });
    CreditPerformance { defaulted: from.defaulted, days_past_due: from.days_past_due, amount }
}

/// A stored report as the contract has it.
pub(super) fn outcome(from: &CreditOutcome) -> proto::CreditOutcome {
    let report = &from.report;
    let action = match &report.action {
        None => proto::CreditAction::Unspecified,
        Some(CreditAction::Approved) => proto::CreditAction::Approved,
        Some(CreditAction::Refused) => proto::CreditAction::Refused,
        Some(CreditAction::OverriddenApproved(_)) => proto::CreditAction::OverriddenApproved,
        Some(CreditAction::OverriddenRefused(_)) => proto::CreditAction::OverriddenRefused,
    };
    let money =
        |one: &Money| common::Money { currency_code: one.currency_code.clone(), amount_minor: one.amount_minor };
    proto::CreditOutcome {
        name: format!("decisions/{}/outcomes/{}", report.decision, from.id),
        action: action as i32,
        override_reason: report.action.as_ref().map_or("", CreditAction::override_reason).to_owned(),
        performance: report.performance.as_ref().map(|one| proto::CreditPerformance {
            defaulted: one.defaulted,
            days_past_due: one.days_past_due,
            amount: one.amount.as_ref().map(money),
        }),
        observe_time: Some(proto_time(report.observed)),
        report_time: Some(proto_time(from.reported)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_types::{Struct, Value, value::Kind};

    /// A model that has something against each of two features.
    fn schema(_: Option<&ModelId>, _: &Features) -> Violations {
        let mut violations = Violations::default();
        violations.add("features.age", "must be a number");
        violations.add("features.income", "is required by the model");
        violations
    }

    fn refused(from: proto::ScoreCreditRequest) -> Vec<(String, String)> {
        let Err(Refusal::Invalid(violations)) = application(from, schema) else { panic!("not refused") };
        violations.as_slice().iter().map(|one| (one.field.clone(), one.description.clone())).collect()
    }

    #[test]
    fn what_the_model_refuses_is_told_with_the_rest_and_no_field_twice() {
        let income = Value { kind: Some(Kind::NumberValue(f64::NAN)) };
        let fields = [("income".to_owned(), income)].into();
        let from = proto::ScoreCreditRequest { features: Some(Struct { fields }), ..Default::default() };
        let refused = refused(from);
        let named: Vec<&str> = refused.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(named, ["request_id", "subject", "features.income", "features.age"]);
        assert_eq!(refused[2].1, "must be a finite number");
    }

    #[test]
    fn the_schema_of_a_model_that_nobody_can_name_is_not_asked() {
        let from = proto::ScoreCreditRequest { model: "no model".to_owned(), ..Default::default() };
        assert!(!refused(from).iter().any(|(field, _)| field.starts_with("features")));
    }
}
