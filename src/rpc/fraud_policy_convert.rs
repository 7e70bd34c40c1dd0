//! Policies as the contract has them.

use super::{fraud_reply, fraud_scene::scene_message, parse::proto_time, proto::fraud as proto};
use crate::{
    domain::fraud::{
        Attribute, AttributeType, Catalogue, FeatureType, PolicySpec, PolicyStage, PolicyVersion, Rule, RuleMode, Scene,
    },
    ops::catalogue_digest,
};

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
        scenes: standard.into_iter().map(|scene| scene_message(scene) as i32).collect(),
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
