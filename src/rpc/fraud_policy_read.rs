//! Policies of the contract, read into the domain.

use super::{
    fraud_scene::standard_scene,
    parse::{at_most, known_enum, resource},
    proto::fraud as proto,
};
use crate::{
    auth::{Permit, mark},
    domain::{
        fraud::{
            Attribute, AttributeType, FraudDecision, MAX_RULE_ATTRIBUTES, MAX_RULES, MAX_SCENES, PolicyId, PolicySpec,
            PolicyVersionName, Rule, RuleMode, Scene, Thresholds,
        },
        ids::ModelId,
        page::PageSize,
        refusal::{Refusal, Violations},
    },
    ops::{self, App},
};

/// The policy that a resource name is of.
pub(super) fn policy_id(name: &str) -> Result<PolicyId, Refusal> {
    resource(name, "fraudPolicies/", PolicyId::parse).map_err(|rule| Violations::one("policy", rule))
}

/// The policy of the tenant's own that a resource name is of.
pub(super) fn own_policy(name: &str) -> Result<PolicyId, String> {
    let policy = resource(name, "fraudPolicies/", PolicyId::parse)?;
    if policy.is_platform() { Err("must not be platform: that is the platform's own".to_owned()) } else { Ok(policy) }
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

/// Why a policy is refused: what is wrong with its conditions is told with the rest, unless it is not known what they may
/// name.
pub(super) async fn misread(
    app: &App,
    permit: &Permit<mark::FraudPolicy>,
    spec: Option<PolicySpec>,
    mut wrong: Violations,
) -> Refusal {
    let attributes_known = !wrong.as_slice().iter().any(|one| one.field.starts_with("spec.attributes"));
    if let Some(spec) = spec.filter(|_| attributes_known) {
        wrong.join(ops::condition_faults(app, permit, &spec).await);
    }
    Refusal::Invalid(wrong)
}

/// A message as what a policy says, all but its conditions looked at. What cannot be read stands there as something that is
/// right, so that the rest can be looked at as well.
pub(super) fn spec(from: Option<proto::PolicySpec>, violations: &mut Violations) -> Option<PolicySpec> {
    let Some(mut from) = from else {
        violations.add("spec", "is required");
        return None;
    };
    from.scenes = at_most(MAX_SCENES, "spec.scenes", from.scenes, violations);
    from.custom_scenes = at_most(MAX_SCENES, "spec.custom_scenes", from.custom_scenes, violations);
    from.rules = at_most(MAX_RULES, "spec.rules", from.rules, violations);
    from.attributes = at_most(MAX_RULE_ATTRIBUTES, "spec.attributes", from.attributes, violations);
    let mut scenes = Vec::new();
    for (at, scene) in from.scenes.iter().enumerate() {
        scenes.extend(violations.take(&format!("spec.scenes[{at}]"), policy_scene(*scene)));
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
    let rules = rules.map(|(at, one)| rule(&format!("spec.rules[{at}]"), one, violations)).collect();
    let attributes = from.attributes.into_iter().enumerate();
    let attributes =
        attributes.map(|(at, one)| attribute(&format!("spec.attributes[{at}]"), one, violations)).collect();
    let spec = PolicySpec { scenes, model, thresholds: Thresholds { challenge, review, deny }, rules, attributes };
    violations.join(spec.check());
    Some(spec)
}

fn policy_scene(from: i32) -> Result<Scene, String> {
    match known_enum::<proto::Scene>(from)? {
        proto::Scene::Custom => Err("must stand in custom_scenes by its name".to_owned()),
        from => standard_scene(from).ok_or_else(|| "must not be unspecified".to_owned()),
    }
}

fn rule(field: &str, from: proto::Rule, violations: &mut Violations) -> Rule {
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
    Rule {
        id: from.id,
        condition: from.condition,
        outcome: outcome.unwrap_or(FraudDecision::Allow),
        reason_code: from.reason_code,
        sentence_en: from.sentence_en,
        sentence_zh: from.sentence_zh,
        priority: from.priority,
        mode: mode.unwrap_or(RuleMode::Live),
    }
}

fn attribute(field: &str, from: proto::Attribute, violations: &mut Violations) -> Attribute {
    let kind = known_enum::<proto::AttributeType>(from.r#type).and_then(|kind| {
        Ok(match kind {
            proto::AttributeType::Unspecified => return Err("is required".to_owned()),
            proto::AttributeType::Number => AttributeType::Number,
            proto::AttributeType::Text => AttributeType::Text,
            proto::AttributeType::Flag => AttributeType::Flag,
        })
    });
    let kind = violations.take(&format!("{field}.type"), kind);
    Attribute { name: from.name, kind: kind.unwrap_or(AttributeType::Flag) }
}
