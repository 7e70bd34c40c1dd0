//! Counting that ends half way: a pass over the decisions of many tenants is written down a few tenants at a time, and whoever
//! goes on counts nothing twice.

use std::{collections::HashMap, time::Duration};

use riskport::{
    config::{Settings, SettingsSource},
    domain::{
        ids::{ModelId, TenantId},
        monitor::{Day, Dimension, Part, Tally, VersionKey},
    },
    ops::App,
    rpc::scored,
    store::{Store, WriterTask},
};
use tempfile::TempDir;

use crate::support::{World, applicant, platform::Platform};

/// So many that their rows take three transactions.
const TENANTS: usize = 15;

/// Has each of many tenants decide a few times, and leaves all of that uncounted in a database that no server works on.
async fn decided(world: &World) -> (Settings, HashMap<String, i64>, TempDir) {
    let platform = Platform::start(world).await;
    let mut decisions = HashMap::new();
    for at in 0..TENANTS {
        let bank = platform.onboard(&format!("bank-{at}")).await;
        let mut credit = platform.credit(&bank).await;
        let count = 1 + at % 3;
        for turn in 0..count {
            credit.score_credit(applicant::request(&format!("r-{turn}"), at + turn)).await.unwrap();
        }
        decisions.insert(bank.id.clone(), i64::try_from(count).unwrap());
    }
    let folder = platform.stop().await;
    let mut raw = world.raw().await;
    for sql in ["DELETE FROM model_tallies", "DELETE FROM model_watches", "UPDATE count_cursors SET seq = 0"] {
        raw.execute(sql).await;
    }
    let master_key_file = Some(folder.path().join("master.key"));
    let mut settings = SettingsSource { master_key_file, ..SettingsSource::default() }.validate().unwrap();
    settings.database = world.database.clone();
    (settings, decisions, folder)
}

/// A process that counts so many steps: looking where to begin is one, reading the decisions one, and each transaction.
struct Counter {
    app: App,
    writer: WriterTask,
}

impl Counter {
    async fn start(settings: &Settings) -> Self {
        let (app, writer) = App::start(settings).await.unwrap();
        Self { app, writer }
    }

    /// Tells whether all is counted.
    async fn steps(&self, count: usize) -> bool {
        let mut complete = false;
        for _ in 0..count {
            complete = self.app.count_decisions(scored, Duration::ZERO, 0).await.unwrap();
        }
        complete
    }

    async fn end(self) {
        self.writer.finish().await;
        self.app.close().await;
    }
}

/// What is counted of each tenant.
async fn counted(world: &World, store: &Store) -> HashMap<String, i64> {
    let versions = "SELECT DISTINCT tenant_id || ' ' || model_id || ' ' || model_version || ' ' || manifest_digest
        FROM model_tallies";
    let mut counted = HashMap::new();
    for version in world.raw().await.texts(versions).await {
        let [tenant, model, version, digest] = version.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let key = VersionKey {
            tenant: TenantId::parse(tenant).unwrap(),
            model: ModelId::parse(model).unwrap(),
            version: version.parse().unwrap(),
            manifest_digest: digest.to_owned(),
        };
        let days = (Day::from_number(0), Day::from_number(i64::from(i32::MAX)));
        let tally: Tally = store.sum_tallies(&key, Part::Answered, &Dimension::All, days).await.unwrap().unwrap();
        *counted.entry(tenant.to_owned()).or_default() += tally.decisions;
    }
    counted
}

const MARKS: &str = "SELECT COUNT(*) FROM count_marks";

on_both!(a_pass_that_ends_half_written_is_taken_up_by_the_next, async |world| {
    let (settings, decisions, _folder) = decided(world).await;
    let mut marks = Vec::new();
    // Each begins, reads, writes for once, and ends as if it were killed.
    for _ in 0..2 {
        let counter = Counter::start(&settings).await;
        assert!(!counter.steps(3).await);
        counter.end().await;
        marks.push(world.raw().await.integer(MARKS).await);
    }
    assert!(marks[0] > 0 && marks[0] < marks[1] && marks[1] < 15, "{marks:?}");
    let last = Counter::start(&settings).await;
    assert!(last.steps(5).await);
    last.end().await;
    assert_eq!(world.raw().await.integer(MARKS).await, 0);
    assert_eq!(counted(world, &world.open().await).await, decisions);
});

on_both!(of_two_passes_over_the_same_decisions_one_is_written, async |world| {
    let (settings, decisions, _folder) = decided(world).await;
    let (slow, quick) = (Counter::start(&settings).await, Counter::start(&settings).await);
    // Both have read the same decisions; the slow one has written some of them too.
    slow.steps(3).await;
    assert!(quick.steps(8).await);
    let (there, between) = (counted(world, &world.open().await).await, world.raw().await.integer(MARKS).await);
    assert_eq!((there, between), (decisions.clone(), 0));
    // What it has read meanwhile comes to nothing.
    assert!(slow.steps(4).await);
    assert_eq!(counted(world, &world.open().await).await, decisions);
    slow.end().await;
    quick.end().await;
});
