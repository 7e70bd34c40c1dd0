//! A policy that is ready to decide: its rules as programs, and what wins.

use super::rule::{AttributeKind, Facts, Program, Schema, compile};
use crate::domain::{
    fraud::{AttributeType, EntityKind, FraudDecision, ListId, PolicySpec, Rule, RuleMode, Thresholds},
    refusal::{MAX_VIOLATIONS, Violations},
};

/// A policy that is ready to decide.
#[derive(Debug)]
pub struct CompiledPolicy {
    thresholds: Thresholds,
    /// In the order in which the policy has them.
    rules: Vec<(Rule, Program)>,
    lists: Vec<(ListId, EntityKind)>,
}

/// A rule that hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Its place among the policy's rules, for [`CompiledPolicy::rule`].
    pub rule: usize,
    /// Whether it had no part in the decision.
    pub shadow: bool,
}

/// What a policy says of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What is to be done.
    pub decision: FraudDecision,
    /// What the score alone says; nothing when there is none.
    pub score_decision: Option<FraudDecision>,
    /// Every rule that hit, in the policy's order.
    pub hits: Vec<Hit>,
}

impl CompiledPolicy {
    /// Makes a policy ready. `lists` are all lists of the tenant; those that rules name get a slot.
    ///
    /// # Errors
    /// Every condition that is none, as `spec.rules[n].condition`, with the place in it and what was expected there; as many
    /// as are told.
    pub fn compile(spec: &PolicySpec, lists: &[(ListId, EntityKind)]) -> Result<Self, Violations> {
        let kind = |kind| match kind {
            AttributeType::Number => AttributeKind::Number,
            AttributeType::Text => AttributeKind::Text,
            AttributeType::Flag => AttributeKind::Flag,
        };
        let schema = Schema {
            attributes: spec.attributes.iter().map(|one| (one.name.clone(), kind(one.kind))).collect(),
            lists: lists.iter().map(|(id, kind)| (id.as_str().to_owned(), *kind)).collect(),
        };
        let mut wrong = Violations::default();
        let mut rules = Vec::with_capacity(spec.rules.len());
        for (at, rule) in spec.rules.iter().enumerate() {
            let field = format!("spec.rules[{at}].condition");
            let program = compile(&rule.condition, &schema).map_err(|error| error.to_string());
            rules.extend(wrong.take(&field, program).map(|program| (rule.clone(), program)));
            if wrong.as_slice().len() >= MAX_VIOLATIONS {
                break;
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Self { thresholds: spec.thresholds, rules, lists: lists.to_vec() })
    }

    /// The lists that rules name.
    #[must_use]
    pub fn named_lists(&self) -> Vec<(ListId, EntityKind)> {
        let named = self.lists.iter().enumerate().filter(|(slot, _)| self.names_list(*slot));
        named.map(|(_, list)| list.clone()).collect()
    }

    /// Whether a rule names the list of a slot.
    #[must_use]
    pub fn names_list(&self, slot: usize) -> bool {
        self.rules.iter().any(|(_, program)| program.lists().any(|named| named == slot))
    }

    /// The rules, in the order in which the policy has them.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|(rule, _)| rule)
    }

    /// A rule that hit.
    #[must_use]
    pub fn rule(&self, hit: Hit) -> Option<&Rule> {
        self.rules.get(hit.rule).map(|(rule, _)| rule)
    }

    /// Judges an event. A live rule for ALLOW that hits wins over everything; otherwise the most severe of the live rules
    /// that hit and of what the score says.
    #[must_use]
    pub fn judge(&self, facts: &Facts<'_>) -> Judgement {
        let hits = self.rules.iter().enumerate().filter(|(_, (_, program))| program.hits(facts));
        let hits: Vec<Hit> =
            hits.map(|(at, (rule, _))| Hit { rule: at, shadow: rule.mode == RuleMode::Shadow }).collect();
        let live = || hits.iter().filter(|hit| !hit.shadow).filter_map(|hit| self.rule(*hit)).map(|rule| rule.outcome);
        let score_decision = facts.score.map(|score| self.thresholds.decide(score));
        let decision = if live().any(|outcome| outcome == FraudDecision::Allow) {
            FraudDecision::Allow
        } else {
            live().chain(score_decision).max().unwrap_or(FraudDecision::Allow)
        };
        Judgement { decision, score_decision, hits }
    }
}
