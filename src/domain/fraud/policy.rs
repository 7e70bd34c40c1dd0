//! Policies: what rules say of an event, and from which score on it is stopped.
//!
//! The serde form of a [`PolicySpec`] is the one that is stored and hashed.

use std::{collections::HashSet, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{FraudDecision, Scene};
use crate::domain::{ids::ModelId, refusal::Violations, text, time::Timestamp};

/// The most rules of a policy.
pub const MAX_RULES: usize = 200;
/// The most attributes that the rules of a policy may name.
pub const MAX_RULE_ATTRIBUTES: usize = 64;
/// The most scenes that a policy may name.
pub const MAX_SCENES: usize = 64;
/// A score that is never reached: a threshold of it stands for none.
const NEVER: i32 = 1_001;

named!(
    /// Whether a rule decides.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    RuleMode {
        /// It decides.
        Live = "live",
        /// It is evaluated and told, and has no part in the decision.
        Shadow = "shadow",
    }
);

named!(
    /// Where a version of a policy is in its life.
    PolicyStage {
        /// Never in charge yet.
        Draft = "draft",
        /// In charge.
        Active = "active",
        /// Was in charge.
        Retired = "retired",
    }
);

named!(
    /// What an attribute holds.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    AttributeType {
        /// A number.
        Number = "number",
        /// A text.
        Text = "text",
        /// True or false.
        Flag = "flag",
    }
);

/// A policy: 1-64 of `[a-z0-9-]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyId(String);

impl PolicyId {
    /// The id of the platform's own policy, which no tenant can take.
    pub const PLATFORM: &'static str = "platform";

    /// Takes a text that has the form of this id.
    ///
    /// # Errors
    /// One sentence that says the form.
    pub fn parse(value: &str) -> Result<Self, String> {
        text::lower_token(value).map(Self)
    }

    /// The platform's own policy.
    #[must_use]
    pub fn platform() -> Self {
        Self(Self::PLATFORM.to_owned())
    }

    /// Whether it is the platform's own.
    #[must_use]
    pub fn is_platform(&self) -> bool {
        self.0 == Self::PLATFORM
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One version of a policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyVersionName {
    /// The policy.
    pub policy: PolicyId,
    /// Its version, from 1 on.
    pub version: i64,
}

impl fmt::Display for PolicyVersionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fraudPolicies/{}/versions/{}", self.policy.as_str(), self.version)
    }
}

/// From which score on an event is stopped. None is above the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// From this score on, 0-1,001, it is challenged.
    pub challenge: i32,
    /// From this score on it is reviewed.
    pub review: i32,
    /// From this score on it is denied.
    pub deny: i32,
}

impl Thresholds {
    /// What a score alone says.
    #[must_use]
    pub const fn decide(self, score: i32) -> FraudDecision {
        if score >= self.deny {
            FraudDecision::Deny
        } else if score >= self.review {
            FraudDecision::Review
        } else if score >= self.challenge {
            FraudDecision::Challenge
        } else {
            FraudDecision::Allow
        }
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its id within the policy.
    pub id: String,
    /// When it hits.
    pub condition: String,
    /// What it asks for. ALLOW wins over everything.
    pub outcome: FraudDecision,
    /// Stable code in SCREAMING_SNAKE.
    pub reason_code: String,
    /// The reason in one English sentence.
    pub sentence_en: String,
    /// The same in simplified Chinese; empty takes the English one.
    #[serde(default)]
    pub sentence_zh: String,
    /// Rules of higher priority come first in the reasons, 0-1,000.
    #[serde(default)]
    pub priority: i32,
    /// Whether it decides.
    pub mode: RuleMode,
}

/// An attribute that conditions may name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: AttributeType,
}

/// What a policy says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicySpec {
    /// The scenes that it decides; none decides every scene that no other active policy of the tenant names.
    #[serde(default)]
    pub scenes: Vec<Scene>,
    /// The model that scores; nothing takes the platform's own.
    #[serde(default, serialize_with = "model_text", deserialize_with = "model_of")]
    pub model: Option<ModelId>,
    /// What the score alone leads to.
    pub thresholds: Thresholds,
    /// The rules.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// The attributes that rules name.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

