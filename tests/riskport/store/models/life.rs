//! The life of a version: from draft to retired, each step with its trace.

use riskport::domain::{
    model::{Lineup, ModelKind, Reproduction, Stage},
    refusal::{Denial, Obstacle, Refusal},
};
use serde_json::{Value, json};

use super::{
    add, cards, challenger, check_chain, lineup, model_id, north, of_amount, promote, stage, stages, upload, version,
    who,
};
use crate::support::samples::{at, kid, pages_of};

on_both!(a_version_is_found_as_it_was_uploaded, async |world| {
    let store = world.open().await;
    let (new, file) = upload("north", "cards", "a file\0", of_amount());
    let who = who("north", "k-7", 5, "upload_model");
    let stored = store.record_model_version(&new, &file, &who).await.unwrap().unwrap();
    assert_eq!((stored.version.get(), stored.stage), (1, Stage::Validated));
    assert_eq!((&stored.uploaded_by, stored.uploaded_actor.as_str()), (&kid("k-7"), "alice"));
    assert_eq!((stored.created, stored.updated, stored.file_bytes), (at(5), at(5), 7));
    assert_eq!((&stored.manifest, stored.reproduction), (&new.manifest, new.reproduction));
    let found = store.find_model_version(&north(), &model_id("cards"), version(1)).await.unwrap();
    assert_eq!(found, Some(stored));
    let model = store.find_model(&north(), &model_id("cards")).await.unwrap().unwrap();
    assert_eq!((&model.name, model.kind, model.newest), (&new.name, ModelKind::Fraud, version(1)));
    assert_eq!(model.lineup, Lineup::default(), "an upload decides nothing");
    assert_eq!(store.find_model_file(&north(), &new.digest).await.unwrap().unwrap(), *file);
    assert_eq!(store.find_model_file(&north(), "00").await.unwrap(), None);
});

on_both!(versions_are_listed_newest_first_in_pages, async |world| {
    let store = cards(world, 5).await;
    let (mut seen, mut before) = (Vec::new(), None);
    for expected in [2, 2, 1] {
        let page = store.list_model_versions(&north(), &model_id("cards"), before, pages_of(2)).await.unwrap();
        assert_eq!(page.items.len(), expected);
        seen.extend(page.items.iter().map(|version| version.version.get()));
        before = page.next;
    }
    assert_eq!((seen, before), (vec![5, 4, 3, 2, 1], None));
    let whole = store.list_model_versions(&north(), &model_id("cards"), None, pages_of(5)).await.unwrap();
    assert_eq!(whole.next, None);
    // A list differs from a look at one in the manifest only.
    let one = store.find_model_version(&north(), &model_id("cards"), version(5)).await.unwrap().unwrap();
    let mut listed = whole.items[0].clone();
    assert!(listed.manifest.features.is_empty());
    listed.manifest = one.manifest.clone();
    assert_eq!(listed, one);
});

on_both!(a_draft_is_validated_once, async |world| {
    let store = world.open().await;
    let (mut new, file) = upload("north", "cards", "file", of_amount());
    new.reproduction = None;
    let uploader = who("north", "uploader", 1, "upload_model");
    let draft = store.record_model_version(&new, &file, &uploader).await.unwrap().unwrap();
    assert_eq!((draft.stage, draft.reproduction), (Stage::Draft, None));
    assert_eq!(promote(&store, 1).await, Err(Refusal::Precondition(Obstacle::VersionNotValidated)));

    let model = model_id("cards");
    let reproduction = Reproduction { rows: 9, largest_difference: 0.1 };
    let by = who("north", "k", 2, "validate_model_version");
    for unknown in [("cards", 2, "model version"), ("other", 1, "model")] {
        let (id, number) = (model_id(unknown.0), version(unknown.1));
        let missing = store.validate_model_version(&north(), &id, number, reproduction, &by).await.unwrap();
        assert_eq!(missing, Err(Refusal::NotFound(unknown.2)));
    }
    let valid = store.validate_model_version(&north(), &model, version(1), reproduction, &by).await.unwrap().unwrap();
    assert_eq!((valid.stage, valid.reproduction, valid.updated), (Stage::Validated, Some(reproduction), at(2)));
    let again = store.validate_model_version(&north(), &model, version(1), reproduction, &by).await.unwrap();
    assert_eq!(again, Err(Refusal::Precondition(Obstacle::VersionNotDraft)));
    assert_eq!(store.count_changes().await.unwrap(), 2);
    promote(&store, 1).await.unwrap();
});

