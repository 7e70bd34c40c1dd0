//! What stands in a list: each kind of entity in any spelling, networks, entries that expire; and nothing in the clear.

use std::time::Duration;

use riskport::rpc::proto::fraud::{
    CheckListEntryRequest, Entities, EntityKind, FraudDecision, ListHit,
    fraud_check_service_client::FraudCheckServiceClient,
};

use super::{
    lists::listed,
    ruled::{add, change, create_list, hits, plain, put_in_charge, remove, rule, spec, wrong},
};
use crate::{
    decisions::privacy::{everything, holds},
    support::platform::Platform,
};

type Checks = FraudCheckServiceClient<riskport::cli::client::SignedChannel>;

on_both!(each_kind_of_entity_is_met_in_any_spelling, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.policies(&bank).await;
    let table = [
        (EntityKind::Account, "account", "Anna", "Anna"),
        (EntityKind::Card, "card", "card-9", "card-9"),
        (EntityKind::Device, "device", "device-9", "device-9"),
        (EntityKind::Ip, "ip", "2001:db8:0::1", "2001:0DB8::0001"),
        (EntityKind::Phone, "phone", "+86 138-0000 (0001)", "+8613800000001"),
        (EntityKind::Email, "email", "Anna@Example.com", "anna@example.COM"),
        (EntityKind::Address, "address", "1  High Street", "1 HIGH street"),
        (EntityKind::Merchant, "merchant", "m-1", "m-1"),
        (EntityKind::Terminal, "terminal", "t-1", "t-1"),
        (EntityKind::Beneficiary, "beneficiary", "b-1", "b-1"),
    ];
    let mut rules = Vec::new();
    for (kind, name, entry, spelling) in table {
        let list = format!("bad_{name}");
        create_list(&mut client, &list, kind).await.unwrap();
        change(&mut client, &list, [add(entry, None)]).await.unwrap();
        assert!(listed(&mut client, &list, spelling).await.unwrap(), "{name}");
        rules.push(rule(&format!("bad-{name}"), &format!("entity.{name} in lists.{list}"), FraudDecision::Review));
    }
    create_list(&mut client, "unnamed", EntityKind::Account).await.unwrap();
    change(&mut client, "unnamed", [add("Anna", None)]).await.unwrap();
    put_in_charge(&mut client, "shop", spec(&rules)).await;

    let entities = |change: &dyn Fn(&str) -> String| Entities {
        account: change(table[0].3),
        card: change(table[1].3),
        device: change(table[2].3),
        ip: change(table[3].3),
        phone: change(table[4].3),
        email: change(table[5].3),
        address: change(table[6].3),
        merchant: change(table[7].3),
        terminal: change(table[8].3),
        beneficiary: change(table[9].3),
    };
    let mut checks = platform.fraud(&bank).await;
    let mut request = plain("e-1");
    request.event.as_mut().unwrap().entities = Some(entities(&str::to_owned));
    let answer = checks.check_fraud(request).await.unwrap().into_inner();
    let expected: Vec<_> = rules.iter().map(|rule| (rule.id.as_str(), false)).collect();
    assert_eq!(hits(&answer), expected);
    assert_eq!(answer.decision(), FraudDecision::Review);
    // The lists are told by name, with how often each had been changed; one that no rule names is not.
    let mut told: Vec<ListHit> = table
        .iter()
        .map(|(kind, name, ..)| ListHit { list: format!("fraudLists/bad_{name}"), entity: *kind as i32, revision: 1 })
        .collect();
    told.sort_by(|one, other| one.list.cmp(&other.list));
    assert_eq!(answer.lists, told);
    // Other values meet nothing, and neither does an event without the entities.
    let mut request = plain("e-2");
    let other = |value: &str| if value.contains("::") { "2001:db8::2".to_owned() } else { format!("{value}0") };
    request.event.as_mut().unwrap().entities = Some(entities(&other));
    let answer = checks.check_fraud(request).await.unwrap().into_inner();
    assert_eq!((hits(&answer), answer.lists.len()), (vec![], 0));
    assert_eq!(wrong(listed(&mut client, "bad_email", "nobody").await)[0].0, "value");
    platform.stop().await;
});

async fn from(checks: &mut Checks, id: &str, ip: &str) -> bool {
    let mut request = plain(id);
    request.event.as_mut().unwrap().entities = Some(Entities { ip: ip.to_owned(), ..Entities::default() });
    !hits(checks.check_fraud(request).await.unwrap().get_ref()).is_empty()
}

