//! Lists: made, filled, changed in bulk, removed, and nobody else's.

use std::time::Instant;

use riskport::rpc::proto::fraud::{
    ChangeListEntriesRequest, CheckListEntryRequest, DeleteListRequest, EntityKind, FraudDecision, FraudList,
    ListListsRequest,
};
use tonic::{Code, Status};

use super::ruled::{
    Policies, activate, add, change, create, create_list, hits, not_found, plain, precondition, put_in_charge, refused,
    remove, retire, rule, spec, wrong,
};
use crate::support::platform::Platform;

async fn all(client: &mut Policies) -> Vec<FraudList> {
    client.list_lists(ListListsRequest {}).await.unwrap().into_inner().lists
}

async fn delete(client: &mut Policies, list: &str) -> Result<(), Status> {
    let request = DeleteListRequest { name: format!("fraudLists/{list}") };
    client.delete_list(request).await.map(drop)
}

pub async fn listed(client: &mut Policies, list: &str, value: &str) -> Result<bool, Status> {
    let request = CheckListEntryRequest { list: format!("fraudLists/{list}"), value: value.to_owned() };
    Ok(client.check_list_entry(request).await?.into_inner().listed)
}

on_both!(lists_are_made_listed_and_removed, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.policies(&bank).await;
    let made = create_list(&mut client, "stolen", EntityKind::Card).await.unwrap();
    assert_eq!(
        (&*made.name, made.entity(), made.entries, made.revision),
        ("fraudLists/stolen", EntityKind::Card, 0, 0)
    );
    assert!(made.create_time.is_some());
    let again = create_list(&mut client, "stolen", EntityKind::Ip).await;
    assert_eq!(refused(again), (Code::AlreadyExists, "ALREADY_EXISTS".to_owned()));
    create_list(&mut client, "friends", EntityKind::Account).await.unwrap();
    let found: Vec<_> = all(&mut client).await.into_iter().map(|list| (list.name, list.display_name)).collect();
    let named = |list: &str| (format!("fraudLists/{list}"), format!("The list {list}"));
    assert_eq!(found, [named("friends"), named("stolen")]);

    for (list, entity, fields) in [
        ("Stolen", EntityKind::Card, &["list.name"][..]),
        ("2nd", EntityKind::Unspecified, &["list.name", "list.entity"]),
        ("networks", EntityKind::Network, &["list.entity"]),
        (&"x".repeat(41), EntityKind::Card, &["list.name"]),
    ] {
        let found: Vec<_> = wrong(create_list(&mut client, list, entity).await).into_iter().map(|one| one.0).collect();
        assert_eq!(found, fields, "{list}");
    }
    delete(&mut client, "friends").await.unwrap();
    assert_eq!(refused(delete(&mut client, "friends").await), not_found());
    assert_eq!(refused(listed(&mut client, "friends", "anna").await), not_found());
    assert_eq!(refused(change(&mut client, "friends", [add("anna", None)]).await), not_found());
    assert_eq!(all(&mut client).await.len(), 1);
    let mut raw = world.raw().await;
    let actions = raw.texts("SELECT action || ' ' || target FROM audit WHERE action LIKE '%list%' ORDER BY seq").await;
    let expected =
        ["create_list fraudLists/stolen", "create_list fraudLists/friends", "delete_list fraudLists/friends"];
    assert_eq!(actions, expected);
    platform.stop().await;
});

on_both!(entries_are_added_and_removed_in_bulk, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.policies(&bank).await;
    create_list(&mut client, "stolen", EntityKind::Card).await.unwrap();
    let started = Instant::now();
    let changed = change(&mut client, "stolen", (0..20_000).map(|at| add(&format!("card-{at}"), None))).await.unwrap();
    println!("{:?}: 20,000 entries in {:?}", world.database, started.elapsed());
    let list = changed.list.unwrap();
    assert_eq!((changed.added, changed.removed, list.entries), (20_000, 0, 20_000));
    for (value, there) in [("card-0", true), ("card-999", true), ("card-19999", true), ("card-20000", false)] {
        assert_eq!(listed(&mut client, "stolen", value).await.unwrap(), there, "{value}");
    }
    // What is there is not added again, and what is not there is not missed.
    let changed = change(
        &mut client,
        "stolen",
        [add("card-0", None), add("new", None), remove("card-1"), remove("card-20000"), remove("card-1")],
    )
    .await
    .unwrap();
    assert_eq!((changed.added, changed.removed, changed.list.unwrap().entries), (2, 1, 20_000));
    // The last word on a value counts.
    let changed =
        change(&mut client, "stolen", [remove("card-0"), add("card-0", None), add("last", None), remove("last")]).await;
    assert_eq!(changed.unwrap().list.unwrap().entries, 20_000);
    assert!(listed(&mut client, "stolen", "card-0").await.unwrap());
    assert!(!listed(&mut client, "stolen", "last").await.unwrap());
    let before = all(&mut client).await[0].revision;
    assert_eq!(before, list.revision + 2);
    platform.stop().await;
});

