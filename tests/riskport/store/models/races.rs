//! Many at once on one model: whoever comes first, it ends whole.

use std::collections::BTreeSet;

use riskport::{
    domain::{model::Stage, refusal::Refusal},
    store::StoreError,
};
use tokio::task::JoinSet;

use super::{add, cards, challenger, check_chain, lineup, model_id, north, of_amount, stages, upload, version, who};

on_both!(eight_promotions_at_once_leave_one_champion, async |world| {
    let store = cards(world, 8).await;
    let mut racing = JoinSet::new();
    for number in 1..=8 {
        // Every other one in a process of its own.
        let store = if number % 2 == 0 { store.clone() } else { world.open().await };
        racing.spawn(async move {
            let by = who("north", "chief", 10 + number, "promote_model_version");
            store.promote_model_version(&north(), &model_id("cards"), version(number), false, &by).await
        });
    }
    let promoted: BTreeSet<_> =
        racing.join_all().await.into_iter().map(|done| done.unwrap().unwrap().lineup.champion.unwrap().get()).collect();
    assert_eq!(promoted, (1..=8).collect(), "each was in charge for a while");
    let (lineup, stages) = (lineup(&store).await, stages(&store, 8).await);
    let (champion, previous) = (lineup.champion.unwrap().get(), lineup.previous.unwrap().get());
    for (number, stage) in (1..).zip(&stages) {
        assert_eq!(*stage, if number == champion { Stage::Champion } else { Stage::Retired }, "{stages:?}");
    }
    assert_ne!(champion, previous);
    assert_eq!(check_chain(world, "tenants/north/models/cards").await, 8);
});

on_both!(changes_of_every_kind_at_once_leave_stages_that_fit_the_lineup, async |world| {
    let store = cards(world, 6).await;
    let mut racing = JoinSet::new();
    for task in 0..24_i64 {
        let store = store.clone();
        racing.spawn(async move {
            let (owner, model, by) = (north(), model_id("cards"), who("north", "chief", task, "race"));
            let number = 1 + task % 6;
            let done = match task % 4 {
                0 => store.promote_model_version(&owner, &model, version(number), false, &by).await?.map(|_| ()),
                1 => store.rollback_model(&owner, &model, false, &by).await?.map(|_| ()),
                2 => {
                    let shadows = [version(1 + number % 6)];
                    let challenger = Some(challenger(number, 5));
                    store.set_model_traffic(&owner, &model, challenger, &shadows, false, &by).await?.map(|_| ())
                }
                _ => store.retire_model_version(&owner, &model, version(number), &by).await?.map(|_| ()),
            };
            Ok::<_, StoreError>(done)
        });
    }
    for done in racing.join_all().await {
        assert!(matches!(done.unwrap(), Ok(()) | Err(Refusal::Precondition(_))));
    }
    let (lineup, stages) = (lineup(&store).await, stages(&store, 6).await);
    for (number, stage) in (1..).map(version).zip(stages) {
        let champion = lineup.champion == Some(number);
        let challenger = lineup.challenger.is_some_and(|challenger| challenger.version == number);
        assert_eq!(champion, stage == Stage::Champion);
        assert_eq!(challenger, stage == Stage::Challenger);
        assert_eq!(lineup.shadows.contains(&number), stage == Stage::Shadow);
        assert!(lineup.previous != Some(number) || stage == Stage::Retired);
    }
    check_chain(world, "tenants/north/models/cards").await;
});

on_both!(uploads_at_once_get_numbers_without_gaps, async |world| {
    let store = world.open().await;
    let mut racing = JoinSet::new();
    for task in 0..16 {
        let store = if task % 2 == 0 { store.clone() } else { world.open().await };
        // Two tasks upload each file.
        let (new, file) = upload("north", "cards", &format!("file {}", task / 2).repeat(200_000), of_amount());
        racing.spawn(async move {
            let by = who("north", "uploader", task, "upload_model");
            store.record_model_version(&new, &file, &by).await.unwrap()
        });
    }
    let (mut numbers, mut refused) = (Vec::new(), 0);
    for done in racing.join_all().await {
        match done {
            Ok(stored) => numbers.push(stored.version.get()),
            Err(refusal) => {
                assert_eq!(refusal, Refusal::AlreadyExists("model version"));
                refused += 1;
            }
        }
    }
    numbers.sort_unstable();
    assert_eq!((numbers, refused), ((1..=8).collect(), 8));
    for task in 0..8 {
        let (new, file) = upload("north", "cards", &format!("file {task}").repeat(200_000), of_amount());
        assert!(store.find_model_file(&north(), &new.digest).await.unwrap().unwrap() == *file);
    }
    assert_eq!(add(&store, "north", "cards", "one more").await.version.get(), 9);
});
