//! The answer to an event, as the message that is sent and stored.

use super::{features::struct_of, parse::proto_time, proto::fraud as proto};
use crate::{
    domain::{
        credit::Language,
        fraud::{EntityKind, FraudDecision},
    },
    engine::Hit,
    ops::{FraudAnswer, catalogue_digest},
};

/// An answer as the contract has it.
pub(super) fn response(from: &FraudAnswer<'_>) -> proto::CheckFraudResponse {
    let scored = from.scored;
    proto::CheckFraudResponse {
        decision_name: format!("decisions/{}", from.decision),
        decision: decision(from.judgement.decision) as i32,
        score: scored.map(|scored| scored.score),
        probability: scored.and_then(|scored| scored.probability),
        score_decision: from.judgement.score_decision.map_or(0, |one| decision(one) as i32),
        reasons: reasons(from),
        rules: rules(from),
        lists: lists(from),
        identity: identity(from),
        relations: from.relations().map(|one| proto::Relations {
            accounts: count(one.accounts),
            entities: count(one.things),
            density: one.density,
            hops_to_fraud: one.hops_to_fraud.map(count),
        }),
        policy_version: from.policy.name.to_string(),
        policy_digest: from.policy.digest.clone(),
        model_version: scored.map(|scored| scored.version.resource()).unwrap_or_default(),
        model_digest: scored.map(|scored| scored.version.model.digest().to_owned()).unwrap_or_default(),
        catalogue_digest: catalogue_digest().to_owned(),
        features_truncated: from.features.truncated().any(),
        truncated: from.features.truncated().names().map(str::to_owned).collect(),
        features: from.tell_features.then(|| features(from)),
        decide_time: Some(proto_time(from.decided)),
    }
}

/// Why the decision is not milder: the live rules that hit, and what raised the score.
fn reasons(from: &FraudAnswer<'_>) -> Vec<proto::FraudReason> {
    let severe = |outcome: FraudDecision| outcome > FraudDecision::Allow;
    let live = from.judgement.hits.iter().filter(|hit| !hit.shadow).filter_map(|hit| from.policy.policy.rule(*hit));
    let mut severe_rules: Vec<_> = live.filter(|rule| severe(rule.outcome)).collect();
    // Of equal ones the earlier stays before the later.
    severe_rules.sort_by_key(|rule| std::cmp::Reverse(rule.priority));
    let by_rules = severe_rules.into_iter().map(|rule| proto::FraudReason {
        code: rule.reason_code.clone(),
        sentence: match from.language {
            Language::Chinese if !rule.sentence_zh.is_empty() => rule.sentence_zh.clone(),
            _ => rule.sentence_en.clone(),
        },
        rule: rule.id.clone(),
        ..Default::default()
    });
    let by_score = from.score_reasons.iter().map(|reason| proto::FraudReason {
        code: reason.code.clone(),
        sentence: reason.sentence.clone(),
        feature: reason.feature.clone(),
        contribution: reason.contribution,
        ..Default::default()
    });
    by_rules.chain(by_score).collect()
}

fn rules(from: &FraudAnswer<'_>) -> Vec<proto::RuleHit> {
    let told = |hit: &Hit| {
        let rule = from.policy.policy.rule(*hit)?;
        Some(proto::RuleHit {
            rule: rule.id.clone(),
            outcome: decision(rule.outcome) as i32,
            reason_code: rule.reason_code.clone(),
            shadow: hit.shadow,
        })
    };
    from.judgement.hits.iter().filter_map(told).collect()
}

fn lists(from: &FraudAnswer<'_>) -> Vec<proto::ListHit> {
    let met = from.policy.lists.iter().zip(from.listed).filter(|(_, listed)| **listed);
    met.map(|(list, _)| proto::ListHit {
        list: format!("fraudLists/{}", list.name()),
        entity: entity_kind(list.kind()) as i32,
        revision: list.revision(),
    })
    .collect()
}

fn identity(from: &FraudAnswer<'_>) -> Vec<proto::IdentityCheck> {
    let code = |code: usize| match code {
        0 => proto::IdentityCode::Match,
        1 => proto::IdentityCode::Mismatch,
        _ => proto::IdentityCode::Unknown,
    };
    let told = from.identity().map(|one| proto::IdentityCheck {
        element: entity_kind(one.element) as i32,
        code: code(one.code) as i32,
        seen_days_ago: one.seen_days_ago,
        other_accounts: one.other_accounts.map(count).unwrap_or_default(),
    });
    told.collect()
}

fn features(from: &FraudAnswer<'_>) -> prost_types::Struct {
    struct_of(from.features.named().map(|(name, value)| (name.to_owned(), value)))
}

/// A decision as the contract has it.
pub(super) const fn decision(from: FraudDecision) -> proto::FraudDecision {
    match from {
        FraudDecision::Allow => proto::FraudDecision::Allow,
        FraudDecision::Challenge => proto::FraudDecision::Challenge,
        FraudDecision::Review => proto::FraudDecision::Review,
        FraudDecision::Deny => proto::FraudDecision::Deny,
    }
}

/// A kind of entity as the contract has it.
pub(super) const fn entity_kind(from: EntityKind) -> proto::EntityKind {
    match from {
        EntityKind::Account => proto::EntityKind::Account,
        EntityKind::Card => proto::EntityKind::Card,
        EntityKind::Device => proto::EntityKind::Device,
        EntityKind::Ip => proto::EntityKind::Ip,
        EntityKind::Phone => proto::EntityKind::Phone,
        EntityKind::Email => proto::EntityKind::Email,
        EntityKind::Address => proto::EntityKind::Address,
        EntityKind::Merchant => proto::EntityKind::Merchant,
        EntityKind::Terminal => proto::EntityKind::Terminal,
        EntityKind::Beneficiary => proto::EntityKind::Beneficiary,
        EntityKind::Network => proto::EntityKind::Network,
    }
}

#[allow(clippy::cast_possible_truncation, reason = "a count, clamped by the cast")]
fn count(value: f64) -> i32 {
    value as i32
}
