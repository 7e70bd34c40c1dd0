//! Policies, to and from the domain.

use super::{
    fraud_reply,
    parse::{known_enum, proto_time, resource},
    proto::fraud as proto,
};
use crate::{
    domain::{
        fraud::{
            Attribute, AttributeType, Catalogue, FeatureType, FraudDecision, PolicyId, PolicySpec, PolicyStage,
            PolicyVersion, PolicyVersionName, Rule, RuleMode, Scene, Thresholds,
        },
        ids::ModelId,
        page::PageSize,
        refusal::{Refusal, Violations},
    },
    ops::catalogue_digest,
};

/// The policy that a resource name is of.
pub(super) fn policy_id(name: &str) -> Result<PolicyId, Refusal> {
    resource(name, "fraudPolicies/", PolicyId::parse).map_err(|rule| Violations::one("policy", rule))
}

/// The version that a resource name is of.
pub(super) fn version_name(field: &str, name: &str) -> Result<PolicyVersionName, Refusal> {
    parse_version(name).map_err(|rule| Violations::one(field, rule))
}

fn parse_version(name: &str) -> Result<PolicyVersionName, String> {
    let form = || "must be fraudPolicies/{policy}/versions/{version}".to_owned();
    let (policy, version) =
        name.strip_prefix("fraudPolicies/").and_then(|rest| rest.split_once("/versions/")).ok_or_else(form)?;
    let policy = PolicyId::parse(policy).map_err(|rule| format!("the policy {rule}"))?;
    let version = version.parse::<i64>().ok().filter(|number| *number > 0 && number.to_string() == version);
    Ok(PolicyVersionName { policy, version: version.ok_or_else(form)? })
}

/// What a page of versions is asked for with.
pub(super) fn page(
    from: &proto::ListPolicyVersionsRequest,
) -> Result<(Option<PolicyId>, Option<PolicyVersionName>, PageSize), Refusal> {
    let mut violations = Violations::default();
    let policy = match from.policy.as_str() {
        "" => None,
        name => violations.take("policy", resource(name, "fraudPolicies/", PolicyId::parse)),
    };
    let after = match from.page_token.as_str() {
        "" => None,
        token => violations.take("page_token", parse_version(token)),
    };
    if let (Some(policy), Some(after)) = (&policy, &after)
        && after.policy != *policy
    {
        violations.add("page_token", "must be the next_page_token of a list of the same policy");
    }
    match violations.take("page_size", PageSize::parse(from.page_size)) {
        Some(size) if violations.is_empty() => Ok((policy, after, size)),
        _ => Err(Refusal::Invalid(violations)),
    }
}

/// A message as what a policy says; what it must obey beyond its form is looked at later.
pub(super) fn spec(from: Option<proto::PolicySpec>) -> Result<PolicySpec, Refusal> {
    let Some(from) = from else { return Err(Violations::one("spec", "is required")) };
    let mut violations = Violations::default();
    let mut scenes = Vec::new();
    for (at, scene) in from.scenes.iter().enumerate() {
        scenes.extend(violations.take(&format!("spec.scenes[{at}]"), standard_scene(*scene)));
    }
    for (at, scene) in from.custom_scenes.iter().enumerate() {
        let custom = Some(scene).filter(|name| name.starts_with("x-")).ok_or_else(|| "must begin with x-".to_owned());
        scenes
            .extend(violations.take(&format!("spec.custom_scenes[{at}]"), custom.and_then(|name| Scene::parse(name))));
    }
    let model = match from.model.as_str() {
        "" => None,
        name => violations.take("spec.model", resource(name, "models/", ModelId::parse)),
    };
    if from.thresholds.is_none() {
        violations.add("spec.thresholds", "is required");
    }
    let proto::Thresholds { challenge, review, deny } = from.thresholds.unwrap_or_default();
    let rules = from.rules.into_iter().enumerate();
    let rules = rules.filter_map(|(at, one)| rule(&format!("spec.rules[{at}]"), one, &mut violations)).collect();
    let attributes = from.attributes.into_iter().enumerate();
    let attributes =
        attributes.filter_map(|(at, one)| attribute(&format!("spec.attributes[{at}]"), one, &mut violations)).collect();
    if violations.is_empty() {
        Ok(PolicySpec { scenes, model, thresholds: Thresholds { challenge, review, deny }, rules, attributes })
    } else {
        Err(Refusal::Invalid(violations))
    }
}

fn standard_scene(from: i32) -> Result<Scene, String> {
    Ok(match known_enum::<proto::Scene>(from)? {
        proto::Scene::Unspecified => return Err("must not be unspecified".to_owned()),
        proto::Scene::Custom => return Err("must stand in custom_scenes by its name".to_owned()),
        proto::Scene::Payment => Scene::Payment,
        proto::Scene::Login => Scene::Login,
        proto::Scene::Registration => Scene::Registration,
        proto::Scene::CouponClaim => Scene::CouponClaim,
        proto::Scene::Order => Scene::Order,
        proto::Scene::AppointmentBooking => Scene::AppointmentBooking,
        proto::Scene::Withdrawal => Scene::Withdrawal,
    })
}

