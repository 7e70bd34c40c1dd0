//! Why a file is not a model.

use thiserror::Error;

/// Why a file is not a model. No variant repeats more of the file than a name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LoadError {
    /// It does not have the form of its format; where and why.
    #[error("{0}")]
    Form(String),
    /// It breaks a rule; which part and which rule.
    #[error("{part}: {rule}")]
    Rule {
        /// The part of the file.
        part: String,
        /// The rule.
        rule: &'static str,
    },
    /// It is well formed and asks for something that this engine does not do: an operator, an objective, a booster.
    #[error("{0} is not supported")]
    Unsupported(String),
}

impl LoadError {
    /// The breach of a rule.
    pub(super) fn rule(part: impl Into<String>, rule: &'static str) -> Self {
        Self::Rule { part: part.into(), rule }
    }
}
