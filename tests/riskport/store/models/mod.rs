//! Models: what the store promises of versions, of who sees them, and of who comes first.

mod built_in;
mod life;
mod races;
mod traffic;
mod uploads;
mod visible;

use std::sync::Arc;

use riskport::{
    domain::{
        audit::ChangeBy,
        ids::{ModelId, TenantId},
        model::{
            Calibration, Challenger, FeatureKind, FeatureSpec, Lineup, Manifest, MissingPolicy, ModelCard, ModelKind,
            ModelName, ModelVersion, NewVersion, Percent, Reproduction, Stage, VersionNumber,
        },
        refusal::Refusal,
    },
    store::Store,
    vault::sha256,
};

use crate::support::{
    World,
    samples::{by, kid, tenant, tenant_id, wrapped_key},
};

pub fn model_id(id: &str) -> ModelId {
    ModelId::parse(id).unwrap()
}

pub fn version(number: i64) -> VersionNumber {
    VersionNumber::from_stored(number).unwrap()
}

pub fn challenger(number: i64, percent: i32) -> Challenger {
    Challenger { version: version(number), share: Percent::parse(percent).unwrap() }
}

/// A key of a tenant, at a time, doing something.
pub fn who(tenant: &str, key: &str, micros: i64, action: &'static str) -> ChangeBy {
    ChangeBy { tenant: tenant_id(tenant), kid: kid(key), ..by(micros, action) }
}

pub fn manifest(kind: ModelKind, features: &[(&str, FeatureKind)]) -> Manifest {
    let feature = |(name, kind): &(&str, FeatureKind)| FeatureSpec {
        name: (*name).to_owned(),
        input: None,
        kind: *kind,
        min: Some(0.1),
        max: None,
        values: Vec::new(),
        missing: MissingPolicy::Accept,
        description: "in € — 元".to_owned(),
        reason: None,
    };
    Manifest {
        title: "A model".to_owned(),
        kind,
        features: features.iter().map(feature).collect(),
        target: None,
        calibration: Calibration::Isotonic { points: vec![(0.1, 0.2), (1.0 / 3.0, 0.3)] },
        scaling: None,
        card: ModelCard::default(),
        profile: None,
    }
}

pub fn of_amount() -> Manifest {
    manifest(ModelKind::Fraud, &[("amount", FeatureKind::Number), ("country", FeatureKind::Category)])
}

/// A version whose file is the bytes of a text, and that reproduced its reference rows.
pub fn upload(owner: &str, model: &str, content: &str, manifest: Manifest) -> (NewVersion, Arc<[u8]>) {
    let new = NewVersion {
        name: ModelName { owner: tenant_id(owner), model: model_id(model) },
        format: "lightgbm-text".to_owned(),
        digest: hex(&sha256(&[content.as_bytes()])),
        manifest_digest: hex(&sha256(&[serde_json::to_string(&manifest).unwrap().as_bytes()])),
        manifest,
        reproduction: Some(Reproduction { rows: 12, largest_difference: 1.0 / 3e9 }),
        fitted_to: None,
    };
    (new, content.as_bytes().into())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Has a key of its owner upload a validated version.
pub async fn add(store: &Store, owner: &str, model: &str, content: &str) -> ModelVersion {
    let (new, file) = upload(owner, model, content, of_amount());
    let who = who(owner, "uploader", 1, "upload_model");
    store.record_model_version(&new, &file, &who).await.unwrap().unwrap()
}

/// A store in which north has a model `cards` of so many validated versions.
pub async fn cards(world: &World, versions: i64) -> Store {
    let store = world.open().await;
    for number in 1..=versions {
        assert_eq!(add(&store, "north", "cards", &format!("file {number}")).await.version.get(), number);
    }
    store
}

pub async fn promote(store: &Store, number: i64) -> Result<Lineup, Refusal> {
    let by = who("north", "chief", 10 + number, "promote_model_version");
    let model = model_id("cards");
    let done = store.promote_model_version(&north(), &model, version(number), false, &by).await.unwrap();
    done.map(|model| model.lineup)
}

pub async fn stage(store: &Store, number: i64) -> Stage {
    store.find_model_version(&north(), &model_id("cards"), version(number)).await.unwrap().unwrap().stage
}

/// The stages of the first versions of north's `cards`.
pub async fn stages(store: &Store, versions: i64) -> Vec<Stage> {
    let mut stages = Vec::new();
    for number in 1..=versions {
        stages.push(stage(store, number).await);
    }
    stages
}

pub async fn lineup(store: &Store) -> Lineup {
    store.find_model(&north(), &model_id("cards")).await.unwrap().unwrap().lineup
}

pub fn north() -> TenantId {
    tenant_id("north")
}

/// Records tenants of those names.
pub async fn found(store: &Store, ids: &[&str]) {
    for id in ids {
        assert!(store.record_tenant(&tenant(id), &wrapped_key(id), &by(0, "create_tenant")).await.unwrap());
    }
}

/// Checks that no row of the record of changes contradicts the one before it, and that one model's rows form a chain.
pub async fn check_chain(world: &World, target: &str) -> usize {
    let mut raw = world.raw().await;
    let lineup = |text: &String| serde_json::from_str::<serde_json::Value>(text).unwrap()["lineup"].clone();
    let rows = |column: &str| format!("SELECT {column} FROM audit WHERE target = '{target}' ORDER BY seq");
    let before = raw.texts(&rows("before_json")).await;
    let after = raw.texts(&rows("after_json")).await;
    for (after, before) in after.iter().zip(&before[1..]) {
        assert_eq!(lineup(after), lineup(before), "a change did not begin where the one before it ended");
    }
    assert_eq!(
        raw.integers("SELECT seq FROM audit ORDER BY seq").await,
        (1..=raw.integer("SELECT COUNT(*) FROM audit").await).collect::<Vec<_>>()
    );
    assert_eq!(raw.integer("SELECT COUNT(*) FROM audit").await, raw.integer("SELECT seq FROM audit_head").await);
    after.len()
}
