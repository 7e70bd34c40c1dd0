//! What shadows made of a decision is on disk exactly when the decision is.

use riskport::domain::decision::{NewDecision, ShadowResult};

use crate::support::{
    begin,
    samples::{decision, tenant_id},
};

fn shadow(version: i64, reply: Option<&[u8]>) -> ShadowResult {
    ShadowResult {
        model_version: version,
        model_digest: format!("digest of {version}"),
        calibration_digest: reply.map(|_| "calibrated".to_owned()),
        engine_version: "0.2.0".to_owned(),
        reply: reply.map(<[u8]>::to_vec),
    }
}

on_both!(shadows_are_stored_with_their_decision, async |world| {
    let (store, writer, _task) = world.open_writer().await;
    let shadows = vec![shadow(4, None), shadow(7, Some(b"\0\xff a reply"))];
    let new = NewDecision { shadows: shadows.clone(), ..decision("north", "r1") };
    let alone = decision("north", "r2");
    writer.record(new.clone()).await.unwrap();
    writer.record(alone.clone()).await.unwrap();
    let north = tenant_id("north");
    assert_eq!(store.list_shadows(&north, &new.id).await.unwrap(), shadows);
    assert_eq!(store.list_shadows(&north, &alone.id).await.unwrap(), []);
    assert_eq!(store.list_shadows(&tenant_id("south"), &new.id).await.unwrap(), []);

    // A repeat is no decision, whatever its shadows made of it.
    let repeat = NewDecision { shadows: vec![shadow(9, Some(b"other"))], ..decision("north", "r1") };
    assert!(writer.record(repeat.clone()).await.unwrap().replayed);
    assert_eq!(store.list_shadows(&north, &repeat.id).await.unwrap(), []);
    assert_eq!(store.list_shadows(&north, &new.id).await.unwrap(), shadows);
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM shadow_results").await, 2);
});

on_both!(a_batch_keeps_each_decisions_shadows_apart, one_thread, async |world| {
    let (store, writer, task) = world.open_writer().await;
    let of = |n: i64| -> Vec<ShadowResult> { (0..n % 3).map(|m| shadow(10 * n + m, Some(&n.to_be_bytes()))).collect() };
    let mut made = Vec::new();
    for n in 0..200 {
        // Every fifth has the id of the one before it: one of the two is a decision, and the other never was.
        let request = format!("r{}", if n % 5 == 4 { n - 1 } else { n });
        let new = NewDecision { shadows: of(n), ..decision("north", &request) };
        made.push((new.clone(), begin(writer.record(new))));
    }
    let mut replayed = 0;
    for (new, waiting) in made {
        let answer = waiting.await.unwrap();
        replayed += usize::from(answer.replayed);
        let expected = if answer.replayed { Vec::new() } else { new.shadows };
        assert_eq!(store.list_shadows(&tenant_id("north"), &new.id).await.unwrap(), expected);
    }
    assert_eq!(replayed, 40);
    drop(writer);
    task.finish().await;
});