on_both!(champions_follow_each_other_and_go_back, async |world| {
    use Stage::{Champion, Retired, Validated};
    let store = cards(world, 3).await;
    let (model, by) = (model_id("cards"), who("north", "chief", 50, "rollback_model"));
    let back = async || store.rollback_model(&north(), &model, false, &by).await.unwrap();
    assert_eq!(back().await, Err(Refusal::Precondition(Obstacle::NoPreviousChampion)));

    let first = promote(&store, 1).await.unwrap();
    assert_eq!((first.champion, first.previous), (Some(version(1)), None));
    assert_eq!(back().await, Err(Refusal::Precondition(Obstacle::NoPreviousChampion)));
    let second = promote(&store, 2).await.unwrap();
    assert_eq!((second.champion, second.previous), (Some(version(2)), Some(version(1))));
    assert_eq!(stages(&store, 3).await, [Retired, Champion, Validated]);
    assert_eq!(promote(&store, 2).await, Ok(second.clone()), "the champion is promoted");
    assert_eq!(promote(&store, 1).await, Err(Refusal::Precondition(Obstacle::VersionRetired)));
    assert_eq!(promote(&store, 4).await, Err(Refusal::NotFound("model version")));
    assert_eq!(store.count_changes().await.unwrap(), 5, "what changed nothing left a trace");

    let model_then = back().await.unwrap();
    assert_eq!((model_then.lineup.champion, model_then.lineup.previous), (Some(version(1)), Some(version(2))));
    assert_eq!(stages(&store, 3).await, [Champion, Retired, Validated]);
    assert_eq!(back().await.unwrap().lineup, second, "twice back is where it began");
    let third = promote(&store, 3).await.unwrap();
    assert_eq!((third.champion, third.previous), (Some(version(3)), Some(version(2))));
    assert_eq!(lineup(&store).await, third);
    let changed = store.find_model_version(&north(), &model, version(2)).await.unwrap().unwrap();
    assert_eq!((changed.stage, changed.created, changed.updated), (Retired, at(1), at(13)));
    assert_eq!(check_chain(world, "tenants/north/models/cards").await, 5);
});

on_both!(a_change_leaves_what_was_and_what_is, async |world| {
    let store = cards(world, 2).await;
    promote(&store, 1).await.unwrap();
    let (model, by) = (model_id("cards"), who("north", "chief", 20, "set_model_traffic"));
    store.set_model_traffic(&north(), &model, Some(challenger(2, 5)), &[], false, &by).await.unwrap().unwrap();
    let mut raw = world.raw().await;
    let who = "by_tenant_id || ' ' || by_kid || ' ' || action || ' ' || tenant_id || ' ' || target";
    assert_eq!(
        raw.texts(&format!("SELECT {who} FROM audit ORDER BY seq")).await,
        [
            "north uploader upload_model north tenants/north/models/cards/versions/1",
            "north uploader upload_model north tenants/north/models/cards/versions/2",
            "north chief promote_model_version north tenants/north/models/cards",
            "north chief set_model_traffic north tenants/north/models/cards",
        ]
    );
    let json = |text: &String| serde_json::from_str::<Value>(text).unwrap();
    let before = raw.texts("SELECT COALESCE(before_json, 'null') FROM audit ORDER BY seq").await;
    let after = raw.texts("SELECT after_json FROM audit ORDER BY seq").await;
    let alone = json!({
        "champion": 1, "previous": null, "challenger": null, "challenger_percent": null, "shadows": [],
    });
    let both = json!({ "champion": 1, "previous": null, "challenger": 2, "challenger_percent": 5, "shadows": [] });
    let line = |stage: &str| json!({ "stage": stage, "reference_rows": 12, "largest_difference": 1.0 / 3e9 });
    assert_eq!(json(&before[0]), Value::Null);
    let (new, _) = upload("north", "cards", "file 1", of_amount());
    assert_eq!(
        (&json(&after[0])["digest"], &json(&after[0])["manifest_digest"], &json(&after[0])["stage"]),
        (&json!(new.digest), &json!(new.manifest_digest), &json!("validated"))
    );
    assert_eq!(json(&before[3]), json!({ "lineup": alone, "versions": { "2": line("validated") } }));
    assert_eq!(json(&after[3]), json!({ "lineup": both, "versions": { "2": line("challenger") } }));
});