on_both!(what_came_before_a_refused_change_stays, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.policies(&bank).await;
    create_list(&mut client, "phones", EntityKind::Phone).await.unwrap();
    let now = plain("").event.unwrap().event_time.unwrap().seconds;
    let good = |at: usize| add(&format!("+86138{at:08}"), None);
    // Refused by its value, by its expiry, and by having nothing in it; across the thousands that are stored together.
    let refused_changes = [
        (1, Some(add("no phone", None)), "changes[1].add.value"),
        (3, Some(remove("no phone")), "changes[3].remove"),
        (1_002, Some(add("+8613800000000", Some(now - 5))), "changes[1002].add.expire_time"),
        (2_000, None, "changes[2000].change"),
    ];
    for (before, bad, field) in refused_changes {
        let changes = (0..before).map(good).map(Some).chain([bad]).chain([Some(good(5_000))]);
        let messages = changes.map(|change| ChangeListEntriesRequest { list: "fraudLists/phones".to_owned(), change });
        let answer = client.change_list_entries(tokio_stream::iter(messages.collect::<Vec<_>>())).await;
        assert_eq!(wrong(answer)[0].0, field);
        let entries = all(&mut client).await[0].entries;
        assert_eq!(entries, i64::try_from(before).unwrap(), "{field}");
        assert!(!listed(&mut client, "phones", "+8613800005000").await.unwrap(), "{field}: what came after was taken");
    }
    let named = |list: &str, at: usize| ChangeListEntriesRequest { list: list.to_owned(), change: Some(good(at)) };
    for (messages, field) in [
        (vec![], "list"),
        (vec![named("", 1)], "list"),
        (vec![named("phones", 1)], "list"),
        (vec![named("fraudLists/phones", 9_000), named("fraudLists/other", 1)], "changes[1].list"),
    ] {
        let answer = client.change_list_entries(tokio_stream::iter(messages)).await;
        assert_eq!(wrong(answer)[0].0, field);
    }
    assert!(listed(&mut client, "phones", "+8613800009000").await.unwrap());
    platform.stop().await;
});

on_both!(there_are_so_many_lists_and_entries_and_no_more, async |world| {
    let platform = Platform::start(world).await;
    let (bank, other) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let mut client = platform.policies(&bank).await;
    for at in 0..64 {
        create_list(&mut client, &format!("list_{at}"), EntityKind::Card).await.unwrap();
    }
    let full = (Code::ResourceExhausted, "TOO_MANY_LISTED".to_owned());
    assert_eq!(refused(create_list(&mut client, "one_more", EntityKind::Card).await), full);
    create_list(&mut platform.policies(&other).await, "theirs", EntityKind::Card).await.unwrap();
    delete(&mut client, "list_63").await.unwrap();
    create_list(&mut client, "one_more", EntityKind::Card).await.unwrap();
    // As if there were all but one of the entries that there may be.
    world.raw().await.execute("UPDATE fraud_lists SET entries = 199999 WHERE list_id = 'list_0'").await;
    assert_eq!(change(&mut client, "list_0", [add("a", None)]).await.unwrap().list.unwrap().entries, 200_000);
    assert_eq!(refused(change(&mut client, "list_0", [add("b", None)]).await), full);
    assert!(!listed(&mut client, "list_0", "b").await.unwrap());
    // One for another fits, and so does one that is there.
    let changed = change(&mut client, "list_0", [remove("a"), add("b", None), add("b", None)]).await.unwrap();
    assert_eq!(changed.list.unwrap().entries, 200_000);
    platform.stop().await;
});