impl PolicySpec {
    /// The platform's own policy: it tells the score and stops nothing, for its model was trained on simulated events. From
    /// which score on an event is stopped is the tenant's to say, once it has held the score against its own outcomes.
    #[must_use]
    pub const fn platform() -> Self {
        let thresholds = Thresholds { challenge: NEVER, review: NEVER, deny: NEVER };
        Self { scenes: Vec::new(), model: None, thresholds, rules: Vec::new(), attributes: Vec::new() }
    }

    /// The form that is stored and hashed.
    #[must_use]
    pub fn canonical(&self) -> String {
        // It is made of structs, lists, texts and numbers: nothing of that can fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What is wrong with it, but for its conditions: those are looked at by the compiler.
    #[must_use]
    pub fn check(&self) -> Violations {
        let mut wrong = Violations::default();
        let Thresholds { challenge, review, deny } = self.thresholds;
        for (name, value) in [("challenge", challenge), ("review", review), ("deny", deny)] {
            if !(0..=NEVER).contains(&value) {
                wrong.add(format!("spec.thresholds.{name}"), "must be 0 to 1001");
            }
        }
        if challenge > review || review > deny {
            wrong.add("spec.thresholds", "must not fall from challenge to review to deny");
        }
        if self.scenes.len() > MAX_SCENES {
            wrong.add("spec.scenes", format!("must be at most {MAX_SCENES}"));
        }
        if self.scenes.iter().collect::<HashSet<_>>().len() < self.scenes.len() {
            wrong.add("spec.scenes", "must not name a scene twice");
        }
        if self.rules.len() > MAX_RULES {
            wrong.add("spec.rules", format!("must be at most {MAX_RULES}"));
            return wrong;
        }
        if self.attributes.len() > MAX_RULE_ATTRIBUTES {
            wrong.add("spec.attributes", format!("must be at most {MAX_RULE_ATTRIBUTES}"));
            return wrong;
        }
        let mut ids = HashSet::new();
        for (at, rule) in self.rules.iter().enumerate() {
            rule.check(&format!("spec.rules[{at}]"), &mut wrong);
            if !ids.insert(rule.id.as_str()) {
                wrong.add(format!("spec.rules[{at}].id"), "must not be that of an earlier rule");
            }
        }
        let mut names = HashSet::new();
        for (at, attribute) in self.attributes.iter().enumerate() {
            let field = format!("spec.attributes[{at}].name");
            if let Err(rule) = text::name(&attribute.name) {
                wrong.add(field, rule);
            } else if !names.insert(attribute.name.as_str()) {
                wrong.add(field, "must not be that of an earlier attribute");
            }
        }
        wrong
    }
}

impl Rule {
    fn check(&self, field: &str, wrong: &mut Violations) {
        wrong.take(&format!("{field}.id"), text::lower_token(&self.id));
        let code = &self.reason_code;
        let screaming = (1..=64).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        if !screaming {
            wrong.add(format!("{field}.reason_code"), "must be 1 to 64 of capital letters, digits and _");
        }
        wrong.take(&format!("{field}.sentence_en"), text::plain(&self.sentence_en, 1, 200));
        wrong.take(&format!("{field}.sentence_zh"), text::plain(&self.sentence_zh, 0, 200));
        if !(0..=1_000).contains(&self.priority) {
            wrong.add(format!("{field}.priority"), "must be 0 to 1000");
        }
    }
}

/// One version of a policy as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Its name.
    pub name: PolicyVersionName,
    /// Where it is in its life.
    pub stage: PolicyStage,
    /// What it says.
    pub spec: PolicySpec,
    /// SHA-256 of what it says, in hexadecimal.
    pub digest: String,
    /// The key that stored it.
    pub kid: String,
    /// When it was stored.
    pub created: Timestamp,
    /// When its stage last changed.
    pub updated: Timestamp,
}

impl Serialize for Scene {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scene {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[expect(clippy::ref_option, reason = "the form that serde asks for")]
fn model_text<S: Serializer>(model: &Option<ModelId>, to: S) -> Result<S::Ok, S::Error> {
    model.as_ref().map(ModelId::as_str).serialize(to)
}

fn model_of<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ModelId>, D::Error> {
    let model = Option::<String>::deserialize(from)?.filter(|model| !model.is_empty());
    model.map(|model| ModelId::parse(&model)).transpose().map_err(serde::de::Error::custom)
}
