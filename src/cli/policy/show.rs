//! `riskport policy show`.

use comfy_table::{ContentArrangement, Table, presets::NOTHING};

use super::{Client, push::not_there, short};
use crate::{
    cli::{Failure, pages, say, time::minute},
    rpc::proto::fraud::{
        Attribute, AttributeType, FraudDecision, GetPolicyVersionRequest, ListPolicyVersionsRequest, PolicySpec,
        PolicyStage, PolicyVersion, Rule, RuleMode, Scene,
    },
};

/// How many digits of a digest are shown in a table.
const DIGEST_SHOWN: usize = 12;
/// How many versions are asked for at once: few, for each comes with all that it says.
const PAGE: i32 = 50;
/// A threshold that no score reaches.
const NEVER: i32 = 1_001;

pub(super) async fn show(client: &mut Client, name: Option<String>) -> Result<(), Failure> {
    match name {
        Some(name) if name.contains("/versions/") => {
            let found = client.get_policy_version(GetPolicyVersionRequest { name }).await;
            let found = found.map_err(|status| not_there(&status))?.into_inner();
            print_version(&found.version.unwrap_or_default())
        }
        policy => list(client, policy.unwrap_or_default()).await,
    }
}

async fn list(client: &mut Client, policy: String) -> Result<(), Failure> {
    let versions = pages::all(async |page_token| {
        let request = ListPolicyVersionsRequest { policy: policy.clone(), page_size: PAGE, page_token };
        let page = client.list_policy_versions(request).await?.into_inner();
        Ok((page.versions, page.next_page_token))
    });
    let versions = versions.await?;
    if versions.is_empty() {
        let whose =
            if policy.is_empty() { "no policy yet".to_owned() } else { format!("no policy {}", short(&policy)) };
        return say(&format!(
            "{whose}: the platform's own decides (riskport policy show platform/1)\n\
             store one: riskport policy push policy.toml --policy NAME"
        ));
    }
    let mut table = table(&["POLICY", "STAGE", "SCENES", "RULES", "THRESHOLDS", "STORED (UTC)", "SHA256"]);
    for version in &versions {
        let spec = version.spec.clone().unwrap_or_default();
        let digest = version.digest.get(..DIGEST_SHOWN).unwrap_or(&version.digest);
        table.add_row([
            short(&version.name),
            stage(version),
            scenes(&spec),
            spec.rules.len().to_string(),
            thresholds(&spec),
            minute(version.create_time),
            format!("{digest}..."),
        ]);
    }
    say(&table.trim_fmt())
}

fn print_version(version: &PolicyVersion) -> Result<(), Failure> {
    let spec = version.spec.clone().unwrap_or_default();
    say(&format!("{} is {}", short(&version.name), stage(version)))?;
    // The platform's own comes with the program: no key stored it.
    let stored = match version.kid.as_str() {
        "" => String::new(),
        kid => format!("{} UTC, by the key {kid}", minute(version.create_time)),
    };
    let model = match spec.model.trim_start_matches("models/") {
        "" => "the platform's own",
        name => name,
    };
    let attributes: Vec<String> = spec.attributes.iter().map(attribute).collect();
    let about = [
        ("decides", scenes(&spec)),
        ("model", model.to_owned()),
        ("by score", by_score(&spec)),
        ("attributes", attributes.join(", ")),
        ("stored", stored),
        ("sha256", version.digest.clone()),
    ];
    for (label, text) in about.into_iter().filter(|(_, text)| !text.is_empty()) {
        say(&format!("  {label:<12}{text}"))?;
    }
    if spec.rules.is_empty() {
        return say("no rules: the score alone decides");
    }
    let mut table = table(&["RULE", "OUTCOME", "PRIORITY", "CONDITION, AND ITS REASON"]);
    for rule in &spec.rules {
        let (priority, condition) = (rule.priority.to_string(), rule.condition.trim());
        table.add_row([&rule.id, &asked(rule), &priority, &format!("{condition}\n{}", reason(rule))]);
    }
    say(&format!("\n{}", table.trim_fmt()))
}

/// A table without lines, as wide as the terminal.
pub(in crate::cli) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    table
}

/// What a rule asks for, and whether it is heard.
fn asked(rule: &Rule) -> String {
    let outcome = decision(rule.outcome());
    if rule.mode() == RuleMode::Shadow { format!("{outcome}\nin shadow") } else { outcome.to_owned() }
}

fn reason(rule: &Rule) -> String {
    format!("{}: {}\n{}", rule.reason_code, rule.sentence_en, rule.sentence_zh).trim_end().to_owned()
}

fn attribute(one: &Attribute) -> String {
    let holds = match one.r#type() {
        AttributeType::Number => "number",
        AttributeType::Text => "text",
        AttributeType::Flag => "flag",
        AttributeType::Unspecified => "?",
    };
    format!("{} ({holds})", one.name)
}

/// The scenes that a policy decides.
pub(super) fn scenes(spec: &PolicySpec) -> String {
    let name = |scene: &i32| {
        let name = Scene::try_from(*scene).map_or("?", |scene| scene.as_str_name());
        name.trim_start_matches("SCENE_").to_lowercase().replace('_', "-")
    };
    let names: Vec<String> = spec.scenes.iter().map(name).chain(spec.custom_scenes.iter().cloned()).collect();
    if names.is_empty() { "all scenes that no other decides".to_owned() } else { names.join(", ") }
}

/// The thresholds in short, `challenge/review/deny`.
pub(super) fn thresholds(spec: &PolicySpec) -> String {
    let one = |threshold: i32| if threshold == NEVER { "never".to_owned() } else { threshold.to_string() };
    let of = spec.thresholds.unwrap_or_default();
    format!("{}/{}/{}", one(of.challenge), one(of.review), one(of.deny))
}

fn by_score(spec: &PolicySpec) -> String {
    let of = spec.thresholds.unwrap_or_default();
    let steps = [("CHALLENGE", of.challenge), ("REVIEW", of.review), ("DENY", of.deny)];
    let said: Vec<String> = steps
        .iter()
        .filter(|(_, from)| *from != NEVER)
        .map(|(decision, from)| format!("{decision} from {from} on"))
        .collect();
    if said.is_empty() { "nothing is stopped".to_owned() } else { said.join(", ") }
}

/// A decision as it is shown.
pub(in crate::cli) fn decision(decision: FraudDecision) -> &'static str {
    match decision {
        FraudDecision::Unspecified => "-",
        FraudDecision::Allow => "ALLOW",
        FraudDecision::Challenge => "CHALLENGE",
        FraudDecision::Review => "REVIEW",
        FraudDecision::Deny => "DENY",
    }
}

pub(super) fn stage(version: &PolicyVersion) -> String {
    match version.stage() {
        PolicyStage::Unspecified => "?",
        PolicyStage::Draft => "draft",
        PolicyStage::Active => "active",
        PolicyStage::Retired => "retired",
    }
    .to_owned()
}
