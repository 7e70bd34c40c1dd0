//! Credit messages to and from the domain.

use super::{
    features::features,
    misread::{Misread, Schema},
    parse::{known_enum, language, proto_time, purpose, required_time, resource, tags},
    proto::{common, credit as proto},
};
use crate::{
    domain::{
        credit::{CreditApplication, CreditScore},
        ids::{DecisionId, ModelId, RequestId},
        model::Manifest,
        money::Money,
        outcome::{CreditAction, CreditOutcome, CreditPerformance, OutcomeReport, check_observed},
        refusal::{Refusal, Violations},
        text,
        time::Timestamp,
    },
    ops::Turn,
};

/// A message as a valid request for a score.
pub(super) fn application(from: proto::ScoreCreditRequest) -> Result<CreditApplication, Misread> {
    let mut violations = Violations::default();
    let request_id = violations.take("request_id", RequestId::parse(&from.request_id));
    let subject = violations.take("subject", text::plain(&from.subject, 1, 128));
    let model = match from.model.as_str() {
        "" => Some(None),
        name => violations.take("model", resource(name, "models/", ModelId::parse)).map(Some),
    };
    let features = features(from.features, &mut violations);
    let purpose = violations.take("purpose", purpose(&from.purpose));
    let language = violations.take("language", language(from.language));
    let tags = tags(&from.segment, &from.group, &mut violations);
    match (request_id, subject, model, purpose, language) {
        (Some(request_id), Some(subject), Some(model), Some(purpose), Some(language)) if violations.is_empty() => {
            Ok(CreditApplication { request_id, subject, model, features, purpose, language, tags })
        }
        (_, _, model, ..) => {
            let schema = match model {
                Some(Some(model)) => Schema::Of(model),
                Some(None) => Schema::Default,
                None => Schema::Unknown,
            };
            Err(Misread { violations, schema, features })
        }
    }
}

/// A score as the message that is sent and stored.
pub(super) fn response(turn: &Turn<'_>, score: CreditScore) -> proto::ScoreCreditResponse {
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
        decision: format!("decisions/{}", turn.decision),
        score: score.score,
        probability_of_default: score.probability_of_default,
        band: score.band,
        base_points: score.base_points,
        contributions: contributions.collect(),
        clamp_points: score.clamp_points,
        reasons: reasons.collect(),
        other_points_lost: score.other_points_lost,
        model_version: turn.version.resource(),
        model_digest: turn.version.model.digest().to_owned(),
        target: target(turn.version.model.manifest()),
        decide_time: Some(proto_time(turn.decided)),
    }
}

/// What a model's probability is a probability of.
pub(super) fn target(manifest: &Manifest) -> Option<proto::Target> {
    manifest
        .target
        .as_ref()
        .map(|target| proto::Target { definition: target.definition.clone(), horizon_months: target.horizon_months })
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