fn rule(field: &str, from: proto::Rule, violations: &mut Violations) -> Option<Rule> {
    let outcome = known_enum::<proto::FraudDecision>(from.outcome).and_then(|outcome| {
        Ok(match outcome {
            proto::FraudDecision::Unspecified => return Err("is required".to_owned()),
            proto::FraudDecision::Allow => FraudDecision::Allow,
            proto::FraudDecision::Challenge => FraudDecision::Challenge,
            proto::FraudDecision::Review => FraudDecision::Review,
            proto::FraudDecision::Deny => FraudDecision::Deny,
        })
    });
    let mode = known_enum::<proto::RuleMode>(from.mode).map(|mode| match mode {
        proto::RuleMode::Unspecified | proto::RuleMode::Live => RuleMode::Live,
        proto::RuleMode::Shadow => RuleMode::Shadow,
    });
    let outcome = violations.take(&format!("{field}.outcome"), outcome);
    let mode = violations.take(&format!("{field}.mode"), mode);
    Some(Rule {
        id: from.id,
        condition: from.condition,
        outcome: outcome?,
        reason_code: from.reason_code,
        sentence_en: from.sentence_en,
        sentence_zh: from.sentence_zh,
        priority: from.priority,
        mode: mode?,
    })
}

fn attribute(field: &str, from: proto::Attribute, violations: &mut Violations) -> Option<Attribute> {
    let kind = known_enum::<proto::AttributeType>(from.r#type).and_then(|kind| {
        Ok(match kind {
            proto::AttributeType::Unspecified => return Err("is required".to_owned()),
            proto::AttributeType::Number => AttributeType::Number,
            proto::AttributeType::Text => AttributeType::Text,
            proto::AttributeType::Flag => AttributeType::Flag,
        })
    });
    Some(Attribute { name: from.name, kind: violations.take(&format!("{field}.type"), kind)? })
}

/// A version as the contract has it; without name and times when it was only checked.
pub(super) fn version(from: &PolicyVersion) -> proto::PolicyVersion {
    let stored = from.name.version > 0;
    proto::PolicyVersion {
        name: if stored { from.name.to_string() } else { String::new() },
        stage: match from.stage {
            _ if !stored => proto::PolicyStage::Unspecified,
            PolicyStage::Draft => proto::PolicyStage::Draft,
            PolicyStage::Active => proto::PolicyStage::Active,
            PolicyStage::Retired => proto::PolicyStage::Retired,
        } as i32,
        spec: Some(proto_spec(&from.spec)),
        digest: from.digest.clone(),
        kid: from.kid.clone(),
        create_time: stored.then(|| proto_time(from.created)),
        update_time: stored.then(|| proto_time(from.updated)),
    }
}

fn proto_spec(from: &PolicySpec) -> proto::PolicySpec {
    let (custom, standard): (Vec<_>, Vec<_>) = from.scenes.iter().partition(|scene| matches!(scene, Scene::Custom(_)));
    proto::PolicySpec {
        scenes: standard.into_iter().map(|scene| fraud_reply::scene(scene) as i32).collect(),
        custom_scenes: custom.into_iter().map(ToString::to_string).collect(),
        model: from.model.as_ref().map(|model| format!("models/{model}")).unwrap_or_default(),
        thresholds: Some(proto::Thresholds {
            challenge: from.thresholds.challenge,
            review: from.thresholds.review,
            deny: from.thresholds.deny,
        }),
        rules: from.rules.iter().map(proto_rule).collect(),
        attributes: from.attributes.iter().map(proto_attribute).collect(),
    }
}

fn proto_rule(from: &Rule) -> proto::Rule {
    proto::Rule {
        id: from.id.clone(),
        condition: from.condition.clone(),
        outcome: fraud_reply::decision(from.outcome) as i32,
        reason_code: from.reason_code.clone(),
        sentence_en: from.sentence_en.clone(),
        sentence_zh: from.sentence_zh.clone(),
        priority: from.priority,
        mode: match from.mode {
            RuleMode::Live => proto::RuleMode::Live,
            RuleMode::Shadow => proto::RuleMode::Shadow,
        } as i32,
    }
}

fn proto_attribute(from: &Attribute) -> proto::Attribute {
    proto::Attribute {
        name: from.name.clone(),
        r#type: match from.kind {
            AttributeType::Number => proto::AttributeType::Number,
            AttributeType::Text => proto::AttributeType::Text,
            AttributeType::Flag => proto::AttributeType::Flag,
        } as i32,
    }
}

/// The catalogue as the contract has it.
pub(super) fn features() -> proto::ListFeaturesResponse {
    let feature = |one: &crate::domain::fraud::FeatureDef| proto::Feature {
        name: one.name.clone(),
        r#type: one.kind.name().to_owned(),
        values: match one.kind {
            FeatureType::Category(values) => values.iter().map(|value| (*value).to_owned()).collect(),
            _ => Vec::new(),
        },
        description: one.description.clone(),
    };
    proto::ListFeaturesResponse {
        features: Catalogue::get().features().iter().map(feature).collect(),
        digest: catalogue_digest().to_owned(),
    }
}
