//! A policy as a TOML file.

use std::{fs, path::Path};

use serde::{Deserialize, Deserializer, de::Error};

use crate::{
    cli::Failure,
    domain::fraud::Scene,
    rpc::{
        proto::fraud::{self as proto, AttributeType, FraudDecision, RuleMode},
        scene_message,
    },
};

/// A policy as it is written down.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct PolicyFile {
    #[serde(default)]
    scenes: Vec<String>,
    #[serde(default)]
    custom_scenes: Vec<String>,
    #[serde(default)]
    model: String,
    thresholds: Thresholds,
    #[serde(default)]
    attributes: Vec<Attribute>,
    /// The rules, in the order of the file.
    #[serde(default)]
    pub(super) rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Thresholds {
    challenge: i32,
    review: i32,
    deny: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attribute {
    name: String,
    #[serde(deserialize_with = "attribute_type")]
    r#type: AttributeType,
}

/// One rule as it is written down.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// Its id.
    pub(super) id: String,
    /// Its condition.
    pub(super) condition: String,
    #[serde(deserialize_with = "outcome")]
    outcome: FraudDecision,
    reason_code: String,
    en: String,
    #[serde(default)]
    zh: String,
    #[serde(default)]
    priority: i32,
    #[serde(default, deserialize_with = "mode")]
    mode: RuleMode,
}

impl PolicyFile {
    /// Reads a policy.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(path)
            .map_err(|error| Failure::new(format!("cannot read the policy {}: {error}", path.display())))?;
        Self::parse(&text).map_err(|error| Failure::new(format!("{} is no policy: {error}", path.display())))
    }

    /// Reads a policy from its text.
    pub(in crate::cli) fn parse(text: &str) -> Result<Self, Failure> {
        let file: Self = toml::from_str(text).map_err(|error| Failure::new(error.to_string().trim_end()))?;
        file.scene_numbers().map_err(Failure::new)?;
        Ok(file)
    }

    /// The policy as the contract has it.
    pub(in crate::cli) fn spec(&self) -> proto::PolicySpec {
        let Thresholds { challenge, review, deny } = self.thresholds;
        proto::PolicySpec {
            scenes: self.scene_numbers().unwrap_or_default(),
            custom_scenes: self.custom_scenes.clone(),
            model: match self.model.as_str() {
                "" => String::new(),
                name => format!("models/{}", name.trim_start_matches("models/")),
            },
            thresholds: Some(proto::Thresholds { challenge, review, deny }),
            rules: self.rules.iter().map(Rule::message).collect(),
            attributes: self
                .attributes
                .iter()
                .map(|one| proto::Attribute { name: one.name.clone(), r#type: one.r#type as i32 })
                .collect(),
        }
    }

    fn scene_numbers(&self) -> Result<Vec<i32>, String> {
        let number = |name: &String| match Scene::parse(name) {
            Ok(Scene::Custom(_)) => Err(format!("the scene {name} belongs in custom_scenes")),
            Ok(scene) => Ok(scene_message(&scene) as i32),
            Err(_) => {
                let known = Scene::STANDARD.map(|scene| scene.to_string()).join(", ");
                Err(format!("there is no scene {name}: expected {known}, or one of your own in custom_scenes"))
            }
        };
        self.scenes.iter().map(number).collect()
    }
}

impl Rule {
    fn message(&self) -> proto::Rule {
        proto::Rule {
            id: self.id.clone(),
            condition: self.condition.clone(),
            outcome: self.outcome as i32,
            reason_code: self.reason_code.clone(),
            sentence_en: self.en.clone(),
            sentence_zh: self.zh.clone(),
            priority: self.priority,
            mode: self.mode as i32,
        }
    }
}

/// One of some names, in small letters or capitals.
fn one_of<'de, D: Deserializer<'de>, T: Copy>(from: D, known: &[(&str, T)]) -> Result<T, D::Error> {
    let name = String::deserialize(from)?;
    let found = known.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        D::Error::custom(format!("{name:?} is not one of {}", names.join(", ")))
    })
}

fn outcome<'de, D: Deserializer<'de>>(from: D) -> Result<FraudDecision, D::Error> {
    let known = [
        ("allow", FraudDecision::Allow),
        ("challenge", FraudDecision::Challenge),
        ("review", FraudDecision::Review),
        ("deny", FraudDecision::Deny),
    ];
    one_of(from, &known)
}

fn mode<'de, D: Deserializer<'de>>(from: D) -> Result<RuleMode, D::Error> {
    one_of(from, &[("live", RuleMode::Live), ("shadow", RuleMode::Shadow)])
}

fn attribute_type<'de, D: Deserializer<'de>>(from: D) -> Result<AttributeType, D::Error> {
    one_of(from, &[("number", AttributeType::Number), ("text", AttributeType::Text), ("flag", AttributeType::Flag)])
}
