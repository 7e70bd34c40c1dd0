//! Who sees which models: nobody those of another tenant, and those of the platform whoever may use them.

use riskport::{
    domain::{
        ids::TenantId,
        model::{ModelKind, Reproduction},
        refusal::Refusal,
    },
    store::Store,
};

use super::{add, cards, challenger, found, manifest, model_id, north, of_amount, promote, upload, version, who};
use crate::support::samples::{by, pages_of, tenant_id};

/// What a tenant sees of a model, by every way in; they must agree.
async fn sees(store: &Store, tenant: &str, model: &str) -> Option<TenantId> {
    let (tenant, model) = (tenant_id(tenant), model_id(model));
    let found = store.find_model(&tenant, &model).await.unwrap().map(|found| found.name.owner);
    let one = store.find_model_version(&tenant, &model, version(1)).await.unwrap().map(|found| found.name.owner);
    let versions = store.list_model_versions(&tenant, &model, None, pages_of(9)).await.unwrap();
    let listed = store.list_models(&tenant, None, None, pages_of(9)).await.unwrap();
    let mut listed: Vec<_> = listed.items.into_iter().filter(|listed| listed.name.model == model).collect();
    assert!(listed.len() < 2, "two models of one name");
    assert_eq!(found, one);
    assert_eq!(found, versions.items.first().map(|version| version.name.owner.clone()));
    assert_eq!(found, listed.pop().map(|listed| listed.name.owner));
    found
}

on_both!(a_model_of_the_platform_is_seen_by_whom_it_was_granted_to, async |world| {
    let store = world.open().await;
    found(&store, &["north", "south", TenantId::OPERATOR]).await;
    add(&store, TenantId::OPERATOR, "scores", "file").await;
    let scores = model_id("scores");
    let operator = TenantId::operator();
    assert_eq!(sees(&store, "north", "scores").await, None);
    assert_eq!(sees(&store, TenantId::OPERATOR, "scores").await, Some(operator.clone()));

    let changes = store.count_changes().await.unwrap();
    for _ in 0..2 {
        store.grant_model(&north(), &scores, &by(3, "grant_model")).await.unwrap().unwrap();
        assert_eq!(sees(&store, "north", "scores").await, Some(operator.clone()));
        assert_eq!(sees(&store, "south", "scores").await, None);
    }
    for _ in 0..2 {
        store.revoke_model(&north(), &scores, &by(4, "revoke_model")).await.unwrap().unwrap();
        assert_eq!(sees(&store, "north", "scores").await, None);
    }
    let row = "action || ' ' || tenant_id || ' ' || target || ' ' || before_json || ' ' || after_json";
    assert_eq!(
        world.raw().await.texts(&format!("SELECT {row} FROM audit WHERE seq > {changes} ORDER BY seq")).await,
        [
            r#"grant_model north tenants/operator/models/scores {"granted":false} {"granted":true}"#,
            r#"revoke_model north tenants/operator/models/scores {"granted":true} {"granted":false}"#,
        ]
    );

    let unknown = (model_id("nothing"), tenant_id("nobody"));
    add(&store, "south", "own", "file").await;
    for (tenant, model, missing) in [
        (north(), unknown.0, "model"),
        (north(), model_id("own"), "model"),
        (unknown.1, scores.clone(), "tenant"),
        (operator, scores.clone(), "tenant"),
    ] {
        let refused = Err(Refusal::NotFound(missing));
        assert_eq!(store.grant_model(&tenant, &model, &by(5, "grant_model")).await.unwrap(), refused);
        assert_eq!(store.revoke_model(&tenant, &model, &by(5, "revoke_model")).await.unwrap(), refused);
    }
});

on_both!(a_model_for_everyone_is_seen_by_everyone_but_behind_their_own, async |world| {
    let store = world.open().await;
    add(&store, "south", "scores", "mine").await;
    let (new, file) = upload(TenantId::OPERATOR, "scores", "file", of_amount());
    store.publish_built_in(&new, &file, by(1, "").at).await.unwrap().unwrap();
    assert_eq!(sees(&store, "north", "scores").await, Some(TenantId::operator()));
    assert_eq!(sees(&store, "south", "scores").await, Some(tenant_id("south")));
    assert_eq!(sees(&store, TenantId::OPERATOR, "scores").await, Some(TenantId::operator()));
});

