//! Usage equals the decisions that are on disk, to the row, whatever happens to their commits.

use riskport::domain::{
    decision::{DecisionKind, Environment, NewDecision},
    monitor::Day,
    refusal::Refusal,
    usage::UsageFilter,
};
use tokio::task::JoinSet;

use crate::support::{
    World, begin,
    platform::is_postgres,
    raw::Raw,
    samples::{at, decision, pages_of, tenant_id},
};

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// Usage and decisions counted anew, each as one text a row.
pub async fn both_counts(raw: &mut Raw) -> (Vec<String>, Vec<String>) {
    let day = "(decided_us - (decided_us % 86400000000 + 86400000000) % 86400000000) / 86400000000";
    let row = "tenant_id || ' ' || day || ' ' || kind || ' ' || environment || ' ' || writer_id || ' '
        || decisions || ' ' || billable_units";
    let counted = format!("SELECT {row} FROM usage ORDER BY 1");
    let there = format!(
        "SELECT {row} FROM (SELECT tenant_id, {day} AS day, kind, environment, writer_id, COUNT(*) AS decisions,
           CAST(SUM(billable_units) AS BIGINT) AS billable_units
         FROM decisions GROUP BY tenant_id, {day}, kind, environment, writer_id) AS d ORDER BY 1"
    );
    (raw.texts(&counted).await, raw.texts(&there).await)
}

async fn assert_equal(world: &World, rows: usize) {
    let (counted, there) = both_counts(&mut world.raw().await).await;
    assert_eq!(counted, there);
    assert_eq!(counted.len(), rows);
}

/// The `at`th of many decisions: of three tenants, five kinds, three days, some of them before 1970, and both environments.
fn various(n: i64) -> NewDecision {
    let kinds = [
        DecisionKind::CreditScore,
        DecisionKind::RiskEvaluation,
        DecisionKind::Inference,
        DecisionKind::FraudCheck,
        DecisionKind::PriceQuote,
    ];
    let tenant = ["north", "south", "try-out"][usize::try_from(n % 3).unwrap()];
    let environment = if tenant == "try-out" { Environment::Sandbox } else { Environment::Live };
    NewDecision {
        kind: kinds[usize::try_from(n / 3 % 5).unwrap()],
        environment,
        billable_units: if environment == Environment::Live { i32::try_from(n % 7).unwrap() } else { 0 },
        decided: at([0, DAY_US, -20_000 * DAY_US][usize::try_from(n / 15 % 3).unwrap()] + n),
        ..decision(tenant, &format!("r{n}"))
    }
}

on_both!(every_decision_counts_once_in_whatever_batches_they_come, async |world| {
    let (store, writer, task) = world.open_writer().await;
    let mut recording = JoinSet::new();
    for n in 0..450 {
        // Every fifth asks twice, at once.
        for _ in 0..=i32::from(n % 5 == 0) {
            let writer = writer.clone();
            recording.spawn(async move { writer.record(various(n)).await.unwrap().replayed });
        }
    }
    let replayed = recording.join_all().await.into_iter().filter(|replayed| *replayed).count();
    assert_eq!(replayed, 90);
    // Another process counts in rows of its own.
    let (_, other, other_task) = world.open_writer().await;
    for n in 440..460 {
        other.record(various(n)).await.unwrap();
    }
    drop((writer, other));
    task.finish().await;
    other_task.finish().await;
    let (counted, there) = both_counts(&mut world.raw().await).await;
    assert_eq!(counted, there);
    assert_eq!(world.raw().await.integer("SELECT CAST(SUM(decisions) AS BIGINT) FROM usage").await, 460);

    let days = (Day::of(at(0)), Day::of(at(DAY_US)).plus(1));
    let north = store.usage_of(&tenant_id("north"), days).await.unwrap();
    assert!(north.iter().all(|row| row.tenant == tenant_id("north") && row.environment == Environment::Live));
    assert_eq!(north.len(), 10, "five kinds on each of two days, over both writers");
    let filter = UsageFilter { tenant: None, days: (Day::from_number(-30_000), days.1), by_day: true };
    let (mut all, mut after) = (0, None);
    loop {
        let page = store.list_usage(&filter, after.as_ref(), pages_of(7)).await.unwrap();
        all += page.items.iter().map(|row| row.used.decisions).sum::<i64>();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(all, 460);
});

on_both!(a_commit_that_fails_counts_nothing_and_its_rows_alone_do, one_thread, async |world| {
    let (_, writer, task) = world.open_writer().await;
    let first = decision("north", "r1");
    writer.record(first.clone()).await.unwrap();
    // An id that is taken: the batch fails as a whole, is tried row by row, and the bad row fails alone.
    let bad = NewDecision { id: first.id, ..decision("north", "r2") };
    let waiting: Vec<_> = (3..10).map(|n| begin(writer.record(decision("south", &format!("r{n}"))))).collect();
    let refused = begin(writer.record(bad));
    for one in waiting {
        one.await.unwrap();
    }
    assert_eq!(refused.await, Err(Refusal::Internal));
    drop(writer);
    task.finish().await;
    assert_equal(world, 2).await;
});

on_both!(a_decision_that_an_earlier_try_had_recorded_counts_once, one_thread, async |world| {
    let (_, writer, task) = world.open_writer().await;
    let new = decision("north", "r1");
    writer.record(new.clone()).await.unwrap();
    // The very same decision again: that is what the writer tries when word of a commit was lost.
    writer.record(new.clone()).await.unwrap();
    let waiting = [begin(writer.record(new)), begin(writer.record(decision("north", "r2")))];
    for one in waiting {
        one.await.unwrap();
    }
    drop(writer);
    task.finish().await;
    assert_equal(world, 1).await;
    assert_eq!(world.raw().await.integers("SELECT decisions FROM usage").await, [2]);
});

on_both!(decisions_from_before_there_was_usage_are_counted_when_it_comes, async |world| {
    let mut raw = world.as_of("0005_pricing").await;
    for n in 0..60 {
        let new = various(n);
        let (hex, writer) = (if is_postgres(&world.database) { r"'\x00'" } else { "x'00'" }, n % 2);
        raw.execute(&format!(
            "INSERT INTO decisions (tenant_id, decision_id, writer_id, seq, kind, request_id, kid, actor, subject_hmac,
               purpose, environment, billable_units, decided_us, model_id, model_version, model_digest, engine_version,
               traffic_role, reply, input_commitment)
             VALUES ('{}', '{}', 'w{writer}', {n}, '{}', 'r{n}', 'k', '', {hex}, '', '{}', {}, {}, 'm', 1, '', '', 'champion',
               {hex}, {hex})",
            new.tenant,
            new.id,
            new.kind.name(),
            new.environment.name(),
            new.billable_units,
            new.decided.micros(),
        ))
        .await;
    }
    world.open().await.close().await;
    let (counted, there) = both_counts(&mut raw).await;
    assert_eq!(counted, there);
    assert_eq!(raw.integer("SELECT CAST(SUM(decisions) AS BIGINT) FROM usage").await, 60);
    assert!(raw.integer("SELECT MIN(day) FROM usage").await < 0, "a day before 1970 was not rounded down");
});
