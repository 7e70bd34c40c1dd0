//! The answer to an event, for a person.

use crate::{
    cli::{list::entity_name, policy},
    rpc::proto::fraud::{CheckFraudResponse, FraudReason, IdentityCheck, IdentityCode, Relations},
};

/// The answer to the event of an id.
pub(super) fn told(id: &str, answer: &CheckFraudResponse) -> String {
    let mut lines = vec![headline(answer)];
    let mut line = |label: &str, text: String| {
        if !text.is_empty() {
            lines.push(format!("  {label:<11}{text}"));
        }
    };
    let mut first = "why";
    for reason in &answer.reasons {
        line(std::mem::take(&mut first), why(reason));
    }
    line("rules", rules(answer));
    line("lists", lists(answer));
    line("identity", answer.identity.iter().map(element).collect::<Vec<_>>().join("; "));
    line("relations", answer.relations.as_ref().map(relations).unwrap_or_default());
    if answer.features_truncated {
        let what = answer.truncated.join(", ");
        line("cut", format!("more happened than is looked at, so that counts are lower bounds: {what}"));
    }
    line("policy", policy::short(&answer.policy_version));
    line("model", answer.model_version.trim_start_matches("models/").replacen("/versions/", "/", 1));
    line("event", id.to_owned());
    line("decision", answer.decision_name.trim_start_matches("decisions/").to_owned());
    lines.join("\n")
}

fn headline(answer: &CheckFraudResponse) -> String {
    let decision = policy::decision(answer.decision());
    let Some(score) = answer.score else { return format!("{decision}, by rules alone: the policy has no model") };
    let probability =
        answer.probability.map(|share| format!(", probability of fraud {:.2} %", share * 100.0)).unwrap_or_default();
    let alone = policy::decision(answer.score_decision());
    format!("{decision}, score {score} of 1000 (higher is riskier){probability}; the score alone says {alone}")
}

fn why(reason: &FraudReason) -> String {
    let from = if reason.rule.is_empty() {
        format!("{}, +{:.3}", reason.feature, reason.contribution)
    } else {
        format!("rule {}", reason.rule)
    };
    format!("{}: {} ({from})", reason.code, reason.sentence)
}

fn rules(answer: &CheckFraudResponse) -> String {
    let hit = |one: &crate::rpc::proto::fraud::RuleHit| {
        let outcome = policy::decision(one.outcome());
        format!("{} {outcome}{}", one.rule, if one.shadow { " (shadow, not heard)" } else { "" })
    };
    answer.rules.iter().map(hit).collect::<Vec<_>>().join(", ")
}

fn lists(answer: &CheckFraudResponse) -> String {
    let met = answer
        .lists
        .iter()
        .map(|one| format!("the {} is on {}", entity_name(one.entity()), one.list.trim_start_matches("fraudLists/")));
    met.collect::<Vec<_>>().join(", ")
}

fn element(one: &IdentityCheck) -> String {
    let others = match one.other_accounts {
        0 => String::new(),
        1 => ", 1 other account has it".to_owned(),
        count => format!(", {count} other accounts have it"),
    };
    let code = match (one.code(), one.seen_days_ago) {
        (IdentityCode::Match, Some(days)) if days >= 1.0 => format!("known, last seen {days:.0} days ago"),
        (IdentityCode::Match, _) => "known, seen within a day".to_owned(),
        (IdentityCode::Mismatch, _) => "not the account's usual".to_owned(),
        _ => "the account's first".to_owned(),
    };
    format!("{} {code}{others}", entity_name(one.element()))
}

fn relations(of: &Relations) -> String {
    let fraud = match of.hops_to_fraud {
        None => "no fraud is known near".to_owned(),
        Some(0) => "fraud is known of the person or its own things".to_owned(),
        Some(1) => "the nearest known fraud is 1 step away".to_owned(),
        Some(hops) => format!("the nearest known fraud is {hops} steps away"),
    };
    let accounts = if of.accounts == 1 { "1 account".to_owned() } else { format!("{} accounts", of.accounts) };
    let things = if of.entities == 1 { "1 thing".to_owned() } else { format!("{} things", of.entities) };
    format!("{accounts} linked by {things} (density {:.2}); {fraud}", of.density)
}