on_both!(models_are_listed_by_name_and_kind_in_pages, async |world| {
    let store = world.open().await;
    for (owner, model) in [("north", "a2"), ("north", "a-3"), (TenantId::OPERATOR, "b"), ("south", "c")] {
        add(&store, owner, model, "file").await;
    }
    let (new, file) = upload("north", "d", "file", manifest(ModelKind::Pricing, &[]));
    store.record_model_version(&new, &file, &who("north", "k", 1, "upload_model")).await.unwrap().unwrap();
    world.raw().await.execute("UPDATE models SET for_everyone = 1 WHERE owner_id = 'operator'").await;
    let (mut seen, mut after) = (Vec::new(), None);
    for _ in 0..2 {
        let page = store.list_models(&north(), None, after.as_ref(), pages_of(2)).await.unwrap();
        seen.extend(page.items.into_iter().map(|model| model.name.model.to_string()));
        after = page.next;
    }
    assert_eq!((seen.join(" ").as_str(), after), ("a-3 a2 b d", None));
    let priced = store.list_models(&north(), Some(ModelKind::Pricing), None, pages_of(2)).await.unwrap();
    assert_eq!(priced.items.iter().map(|model| model.name.model.as_str()).collect::<Vec<_>>(), ["d"]);
});

on_both!(another_tenant_sees_and_moves_nothing, async |world| {
    let store = cards(world, 3).await;
    promote(&store, 1).await.unwrap();
    promote(&store, 2).await.unwrap();
    let (new, file) = upload("north", "cards", "draft", of_amount());
    let draft = riskport::domain::model::NewVersion { reproduction: None, ..new };
    let mine = who("north", "k", 2, "upload_model");
    store.record_model_version(&draft, &file, &mine).await.unwrap().unwrap();
    let model = model_id("cards");
    let before = store.find_model(&north(), &model).await.unwrap();
    let (changes, digest) = (store.count_changes().await.unwrap(), draft.digest);
    let missing = Some(Refusal::NotFound("model"));
    for other in ["south", TenantId::OPERATOR] {
        assert_eq!(sees(&store, other, "cards").await, None);
        let (tenant, by) = (tenant_id(other), who(other, "k", 70, "anything"));
        assert!(store.find_model_file(&tenant, &digest).await.unwrap().is_none());
        let reproduction = Reproduction { rows: 1, largest_difference: 0.0 };
        let refusals = [
            store.promote_model_version(&tenant, &model, version(3), false, &by).await.unwrap().err(),
            store.rollback_model(&tenant, &model, false, &by).await.unwrap().err(),
            store.set_model_traffic(&tenant, &model, Some(challenger(3, 1)), &[], false, &by).await.unwrap().err(),
            store.retire_model_version(&tenant, &model, version(3), &by).await.unwrap().err(),
            store.validate_model_version(&tenant, &model, version(4), reproduction, &by).await.unwrap().err(),
            store.grant_model(&tenant, &model, &by).await.unwrap().err(),
            store.revoke_model(&tenant, &model, &by).await.unwrap().err(),
        ];
        for refusal in refusals {
            assert_eq!(refusal, missing);
        }
    }
    // Nor does a partner move a model of the platform that it may use.
    let (new, file) = upload(TenantId::OPERATOR, "scores", "file", of_amount());
    store.publish_built_in(&new, &file, by(1, "").at).await.unwrap().unwrap();
    let by = who("north", "k", 70, "anything");
    let scores = model_id("scores");
    let own = store.retire_model_version(&north(), &scores, version(1), &by).await.unwrap();
    assert_eq!(own.err(), missing);
    assert_eq!(store.rollback_model(&north(), &scores, false, &by).await.unwrap().err(), missing);
    assert_eq!(store.find_model(&north(), &model).await.unwrap(), before);
    assert_eq!(store.count_changes().await.unwrap(), changes + 1, "a refused change left a trace");
});
