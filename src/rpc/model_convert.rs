//! Models and versions between the contract and the domain.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    manifest_convert::{self, kind, proto_kind},
    parse::{known_enum, proto_time, resource},
    proto::risk as proto,
};
use crate::domain::{
    ids::{ModelId, TenantId},
    model::{Challenger, Lineup, Model, ModelKind, ModelVersion, Percent, Stage, VersionNumber},
    page::PageSize,
    refusal::{Refusal, Violations},
};

/// The model that a resource name is of.
pub(super) fn model_id(field: &str, name: &str) -> Result<ModelId, Refusal> {
    resource(name, "models/", ModelId::parse).map_err(|rule| Violations::one(field, rule))
}

/// The model and the version that a resource name is of.
pub(super) fn version_name(name: &str) -> Result<(ModelId, VersionNumber), String> {
    let form = || "must be of the form models/{model}/versions/{number}".to_owned();
    let (model, version) = name.split_once("/versions/").ok_or_else(form)?;
    let model = resource(model, "models/", ModelId::parse)?;
    let version = VersionNumber::parse(version).map_err(|rule| format!("what stands after /versions/ {rule}"))?;
    Ok((model, version))
}

/// As [`version_name`], of the field `name`.
pub(super) fn required_version(name: &str) -> Result<(ModelId, VersionNumber), Refusal> {
    version_name(name).map_err(|rule| Violations::one("name", rule))
}

/// The model, and the version if one is named, that a resource name is of.
pub(super) fn model_or_version(name: &str) -> Result<(ModelId, Option<VersionNumber>), Refusal> {
    if name.contains("/versions/") {
        return required_version(name).map(|(model, version)| (model, Some(version)));
    }
    model_id("name", name).map(|model| (model, None))
}

/// A model of the platform, and the tenant that may or may not use it.
pub(super) fn grant(model: &str, tenant: &str) -> Result<(ModelId, TenantId), Refusal> {
    let tenant = resource(tenant, "tenants/", TenantId::parse).map_err(|rule| Violations::one("tenant", rule));
    Refusal::both(model_id("model", model), tenant)
}

/// Which models to list: the kind, the model that the page begins after, and its size.
pub(super) fn models_page(
    from: &proto::ListModelsRequest,
) -> Result<(Option<ModelKind>, Option<ModelId>, PageSize), Refusal> {
    let mut violations = Violations::default();
    let kind = violations.take("kind", known_enum::<proto::ModelKind>(from.kind)).and_then(kind);
    let after = page_token(&from.page_token, ModelId::parse, &mut violations);
    match violations.take("page_size", PageSize::parse(from.page_size)) {
        Some(size) if violations.is_empty() => Ok((kind, after, size)),
        _ => Err(Refusal::Invalid(violations)),
    }
}

/// Which versions to list: the model, the version that the page begins before, and its size.
pub(super) fn versions_page(
    from: &proto::ListModelVersionsRequest,
) -> Result<(ModelId, Option<VersionNumber>, PageSize), Refusal> {
    let mut violations = Violations::default();
    let model = violations.take("model", resource(&from.model, "models/", ModelId::parse));
    let before = page_token(&from.page_token, VersionNumber::parse, &mut violations);
    match (model, violations.take("page_size", PageSize::parse(from.page_size))) {
        (Some(model), Some(size)) if violations.is_empty() => Ok((model, before, size)),
        _ => Err(Refusal::Invalid(violations)),
    }
}

/// The token of the page after the one that ends here.
pub(super) fn token(last: Option<impl ToString>) -> String {
    last.map_or(String::new(), |last| URL_SAFE_NO_PAD.encode(last.to_string()))
}

