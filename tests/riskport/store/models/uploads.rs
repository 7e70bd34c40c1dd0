//! What is stored of an upload, what is refused, and how much there may be.

use riskport::domain::{
    ids::TenantId,
    model::{Manifest, ModelKind},
    refusal::{Limit, Obstacle, Refusal},
};

use super::{add, cards, found, manifest, model_id, north, of_amount, upload, who};
use crate::support::samples::{by, tenant_id};

/// How many models a tenant may have whose quota is not set, and how many versions each.
const MAX_MODELS: i64 = 100;
const MAX_VERSIONS: i64 = 1_000;

on_both!(a_file_with_the_same_manifest_is_stored_once, async |world| {
    let store = cards(world, 1).await;
    let who = who("north", "uploader", 2, "upload_model");
    let (new, file) = upload("north", "cards", "file 1", of_amount());
    let again = store.record_model_version(&new, &file, &who).await.unwrap();
    assert_eq!(again, Err(Refusal::AlreadyExists("model version")));
    assert_eq!(store.count_changes().await.unwrap(), 1);

    // Another manifest makes another version of the same file, and another model is another matter.
    let title = "Calibrated anew".to_owned();
    let (new, file) = upload("north", "cards", "file 1", Manifest { title, ..of_amount() });
    assert_eq!(store.record_model_version(&new, &file, &who).await.unwrap().unwrap().version.get(), 2);
    add(&store, "north", "loans", "file 1").await;
    add(&store, "south", "cards", "file 1").await;
    let files = "SELECT owner_id FROM model_files ORDER BY owner_id";
    assert_eq!(world.raw().await.texts(files).await, ["north", "south"], "once an owner");

    let (new, file) = upload("north", "cards", "file 2", manifest(ModelKind::Generic, &[]));
    let other = store.record_model_version(&new, &file, &who).await.unwrap();
    assert_eq!(other, Err(Refusal::Precondition(Obstacle::SchemaDiffers)));
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM model_files").await, 2, "a refused file was stored");
});

on_both!(a_file_of_many_pieces_comes_back_whole, async |world| {
    let store = world.open().await;
    for (size, pieces) in [(0, 0), (1 << 18, 1), ((1 << 18) + 1, 2), (5_000_000, 20)] {
        // Every piece differs from every other.
        let content: String = (0_u32..).map(|n| char::from(b'a' + (n % 23) as u8)).take(size).collect();
        let stored = add(&store, "north", "cards", &content).await;
        assert_eq!(stored.file_bytes, i64::try_from(size).unwrap());
        let found = store.find_model_file(&north(), &stored.digest).await.unwrap().unwrap();
        assert!(found == content.as_bytes(), "{size} bytes came back as {} others", found.len());
        assert_eq!(store.find_model_file(&tenant_id("south"), &stored.digest).await.unwrap(), None);
        let count = format!("SELECT COUNT(*) FROM model_files WHERE digest = '{}'", stored.digest);
        assert_eq!(world.raw().await.integer(&count).await, pieces);
    }
    let (new, _) = upload("north", "cards", "", of_amount());
    world.raw().await.execute("DELETE FROM model_files WHERE piece = 1").await;
    let (long, _) = upload("north", "cards", &"a".repeat(3), of_amount());
    assert!(store.find_model_file(&north(), &new.digest).await.unwrap().is_some());
    assert!(store.find_model_file(&north(), &long.digest).await.unwrap().is_none());
    let torn = "SELECT digest FROM model_files WHERE piece = 4";
    let torn = world.raw().await.texts(torn).await;
    assert!(store.find_model_file(&north(), &torn[0]).await.is_err(), "half a file was taken for a whole one");
});

on_both!(a_file_that_an_upload_left_half_is_completed, async |world| {
    let store = world.open().await;
    let content = "0123456789".repeat(250_000);
    let (new, file) = upload("north", "cards", &content, of_amount());
    let who = who("north", "uploader", 2, "upload_model");
    store.record_model_version(&new, &file, &who).await.unwrap().unwrap();
    // As a crash between two pieces leaves it.
    world
        .raw()
        .await
        .execute("DELETE FROM models; DELETE FROM model_versions; DELETE FROM model_files WHERE piece = 1")
        .await;
    assert_eq!(store.find_model_file(&north(), &new.digest).await.unwrap(), None, "a file that no version names");
    store.record_model_version(&new, &file, &who).await.unwrap().unwrap();
    assert!(store.find_model_file(&north(), &new.digest).await.unwrap().unwrap() == *file);
});

on_both!(models_and_versions_are_limited, async |world| {
    let store = world.open().await;
    let who = who("north", "uploader", 2, "upload_model");
    for n in 1..=MAX_MODELS {
        add(&store, "north", &format!("m{n}"), "file").await;
    }
    let full = Refusal::Exhausted { limit: Limit::Models, retry_after: None };
    let (new, file) = upload("north", "one-more", "another", of_amount());
    assert_eq!(store.record_model_version(&new, &file, &who).await.unwrap(), Err(full));
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM model_files").await, 1, "a refused file was stored");
    add(&store, "south", "one-more", "file").await;
    // Another version of a model that is there is no other model.
    assert_eq!(add(&store, "north", "m1", "another").await.version.get(), 2);

    let last = format!("UPDATE models SET newest_version = {} WHERE model_id = 'm1'", MAX_VERSIONS - 1);
    world.raw().await.execute(&last).await;
    assert_eq!(add(&store, "north", "m1", "the last").await.version.get(), MAX_VERSIONS);
    let (new, file) = upload("north", "m1", "one more", of_amount());
    assert_eq!(
        store.record_model_version(&new, &file, &who).await.unwrap(),
        Err(Refusal::Exhausted { limit: Limit::ModelVersions, retry_after: None })
    );
});

on_both!(a_name_of_the_platform_is_taken_for_those_who_use_it, async |world| {
    let store = world.open().await;
    found(&store, &["north", "south"]).await;
    add(&store, TenantId::OPERATOR, "scores", "file").await;
    let who = who("north", "uploader", 2, "upload_model");
    store.grant_model(&north(), &model_id("scores"), &by(3, "grant_model")).await.unwrap().unwrap();
    let (new, file) = upload("north", "scores", "mine", of_amount());
    let taken = Refusal::Precondition(Obstacle::ModelNameTaken);
    assert_eq!(store.record_model_version(&new, &file, &who).await.unwrap(), Err(taken.clone()));
    // South may not use the platform's, so the name is free to it, and then the platform's cannot be granted.
    add(&store, "south", "scores", "mine").await;
    let south = tenant_id("south");
    assert_eq!(
        store.grant_model(&south, &model_id("scores"), &by(4, "grant_model")).await.unwrap(),
        Err(taken.clone())
    );
    world.raw().await.execute("UPDATE models SET for_everyone = 1 WHERE owner_id = 'operator'").await;
    store.revoke_model(&north(), &model_id("scores"), &by(5, "revoke_model")).await.unwrap().unwrap();
    assert_eq!(store.record_model_version(&new, &file, &who).await.unwrap(), Err(taken));
    // Whoever had the name first keeps it.
    assert_eq!(add(&store, "south", "scores", "mine, better").await.version.get(), 2);
    assert_eq!(add(&store, TenantId::OPERATOR, "scores", "better").await.version.get(), 2);
});
