//! Counts: all of a batch is written, by whoever read what is there, or nothing.

use riskport::{
    domain::{
        ids::ModelId,
        monitor::{Day, Dimension, Part, Tally, TallyKey, VersionKey, Watch},
    },
    store::{RecordCounted, RevisedTally, RevisedWatch, Store},
};

use crate::support::samples::{at, tenant_id};

/// More than one statement has rows.
const ROWS: i64 = 40;

fn version(number: i64) -> VersionKey {
    let (tenant, model) = (tenant_id("north"), ModelId::parse("card").unwrap());
    VersionKey { tenant, model, version: number, manifest_digest: "digest".to_owned() }
}

fn tally(day: i64) -> TallyKey {
    let (part, dimension) = (Part::Answered, Dimension::All);
    TallyKey { version: version(1), part, dimension, day: Day::from_number(day) }
}

/// A batch of counts that were read at a revision.
fn batch(revision: i64) -> RecordCounted {
    let tallies = (0..ROWS).map(|day| RevisedTally { key: tally(day), revision, tally: Tally::default() });
    let watches = (0..ROWS).map(|number| {
        let (version, watch) = (version(number), Watch::default());
        RevisedWatch { version, revision, watch, alarms: Vec::new() }
    });
    RecordCounted { tallies: tallies.collect(), watches: watches.collect(), ..RecordCounted::default() }
}

async fn assert_all_at(store: &Store, revision: i64) {
    for n in 0..ROWS {
        assert_eq!(store.find_tally(&tally(n)).await.unwrap().unwrap().0, revision, "tally {n}");
        assert_eq!(store.find_watch(&version(n)).await.unwrap().unwrap().0, revision, "watch {n}");
    }
}

on_both!(counts_are_written_whole_or_not_at_all, async |world| {
    let store = world.open().await;
    assert!(store.record_counted(batch(0), at(0)).await.unwrap());
    assert_all_at(&store, 1).await;

    // Another process has counted something meanwhile: each row may be the one that tells.
    for n in [0, 17, 39] {
        let mut stale = batch(1);
        stale.tallies[n].revision = 0;
        assert!(!store.record_counted(stale, at(1)).await.unwrap(), "tally {n} was counted twice");
        let mut stale = batch(1);
        stale.watches[n].revision = 0;
        assert!(!store.record_counted(stale, at(1)).await.unwrap(), "watch {n} was counted twice");
    }
    assert_all_at(&store, 1).await;

    assert!(store.record_counted(batch(1), at(2)).await.unwrap());
    assert_all_at(&store, 2).await;
});
