//! `riskport model list` and `riskport model show`.

use comfy_table::{ContentArrangement, Table, presets::NOTHING};

use super::Client;
use crate::{
    cli::{Failure, pages, refused, say, time::minute},
    rpc::proto::risk::{
        FeatureSpec, FeatureType, GetModelRequest, ListModelVersionsRequest, ListModelsRequest, MissingPolicy, Model,
        ModelKind, ModelManifest, ModelStage, ModelVersion,
    },
};

/// How many digits of a digest are shown in a table.
const DIGEST_SHOWN: usize = 12;
/// The most versions and features that are shown: a page of each.
const MAX_SHOWN: usize = 50;

pub(super) async fn list(client: &mut Client) -> Result<(), Failure> {
    let models = pages::all(async |page_token| {
        let request = ListModelsRequest { page_size: 500, page_token, ..ListModelsRequest::default() };
        let page = client.list_models(request).await?.into_inner();
        Ok((page.models, page.next_page_token))
    });
    print_models(&models.await?)
}

pub(super) async fn show(client: &mut Client, name: String) -> Result<(), Failure> {
    let model = name.split("/versions/").next().unwrap_or_default().to_owned();
    let found = client.get_model(GetModelRequest { name }).await.map_err(|status| refused(&status))?.into_inner();
    let request = ListModelVersionsRequest { model, page_size: 50, ..ListModelVersionsRequest::default() };
    let versions = client.list_model_versions(request).await.map_err(|status| refused(&status))?.into_inner();
    print_models(found.model.as_slice())?;
    say("")?;
    print_versions(&versions.versions)?;
    match found.version {
        Some(version) => print_version(&version),
        None => Ok(()),
    }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    table
}

/// Models with their lineups.
pub(super) fn print_models(models: &[Model]) -> Result<(), Failure> {
    let mut table = table(&["MODEL", "KIND", "OWNER", "CHAMPION", "CHALLENGER", "SHADOWS", "NEWEST"]);
    for model in models {
        let challenger = match model.challenger_version {
            0 => "-".to_owned(),
            version => format!("{version} ({} %)", model.challenger_percent),
        };
        let shadows: Vec<_> = model.shadow_versions.iter().map(ToString::to_string).collect();
        table.add_row([
            short(&model.name),
            kind(model.kind),
            if model.platform { "platform".to_owned() } else { "own".to_owned() },
            number(model.champion_version),
            challenger,
            if shadows.is_empty() { "-".to_owned() } else { shadows.join(" ") },
            number(model.newest_version),
        ]);
    }
    say(&table.trim_fmt())
}

fn print_versions(versions: &[ModelVersion]) -> Result<(), Failure> {
    let mut table = table(&["VERSION", "STAGE", "FORMAT", "BYTES", "REFERENCE ROWS", "UPLOADED", "SHA256"]);
    for version in versions {
        let digest = version.digest.get(..DIGEST_SHOWN).unwrap_or(&version.digest);
        table.add_row([
            version.name.rsplit('/').next().unwrap_or_default().to_owned(),
            stage(version.stage),
            version.format.clone(),
            version.file_bytes.to_string(),
            number(version.reference_rows),
            minute(version.create_time),
            format!("{digest}..."),
        ]);
    }
    say(&table.trim_fmt())
}

fn print_version(version: &ModelVersion) -> Result<(), Failure> {
    let Some(manifest) = &version.manifest else { return Ok(()) };
    say(&format!("\n{}: {}", short(&version.name), manifest.title))?;
    let mut card = Table::new();
    card.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    for (label, text) in about(version, manifest).into_iter().filter(|(_, text)| !text.is_empty()) {
        card.add_row([label, &text]);
    }
    say(&card.trim_fmt())?;
    if manifest.features.is_empty() {
        return Ok(());
    }
    say("")?;
    let mut table = table(&["FEATURE", "TYPE", "VALUES", "MISSING", "WHAT IT IS"]);
    for feature in manifest.features.iter().take(MAX_SHOWN) {
        let missing = if feature.missing == MissingPolicy::Accept as i32 { "taken" } else { "refused" };
        table.add_row([&feature.name, kind_of(feature), &range(feature), missing, &feature.description]);
    }
    say(&table.trim_fmt())?;
    match manifest.features.len().checked_sub(MAX_SHOWN) {
        Some(more) if more > 0 => say(&format!("and {more} more")),
        _ => Ok(()),
    }
}

/// The card, in the order of the questions that a reader has.
fn about(version: &ModelVersion, manifest: &ModelManifest) -> Vec<(&'static str, String)> {
    let card = manifest.card.clone().unwrap_or_default();
    let target = manifest.target.as_ref();
    let points = manifest.scaling.as_ref().map(|scaling| format!("{} to {}", scaling.min_score, scaling.max_score));
    let metrics: Vec<_> = card.metrics.iter().map(|one| format!("{} {}", one.name, one.value)).collect();
    vec![
        ("predicts", target.map(|one| one.definition.clone()).unwrap_or_default()),
        ("within", target.map(|one| months(one.horizon_months)).unwrap_or_default()),
        ("points", points.unwrap_or_default()),
        ("for", card.intended_use),
        ("trained on", card.training_data),
        ("figures", metrics.join("; ")),
        ("limits", card.limitations),
        ("owner", card.owner),
        ("licence", card.licence),
        ("uploaded by", format!("{} {}", version.upload_kid, version.upload_actor).trim().to_owned()),
    ]
}

fn months(count: i32) -> String {
    if count == 1 { "a month".to_owned() } else { format!("{count} months") }
}

fn kind_of(feature: &FeatureSpec) -> &'static str {
    match FeatureType::try_from(feature.r#type) {
        Ok(FeatureType::Number) => "number",
        Ok(FeatureType::Category) => "category",
        Ok(FeatureType::Flag) => "flag",
        _ => "?",
    }
}

fn range(feature: &FeatureSpec) -> String {
    match (feature.min, feature.max) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("from {min}"),
        (None, Some(max)) => format!("up to {max}"),
        (None, None) => feature.values.join(", "),
    }
}

/// A resource name as a person types it: `my-risk`, or `my-risk/2`.
pub(in crate::cli) fn short(name: &str) -> String {
    name.trim_start_matches("models/").replacen("/versions/", "/", 1)
}

fn number(number: i64) -> String {
    if number == 0 { "-".to_owned() } else { number.to_string() }
}

fn kind(kind: i32) -> String {
    let name = ModelKind::try_from(kind).map_or("?", |kind| kind.as_str_name());
    name.trim_start_matches("MODEL_KIND_").to_lowercase()
}

pub(super) fn stage(stage: i32) -> String {
    let name = ModelStage::try_from(stage).map_or("?", |stage| stage.as_str_name());
    name.trim_start_matches("MODEL_STAGE_").to_lowercase()
}