fn page_token<T>(token: &str, parse: impl FnOnce(&str) -> Result<T, String>, violations: &mut Violations) -> Option<T> {
    if token.is_empty() {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
    let parsed = parse(&String::from_utf8_lossy(&bytes)).map_err(|_| "must be a next_page_token".to_owned());
    violations.take("page_token", parsed)
}

/// Which versions stand beside the champion of which model.
pub(super) fn traffic(
    from: &proto::SetModelTrafficRequest,
) -> Result<(ModelId, Option<Challenger>, Vec<VersionNumber>), Refusal> {
    let mut violations = Violations::default();
    let model = violations.take("model", resource(&from.model, "models/", ModelId::parse));
    let number = |number: i64| VersionNumber::parse(&number.to_string());
    let challenger = if (from.challenger_version, from.challenger_percent) == (0, 0) {
        None
    } else {
        let version = violations.take("challenger_version", number(from.challenger_version));
        let share = violations.take("challenger_percent", Percent::parse(from.challenger_percent));
        version.zip(share).map(|(version, share)| Challenger { version, share })
    };
    let mut shadows = Vec::with_capacity(Lineup::MAX_SHADOWS);
    if from.shadow_versions.len() > Lineup::MAX_SHADOWS {
        violations.add("shadow_versions", format!("must have at most {} entries", Lineup::MAX_SHADOWS));
    }
    for (at, version) in from.shadow_versions.iter().take(Lineup::MAX_SHADOWS).enumerate() {
        let field = format!("shadow_versions[{at}]");
        let Some(version) = violations.take(&field, number(*version)) else { continue };
        if shadows.contains(&version) || challenger.is_some_and(|one| one.version == version) {
            violations.add(field, "stands twice");
        }
        shadows.push(version);
    }
    match model {
        Some(model) if violations.is_empty() => Ok((model, challenger, shadows)),
        _ => Err(Refusal::Invalid(violations)),
    }
}

/// A model as the contract has it.
pub(super) fn model(from: &Model) -> proto::Model {
    let number = |version: Option<VersionNumber>| version.map_or(0, VersionNumber::get);
    let lineup = &from.lineup;
    proto::Model {
        name: format!("models/{}", from.name.model),
        kind: proto_kind(from.kind) as i32,
        platform: from.name.owner.is_operator(),
        champion_version: number(lineup.champion),
        previous_version: number(lineup.previous),
        challenger_version: number(lineup.challenger.map(|one| one.version)),
        challenger_percent: lineup.challenger.map_or(0, |one| i32::from(one.share.get())),
        shadow_versions: lineup.shadows.iter().map(|version| version.get()).collect(),
        newest_version: from.newest.get(),
    }
}

/// A version as the contract has it, for a tenant: who uploaded it is told to its owner only. In full with its manifest.
pub(super) fn version(from: &ModelVersion, full: bool, reader: &TenantId) -> proto::ModelVersion {
    let own = from.name.owner == *reader;
    let stage = match from.stage {
        Stage::Draft => proto::ModelStage::Draft,
        Stage::Validated => proto::ModelStage::Validated,
        Stage::Shadow => proto::ModelStage::Shadow,
        Stage::Challenger => proto::ModelStage::Challenger,
        Stage::Champion => proto::ModelStage::Champion,
        Stage::Retired => proto::ModelStage::Retired,
    };
    proto::ModelVersion {
        name: format!("models/{}/versions/{}", from.name.model, from.version),
        stage: stage as i32,
        format: from.format.clone(),
        digest: from.digest.clone(),
        manifest_digest: from.manifest_digest.clone(),
        file_bytes: from.file_bytes,
        reference_rows: from.reproduction.map_or(0, |one| one.rows),
        largest_difference: from.reproduction.map_or(0.0, |one| one.largest_difference),
        manifest: full.then(|| manifest_convert::message(&from.manifest)),
        upload_kid: if own { from.uploaded_by.as_str().to_owned() } else { String::new() },
        upload_actor: if own { from.uploaded_actor.clone() } else { String::new() },
        create_time: Some(proto_time(from.created)),
        update_time: Some(proto_time(from.updated)),
    }
}
