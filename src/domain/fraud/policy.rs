//! STANDIN
use super::FraudDecision;
named!(
    /// Whether a rule decides.
    RuleMode {
        /// It decides.
        Live = "live",
        /// Tried.
        Shadow = "shadow",
    }
);
/// R
#[derive(Debug, Clone)]
pub struct Rule {
    /// i
    pub id: String,
    /// o
    pub outcome: FraudDecision,
    /// r
    pub reason_code: String,
    /// e
    pub sentence_en: String,
    /// z
    pub sentence_zh: String,
    /// m
    pub mode: RuleMode,
}
