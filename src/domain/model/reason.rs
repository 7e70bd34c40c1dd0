//! The words in which an answer gives a feature as a reason.

use std::borrow::Cow;

use super::{FeatureSpec, ReasonText};
use crate::domain::credit::Language;

impl ReasonText {
    /// What stands after a reason's code when the value was missing.
    pub const MISSING_SUFFIX: &str = "_MISSING";

    /// The code and sentence for a feature. A missing value has its own: the sentence says what a value told, and would be
    /// untrue of one that nobody gave.
    #[must_use]
    pub fn told(&self, feature: &str, missing: bool, language: Language) -> (String, String) {
        let missing_code = || format!("{}{}", self.code, Self::MISSING_SUFFIX);
        match (missing, language) {
            (false, Language::English) => (self.code.clone(), self.en.clone()),
            (false, Language::Chinese) => (self.code.clone(), self.zh.clone()),
            (true, Language::English) => (missing_code(), format!("No value was given for {feature}")),
            (true, Language::Chinese) => (missing_code(), format!("未提供 {feature} 的数值")),
        }
    }
}

impl FeatureSpec {
    /// The reason it stands for: its own, or one made of its name.
    #[must_use]
    pub fn reason_text(&self) -> Cow<'_, ReasonText> {
        let code_of = |one: char| if one.is_ascii_alphanumeric() { one.to_ascii_uppercase() } else { '_' };
        self.reason.as_ref().map_or_else(
            || {
                Cow::Owned(ReasonText {
                    code: self.name.chars().map(code_of).collect(),
                    en: format!("The value of {}", self.name),
                    zh: format!("{} 的数值", self.name),
                })
            },
            Cow::Borrowed,
        )
    }
}
