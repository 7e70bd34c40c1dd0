//! Who stands beside the champion.

use riskport::domain::{
    model::{FeatureKind, ModelKind, Stage},
    refusal::{Obstacle, Refusal},
};

use super::{cards, challenger, lineup, manifest, model_id, north, promote, stages, upload, version, who};

on_both!(whoever_is_not_named_goes_back_to_validated, async |world| {
    use Stage::{Challenger, Champion, Retired, Shadow, Validated};
    let store = cards(world, 5).await;
    let (model, by) = (model_id("cards"), who("north", "chief", 20, "set_model_traffic"));
    let set = async |percent: Option<(i64, i32)>, shadows: &[i64]| {
        let shadows: Vec<_> = shadows.iter().copied().map(version).collect();
        let challenger = percent.map(|(number, percent)| challenger(number, percent));
        store.set_model_traffic(&north(), &model, challenger, &shadows, false, &by).await.unwrap()
    };
    // Shadows need no champion; a challenger does.
    set(None, &[5]).await.unwrap();
    assert_eq!(set(Some((2, 5)), &[]).await, Err(Refusal::Precondition(Obstacle::NoChampion)));
    assert_eq!(stages(&store, 5).await, [Validated, Validated, Validated, Validated, Shadow]);

    promote(&store, 1).await.unwrap();
    let done = set(Some((2, 5)), &[4, 3]).await.unwrap();
    assert_eq!(stages(&store, 5).await, [Champion, Challenger, Shadow, Shadow, Validated]);
    assert_eq!(done.lineup.challenger, Some(challenger(2, 5)));
    assert_eq!(done.lineup.shadows, [version(3), version(4)]);
    assert_eq!(lineup(&store).await, done.lineup);
    let changes = store.count_changes().await.unwrap();
    assert_eq!(set(Some((2, 5)), &[3, 4]).await, Ok(done), "the same again");
    assert_eq!(store.count_changes().await.unwrap(), changes);

    // They change places, and the share grows.
    let done = set(Some((3, 99)), &[2]).await.unwrap();
    assert_eq!((done.lineup.challenger, done.lineup.shadows), (Some(challenger(3, 99)), vec![version(2)]));
    assert_eq!(stages(&store, 5).await, [Champion, Shadow, Challenger, Validated, Validated]);

    // Whoever is promoted leaves its place; the others stay.
    let done = promote(&store, 3).await.unwrap();
    assert_eq!((done.challenger, done.shadows), (None, vec![version(2)]));
    let done = promote(&store, 2).await.unwrap();
    assert_eq!((done.champion, done.previous, done.shadows), (Some(version(2)), Some(version(3)), vec![]));
    assert_eq!(stages(&store, 5).await, [Retired, Champion, Retired, Validated, Validated]);

    for (number, obstacle) in [(2, Obstacle::VersionInTraffic), (1, Obstacle::VersionRetired)] {
        assert_eq!(set(Some((number, 5)), &[]).await, Err(Refusal::Precondition(obstacle)));
        assert_eq!(set(None, &[number]).await, Err(Refusal::Precondition(obstacle)));
    }
    assert_eq!(set(Some((9, 5)), &[]).await, Err(Refusal::NotFound("model version")));
    assert_eq!(set(None, &[9]).await, Err(Refusal::NotFound("model version")));
});

on_both!(a_challenger_takes_the_champions_requests, async |world| {
    let store = cards(world, 2).await;
    let uploader = who("north", "uploader", 2, "upload_model");
    let (number, category) = (FeatureKind::Number, FeatureKind::Category);
    // 3 has the features in another order, 4 has one of another kind, 5 has one more.
    for features in [
        &[("country", category), ("amount", number)][..],
        &[("amount", category), ("country", category)],
        &[("amount", number), ("country", category), ("hour", number)],
    ] {
        let (new, file) = upload("north", "cards", "file", manifest(ModelKind::Fraud, features));
        store.record_model_version(&new, &file, &uploader).await.unwrap().unwrap();
    }
    promote(&store, 1).await.unwrap();
    let (model, by) = (model_id("cards"), who("north", "chief", 20, "set_model_traffic"));
    let set = async |number, shadow| {
        store.set_model_traffic(&north(), &model, Some(challenger(number, 5)), &[version(shadow)], false, &by).await
    };
    for other in [4, 5] {
        assert_eq!(set(other, 3).await.unwrap(), Err(Refusal::Precondition(Obstacle::SchemaDiffers)));
    }
    set(3, 5).await.unwrap().unwrap();

    // A champion of the same schema keeps the challenger; one of another leaves it no requests that it could take.
    let done = promote(&store, 2).await.unwrap();
    assert_eq!((done.challenger, &done.shadows), (Some(challenger(3, 5)), &vec![version(5)]));
    let done = promote(&store, 4).await.unwrap();
    assert_eq!((done.challenger, &done.shadows), (None, &vec![version(5)]));
    assert_eq!(stages(&store, 3).await[2], Stage::Validated);
    set(3, 5).await.unwrap().unwrap_err();
    let back = store.rollback_model(&north(), &model, false, &by).await.unwrap().unwrap();
    assert_eq!((back.lineup.champion, back.lineup.challenger), (Some(version(2)), None));
    set(3, 5).await.unwrap().unwrap();
    // The way back takes nobody along either who would not fit.
    let back = store.rollback_model(&north(), &model, false, &by).await.unwrap().unwrap();
    assert_eq!((back.lineup.champion, back.lineup.challenger), (Some(version(4)), None));
    assert_eq!(back.lineup.shadows, [version(5)]);
});
