//! Questions to models and their verdicts, to and from the domain.

use super::{
    credit_convert::target,
    features::features,
    misread::{Misread, Schema},
    parse::{language, proto_time, purpose, resource, tags},
    proto::risk as proto,
};
use crate::{
    domain::{
        decision::TrafficRole,
        ids::{ModelId, RequestId},
        refusal::Violations,
        risk::{RiskQuery, RiskVerdict},
        text,
    },
    ops::Turn,
};

/// A message as a valid question.
pub(super) fn query(from: proto::EvaluateRiskRequest) -> Result<RiskQuery, Misread> {
    let mut violations = Violations::default();
    let request_id = violations.take("request_id", RequestId::parse(&from.request_id));
    let subject = violations.take("subject", text::plain(&from.subject, 1, 128));
    let model = violations.take("model", resource(&from.model, "models/", ModelId::parse));
    let features = features(from.features, &mut violations);
    let purpose = violations.take("purpose", purpose(&from.purpose));
    let language = violations.take("language", language(from.language));
    let tags = tags(&from.segment, &from.group, &mut violations);
    match (request_id, subject, model, purpose, language) {
        (Some(request_id), Some(subject), Some(model), Some(purpose), Some(language)) if violations.is_empty() => {
            Ok(RiskQuery { request_id, subject, model, features, purpose, language, tags })
        }
        (_, _, model, ..) => Err(Misread { violations, schema: model.map_or(Schema::Unknown, Schema::Of), features }),
    }
}

/// A verdict as the message that is sent and stored.
pub(super) fn response(turn: &Turn<'_>, verdict: RiskVerdict) -> proto::EvaluateRiskResponse {
    let model = &turn.version.model;
    let mut message = proto::EvaluateRiskResponse {
        decision: format!("decisions/{}", turn.decision),
        raw: verdict.raw,
        prediction: verdict.prediction,
        probability: verdict.probability,
        model_version: turn.version.resource(),
        model_digest: model.digest().to_owned(),
        manifest_digest: model.manifest_digest().to_owned(),
        challenger: turn.role == TrafficRole::Challenger,
        target: target(model.manifest()),
        decide_time: Some(proto_time(turn.decided)),
        ..Default::default()
    };
    if let Some(points) = verdict.points {
        message.score = Some(points.score);
        message.clamp_points = points.clamp_points;
        message.band = points.band;
    }
    if let Some(explanation) = verdict.explanation {
        message.explained = true;
        message.base = explanation.base;
        let contributions = explanation.contributions.into_iter();
        message.contributions = contributions
            .map(|one| proto::FeatureContribution { feature: one.feature, value: one.value, missing: one.missing })
            .collect();
        let reasons = explanation.reasons.into_iter();
        message.reasons = reasons
            .map(|one| proto::RiskReason {
                code: one.code,
                sentence: one.sentence,
                feature: one.feature,
                contribution: one.contribution,
            })
            .collect();
        message.other_contribution = explanation.other;
    }
    message
}