on_both!(a_list_that_a_policy_in_charge_names_stays, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.policies(&bank).await;
    create_list(&mut client, "stolen", EntityKind::Card).await.unwrap();
    create_list(&mut client, "unnamed", EntityKind::Card).await.unwrap();
    let naming = spec(&[rule("stolen", "entity.card in lists.stolen", FraudDecision::Deny)]);
    let stored = create(&mut client, "shop", naming.clone()).await.unwrap();
    activate(&mut client, &stored.name).await.unwrap();
    assert_eq!(refused(delete(&mut client, "stolen").await), precondition("LIST_IN_USE"));
    delete(&mut client, "unnamed").await.unwrap();
    retire(&mut client, "shop").await.unwrap();
    delete(&mut client, "stolen").await.unwrap();
    assert_eq!(wrong(create(&mut client, "shop", naming).await)[0].0, "spec.rules[0].condition");

    // One process puts a policy in charge while another removes the list that it names: one of them wins.
    let other = platform.beside().await;
    let (mut here, mut there) = (platform.policies(&bank).await, other.policies(&bank).await);
    let mut won = 0;
    for at in 0..12 {
        let list = format!("list_{at}");
        create_list(&mut client, &list, EntityKind::Card).await.unwrap();
        let naming = spec(&[rule("r", &format!("entity.card in lists.{list}"), FraudDecision::Deny)]);
        let stored = create(&mut client, "race", naming).await.unwrap();
        let (activated, deleted) = tokio::join!(activate(&mut here, &stored.name), delete(&mut there, &list));
        assert_ne!(activated.is_ok(), deleted.is_ok(), "{activated:?} {deleted:?}");
        let mut check = plain(&format!("e-{at}"));
        check.event.as_mut().unwrap().scene = 2;
        let answer = platform.fraud(&bank).await.check_fraud(check).await.unwrap().into_inner();
        assert_eq!(answer.policy_version == stored.name, activated.is_ok());
        won += usize::from(activated.is_ok());
    }
    println!("{:?}: of 12 races {won} policies won", world.database);
    other.stop().await;
    platform.stop().await;
});

on_both!(a_change_of_a_list_decides_at_once_here_and_soon_elsewhere, async |world| {
    let deciding = Platform::start(world).await;
    let bank = deciding.onboard("north-bank").await;
    let mut client = deciding.policies(&bank).await;
    create_list(&mut client, "stolen", EntityKind::Card).await.unwrap();
    let naming = spec(&[rule("stolen", "entity.card in lists.stolen", FraudDecision::Deny)]);
    put_in_charge(&mut client, "shop", naming).await;
    let mut checks = deciding.fraud(&bank).await;
    let mut asked = 0;
    let mut hit = async || {
        asked += 1;
        let answer = checks.check_fraud(plain(&format!("e-{asked}"))).await.unwrap().into_inner();
        !hits(&answer).is_empty()
    };
    assert!(!hit().await);
    for there in [true, false, true] {
        let to = if there { add("card-1", None) } else { remove("card-1") };
        change(&mut client, "stolen", [to]).await.unwrap();
        assert_eq!(hit().await, there, "a change is not seen at once");
    }
    let other = deciding.beside().await;
    let mut elsewhere = other.policies(&bank).await;
    for there in [false, true, false] {
        let to = if there { add("card-1", None) } else { remove("card-1") };
        change(&mut elsewhere, "stolen", [to]).await.unwrap();
        assert_eq!(listed(&mut elsewhere, "stolen", "card-1").await.unwrap(), there);
        let started = Instant::now();
        while hit().await != there {
            assert!(started.elapsed().as_secs() < 10, "another process does not see a change");
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
    }
    other.stop().await;
    deciding.stop().await;
});

on_both!(a_list_is_its_tenants_own, async |world| {
    let platform = Platform::start(world).await;
    let (north, south) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let (mut ours, mut theirs) = (platform.policies(&north).await, platform.policies(&south).await);
    create_list(&mut ours, "stolen", EntityKind::Card).await.unwrap();
    change(&mut ours, "stolen", [add("card-1", None)]).await.unwrap();
    assert_eq!(refused(listed(&mut theirs, "stolen", "card-1").await), not_found());
    assert_eq!(refused(change(&mut theirs, "stolen", [remove("card-1")]).await), not_found());
    assert_eq!(refused(delete(&mut theirs, "stolen").await), not_found());
    create_list(&mut theirs, "stolen", EntityKind::Card).await.unwrap();
    assert!(!listed(&mut theirs, "stolen", "card-1").await.unwrap());
    delete(&mut theirs, "stolen").await.unwrap();
    assert!(listed(&mut ours, "stolen", "card-1").await.unwrap());
    platform.stop().await;
});