on_both!(a_retired_version_never_comes_back, async |world| {
    let store = cards(world, 4).await;
    let (model, by) = (model_id("cards"), who("north", "chief", 60, "retire_model_version"));
    let retire = async |number| store.retire_model_version(&north(), &model, version(number), &by).await.unwrap();
    promote(&store, 1).await.unwrap();
    promote(&store, 2).await.unwrap();
    store
        .set_model_traffic(&north(), &model, Some(challenger(3, 5)), &[version(4)], false, &by)
        .await
        .unwrap()
        .unwrap();
    for taking_part in [2, 3, 4] {
        assert_eq!(retire(taking_part).await, Err(Refusal::Precondition(Obstacle::VersionInTraffic)));
    }
    assert_eq!(retire(5).await, Err(Refusal::NotFound("model version")));
    let changes = store.count_changes().await.unwrap();

    // The first is retired and is the way back: then no way leads back to it.
    assert_eq!(retire(1).await.unwrap().stage, Stage::Retired);
    assert_eq!(lineup(&store).await.previous, None);
    let back = store.rollback_model(&north(), &model, false, &by).await.unwrap();
    assert_eq!(back, Err(Refusal::Precondition(Obstacle::NoPreviousChampion)));
    assert_eq!(retire(1).await.unwrap().stage, Stage::Retired);
    assert_eq!(store.count_changes().await.unwrap(), changes + 1, "retired twice, with two traces");

    let nobody = store.set_model_traffic(&north(), &model, None, &[], false, &by).await.unwrap().unwrap();
    assert_eq!((nobody.lineup.challenger, nobody.lineup.shadows), (None, vec![]));
    assert_eq!(retire(3).await.unwrap().stage, Stage::Retired);
    assert_eq!(promote(&store, 3).await, Err(Refusal::Precondition(Obstacle::VersionRetired)));
    assert_eq!(stage(&store, 4).await, Stage::Validated);
});

on_both!(four_eyes_keep_the_uploader_from_the_traffic, async |world| {
    let store = cards(world, 3).await;
    let model = model_id("cards");
    let (uploader, chief) = (who("north", "uploader", 30, "promote"), who("north", "chief", 31, "promote"));
    let denied = Refusal::Denied(Denial::FourEyes);
    let changes = store.count_changes().await.unwrap();
    let alone = store.promote_model_version(&north(), &model, version(1), true, &uploader).await.unwrap();
    assert_eq!(alone, Err(denied.clone()));
    assert_eq!(store.count_changes().await.unwrap(), changes);
    for number in [1, 2] {
        store.promote_model_version(&north(), &model, version(number), true, &chief).await.unwrap().unwrap();
    }
    assert_eq!(store.rollback_model(&north(), &model, true, &uploader).await.unwrap(), Err(denied.clone()));
    let set = async |percent: Option<i32>, shadows: &[i64], by| {
        let shadows: Vec<_> = shadows.iter().copied().map(version).collect();
        let percent = percent.map(|percent| challenger(3, percent));
        store.set_model_traffic(&north(), &model, percent, &shadows, true, by).await.unwrap().map(|_| ())
    };
    assert_eq!(set(Some(5), &[], &uploader).await, Err(denied.clone()));
    assert_eq!(set(None, &[3], &uploader).await, Err(denied.clone()));
    assert_eq!(set(Some(5), &[], &chief).await, Ok(()));
    assert_eq!(set(Some(50), &[], &uploader).await, Err(denied), "the uploader raised its share");
    assert_eq!(set(Some(5), &[], &uploader).await, Ok(()), "nothing changes");
    assert_eq!(set(None, &[], &uploader).await, Ok(()), "out is no way in");
    // Without four eyes the same key may do it all.
    add(&store, "north", "cards", "another").await;
    store.promote_model_version(&north(), &model, version(4), false, &uploader).await.unwrap().unwrap();
});
