//! The model that the program brings along: published by whichever process starts first.

use std::sync::Arc;

use riskport::{
    domain::{
        ids::TenantId,
        model::{ModelKind, NewVersion, Stage},
        refusal::{Obstacle, Refusal},
    },
    store::Store,
};
use tokio::task::JoinSet;

use super::{add, manifest, model_id, of_amount, upload, version, who};
use crate::support::samples::{at, tenant_id};

fn scores(content: &str) -> (NewVersion, Arc<[u8]>) {
    let (mut new, file) = upload(TenantId::OPERATOR, "scores", content, of_amount());
    new.reproduction = None;
    (new, file)
}

async fn publish(store: &Store, content: &str) {
    let (new, file) = scores(content);
    store.publish_built_in(&new, &file, at(5)).await.unwrap().unwrap();
}

/// Champion, the one before, and the stages of all versions.
async fn state(store: &Store) -> (Option<i64>, Option<i64>, Vec<Stage>) {
    let (operator, scores) = (TenantId::operator(), model_id("scores"));
    let model = store.find_model(&operator, &scores).await.unwrap().unwrap();
    let mut stages = Vec::new();
    for number in 1..=model.newest.get() {
        stages.push(store.find_model_version(&operator, &scores, version(number)).await.unwrap().unwrap().stage);
    }
    let number = |version: riskport::domain::model::VersionNumber| version.get();
    (model.lineup.champion.map(number), model.lineup.previous.map(number), stages)
}

on_both!(many_processes_publish_once, async |world| {
    use Stage::{Champion, Retired};
    let mut starting = JoinSet::new();
    for _ in 0..8 {
        let store = world.open().await;
        starting.spawn(async move { publish(&store, "v1").await });
    }
    starting.join_all().await;
    let store = world.open().await;
    assert_eq!(state(&store).await, (Some(1), None, vec![Champion]));
    let row = "by_tenant_id || ' ' || by_kid || ' ' || action || ' ' || tenant_id || ' ' || target";
    assert_eq!(
        world.raw().await.texts(&format!("SELECT {row} FROM audit")).await,
        ["operator platform publish_built_in operator tenants/operator/models/scores/versions/1"]
    );
    let seen = store.find_model(&tenant_id("anybody"), &model_id("scores")).await.unwrap();
    assert!(seen.is_some(), "it is not for everyone");

    // A newer program, and then an older one beside it.
    publish(&store, "v2").await;
    publish(&store, "v1").await;
    assert_eq!(state(&store).await, (Some(2), Some(1), vec![Retired, Champion]));
    assert_eq!(store.count_changes().await.unwrap(), 2);
    let (new, _) = scores("v2");
    let file = store.find_model_file(&TenantId::operator(), &new.digest).await.unwrap();
    assert_eq!(file, Some(b"v2".to_vec()));
});

on_both!(what_the_operator_put_in_charge_stays_in_charge, async |world| {
    use Stage::{Champion, Retired, Validated};
    let store = world.open().await;
    publish(&store, "v1").await;
    add(&store, TenantId::OPERATOR, "scores", "the operator's own").await;
    publish(&store, "v2").await;
    assert_eq!(state(&store).await, (Some(3), Some(1), vec![Retired, Validated, Champion]));

    let by = who(TenantId::OPERATOR, "op-1", 9, "promote_model_version");
    let (operator, model) = (TenantId::operator(), model_id("scores"));
    store.promote_model_version(&operator, &model, version(2), false, &by).await.unwrap().unwrap();
    publish(&store, "v3").await;
    assert_eq!(state(&store).await, (Some(2), Some(3), vec![Retired, Champion, Retired, Validated]));
    store.promote_model_version(&operator, &model, version(4), false, &by).await.unwrap().unwrap();
    assert_eq!(state(&store).await.0, Some(4));
});

on_both!(a_model_of_the_operator_is_not_taken_over, async |world| {
    let store = world.open().await;
    add(&store, TenantId::OPERATOR, "scores", "the operator's own").await;
    publish(&store, "v1").await;
    assert_eq!(state(&store).await, (None, None, vec![Stage::Validated, Stage::Validated]));
    let seen = store.find_model(&tenant_id("anybody"), &model_id("scores")).await.unwrap();
    assert!(seen.is_none(), "the operator's own model became everyone's");
    let (new, file) = upload(TenantId::OPERATOR, "scores", "v2", manifest(ModelKind::Credit, &[]));
    let other = store.publish_built_in(&new, &file, at(6)).await.unwrap();
    assert_eq!(other, Err(Refusal::Precondition(Obstacle::SchemaDiffers)));
});
