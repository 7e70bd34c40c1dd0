//! Lists of decisions: by time, kind and subject, newest first, in pages that neither repeat nor skip.

use riskport::{
    domain::{
        decision::{DecisionFilter, DecisionKind, NewDecision},
        ids::DecisionId,
    },
    store::Store,
};

use crate::support::{
    World,
    samples::{at, decision, pages_of, subject, tenant_id},
};

/// Twelve decisions of north about two subjects, three of them in each microsecond 0-3, and one of south in each.
async fn record_some(world: &World) -> (Store, Vec<NewDecision>) {
    let (store, writer, _task) = world.open_writer().await;
    let mut norths = Vec::new();
    for n in 0..12_i64 {
        let new = NewDecision {
            decided: at(n / 3),
            subject_hmac: subject(if n % 2 == 0 { "anna" } else { "bert" }),
            ..decision("north", &format!("r{n}"))
        };
        writer.record(new.clone()).await.unwrap();
        norths.push(new);
        let foreign = NewDecision { decided: at(n / 3), ..decision("south", &format!("r{n}")) };
        writer.record(foreign).await.unwrap();
    }
    norths.sort_by_key(|new| std::cmp::Reverse((new.decided, new.id.clone())));
    (store, norths)
}

/// Every decision of north that fits, page after page.
async fn walk(store: &Store, filter: &DecisionFilter, size: i32) -> Vec<DecisionId> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.list_decisions(&tenant_id("north"), filter, after.as_ref(), pages_of(size)).await.unwrap();
        assert!(i32::try_from(page.items.len()).unwrap() <= size);
        assert!(!page.items.is_empty() || seen.is_empty(), "an empty page follows a full one");
        seen.extend(page.items.into_iter().map(|item| item.id));
        after = page.next;
        if after.is_none() {
            return seen;
        }
    }
}

fn ids<'a>(decisions: impl IntoIterator<Item = &'a NewDecision>) -> Vec<DecisionId> {
    decisions.into_iter().map(|new| new.id.clone()).collect()
}

on_both!(every_page_size_lists_the_same, async |world| {
    let (store, norths) = record_some(world).await;
    for size in [1, 2, 3, 5, 11, 12, 13, 500] {
        assert_eq!(walk(&store, &DecisionFilter::default(), size).await, ids(&norths), "pages of {size}");
    }
});

on_both!(a_filter_takes_its_start_and_leaves_its_end, async |world| {
    let (store, norths) = record_some(world).await;
    for (start, end) in [(None, Some(2)), (Some(2), None), (Some(1), Some(3)), (Some(2), Some(2)), (Some(9), None)] {
        let filter = DecisionFilter { start: start.map(at), end: end.map(at), ..DecisionFilter::default() };
        let fits = |new: &&NewDecision| {
            start.is_none_or(|start| new.decided >= at(start)) && end.is_none_or(|end| new.decided < at(end))
        };
        for size in [1, 4, 500] {
            assert_eq!(walk(&store, &filter, size).await, ids(norths.iter().filter(fits)), "{start:?} to {end:?}");
        }
    }
});

on_both!(a_filter_takes_one_subject_and_kind, async |world| {
    let (store, norths) = record_some(world).await;
    let about = |name| DecisionFilter { subject_hmac: Some(subject(name)), ..DecisionFilter::default() };
    let of_bert: Vec<_> = norths.iter().filter(|new| new.subject_hmac == subject("bert")).collect();
    for size in [1, 2, 6, 500] {
        assert_eq!(walk(&store, &about("bert"), size).await, ids(of_bert.iter().copied()), "pages of {size}");
    }
    assert_eq!(walk(&store, &about("carla"), 5).await, []);
    let late = DecisionFilter { start: Some(at(2)), kind: Some(DecisionKind::CreditScore), ..about("bert") };
    let expected = ids(of_bert.iter().copied().filter(|new| new.decided >= at(2)));
    assert_eq!(walk(&store, &late, 2).await, expected);

    // There is one kind yet, so another's row is made by hand: the filter must leave it out.
    let newest = norths[0].id.as_str();
    world.raw().await.execute(&format!("UPDATE decisions SET kind = 'other' WHERE decision_id = '{newest}'")).await;
    let scores = DecisionFilter { kind: Some(DecisionKind::CreditScore), ..DecisionFilter::default() };
    assert_eq!(walk(&store, &scores, 5).await, ids(&norths[1..]));
});

on_both!(what_comes_during_a_walk_does_not_disturb_it, async |world| {
    let (store, norths) = record_some(world).await;
    let (_, writer, _task) = world.open_writer().await;
    let filter = DecisionFilter::default();
    let north = tenant_id("north");
    let first = store.list_decisions(&north, &filter, None, pages_of(5)).await.unwrap();
    writer.record(NewDecision { decided: at(100), ..decision("north", "later") }).await.unwrap();
    let rest = store.list_decisions(&north, &filter, first.next.as_ref(), pages_of(500)).await.unwrap();
    let seen: Vec<_> = first.items.into_iter().chain(rest.items).map(|item| item.id).collect();
    assert_eq!(seen, ids(&norths));
});
