//! STANDIN
use crate::domain::fraud::{Event, FraudDecision, Rule};
/// F
pub struct Facts<'a> {
    /// e
    pub event: &'a Event,
    /// f
    pub features: &'a [f64],
    /// s
    pub score: Option<i32>,
    /// l
    pub listed: &'a [bool],
}
/// H
#[derive(Debug, Clone)]
pub struct Hit {
    /// r
    pub rule: usize,
    /// s
    pub shadow: bool,
}
/// J
#[derive(Debug, Clone)]
pub struct Judgement {
    /// d
    pub decision: FraudDecision,
    /// s
    pub score_decision: Option<FraudDecision>,
    /// h
    pub hits: Vec<Hit>,
}
/// C
pub struct CompiledPolicy(Vec<Rule>);
impl CompiledPolicy {
    /// n
    #[must_use]
    pub fn new() -> Self {
        Self(Vec::new())
    }
    /// j
    #[must_use]
    pub fn judge(&self, facts: &Facts<'_>) -> Judgement {
        let by = facts.score.map(|s| {
            if s >= 900 {
                FraudDecision::Deny
            } else if s >= 750 {
                FraudDecision::Review
            } else if s >= 600 {
                FraudDecision::Challenge
            } else {
                FraudDecision::Allow
            }
        });
        Judgement { decision: by.unwrap_or(FraudDecision::Allow), score_decision: by, hits: Vec::new() }
    }
    /// r
    #[must_use]
    #[allow(clippy::indexing_slicing)]
    pub fn rule(&self, at: usize) -> &Rule {
        &self.0[at]
    }
}