on_both!(an_address_is_met_by_the_networks_that_it_lies_in, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (mut client, mut checks) = (platform.policies(&bank).await, platform.fraud(&bank).await);
    create_list(&mut client, "nets", EntityKind::Ip).await.unwrap();
    let naming = spec(&[rule("net", "entity.ip in lists.nets", FraudDecision::Deny)]);
    put_in_charge(&mut client, "shop", naming).await;
    let table: [(&str, &[&str], &[&str]); 14] = [
        ("10.1.2.3", &["10.1.2.3", "::ffff:10.1.2.3"], &["10.1.2.4", "10.1.2.2"]),
        ("10.1.2.3/32", &["10.1.2.3"], &["10.1.2.4"]),
        ("10.1.2.4/31", &["10.1.2.4", "10.1.2.5"], &["10.1.2.3", "10.1.2.6"]),
        ("10.1.2.0/24", &["10.1.2.0", "10.1.2.255"], &["10.1.1.255", "10.1.3.0"]),
        ("10.16.0.0/12", &["10.16.0.0", "10.31.255.255"], &["10.15.255.255", "10.32.0.0"]),
        ("10.0.0.0/8", &["10.0.0.0", "10.255.255.255"], &["9.255.255.255", "11.0.0.0", "::10.0.0.0"]),
        ("128.0.0.0/1", &["128.0.0.0", "255.255.255.255"], &["127.255.255.255", "0.0.0.0"]),
        ("0.0.0.0/0", &["0.0.0.0", "255.255.255.255", "10.1.2.3"], &["2001:db8::1"]),
        ("2001:db8::1", &["2001:db8:0:0::1"], &["2001:db8::2"]),
        ("2001:db8::/64", &["2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff"], &["2001:db8:0:1::"]),
        ("2001:db8::/45", &["2001:db8:7:ffff::1"], &["2001:db8:8::1", "2001:db7:ffff::1"]),
        ("2000::/3", &["2000::", "3fff:ffff::1"], &["1fff::1", "4000::"]),
        ("ff00::/8", &["ff02::1"], &["fe80::1"]),
        ("::/0", &["::1", "ffff::1", "2001:db8::1"], &["10.1.2.3"]),
    ];
    for (at, (entry, inside, outside)) in table.into_iter().enumerate() {
        change(&mut client, "nets", [add(entry, None)]).await.unwrap_or_else(|why| panic!("{entry}: {why:?}"));
        for (ips, meets) in [(inside, true), (outside, false)] {
            for (number, ip) in ips.iter().enumerate() {
                assert_eq!(listed(&mut client, "nets", ip).await.unwrap(), meets, "{ip} in {entry}");
                let id = format!("e-{at}-{meets}-{number}");
                assert_eq!(from(&mut checks, &id, ip).await, meets, "{ip} in {entry}");
            }
        }
        let changed = change(&mut client, "nets", [remove(entry)]).await.unwrap();
        assert_eq!(changed.list.unwrap().entries, 0, "{entry} leaves something behind");
    }
    for bad in ["10.1.2.3/24", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "2001:db8::/65", "::/129", "10.0.0", "x/8"] {
        assert_eq!(wrong(change(&mut client, "nets", [add(bad, None)]).await)[0].0, "changes[0].add.value", "{bad}");
    }
    platform.stop().await;
});

on_both!(an_entry_that_expires_stops_to_count_by_itself, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let (mut client, mut checks) = (platform.policies(&bank).await, platform.fraud(&bank).await);
    create_list(&mut client, "stolen", EntityKind::Card).await.unwrap();
    let naming = spec(&[rule("stolen", "entity.card in lists.stolen", FraudDecision::Deny)]);
    put_in_charge(&mut client, "shop", naming).await;
    let now = plain("").event.unwrap().event_time.unwrap().seconds;
    let until = now + 4;
    change(&mut client, "stolen", [add("card-1", Some(until)), add("card-2", Some(now + 600))]).await.unwrap();
    let looking = client.clone();
    let state = async |value: &str| {
        let asked = CheckListEntryRequest { list: "fraudLists/stolen".to_owned(), value: value.to_owned() };
        let state = looking.clone().check_list_entry(asked).await.unwrap().into_inner();
        (state.listed, state.expire_time.map(|time| time.seconds))
    };
    assert_eq!(state("card-1").await, (true, Some(until)));
    let mut asked = 0;
    let mut decided = async || {
        asked += 1;
        checks.check_fraud(plain(&format!("e-{asked}"))).await.unwrap().into_inner()
    };
    let before = decided().await;
    assert_eq!((hits(&before).len(), before.lists[0].revision), (1, 1));
    let after = loop {
        let answer = decided().await;
        if answer.rules.is_empty() {
            break answer;
        }
        assert!(answer.decide_time.unwrap().seconds < until, "it counts after its end");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let ended = after.decide_time.unwrap();
    assert!(ended.seconds >= until, "it ended before its end: {ended:?}");
    assert_eq!(state("card-1").await, (false, None));
    assert_eq!(state("card-2").await, (true, Some(now + 600)));
    // It is there until it is removed, and gets a new end: another one, and then none.
    let changed = change(&mut client, "stolen", [add("card-1", Some(now + 900))]).await.unwrap();
    assert_eq!(changed.list.unwrap().entries, 2);
    assert_eq!(state("card-1").await, (true, Some(now + 900)));
    assert_eq!(hits(&decided().await).len(), 1);
    change(&mut client, "stolen", [add("card-1", None)]).await.unwrap();
    assert_eq!(state("card-1").await, (true, None));
    change(&mut client, "stolen", [remove("card-1")]).await.unwrap();
    assert_eq!(state("card-1").await, (false, None));
    let past = wrong(change(&mut client, "stolen", [add("card-1", Some(now - 1))]).await);
    assert_eq!(past[0].0, "changes[0].add.expire_time");
    platform.stop().await;
});

on_both!(no_entry_is_in_the_database_in_the_clear, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut client = platform.policies(&bank).await;
    create_list(&mut client, "visible_list", EntityKind::Card).await.unwrap();
    create_list(&mut client, "nets", EntityKind::Ip).await.unwrap();
    let secrets = ["kanarie-card-4111", "203.0.113.77", "203.0.113"];
    change(&mut client, "visible_list", [add(secrets[0], None), remove("kanarie-removed")]).await.unwrap();
    change(&mut client, "nets", [add("203.0.113.77", None), add("203.0.113.0/24", None)]).await.unwrap();
    assert!(listed(&mut client, "visible_list", secrets[0]).await.unwrap());
    let hidden = async |when: &str| {
        let dump = everything(world).await;
        assert!(holds(&dump, b"visible_list"), "{when}: the dump does not show what is there");
        for secret in secrets.iter().chain(&["kanarie-removed"]) {
            assert!(!holds(&dump, secret.as_bytes()), "{when}: {secret} is in the database");
        }
    };
    hidden("while it runs").await;
    platform.stop().await;
    hidden("after it has stopped").await;
});
